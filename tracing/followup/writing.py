"""Writing a plan down where it differs from what is planned. The row before is closed, and stays for ever."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from core.database import UnitOfWork
from core.ids import new_id
from tracing import days
from tracing.followup.counting import Override
from tracing.followup.knowing import CONFINEMENT, LAST_DAY, OnFile
from tracing.followup.model import FollowUp, PeriodAdjustment, Quarantine
from tracing.followup.period import Period
from tracing.followup.plan import Plan


@dataclass(frozen=True, slots=True)
class _Cause:
    """Why there is another row than before: in a word, in a person's own words, and who they are."""

    reason: str
    why: str = ""
    by: UUID | None = None


def write_period(
    uow: UnitOfWork, person_id: UUID, disease: str, each: OnFile, made: Plan | None, *, newer: bool, followed: bool
) -> FollowUp | None:
    """The period that counts, as a row; None when there is none any more. `newer`: the count began again; `followed`:
    somebody calls, so its days are to be settled."""
    current, period = each.current, made.period if made is not None else None
    if made is None or period is None:
        if current is not None:
            current.superseded_at = uow.now()
        return None
    today = days.today(uow)
    settled_until = current.settle_next if current is not None else None
    settle_next = max(period.first, settled_until or today) if followed else None
    values = {
        "first_day": period.first,
        "last_day": period.last,
        "rule": made.rule.name,
        "course": made.course.id,
        "decision": made.course.decision.number,
        "situation": _situation(made, period),
    }
    if current is not None and all(getattr(current, name) == value for name, value in values.items()):
        current.settle_next = settle_next
        return current
    cause = _cause_of_period(each, period, newer)
    if current is not None:
        current.superseded_at = uow.now()
        uow.session.flush()  # one row counts at a time
    row = FollowUp(
        id=new_id(),
        person_id=person_id,
        disease=disease,
        **values,
        reason=cause.reason,
        why=cause.why,
        by=cause.by,
        at=uow.now(),
        settle_next=settle_next,
    )
    uow.session.add(row)
    return row


def write_quarantine(
    uow: UnitOfWork, person_id: UUID, disease: str, each: OnFile, made: Plan | None, *, newer: bool
) -> None:
    """The parts of the quarantine as rows of one order."""
    wanted = [(part.place.value, part.first, part.last) for part in made.quarantine.parts] if made else []
    decision = made.course.decision.number if made else ""
    before = [(part.place, part.first_day, part.last_day) for part in each.parts]
    if wanted == before and all(part.decision == decision for part in each.parts):
        return
    for part in each.parts:
        part.superseded_at = uow.now()
    cause = _cause_of_quarantine(each, made, newer)
    order_id = new_id()
    for place, first, last in wanted:
        uow.session.add(
            Quarantine(
                id=new_id(),
                order_id=order_id,
                person_id=person_id,
                disease=disease,
                place=place,
                first_day=first,
                last_day=last,
                decision=decision,
                reason=cause.reason,
                why=cause.why,
                by=cause.by,
                at=uow.now(),
            )
        )


def _situation(made: Plan, period: Period) -> dict[str, Any]:
    """What was known, so that an old period can be explained when more is known."""
    situation = made.situation
    return {
        "reported_on": situation.reported_on.isoformat(),
        "generation": situation.generation,
        "doses": situation.doses,
        "last_dose_on": _text(situation.last_dose_on),
        "recovered_on": _text(situation.recovered_on),
        "facts": sorted(situation.facts),
        "start": period.start.day.isoformat(),
        "since": period.start.since.value,
        "settled": period.settled.isoformat(),
        "set_by_hand": period.override.at.isoformat() if period.override is not None else None,
    }


def _cause_of_period(each: OnFile, period: Period, newer: bool) -> _Cause:
    current = each.current
    if current is None:
        return _Cause("started")
    if newer:
        return _Cause("new_exposure")
    by_hand = period.override.at.isoformat() if period.override is not None else None
    if period.override is not None and by_hand != current.situation["set_by_hand"]:
        return _by_hand("overridden", each, LAST_DAY)
    if period.last > current.last_day and period.last > period.settled:
        return _Cause("extended")
    return _Cause("changed")


def _cause_of_quarantine(each: OnFile, made: Plan | None, newer: bool) -> _Cause:
    if not each.parts:
        return _Cause("ordered")
    if made is None or not made.quarantine.parts:
        return _Cause("lifted")
    if newer:
        return _Cause("new_exposure")
    by_hand = made.quarantine.override
    before = max((part.last_day for part in each.parts if part.place != "self_monitoring"), default=None)
    until = made.quarantine.confined_until
    if until is None or (before is not None and until < before):
        word = "lifted" if until is None else "reduced"
    else:
        word = "extended"
    if _set_since(by_hand, each):
        return _by_hand(word, each, CONFINEMENT)
    return _Cause("ordered")


def _set_since(by_hand: Override | None, each: OnFile) -> bool:
    """Whether a person set the days after the standing order was given."""
    return by_hand is not None and by_hand.at >= max(part.at for part in each.parts)


def _by_hand(word: str, each: OnFile, kind: str) -> _Cause:
    newest: PeriodAdjustment = max(
        (one for one in each.adjustments if one.kind == kind), key=lambda one: (one.at, one.day)
    )
    return _Cause(word, newest.why, newest.by)


def _text(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
