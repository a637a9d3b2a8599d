"""The words of lists in and out."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _

LIST_STATES = {
    "columns": _("columns to be assigned"),
    "checking": _("being checked"),
    "checked": _("waits for you"),
    "importing": _("being imported"),
    "done": _("imported"),
    "failed": _("could not be imported"),
    "dropped": _("dropped"),
}
LIST_TONES = {
    "columns": "warn",
    "checking": "info",
    "checked": "warn",
    "importing": "info",
    "done": "good",
    "failed": "bad",
    "dropped": "plain",
}
KINDS_OUT: dict[str, Any] = {
    "F0": _("F0: cases"),
    "F1": _("F1: contacts of cases"),
    "F2": _("F2: contacts of contacts"),
}
VOCABULARIES: dict[str, dict[Any, Any]] = {"list": LIST_STATES}
