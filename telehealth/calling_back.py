"""A doctor reaches somebody who waits: on the line, by calling them back, or from a telephone of the doctor's own.

Who hung up keeps the place and is called back when a doctor has taken it: the robot says who calls and asks for the
person, and meets the doctor in the room of the place (N9). A call back in which they did not meet puts the entry back
into the queue, where it was; after three of them it is marked, for a person to decide. Whoever says "later" there is
nobody's next for a while (`queue.LATER`); that time is over when the two have met.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select

from core.database import UnitOfWork
from core.errors import UserError
from flows.engine.state import Answer, State
from ivr.calls.model import Call
from ivr.campaigns.callbacks import CallbackStatus, call_back, callback_status
from ivr.campaigns.words import Outcome
from ivr.media.bridging.presence import on_line
from telehealth.model import QueueEntry
from telehealth.queue import LATER, TAKEN, WAITING, Urgency, return_by_itself

SCRIPT = "doctor-callback"
WITHIN = timedelta(minutes=3)
"""How long a call back may be tried: the doctor waits for it (`ivr.media.bridging.switchboard.GUEST_WAITS_SECONDS`)."""
ASKS = timedelta(seconds=90)
"""How long the script may take, at most, from picking up to the room."""
TRIES = 3
"""Call backs that reach nobody, after which a place is marked."""
_OPEN = ("waiting", "dialing", "ringing", "answered")


def room_of(entry_id: UUID) -> str:
    """The room in which the person and the doctor meet."""
    return f"queue:{entry_id}"


def order_call_back(uow: UnitOfWork, entry: QueueEntry, *, number: str, name: str) -> None:
    """Have the person called. Harmless while a call back is under way, whoever asks at the same moment. `name` is said
    to whoever picks up, empty when nobody knows it. Raises UserError for a withheld number, for somebody who is on the
    line, and when this place is not taken, or not any more by whom the caller of this function saw there."""
    seen = entry.taken_by
    uow.session.flush()
    uow.session.refresh(entry, with_for_update=True)
    if entry.state != TAKEN or entry.taken_by != seen:
        raise UserError("Nobody has taken this place in the queue.", "Take it first, then call back.")
    under_way = calling(uow, entry)
    if under_way is not None and under_way.state in _OPEN:
        return
    if on_line(uow, [room_of(entry.id)]):
        raise UserError("This person is on the line.", "Talk now: there is nobody to call back.")
    entry.callback_id = call_back(
        uow,
        script=SCRIPT,
        phone=number,
        language=entry.language,
        context={
            "entry": str(entry.id),
            "person": {"name": name},
            "later_minutes": LATER[Urgency(entry.urgency)] // timedelta(minutes=1),
        },
        person_id=entry.person_id,
        area=entry.area,
        not_after=uow.now() + WITHIN,
    )
    entry.taken_at = uow.now()


def calling(uow: UnitOfWork, entry: QueueEntry) -> CallbackStatus | None:
    """How the last call back fares; None when there was none."""
    return callback_status(uow, entry.callback_id) if entry.callback_id is not None else None


class ReturnsUnreached:
    """The observer of calls that puts a place back into the queue when its call back is over and the person and the
    doctor have not met: nobody picked up, somebody else did, or the doctor was gone; and notes that they asked to be
    called later, also when the place has gone back before. To be told after the observer of campaigns, which knows
    whether there will be another try. One that was given up without any call is seen by `telehealth.queue.watch`."""

    def answered(self, uow: UnitOfWork, call: Call, saved: Mapping[str, Answer], state: State) -> None:
        """Answers are none of our business."""

    def ended(self, uow: UnitOfWork, call: Call, state: State) -> None:
        if call.target_id is None:
            return
        mine = select(QueueEntry).where(
            QueueEntry.callback_id == call.target_id, QueueEntry.state.in_((WAITING, TAKEN))
        )
        entry = uow.session.scalar(mine.with_for_update().execution_options(populate_existing=True))
        if entry is None:
            return
        if call.end_reason == Outcome.CALLBACK:
            entry.call_after = uow.now() + LATER[Urgency(entry.urgency)]
        met = select(Call.id).where(Call.target_id == call.target_id, Call.talked_at.is_not(None))
        if uow.session.scalar(met.limit(1)) is not None:
            entry.call_after = None
        elif entry.state == TAKEN and callback_status(uow, call.target_id).state in ("gave_up", "done"):
            return_by_itself(entry)
            entry.tries += 1
