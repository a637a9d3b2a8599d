"""How values are written on a page: dates and times in the department's zone, numbers as the language writes them."""

from __future__ import annotations

import hashlib
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from flask import Flask, request, url_for
from flask_babel import format_date, format_datetime, format_decimal, format_percent, format_time, get_locale, gettext

from admin import forms, labels
from admin.chart import stacked_bar
from admin.conversation import recognised
from admin.current import context, uow, viewer_or_none, zone
from admin.days import shown_day
from admin.languages import LANGUAGES, chosen_language
from admin.policy import shown_phone
from core.areas import Area
from core.country.areas import country, is_new
from core.phones import mask_phone
from core.rights import Right
from ivr.carriers.browser.carrier import BROWSER, TITLE

_STATIC = Path(__file__).parent / "static"


def install(app: Flask) -> None:
    app.jinja_env.filters.update(
        moment=moment,
        clock=clock,
        seconds=seconds,
        plainly=plainly,
        day=day,
        iso_day=iso_day,
        weekday=weekday,
        ago=ago,
        span=span,
        number=format_decimal,
        percent=percent,
        delays=delays,
        age=age,
        area=area,
        is_new_area=is_new,
        masked=masked,
        label=labels.label,
        tone=labels.tone,
    )
    app.jinja_env.globals.update(
        asset=asset,
        url_with=url_with,
        LANGUAGES=LANGUAGES,
        Right=Right,
        labels=labels,
        stacked_bar=stacked_bar,
        recognised=recognised,
        field_label=forms.field_label,
        field_value=forms.field_value,
        script_title=forms.script_title,
        carrier_name=carrier_name,
        shown_phone=shown_phone,
    )
    app.context_processor(
        lambda: {"viewer": viewer_or_none(), "language": chosen_language(), "department": context().settings.department}
    )


@cache
def _digest(name: str) -> str:
    return hashlib.sha256((_STATIC / name).read_bytes()).hexdigest()[:10]


def asset(name: str) -> str:
    """The address of a static file; it changes with the content, so browsers may keep it for ever."""
    return url_for("static", filename=name, v=_digest(name))


def url_with(**changes: str | None) -> str:
    """The address of this page with some of its query changed; None takes a part away."""
    query = {**request.args.to_dict(), **changes}
    return f"{request.path}?{urlencode({name: value for name, value in query.items() if value})}"


def _now() -> datetime:
    return context().database.clock.now()


def moment(at: datetime | None) -> str:
    """Time alone for today, day and time for other days."""
    if at is None:
        return "—"
    if at.astimezone(zone()).date() == _now().astimezone(zone()).date():
        return clock(at)
    return str(format_datetime(at, "HH:mm d/M/yyyy" if str(get_locale()) == "vi" else "d MMM y, HH:mm"))


def clock(at: datetime) -> str:
    """The time, to the minute."""
    return str(format_time(at, "HH:mm"))


def seconds(at: datetime) -> str:
    """The time, to the second."""
    return str(format_time(at, "HH:mm:ss"))


def plainly(value: Any) -> str:
    """JSON that a process says of itself, without its brackets."""
    if isinstance(value, dict):
        return ", ".join(f"{name} {plainly(inner)}" for name, inner in value.items())
    return ", ".join(map(plainly, value)) if isinstance(value, list) else str(value)


def day(value: date | datetime | None) -> str:
    """A date, in figures in Vietnamese and with the month's name in English."""
    if value is None:
        return "—"
    if isinstance(value, datetime):
        value = value.astimezone(zone()).date()
    return shown_day(value)


def iso_day(text: str) -> str:
    """A date that JSON holds, as people read it."""
    return shown_day(date.fromisoformat(text))


def weekday(value: date) -> str:
    """`Thứ Hai, 23/11`."""
    return str(format_date(value, "EEEE, d/M" if str(get_locale()) == "vi" else "EEEE, d MMM", rebase=False))


def span(seconds: float | None) -> str:
    """A duration as minutes and seconds: `2:05`."""
    if seconds is None:
        return "—"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"


def age(at: datetime) -> float:
    """Seconds since a moment; none for one in the future."""
    return max(0.0, (_now() - at).total_seconds())


def ago(at: datetime) -> str:
    """How long ago, in one unit."""
    seconds = int(age(at))
    if seconds < 90:
        return str(gettext("%(n)s s ago", n=seconds))
    if seconds < 5400:
        return str(gettext("%(n)s min ago", n=round(seconds / 60)))
    if seconds < 129600:
        return str(gettext("%(n)s h ago", n=round(seconds / 3600)))
    return str(gettext("%(n)s days ago", n=round(seconds / 86400)))


def percent(part: float, whole: float) -> str:
    """A share; nothing of nothing is 0 %."""
    return str(format_percent(part / whole if whole else 0, "#,##0%"))


def masked(number: str | None) -> str:
    """A number with its middle hidden; nothing for a caller who hides theirs."""
    return mask_phone(number) if number else ""


def delays(seconds: list[int]) -> str:
    """Delays as a campaign writes them: `2m, 15m, 1h, 1d`."""
    return ", ".join(_delay(each) for each in seconds)


def _delay(seconds: int) -> str:
    for length, unit in ((86400, "d"), (3600, "h"), (60, "m")):
        if seconds % length == 0:
            return f"{seconds // length}{unit}"
    return f"{seconds}s"


def area(path: str) -> str:
    """The name of an area, in the viewer's language."""
    if path == "":
        return str(gettext("whole department"))
    found = uow().session.get(Area, path)
    if found is None:
        unit = country().unit(path)
        return unit.name if unit else path
    return found.name_vi if str(get_locale()) == "vi" else found.name_en


def carrier_name(name: str) -> str:
    """What a carrier is called."""
    return str(gettext({**context().carriers, BROWSER: TITLE}.get(name, name)))
