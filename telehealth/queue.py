"""The queue for a doctor's voice: by urgency, then by who has waited longest. Nobody who was flagged is left out of it.

A place is kept when the caller hangs up: the entry stays, and a doctor calls back. Who is called back and asks for it
later keeps the place too, and is nobody's next before `call_after`.
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
from ivr.calls.model import Call
from ivr.campaigns.callbacks import call_off
from ivr.campaigns.model import Target, TargetState
from ivr.campaigns.words import Disposition
from ivr.media.bridging.model import WaitingLine
from telehealth.model import QueueEntry

WAITING, TAKEN, DONE, LEFT = "waiting", "taken", "done", "left"


class Urgency(IntEnum):
    """Lower is sooner."""

    RED_FLAG = 0
    URGENT = 1
    ROUTINE = 2


OFFER = timedelta(minutes=20)
"""How long a doctor may have taken somebody without talking, calling back, or noting anything down."""
ESCALATED = {
    Urgency.RED_FLAG: timedelta(seconds=30),  # they wait on the line for two minutes (script `emergency`)
    Urgency.URGENT: timedelta(minutes=30),
    Urgency.ROUTINE: timedelta(hours=4),
}
"""After so much waiting the doctors of every area see somebody."""
LATER = {
    # Whoever cannot breathe may say "later" only to have the line free for 115, and may soon not be able to ring us.
    Urgency.RED_FLAG: timedelta(minutes=5),
    Urgency.URGENT: timedelta(minutes=30),
    Urgency.ROUTINE: timedelta(minutes=30),
}
"""For how long nobody's Next calls somebody who asked to be called later."""


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
    Who had left or was done waits anew; who is with a doctor stays there. A time asked for before counts no more. Who
    rings anew gets the place of the new call, which has no such time; the older one keeps it, for Next would give that
    one first, and ring the telephone that they are on."""
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
            "was_with": case((back, None), else_=old.was_with),
            "done_at": None,
            "call_after": None,
            "callback_id": case((back, None), else_=old.callback_id),
            "tries": case((back, 0), else_=old.tries),
            "escalated_at": case((back, None), else_=old.escalated_at),
        },
    )
    return uow.session.scalars(row.returning(QueueEntry), execution_options={"populate_existing": True}).one()


def position(uow: UnitOfWork, entry: QueueEntry) -> int:
    """The place in the queue: 1 is next. Who asked to be called later is ahead of nobody until then."""
    before = or_(
        QueueEntry.urgency < entry.urgency,
        and_(QueueEntry.urgency == entry.urgency, QueueEntry.created_at < entry.created_at),
        and_(QueueEntry.urgency == entry.urgency, QueueEntry.created_at == entry.created_at, QueueEntry.id < entry.id),
    )
    ahead = select(func.count()).select_from(QueueEntry).where(QueueEntry.state == WAITING, _due(uow), before)
    return (uow.session.scalar(ahead) or 0) + 1


def take_next(
    uow: UnitOfWork,
    practitioner_id: UUID,
    languages: Collection[str] = (),
    where: ColumnElement[bool] | None = None,
) -> QueueEntry | None:
    """Give the practitioner whoever is next: by urgency, then those who speak one of `languages`, then by time waited.
    Two doctors who ask at once get two different people, and nobody gets one who asked to be called later, before that.
    `where` limits what this practitioner may see."""
    query = select(QueueEntry).where(QueueEntry.state == WAITING, _due(uow))
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


def give_back(uow: UnitOfWork, entry_id: UUID, practitioner_id: UUID) -> QueueEntry:
    """The doctor who has somebody puts them back into the queue, at the place of the time waited; a call back that was
    not made yet is not. Raises UserError when they are not with this doctor."""
    entry = _held(uow, entry_id, practitioner_id)
    entry.state, entry.taken_by, entry.taken_at = WAITING, None, None
    return entry


def done(uow: UnitOfWork, entry_id: UUID, practitioner_id: UUID) -> QueueEntry:
    """The doctor has spoken with the person, who is with them, or was until the place went back by itself. Raises
    UserError otherwise."""
    entry = _not_called(uow, entry_id)
    mine = entry.was_with if entry.state == WAITING else entry.taken_by
    if mine != practitioner_id or entry.state not in (WAITING, TAKEN):
        raise _not_with_you()
    entry.state, entry.taken_by, entry.done_at = DONE, practitioner_id, uow.now()
    return entry


def left(uow: UnitOfWork, entry_id: UUID, practitioner_id: UUID) -> QueueEntry:
    """The person who is with this doctor wants none any more, or could not be reached; nobody calls them back. Raises
    UserError when they are not with this doctor."""
    entry = _held(uow, entry_id, practitioner_id)
    entry.state, entry.done_at = LEFT, uow.now()
    return entry


def return_by_itself(entry: QueueEntry) -> None:
    """The place (locked by the caller) waits again, where it was. Who had it may still write the note."""
    entry.was_with = entry.taken_by
    entry.state, entry.taken_by, entry.taken_at = WAITING, None, None


def watch(uow: UnitOfWork) -> None:
    """What time does to the queue. Who was taken and has not been spoken with goes back to the same place, where a
    colleague finds them: after `OFFER`, counted from the end of a talk, or as soon as a call back is given up while no
    call is there to tell of it (`calling_back.ReturnsUnreached`). Who waits too long is shown to the doctors of every
    area."""
    now = uow.now()
    there = select(WaitingLine.room).where(WaitingLine.room == func.concat("queue:", QueueEntry.id))
    again = {"state": WAITING, "was_with": QueueEntry.taken_by, "taken_by": None, "taken_at": None}
    met = select(Call.id).where(Call.target_id == Target.id, Call.talked_at.is_not(None))
    given_up = select(Target.id).where(
        Target.id == QueueEntry.callback_id,
        Target.state == TargetState.DONE,
        Target.disposition.not_in((Disposition.COMPLETED, Disposition.CALLED_OFF)),
        ~met.exists(),
    )
    late = [
        and_(QueueEntry.urgency == urgency, QueueEntry.created_at < now - ESCALATED[urgency]) for urgency in Urgency
    ]
    taken, waiting = QueueEntry.state == TAKEN, QueueEntry.state == WAITING
    for change in (
        update(QueueEntry)
        .where(taken, there.where(WaitingLine.talks_since.is_not(None)).exists())
        .values(taken_at=now, call_after=None),
        update(QueueEntry).where(taken, QueueEntry.taken_at < now - OFFER).values(again),
        update(QueueEntry)
        .where(taken, given_up.exists(), ~there.exists())
        .values({**again, "tries": QueueEntry.tries + 1}),
        update(QueueEntry).where(waiting, QueueEntry.escalated_at.is_(None), or_(*late)).values(escalated_at=now),
    ):
        uow.session.execute(change.execution_options(synchronize_session=False))


def _due(uow: UnitOfWork) -> ColumnElement[bool]:
    return or_(QueueEntry.call_after.is_(None), QueueEntry.call_after <= uow.now())


def _hand_over(uow: UnitOfWork, entry: QueueEntry, practitioner_id: UUID) -> None:
    entry.state, entry.taken_by, entry.taken_at, entry.was_with = TAKEN, practitioner_id, uow.now(), None
    entry.telephone_id = None
    before = uow.session.get(Target, entry.callback_id, populate_existing=True) if entry.callback_id else None
    if before is None or before.state == TargetState.DONE:
        entry.callback_id = None  # what came of an earlier one is no news to whoever has the place now


def _held(uow: UnitOfWork, entry_id: UUID, practitioner_id: UUID) -> QueueEntry:
    """The place as `_not_called` gives it. Raises UserError when it is not with this doctor."""
    entry = _not_called(uow, entry_id)
    if entry.state != TAKEN or entry.taken_by != practitioner_id:
        raise _not_with_you()
    return entry


def _not_with_you() -> UserError:
    return UserError("This person is not with you any more.", "Reload the page to see how it stands.")


def _not_called(uow: UnitOfWork, entry_id: UUID) -> QueueEntry:
    """The place, locked, and a call back that was not made yet is called off; raising afterwards undoes that. The call
    back comes first: who ends a call holds its attempt and target before coming to the place, and rows are locked in
    one order everywhere."""
    callback_id = uow.session.scalar(select(QueueEntry.callback_id).where(QueueEntry.id == entry_id))
    if callback_id is not None:
        call_off(uow, callback_id)
    entry = _locked(uow, entry_id)
    if entry.callback_id is not None and entry.callback_id != callback_id:
        call_off(uow, entry.callback_id)  # ordered just now: too young for a call that could end
    return entry


def _locked(uow: UnitOfWork, entry_id: UUID) -> QueueEntry:
    entry = uow.session.get(QueueEntry, entry_id, with_for_update=True, populate_existing=True)
    if entry is None:
        raise UserError("There is no such place in the queue.", "Look it up in the list again.")
    return entry
