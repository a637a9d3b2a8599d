"""The queue for a doctor's voice: by urgency, then by who has waited longest. Nobody who was flagged is left out of it.

A place is kept when the caller hangs up: the entry stays, and a doctor calls back.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from enum import IntEnum
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from core.database import UnitOfWork
from core.errors import UserError
from core.ids import new_id
from ivr.media.bridging.model import WaitingLine
from telehealth.model import QueueEntry

WAITING, TAKEN, DONE, LEFT = "waiting", "taken", "done", "left"


class Urgency(IntEnum):
    """Lower is sooner."""

    RED_FLAG = 0
    URGENT = 1
    ROUTINE = 2


OFFER = timedelta(minutes=20)
"""How long a doctor may have taken somebody without having noted anything down."""
ESCALATED = {
    Urgency.RED_FLAG: timedelta(minutes=3),
    Urgency.URGENT: timedelta(minutes=30),
    Urgency.ROUTINE: timedelta(hours=4),
}
"""After so much waiting the doctors of every area see somebody."""


def enter(
    uow: UnitOfWork,
    *,
    urgency: Urgency,
    reason: str,
    language: str,
    person_id: UUID | None = None,
    call_id: UUID | None = None,
    area: str = "",
) -> QueueEntry:
    """Put somebody into the queue. A call has one place: entering again keeps the time waited and the greater urgency.
    Who had left or was done waits anew; who is with a doctor stays there."""
    row = insert(QueueEntry).values(
        id=new_id(),
        person_id=person_id,
        call_id=call_id,
        urgency=urgency,
        reason=reason,
        language=language,
        state=WAITING,
        area=area,
        created_at=uow.now(),
    )
    new, old = row.excluded, QueueEntry
    back = old.state.in_((DONE, LEFT))
    row = row.on_conflict_do_update(
        index_elements=[QueueEntry.call_id],
        set_={
            "urgency": func.least(old.urgency, new.urgency),
            "reason": case((and_(new.urgency <= old.urgency, new.reason != ""), new.reason), else_=old.reason),
            "state": case((back, WAITING), else_=old.state),
            "created_at": case((back, new.created_at), else_=old.created_at),
            "taken_by": case((back, None), else_=old.taken_by),
            "taken_at": case((back, None), else_=old.taken_at),
            "done_at": None,
            "escalated_at": case((back, None), else_=old.escalated_at),
        },
    )
    return uow.session.scalars(row.returning(QueueEntry), execution_options={"populate_existing": True}).one()


def position(uow: UnitOfWork, entry: QueueEntry) -> int:
    """The place in the queue: 1 is next."""
    before = or_(
        QueueEntry.urgency < entry.urgency,
        and_(QueueEntry.urgency == entry.urgency, QueueEntry.created_at < entry.created_at),
        and_(QueueEntry.urgency == entry.urgency, QueueEntry.created_at == entry.created_at, QueueEntry.id < entry.id),
    )
    ahead = uow.session.scalar(select(func.count()).select_from(QueueEntry).where(QueueEntry.state == WAITING, before))
    return (ahead or 0) + 1


def take_next(
    uow: UnitOfWork,
    practitioner_id: UUID,
    languages: Collection[str] = (),
    where: ColumnElement[bool] | None = None,
) -> QueueEntry | None:
    """Give the practitioner whoever is next: by urgency, then those who speak one of `languages`, then by time waited.
    Two doctors who ask at once get two different people. `where` limits what this practitioner may see."""
    query = select(QueueEntry).where(QueueEntry.state == WAITING)
    if where is not None:
        query = query.where(where)
    entry = uow.session.scalars(
        query.order_by(
            QueueEntry.urgency, QueueEntry.language.in_(languages).desc(), QueueEntry.created_at, QueueEntry.id
        )
        .limit(1)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    ).first()
    if entry is not None:
        _hand_over(uow, entry, practitioner_id)
    return entry


def take(uow: UnitOfWork, entry_id: UUID, practitioner_id: UUID) -> QueueEntry:
    """Give the practitioner this one. Raises UserError when somebody else was faster."""
    entry = _locked(uow, entry_id)
    if entry.state == TAKEN and entry.taken_by == practitioner_id:
        return entry
    if entry.state != WAITING:
        raise UserError("This person no longer waits: a colleague was faster.", "Take the next in the list.")
    _hand_over(uow, entry, practitioner_id)
    return entry


def give_back(uow: UnitOfWork, entry_id: UUID) -> QueueEntry:
    """Put somebody taken back into the queue, at the place of the time waited."""
    entry = _from_state(uow, entry_id, TAKEN)
    entry.state, entry.taken_by, entry.taken_at = WAITING, None, None
    return entry


def done(uow: UnitOfWork, entry_id: UUID) -> QueueEntry:
    """The doctor has spoken with the person."""
    entry = _from_state(uow, entry_id, TAKEN)
    entry.state, entry.done_at = DONE, uow.now()
    return entry


def left(uow: UnitOfWork, entry_id: UUID) -> QueueEntry:
    """The person wants no doctor any more, or could not be reached."""
    entry = _from_state(uow, entry_id, WAITING, TAKEN)
    entry.state, entry.done_at = LEFT, uow.now()
    return entry


def watch(uow: UnitOfWork) -> None:
    """What time does to the queue. Who was taken and has not been spoken with goes back to the same place, where a
    colleague finds them; who waits too long is shown to the doctors of every area."""
    now = uow.now()
    talking = select(WaitingLine.room).where(WaitingLine.talks_since.is_not(None))
    uow.session.execute(
        update(QueueEntry)
        .where(
            QueueEntry.state == TAKEN,
            QueueEntry.taken_at < now - OFFER,
            func.concat("queue:", QueueEntry.id).not_in(talking),
        )
        .values(state=WAITING, taken_by=None, taken_at=None)
        .execution_options(synchronize_session=False)
    )
    late = [
        and_(QueueEntry.urgency == urgency, QueueEntry.created_at < now - ESCALATED[urgency]) for urgency in Urgency
    ]
    uow.session.execute(
        update(QueueEntry)
        .where(QueueEntry.state == WAITING, QueueEntry.escalated_at.is_(None), or_(*late))
        .values(escalated_at=now)
        .execution_options(synchronize_session=False)
    )


def _hand_over(uow: UnitOfWork, entry: QueueEntry, practitioner_id: UUID) -> None:
    entry.state, entry.taken_by, entry.taken_at = TAKEN, practitioner_id, uow.now()


def _from_state(uow: UnitOfWork, entry_id: UUID, *states: str) -> QueueEntry:
    entry = _locked(uow, entry_id)
    if entry.state not in states:
        raise UserError(f"This place in the queue is {entry.state}.", "Reload the page to see how it stands.")
    return entry


def _locked(uow: UnitOfWork, entry_id: UUID) -> QueueEntry:
    entry = uow.session.get(QueueEntry, entry_id, with_for_update=True, populate_existing=True)
    if entry is None:
        raise UserError("There is no such place in the queue.", "Look it up in the list again.")
    return entry
