"""A doctor reaches somebody who waits: on the line, by calling them back, or from a telephone of the doctor's own.

Who hung up keeps the place and is called back when a doctor has taken it: the robot says who calls and asks for the
person, and meets the doctor in the room of the place (N9). A call back that reaches nobody puts the entry back into the
queue, where it was; after three of them it is marked, for a person to decide.
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
from ivr.campaigns.callbacks import CallbackStatus, call_back, call_off, callback_status
from telehealth.model import QueueEntry
from telehealth.queue import TAKEN, WAITING

SCRIPT = "doctor-callback"
WITHIN = timedelta(minutes=3)
"""How long a call back may be tried: the doctor waits for it."""
TRIES = 3
"""Call backs that reach nobody, after which a place is marked."""
_OPEN = ("waiting", "dialing", "ringing", "answered")


def room_of(entry_id: UUID) -> str:
    """The room in which the person and the doctor meet."""
    return f"queue:{entry_id}"


def order_call_back(uow: UnitOfWork, entry: QueueEntry, *, number: str, name: str) -> None:
    """Have the person called. Harmless while a call back is under way. `name` is said to whoever picks up, empty when
    nobody knows it. Raises UserError for a withheld number, and when this place is not taken."""
    if entry.state != TAKEN:
        raise UserError("Nobody has taken this place in the queue.", "Take it first, then call back.")
    under_way = calling(uow, entry)
    if under_way is not None and under_way.state in _OPEN:
        return
    entry.callback_id = call_back(
        uow,
        script=SCRIPT,
        phone=number,
        language=entry.language,
        context={"entry": str(entry.id), "person": {"name": name}},
        person_id=entry.person_id,
        area=entry.area,
        not_after=uow.now() + WITHIN,
    )
    entry.tries += 1


def calling(uow: UnitOfWork, entry: QueueEntry) -> CallbackStatus | None:
    """How the last call back fares; None when there was none."""
    return callback_status(uow, entry.callback_id) if entry.callback_id is not None else None


def stop_calling(uow: UnitOfWork, entry: QueueEntry) -> None:
    """The call back is not wanted any more, if it has not been made yet."""
    if entry.callback_id is not None:
        call_off(uow, entry.callback_id)


class ReturnsUnreached:
    """The observer of calls that puts a place back into the queue when its call back reached nobody. To be told after
    the observer of campaigns, which knows whether there will be another try."""

    def answered(self, uow: UnitOfWork, call: Call, saved: Mapping[str, Answer], state: State) -> None:
        """Answers are none of our business."""

    def ended(self, uow: UnitOfWork, call: Call, state: State) -> None:
        if call.target_id is None:
            return
        mine = select(QueueEntry).where(QueueEntry.callback_id == call.target_id, QueueEntry.state == TAKEN)
        entry = uow.session.scalar(mine.with_for_update())
        if entry is not None and callback_status(uow, call.target_id).state == "gave_up":
            entry.state, entry.taken_by, entry.taken_at = WAITING, None, None
