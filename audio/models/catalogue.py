"""The publisher's list of models (`model-list.json`): names, languages, addresses, sizes and MD5 sums."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin

from audio.models.download import fetch
from audio.models.registry import language_of
from core.errors import UserError

PUBLISHER_LIST = "https://alphacephei.com/vosk/models/model-list.json"
"""The publisher's own list; a mirror serves the same file and the archives beside it."""
MAX_LIST_BYTES = 5_000_000


@dataclass(frozen=True, slots=True)
class Offer:
    """A model that can be fetched. `size` is in bytes, 0 if the list does not say."""

    name: str
    language: str
    url: str
    md5: str
    size: int
    small: bool
    obsolete: bool


def read_list(url: str) -> list[Offer]:
    """The models of our languages in the list at `url`. Raises UserError if it is no such list."""
    try:
        entries = json.loads(fetch(url, MAX_LIST_BYTES))
    except ValueError as error:
        raise UserError(f"The list of models at {url} cannot be read: {error}.") from error
    if not isinstance(entries, list):
        raise UserError(f"The list of models at {url} cannot be read: it is not a list.")
    offers = [_offer(entry, url) for entry in entries if isinstance(entry, dict)]
    return [offer for offer in offers if offer is not None]


def choose(offers: list[Offer], wanted: str) -> Offer:
    """The model called `wanted`, or the newest small one of that language. Raises UserError if there is none."""
    named = [offer for offer in offers if offer.name == wanted]
    small = [o for o in offers if o.language == wanted and o.small and not o.obsolete]
    found = named or sorted(small, key=lambda offer: offer.name, reverse=True)
    if not found:
        known = ", ".join(sorted(offer.name for offer in offers if not offer.obsolete)) or "none of our languages"
        raise UserError(f"The list has no model {wanted!r}.", f"It has: {known}.")
    return found[0]


def _offer(entry: dict[str, Any], base: str) -> Offer | None:
    """An entry, its address taken as beside the list if it is not whole. None for other languages and other things."""
    name, md5 = str(entry.get("name", "")), str(entry.get("md5", ""))
    language = language_of(name)
    if language is None or len(md5) != 32:
        return None
    size = entry.get("size", 0)
    return Offer(
        name=name,
        language=language,
        url=urljoin(base, str(entry.get("url") or f"{name}.zip")),
        md5=md5.lower(),
        size=size if isinstance(size, int) else 0,
        small=entry.get("type") == "small",
        obsolete=str(entry.get("obsolete", "false")).lower() == "true",
    )
