"""Follow-up is planned: one period for each person and disease, its calendar, and the quarantine.

Everything is worked out anew from what is on file (`plan`), compared with what is planned, and written only where it
differs: planning twice in a row changes nothing. What was planned is never overwritten; the row before is closed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import Date, Integer, Uuid, bindparam, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY, insert

from core.database import Database, UnitOfWork
from core.errors import UserError
from core.ids import new_id
from ivr.campaigns.model import Target, TargetState
from tracing import days
from tracing.cases.axes import ContactStatus, FollowUpStatus
from tracing.cases.changes import happen_if_possible, lock_contacts
from tracing.cases.events import NewExposure, PeriodCompleted, Resumed
from tracing.cases.model import Contact
from tracing.followup.calendar import PlannedVisit, StandingVisit, regenerate
from tracing.followup.counting import Override
from tracing.followup.knowing import CONFINEMENT, LAST_DAY, OnFile, on_file
from tracing.followup.model import FollowUp, FollowUpVisit, PeriodAdjustment
from tracing.followup.period import Period
from tracing.followup.plan import Plan, plan, why_none
from tracing.followup.stopping import take_off
from tracing.followup.writing import write_period, write_quarantine
from tracing.people.model import Person
from tracing.rules.rulebook import shipped

_BATCH = 500
_ASKED_AGAIN = timedelta(days=1)
"""When the rulebook is asked again about a contact for whom no rule held."""


def replan(uow: UnitOfWork, person_id: UUID, disease: str) -> FollowUp | None:
    """Work out the person's follow-up for a disease and make calendar, quarantine and statuses fit; None when there is
    none. Where no rule holds what was planned stays, and `Contact.unplanned` says why nothing else is."""
    return replan_people(uow, [person_id], disease).get(person_id)


def replan_people(uow: UnitOfWork, people: Collection[UUID], disease: str) -> dict[UUID, FollowUp]:
    """The same for many people at once; those without a follow-up are not in the answer."""
    if not people:
        return {}
    uow.session.flush()
    contacts = lock_contacts(uow, people, disease)
    found = on_file(uow, people, contacts, disease)
    visits = _standing(uow, people, disease)
    added: list[tuple[UUID, PlannedVisit]] = []
    off, targets = set[UUID](), set[UUID]()
    result = {}
    for person_id, each in found.items():
        made = plan(shipped(), disease, each.known) if each.known is not None else None
        kept = _write(uow, person_id, disease, each, made)
        if kept is not None:
            result[person_id] = kept
        mine = visits.get(person_id, ())
        goes_on = any(contact.follow_up == FollowUpStatus.FOLLOW_UP for contact in each.active)
        if goes_on and made is None:
            continue  # no rule holds: what was planned stays
        period = made.period if made is not None and goes_on else None
        changes = regenerate(period, [visit.standing for visit in mine], days.today(uow))
        added += [(person_id, visit) for visit in changes.add]
        gone = [visit for visit in mine if visit.standing.visit in changes.take_off]
        off |= {visit.id for visit in gone}
        targets |= {visit.target_id for visit in (mine if period is None else gone) if visit.target_id is not None}
    uow.session.flush()
    _add(uow, disease, added)
    take_off(uow, off, targets)
    return result


def override(
    uow: UnitOfWork, person_id: UUID, disease: str, by_hand: Override, by: UUID | None, why: str = ""
) -> FollowUp | None:
    """A person sets the last day of follow-up; who had completed it, and is within it again, is called again. Raises
    UserError without a reason, and for somebody who is not followed up."""
    contacts = lock_contacts(uow, [person_id], disease)
    _adjust(uow, person_id, disease, LAST_DAY, by_hand, by, why)
    uow.session.flush()
    reason = why or by_hand.reason
    if by_hand.last_day >= days.today(uow):
        for contact in contacts:
            if contact.follow_up == FollowUpStatus.COMPLETED:
                happen_if_possible(uow, contact, Resumed(reason), by=by, why=reason)
    return replan(uow, person_id, disease)


def confine(
    uow: UnitOfWork, person_id: UUID, disease: str, by_hand: Override, by: UUID | None, why: str = ""
) -> FollowUp | None:
    """A person sets the last confined day of the quarantine: a later one extends it, an earlier one reduces it, one
    before its first day lifts it. Calls go on as long. Raises UserError as `override`."""
    lock_contacts(uow, [person_id], disease)
    _adjust(uow, person_id, disease, CONFINEMENT, by_hand, by, why)
    return replan(uow, person_id, disease)


def planned(uow: UnitOfWork, person_id: UUID, disease: str) -> Plan | None:
    """The plan as the rulebook has it now, for pages: `period`, `quarantine`, why, doubts, tests. Changes nothing; None
    for somebody who is nobody's contact, and where no rule holds."""
    contacts = uow.session.scalars(
        select(Contact).where(Contact.person_id == person_id, Contact.disease == disease).order_by(Contact.id)
    ).all()
    known = on_file(uow, [person_id], contacts, disease)[person_id].known
    return plan(shipped(), disease, known) if known is not None else None


def plan_new(database: Database) -> int:
    """The tick: plan the contacts that nobody planned (a list brought them, or no rule held before), in batches, each a
    transaction of its own; returns how many. Safe to run in many places at once, and to be killed."""
    planned_so_far = 0
    while True:
        with database.unit() as uow:
            batch = _unplanned(uow)
            for disease in sorted({disease for _, disease in batch}):
                replan_people(uow, sorted({person for person, of in batch if of == disease}), disease)
        planned_so_far += len(batch)
        if len(batch) < _BATCH:
            return planned_so_far


def _unplanned(uow: UnitOfWork) -> list[tuple[UUID, str]]:
    """Whose contacts are due to be planned. The people are locked, before their contacts as everywhere."""
    due = (
        select(Contact.person_id, Contact.disease)
        .join(Person, Person.id == Contact.person_id)
        .where(Contact.plan_at <= uow.now())
        .order_by(Contact.plan_at, Contact.id)
        .limit(_BATCH)
        .with_for_update(skip_locked=True, key_share=True, of=Person)
    )
    return [(person, disease) for person, disease in uow.session.execute(due)]


@dataclass(frozen=True, slots=True)
class _Visit:
    id: UUID
    target_id: UUID | None
    standing: StandingVisit


def _standing(uow: UnitOfWork, people: Collection[UUID], disease: str) -> Mapping[UUID, Sequence[_Visit]]:
    """The visits of today and later. One has happened when it has a result, or a call of it began."""
    rows = (
        select(FollowUpVisit, Target.state, Target.attempts)
        .outerjoin(Target, Target.id == FollowUpVisit.target_id)
        .where(FollowUpVisit.person_id.in_(people), FollowUpVisit.disease == disease)
        .where(FollowUpVisit.day >= days.today(uow))
    )
    found: dict[UUID, list[_Visit]] = {}
    for visit, state, attempts in uow.session.execute(rows):
        happened = visit.result is not None or (state is not None and (state != TargetState.WAITING or attempts > 0))
        standing = StandingVisit(PlannedVisit(visit.day, visit.nth), happened)
        found.setdefault(visit.person_id, []).append(_Visit(visit.id, visit.target_id, standing))
    return found


def _add(uow: UnitOfWork, disease: str, visits: Sequence[tuple[UUID, PlannedVisit]]) -> None:
    """In one statement, however many: a list of ten thousand brings a hundred thousand visits."""
    if not visits:
        return
    rows = (
        func.unnest(
            bindparam("ids", [new_id() for _ in visits], ARRAY(Uuid)),
            bindparam("people", [person_id for person_id, _ in visits], ARRAY(Uuid)),
            bindparam("days", [visit.day for _, visit in visits], ARRAY(Date)),
            bindparam("numbers", [visit.number for _, visit in visits], ARRAY(Integer)),
        )
        .table_valued("id", "person_id", "day", "nth")
        .render_derived()
    )
    chosen = select(*rows.c, literal(disease))
    uow.session.execute(
        insert(FollowUpVisit).from_select(["id", "person_id", "day", "nth", "disease"], chosen).on_conflict_do_nothing()
    )


def _write(uow: UnitOfWork, person_id: UUID, disease: str, each: OnFile, made: Plan | None) -> FollowUp | None:
    """Statuses, period and quarantine of one person; gives the period that counts now."""
    no_rule = each.known is not None and made is None
    for contact in each.contacts:
        contact.plan_at = uow.now() + _ASKED_AGAIN if no_rule and contact.status == ContactStatus.ACTIVE else None
    period = made.period if made is not None else None
    alive = period is not None and period.last >= days.today(uow)
    too_late = period is not None and not alive and each.current is None
    if each.known is not None:
        why = why_none(disease, each.known, made) if period is None or too_late else None
        for contact in each.active:
            contact.unplanned = None if why is None else dict(why)
    if no_rule:
        return each.current
    newer = period is not None and _is_newer(each.current, period)
    _follow(uow, each.active, asked=period is not None, alive=alive, newer=newer)
    if too_late:
        return None
    followed = any(contact.follow_up == FollowUpStatus.FOLLOW_UP for contact in each.active)
    kept = write_period(uow, person_id, disease, each, made, newer=newer, followed=followed)
    write_quarantine(uow, person_id, disease, each, made, newer=newer)
    return kept


def _is_newer(current: FollowUp | None, period: Period) -> bool:
    """Whether the count begins later than it did: somebody was exposed again."""
    return current is not None and period.start.day > date.fromisoformat(str(current.situation["start"]))


def _follow(uow: UnitOfWork, active: Iterable[Contact], *, asked: bool, alive: bool, newer: bool) -> None:
    """Whether each contact is called: who never was, and ought to be; who was, until a newer exposure; and for whom
    the rule asks nothing any more. What a person decided stays. A period that is over is settled, not ended here."""
    for contact in active:
        status = FollowUpStatus(contact.follow_up)
        if alive and (status is FollowUpStatus.NO_FOLLOW_UP or (newer and status is not FollowUpStatus.FOLLOW_UP)):
            happen_if_possible(uow, contact, NewExposure(), by=None, why="rule")
        elif not asked and status is FollowUpStatus.FOLLOW_UP:
            happen_if_possible(uow, contact, PeriodCompleted(), by=None, why="rule")


def _adjust(
    uow: UnitOfWork, person_id: UUID, disease: str, kind: str, by_hand: Override, by: UUID | None, why: str
) -> None:
    reason = (why or by_hand.reason).strip()
    if not reason:
        raise UserError("Say why.")
    made = planned(uow, person_id, disease)
    if made is None or made.period is None:
        raise UserError(
            "This person is not followed up, so there is no last day to set.", "Add them as a contact first."
        )
    uow.session.add(
        PeriodAdjustment(
            id=new_id(),
            person_id=person_id,
            disease=disease,
            kind=kind,
            day=by_hand.last_day,
            by=by,
            by_name=by_hand.by,
            why=reason,
            at=uow.now(),
        )
    )
