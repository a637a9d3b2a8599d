"""The log of a call: one line per event, action list, saved answers, notes and status, in the order they happened.

The events of a log, given to `advance` one after another from the opening state, make the same call again (N2), see
`ivr.calls.replay`. What happened on the line beside them, and did not count, stands between them as asides.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import select

from core.database import UnitOfWork
from flows.engine.events import Event, event_from_json
from flows.engine.state import State, state_from_json
from ivr.calls.model import CallEvent

Kind = Literal["opened", "event", "effect", "actions", "saved", "note", "status", "aside"]


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line. `data` by kind: `opened` {state}; `event` and `effect` the event as JSON (an effect with its
    `arguments`); `actions` {actions}, those before an effect on a line of their own; `saved` answers by name; `note`
    {notes}; `status` the report; `aside` {asides}, before the event of the turn that took them along."""

    seq: int
    turn: int
    at: datetime
    kind: str
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Aside:
    """Something on the line that was not for the script. `data` by kind:

    - `key_dropped` {key, reason}: `too_soon`, `finish_of_last_answer`, `must_be_heard_out`, `no_keys_here`,
      `no_question`, `bridged` (pressed in a talk with a person);
    - `barge_in` {by, after}: a `key` or `speech` cut the prompt short, so many seconds after it began;
    - `superseded` {what, by}: `speech` that did not count because a key came first;
    - `too_short` {}: a sound that cut no prompt short, and was not listened to any further;
    - `began_before` {}: somebody went on speaking who had begun before it counted, and said nothing more;
    - `speech_failed` {why}: `no_recogniser` was free, or it `failed`;
    - `recognised` {decision, evidence}: what the recogniser made of speech, and of what (`audio.decision.Evidence`);
    - `timer` {what}: `wait`, `gap`, `overdue` or `speech` ran out;
    - `more` {number}: further asides of this turn were not kept.
    """

    at: str
    kind: str
    data: Mapping[str, Any]


def asides_line(asides: Sequence[Aside]) -> list[tuple[Kind, Any]]:
    """The log's line of these asides; none for none."""
    kept = [{"at": aside.at, "kind": aside.kind, **aside.data} for aside in asides]
    return [("aside", {"asides": kept})] if kept else []


def read_log(uow: UnitOfWork, call_id: UUID) -> list[LogLine]:
    """The whole log of a call, in order. Empty for a call that does not exist."""
    table = CallEvent.__table__.c
    rows = uow.session.execute(
        select(table.seq, table.turn, table.at, table.kind, table.data)
        .where(table.call_id == call_id)
        .order_by(table.seq)
    )
    return [LogLine(*row) for row in rows]


def opening_state(lines: Sequence[LogLine]) -> State:
    """The script's state when the call was opened."""
    return state_from_json(next(line.data["state"] for line in lines if line.kind == "opened"))


def events_of(lines: Iterable[LogLine]) -> list[Event]:
    """Every event the script was given, effects' results included, in order."""
    return [
        event_from_json({name: value for name, value in line.data.items() if name != "arguments"})
        for line in lines
        if line.kind in ("event", "effect")
    ]
