"""Rules, exposures and talks of every kind, for tests that try them all."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from tests.tracing.rules.rule_making import EVERYBODY, PRACTICE, rule_of
from tracing.followup.counting import Override
from tracing.followup.period import Extended, Period, period
from tracing.followup.visits import VisitOutcome, VisitResult
from tracing.rules.model import Rule
from tracing.rules.situation import Situation

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
DAY = date(2026, 3, 1)
ON_DAY = Situation(DAY)
REASON = "the doctor asked for it"


def on(number: int) -> date:
    """Day 0 is 1 March 2026."""
    return DAY + timedelta(days=number)


def rule_with(
    days: int = 7,
    *,
    of: str = "last_exposure",
    counts_as: int = 0,
    calls: int = 1,
    extend: tuple[int, int] | None = (1, 3),
    tests: tuple[int, ...] = (),
    quarantine: tuple[tuple[str, int, int], ...] = (),
) -> Rule:
    """A rule with one course for everybody."""
    practice = PRACTICE | {"calls_per_day": calls}
    if extend is None:
        del practice["extension"]
    else:
        practice["extension"] = dict(zip(("days", "at_most"), extend, strict=True))
    parts = [{"place": place, "from_day": first, "to_day": last} for place, first, last in quarantine]
    course = EVERYBODY | {"follow_up_days": days, "tests": list(tests), "quarantine": parts}
    return rule_of(day_one={"of": of, "counts_as": counts_as}, practice=practice, courses=[course])


def period_of(
    rule: Rule, *exposures: int, missed: tuple[int, ...] = (), overrides: tuple[Override, ...] = ()
) -> Period:
    """The period of somebody reported on day 0; days by number."""
    made = period(rule, ON_DAY, [on(n) for n in exposures], [Extended(on(n)) for n in missed], overrides)
    assert made is not None
    return made


def override(last_day: int, made_on: int, hour: int = 9) -> Override:
    return Override(on(last_day), "BS. Hà", datetime.combine(on(made_on), time(hour), ZONE), REASON)


def tried(day: int, hour: int = 9, outcome: VisitOutcome = VisitOutcome.UNAVAILABLE) -> VisitResult:
    return VisitResult(datetime.combine(on(day), time(hour), ZONE), outcome)


days = st.integers(0, 40)
rules = st.builds(
    rule_with,
    st.integers(1, 30),
    of=st.sampled_from(["last_exposure", "quarantine_start"]),
    counts_as=st.sampled_from([0, 1]),
    calls=st.integers(1, 3),
    extend=st.none() | st.tuples(st.integers(1, 3), st.integers(1, 6)),
)
exposures = st.lists(days.map(on), max_size=5)
extensions = st.lists(st.builds(Extended, days.map(on)), max_size=5)
overrides = st.lists(st.builds(override, days, days, st.integers(0, 23)), max_size=4)
results = st.lists(st.builds(tried, st.integers(0, 12), st.integers(7, 21), st.sampled_from(VisitOutcome)), max_size=20)
