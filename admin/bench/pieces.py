"""What the made-up years are put together from: moments, people, the log of a call."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import orjson

from flows.engine.actions import Action, HangUp, Listen, Play, Prompt, Segment, action_to_json
from flows.engine.events import CallStarted, KeysPressed, event_to_json
from flows.engine.state import Answer, answer_to_json


@dataclass(frozen=True, slots=True)
class Moment:
    """When something was, in seconds and as the database reads it."""

    seconds: float

    @property
    def text(self) -> str:
        return datetime.fromtimestamp(self.seconds, UTC).isoformat()

    @property
    def day(self) -> str:
        return datetime.fromtimestamp(self.seconds + 7 * 3600, UTC).date().isoformat()

    def later(self, hours: float) -> Moment:
        return Moment(self.seconds + hours * 3600)


@dataclass(frozen=True, slots=True)
class Somebody:
    """A person who was written down."""

    id: str
    phone: str
    area: str
    known: Moment


def call_log(answered: bool) -> list[tuple[int, str, str]]:
    """The lines of a call's log: turn, kind, data. Of one call for all, since pages read only one at a time."""
    if not answered:
        return [(0, "status", '{"state": "failed"}')]
    at = datetime(2026, 1, 1, tzinfo=UTC).isoformat()
    fever = Answer(value=True, source="keys", heard="1", confidence=None, confirmed=False, step="fever", turn=1, at=at)
    ask: list[Action] = [Play(Prompt("vi", (Segment("Anh chị có bị sốt không?"),))), Listen(None, None)]
    end: list[Action] = [Play(Prompt("vi", (Segment("Cảm ơn anh chị."),))), HangUp("completed")]
    lines: list[tuple[int, str, object]] = [
        (0, "event", event_to_json(CallStarted(at, "human"))),
        (0, "actions", {"actions": [action_to_json(action) for action in ask]}),
        (1, "event", event_to_json(KeysPressed(at, "1"))),
        (1, "saved", {"fever": answer_to_json(fever)}),
        (1, "actions", {"actions": [action_to_json(action) for action in end]}),
        (1, "status", {"state": "completed"}),
    ]
    return [(turn, kind, _json(data)) for turn, kind, data in lines]


def _json(data: object) -> str:
    return orjson.dumps(data).decode()
