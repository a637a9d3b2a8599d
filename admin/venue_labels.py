"""The words of venues."""

from __future__ import annotations

from flask_babel import lazy_gettext as _

KINDS = {
    "home": _("home"),
    "work": _("work"),
    "school": _("school"),
    "market": _("market or shop"),
    "transport": _("bus, train, flight"),
    "health": _("health facility"),
    "worship": _("place of worship"),
    "event": _("event"),
    "other": _("another place"),
}
VISIT_SOURCES = {"list": _("from a list"), "call": _("said in a call"), "person": _("entered by staff")}
UNSURE = {
    0: _("to the minute"),
    15: _("± 15 minutes"),
    30: _("± half an hour"),
    60: _("± one hour"),
    180: _("± three hours"),
}
