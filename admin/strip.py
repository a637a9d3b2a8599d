"""The strip of days of a follow-up: what each day brought, at a glance. Pure; templates draw it as SVG."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

# The days of a strip; more are not to be told apart on a telephone.
MOST_DAYS = 42
# What a day counts as when it had several visits: the best of them.
_BEST = ("cooperative", "uncooperative", "unavailable", "not_performed")
_STATES = {
    "cooperative": "talked",
    "uncooperative": "refused",
    "unavailable": "missed",
    "not_performed": "skipped",
}


@dataclass(frozen=True, slots=True)
class VisitDay:
    """A visit as the strip needs it; `result` None: it has not taken place (yet)."""

    day: date
    result: str | None
    ill: bool


@dataclass(frozen=True, slots=True)
class Cell:
    """A day: talked, refused, missed (nobody answered), skipped (we did not call), due (today), ahead; none: no visit
    is planned. `ill`: they said that they have symptoms."""

    day: date
    state: str
    ill: bool = False


def strip(first: date | None, last: date | None, visits: Iterable[VisitDay], today: date) -> list[Cell]:
    """A cell for each day of the period, the newest `MOST_DAYS` at most; without a period, of the visits' days. Days at
    the end without a visit are left out: a follow-up that was cancelled is over."""
    by_day: dict[date, list[VisitDay]] = defaultdict(list)
    for visit in visits:
        by_day[visit.day].append(visit)
    begin, end = first or min(by_day, default=None), last or max(by_day, default=None)
    if begin is None or end is None:
        return []
    begin = max(begin, end - timedelta(days=MOST_DAYS - 1))
    days = [begin + timedelta(days=n) for n in range((end - begin).days + 1)]
    cells = [Cell(day, _state(by_day[day], day, today), any(each.ill for each in by_day[day])) for day in days]
    while cells and cells[-1].state == "none":
        cells.pop()
    return cells


def _state(visits: Sequence[VisitDay], day: date, today: date) -> str:
    if not visits:
        return "none"
    results = {visit.result for visit in visits}
    best = next((word for word in _BEST if word in results), None)
    if day > today or (best is None and day == today):
        return "ahead" if day > today else "due"
    return _STATES[best] if best else "skipped"


def counted(cells: Iterable[Cell]) -> dict[str, int]:
    """How many days of each state, for the words beside the picture."""
    return dict(Counter(cell.state for cell in cells))
