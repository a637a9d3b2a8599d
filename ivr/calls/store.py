"""The two statements of a turn: one locks the call and claims the turn's receipt, one writes all that came of it.

Two round trips, because a turn's time is spent on them. Whoever comes second waits at the lock, then sees the call as
the first one left it, and finds the first one's reply. A turn that is not the one we wait for claims nothing, so it
cannot spoil a later one.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Boolean, column, select, text
from sqlalchemy.orm.attributes import set_committed_value

from core.database import UnitOfWork
from core.receipts import ReceiptRow
from ivr.calls.log import Kind
from ivr.calls.model import Call

_columns = Call.__table__.columns
_fresh = column("fresh", Boolean)
# Plain SQL on purpose: a mapped class laid over a common table expression is compiled wrongly, as a join with the whole
# table, when several threads of a fresh process compile it at once.
_LOCK_AND_CLAIM = select(Call, _fresh).from_statement(
    text(
        f"""
        WITH
        locked AS (SELECT * FROM call WHERE id = :call_id FOR UPDATE),
        claimed AS (
            INSERT INTO receipt (key, at)
            SELECT :key, :at FROM locked WHERE next_turn = :turn AND ended_at IS NULL
            ON CONFLICT DO NOTHING
            RETURNING key
        )
        SELECT {", ".join(f"locked.{item.name}" for item in _columns)}, EXISTS (SELECT 1 FROM claimed) AS fresh
        FROM locked
        """  # noqa: S608 (the names are the columns of the model)
    ).columns(*_columns, _fresh)
)

# What a turn, a status or an end may change of a call, beside the script's state.
_WRITTEN = (
    "provider_ref",
    "state",
    "failure_reason",
    "raw_code",
    "answered_by",
    "language",
    "next_turn",
    "end_reason",
    "ringing_at",
    "answered_at",
    "ended_at",
)
# The caller holds the call's lock, so nobody else numbers lines of its log meanwhile.
_WRITE = text(
    f"""
    WITH
    line AS (
        INSERT INTO call_event (call_id, seq, turn, at, kind, data)
        SELECT :call_id, last.seq + line.number, :turn, :at, line.kind, line.data
        FROM (SELECT coalesce(max(seq), -1) AS seq FROM call_event WHERE call_id = :call_id) AS last,
             ROWS FROM (jsonb_to_recordset(CAST(:lines AS jsonb)) AS (kind text, data jsonb))
                 WITH ORDINALITY AS line (kind, data, number)
    ),
    receipt AS (UPDATE receipt SET reply = :reply WHERE key = :key)
    UPDATE call SET script_state = CAST(:script_state AS jsonb), {", ".join(f"{name} = :{name}" for name in _WRITTEN)}
    WHERE id = :call_id
    """  # noqa: S608 (the names are the constants above)
)


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


def change(call: Call, **values: Any) -> None:
    """Change a locked call in memory; `write` writes it. The session is not told, or it would write it once more."""
    for name, value in values.items():
        set_committed_value(call, name, value)


def lock(uow: UnitOfWork, call_id: UUID) -> Call | None:
    """The call, locked, as it is now."""
    return uow.session.get(Call, call_id, with_for_update=True, populate_existing=True)


def reply_of(uow: UnitOfWork, call_id: UUID, turn: int) -> bytes | None:
    """What was answered to a turn; None if it was not taken."""
    return uow.session.scalar(select(ReceiptRow.reply).where(ReceiptRow.key == key_of(call_id, turn)))


def write(
    uow: UnitOfWork, call: Call, turn: int, lines: Iterable[tuple[Kind, Any]], reply: bytes | None = None
) -> None:
    """Write the locked call as it stands, append lines (kind, JSON) to its log, keep the reply to a claimed turn."""
    values = {name: getattr(call, name) for name in _WRITTEN}
    written = [{"kind": kind, "data": data} for kind, data in lines]
    uow.session.connection().execute(
        _WRITE,
        {
            **values,
            "call_id": call.id,
            "turn": turn,
            "at": uow.now(),
            "lines": orjson.dumps(written).decode(),
            "script_state": orjson.dumps(call.script_state).decode(),
            "key": None if reply is None else key_of(call.id, turn),
            "reply": reply,
        },
    )
