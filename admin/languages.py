"""The console's languages: Vietnamese and English. The msgids are English; `translations/vi` holds the Vietnamese.

The catalogue is compiled in memory when the app starts, so that no build step can be forgotten.
"""

from __future__ import annotations

import io
from functools import cache
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations
from flask import Flask, request, session
from flask_babel import Babel

from admin.current import context, viewer_or_none

LANGUAGES = {"vi": "Tiếng Việt", "en": "English"}
CATALOGUE = Path(__file__).parent / "translations" / "vi" / "LC_MESSAGES" / "messages.po"


@cache
def catalogue() -> Catalog:
    """The Vietnamese catalogue as it was written."""
    with CATALOGUE.open("rb") as file:
        return read_po(file, locale="vi", domain="messages")


@cache
def vietnamese() -> Translations:
    """The catalogue, compiled."""
    compiled = io.BytesIO()
    write_mo(compiled, catalogue())
    compiled.seek(0)
    return Translations(compiled, domain="messages")


def use_languages(app: Flask, zone: str) -> None:
    """Give the app its languages and the department's time zone."""
    babel = Babel(app, default_locale="en", default_timezone=zone, locale_selector=chosen_language)
    with app.app_context():
        babel.domain_instance.cache.update({("vi", "messages"): vietnamese(), ("en", "messages"): Translations()})


def chosen_language() -> str:
    """The user's own, else what the browser chose on the log-in page, else the department's."""
    who = viewer_or_none()
    for language in (who.language if who else "", session.get("language", ""), context().settings.language):
        if language in LANGUAGES:
            return language
    return request.accept_languages.best_match(list(LANGUAGES)) or "vi"
