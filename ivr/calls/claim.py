"""The first statement of a turn: lock the call, and claim the turn's receipt if it is the turn we wait for.

One round trip for both. Whoever comes second waits at the lock, then sees the call as the first one left it, and
finds the first one's reply. A turn that is not the one we wait for claims nothing, so it cannot spoil a later one.
"""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import bindparam, exists, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import aliased

from core.database import UnitOfWork
from core.receipts import ReceiptRow
from ivr.calls.model import Call

_locked = select(Call).where(Call.id == bindparam("call_id")).with_for_update().cte("locked")
_claimed = (
    insert(ReceiptRow)
    .from_select(
        ["key", "at"],
        select(bindparam("key", type_=ReceiptRow.key.type), bindparam("at", type_=ReceiptRow.at.type))
        .select_from(_locked)
        .where(_locked.c.next_turn == bindparam("turn"), _locked.c.ended_at.is_(None)),
    )
    .on_conflict_do_nothing()
    .returning(ReceiptRow.key)
    .cte("claimed")
)
_LOCK_AND_CLAIM = select(aliased(Call, _locked), exists(select(_claimed.c.key)))


def key_of(call_id: UUID, turn: int) -> str:
    """The receipt's key."""
    return f"turn:{call_id}:{turn}"


def lock_and_claim(uow: UnitOfWork, call_id: UUID, turn: int) -> tuple[Call, bool] | None:
    """The locked call and whether this unit of work claimed the turn. None for an unknown call."""
    row = uow.session.execute(
        _LOCK_AND_CLAIM,
        {"call_id": call_id, "turn": turn, "key": key_of(call_id, turn), "at": uow.now()},
        execution_options={"populate_existing": True},
    ).one_or_none()
    return None if row is None else (row[0], row[1])


def lock(uow: UnitOfWork, call_id: UUID) -> Call | None:
    """The call, locked, as it is now."""
    return uow.session.get(Call, call_id, with_for_update=True, populate_existing=True)


def reply_of(uow: UnitOfWork, call_id: UUID, turn: int) -> bytes | None:
    """What was answered to a turn; None if it was not taken."""
    return uow.session.scalar(select(ReceiptRow.reply).where(ReceiptRow.key == key_of(call_id, turn)))
