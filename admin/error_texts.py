"""The messages of `UserError` in Vietnamese.

The packages below write them in English, often with a value inside (`'abc' is not a phone number.`). The catalogue
holds each under the context `error`, with `%(a)s` where a value stands.
"""

from __future__ import annotations

import re
from functools import cache

from flask_babel import get_locale

from admin.languages import catalogue

CONTEXT = "error"
_PLACE = re.compile(r"%\((\w+)\)s")


def translated(text: str) -> str:
    """The sentence in the viewer's language; one that the catalogue does not know stays as it was written."""
    return in_vietnamese(text) or text if str(get_locale()) == "vi" else text


def in_vietnamese(text: str) -> str | None:
    """The Vietnamese of a sentence, None when there is none."""
    for pattern, vietnamese in _patterns():
        match = pattern.fullmatch(text)
        if match:
            return vietnamese % match.groupdict() if match.groupdict() else vietnamese
    return None


@cache
def _patterns() -> list[tuple[re.Pattern[str], str]]:
    """Those with the most fixed words first, so that the most telling one is found."""
    found = [(str(m.id), str(m.string)) for m in catalogue() if m.id and m.context == CONTEXT]
    found.sort(key=lambda entry: len(_PLACE.sub("", entry[0])), reverse=True)
    return [(re.compile(_pattern(english), re.DOTALL), vietnamese) for english, vietnamese in found]


def _pattern(english: str) -> str:
    parts = _PLACE.split(english)  # text, name, text, name, …, text
    return "".join(f"(?P<{part}>.+?)" if place % 2 else re.escape(part) for place, part in enumerate(parts))
