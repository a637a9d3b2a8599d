"""Icons: one sprite file, drawn for the console; `icon('phone')` points into it."""

from __future__ import annotations

from flask import Flask
from markupsafe import Markup

from admin.formats import asset


def install(app: Flask) -> None:
    app.jinja_env.globals["icon"] = icon


def icon(name: str) -> Markup:
    """A decoration beside words: hidden from screen readers."""
    return Markup('<svg class="icon" aria-hidden="true"><use href="{}#{}"></use></svg>').format(
        asset("icons.svg"), name
    )
