"""The state of a call's script: frozen, and plain JSON both ways. Written out and read back between any two turns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal

from flows.engine.actions import Action

Source = Literal["keys", "speech", "voice", "script"]


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer and where it came from. `value` is JSON (typed by the record form); `heard` is what was keyed or
    the recognised words; `certain` says that two recognisers heard them alike, beyond doubt; `confirmed` that the
    person confirmed a read-back."""

    value: Any
    source: Source
    heard: str = ""
    confidence: float | None = None
    confirmed: bool = False
    step: str = ""
    turn: int = 0
    at: str = ""
    certain: bool = False


@dataclass(frozen=True, slots=True)
class Frame:
    """A subscript's return address: the step that called it, where its result goes, and the caller's own parameters,
    which come back with it. `shortcut` says that a script-wide key called it: the step is asked again."""

    step: str
    save: str | None = None
    params: Mapping[str, Any] = field(default_factory=dict)
    shortcut: bool = False


@dataclass(frozen=True, slots=True)
class State:
    """Everything the engine needs to go on.

    `step` is where we are (None before the start and after the end); `phase` is the engine's own marker within
    the step (`ask`, `confirm`, …); `pending` is an answer that waits for its read-back; `attempts` counts no-input
    and no-match per step, apart; `learned` are the hints that the person has followed, by kind and language, which are
    said in short from then on; `context` is what the host told us at the start (person's name, language, …),
    `status` is `new`, `active` or `ended`, with `end_reason`.
    """

    script: str
    revision: str
    language: str
    context: Mapping[str, Any] = field(default_factory=dict)
    status: Literal["new", "active", "ended"] = "new"
    end_reason: str = ""
    step: str | None = None
    phase: str = ""
    pending: Answer | None = None
    answers: Mapping[str, Answer] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)
    no_input: Mapping[str, int] = field(default_factory=dict)
    no_match: Mapping[str, int] = field(default_factory=dict)
    speech_failures: int = 0
    learned: tuple[str, ...] = ()
    params: Mapping[str, Any] = field(default_factory=dict)
    stack: tuple[Frame, ...] = ()
    turns: int = 0
    steps: int = 0
    started_at: str = ""


@dataclass(frozen=True, slots=True)
class Note:
    """One line of the engine's own log of a turn: `entered`, `saved`, `no_match`, `limit`, … with JSON data."""

    kind: str
    step: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Step:
    """What `advance` returns: the new state, what the telephone is to do, and the log of how it came to that.

    `saved` are the answers that became final in this turn, by name: the host files them in the same transaction.
    """

    state: State
    actions: tuple[Action, ...]
    saved: Mapping[str, Answer] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()


_ANSWER_FIELDS = tuple(f.name for f in fields(Answer))
_FRAME_FIELDS = tuple(f.name for f in fields(Frame))
_STATE_FIELDS = tuple(f.name for f in fields(State))


def _plain(value: Any, names: tuple[str, ...]) -> dict[str, Any]:
    """A dataclass as a dict, one level deep: `dataclasses.asdict` copies every leaf, ten times slower."""
    return {name: getattr(value, name) for name in names}


def answer_to_json(answer: Answer) -> dict[str, Any]:
    """The answer as a JSON object."""
    return _plain(answer, _ANSWER_FIELDS)


def state_to_json(state: State) -> dict[str, Any]:
    """The state as a JSON object. It shares its mappings with the state: write it out, do not change it."""
    data = _plain(state, _STATE_FIELDS)
    data["pending"] = answer_to_json(state.pending) if state.pending else None
    data["answers"] = {name: _plain(answer, _ANSWER_FIELDS) for name, answer in state.answers.items()}
    data["stack"] = [_plain(frame, _FRAME_FIELDS) for frame in state.stack]
    return data


def state_from_json(data: Mapping[str, Any]) -> State:
    """The inverse of `state_to_json`."""
    values = dict(data)
    pending = values.get("pending")
    values["pending"] = Answer(**pending) if pending else None
    values["answers"] = {name: Answer(**answer) for name, answer in values["answers"].items()}
    values["learned"] = tuple(values.get("learned", ()))
    values["stack"] = tuple([Frame(**frame) for frame in values["stack"]])
    return State(**values)
