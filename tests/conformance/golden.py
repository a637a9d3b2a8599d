"""What every carrier must do alike: hold the saved calls of the library, and leave the transcript of the text runner.

A carrier joins the suite with a `Harness`: it holds one saved call over the carrier's own wire, as a person with a
telephone would, and returns what was heard. See `webhooks.py` for one, and `test_conformance.py` for the list.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import select

from audio.speech import readable
from core.database import Database, UnitOfWork
from flows.catalogue import Library, SavedCall
from flows.engine.state import Answer, State
from flows.runner import Transcript, run_text
from flows.stubs import CONTEXT, STUBS, Stub, stub_answer
from ivr.calls.effects import EffectRequest, EffectResult, Effects
from ivr.calls.log import read_log
from ivr.calls.model import Call
from ivr.calls.service import Calls
from ivr.calls.transcript import Utterance, transcript
from ivr.messages.model import VoiceMessageRow
from tests.ivr.world import NUMBER

_BY_KEYS = re.compile(r"[0-9*]*#?|-")


@dataclass(frozen=True, slots=True)
class Golden:
    """A saved call, ready to be held. `speech` are the languages in which the carrier hears voices."""

    saved: SavedCall
    speech: tuple[str, ...]

    @property
    def data(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.saved.document.data
        return found

    @property
    def answers(self) -> Sequence[str]:
        found: Sequence[str] = self.data["answers"]
        return found

    @property
    def context(self) -> dict[str, Any]:
        return {**CONTEXT, **(self.data.get("context") or {}), "speech": list(self.speech)}

    @property
    def effects(self) -> Mapping[str, Stub]:
        return {**STUBS, **(self.data.get("effects") or {})}

    @property
    def answered_by(self) -> str:
        return str(self.data.get("answered_by", "human"))

    @property
    def by_keys(self) -> bool:
        """Whether keys and silence are all that the person uses."""
        return all(_BY_KEYS.fullmatch(answer) for answer in self.answers)

    def by_text(self, library: Library) -> Transcript:
        """The same call without a telephone."""
        return run_text(
            library,
            self.saved.script,
            self.data.get("language", ""),
            self.answers,
            self.context,
            self.data.get("effects"),
            self.data.get("answered_by", "human"),
        )


@dataclass
class Desk:
    """The calls service of a test, its effects answered as the saved call says, and everything it was told."""

    database: Database
    library: Library
    golden: Golden
    answers: dict[str, Any] = field(default_factory=dict)
    ended: list[str | None] = field(default_factory=list)
    _used: dict[str, int] = field(default_factory=dict)

    def calls(self) -> Calls:
        effects = Effects()
        for name in self.golden.effects:
            effects.register(name, lambda request, name=name: self._perform(name, request))
        return Calls(self.library, effects, [_Told(self)])

    def open(self, calls: Calls, carrier: str) -> UUID:
        with self.database.unit() as uow:
            return calls.open(
                uow,
                direction="outbound",
                carrier=carrier,
                remote_number=NUMBER,
                script=self.golden.saved.script,
                language=self.golden.data.get("language", ""),
                context=self.golden.context,
            ).id

    def _perform(self, name: str, request: EffectRequest) -> EffectResult:
        index = self._used.get(name, 0)
        self._used[name] = index + 1
        return EffectResult(*stub_answer(self.golden.effects[name], index, request.state.language))


class _Told:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def answered(self, uow: UnitOfWork, call: Call, saved: Mapping[str, Answer], state: State) -> None:
        self._desk.answers.update({name: _value(answer) for name, answer in saved.items()})

    def ended(self, uow: UnitOfWork, call: Call, state: State) -> None:
        self._desk.ended.append(call.end_reason)


def _value(answer: Answer) -> Any:
    """A voice message has an id of its own in each call; the text runner's name stands for all of them."""
    return "test-recording" if answer.source == "voice" and answer.value else answer.value


class Harness(Protocol):
    """One carrier with a person at its other end."""

    name: str
    speech: tuple[str, ...]

    def cannot(self, golden: Golden, expected: Transcript) -> str:
        """Why this carrier cannot hold this call by its nature (no voices over keys); empty when it can."""

    def hold(self, desk: Desk, golden: Golden) -> tuple[UUID, list[str]]:
        """Hold the call to its end. Returns our id of it, and the words that the person heard, piece by piece."""


def lines_of(database: Database, call_id: UUID) -> list[Utterance]:
    with database.unit() as uow:
        return transcript(read_log(uow, call_id))


def messages_of(database: Database, call_id: UUID) -> list[UUID]:
    """The voice messages that were left in a call."""
    with database.unit() as uow:
        return list(uow.session.scalars(select(VoiceMessageRow.id).where(VoiceMessageRow.call_id == call_id)))


def told_by_log(lines: Sequence[Utterance]) -> list[tuple[str, str]]:
    """What a transcript says of a call, without what only one side can know (confidences, who answered)."""
    kept = []
    for line in lines:
        if line.kind == "said":
            kept.append(("robot", line.text))
        elif line.kind in ("keys", "spoke", "silent", "message", "dial_ended"):
            kept.append(("person", ""))
        elif line.kind == "effect":
            kept.append(("effect", line.text.partition(" ")[0]))
        elif line.kind in ("hung_up", "line_gone"):
            kept.append(("end", line.text))
    return kept


def told_by_runner(expected: Transcript) -> list[tuple[str, str]]:
    kept = []
    for line in expected.lines:
        if line.who == "robot":
            kept.append(("robot", line.text))
        elif line.who == "caller":
            kept.append(("end", "hangup") if line.text == "(hangs up)" else ("person", ""))
        elif line.text.startswith("hangs up: "):
            kept.append(("end", line.text.removeprefix("hangs up: ")))
        elif not line.text.startswith(("records ", "connects ")):
            kept.append(("effect", line.text.partition(" ")[0]))
    return kept


def heard(pieces: Sequence[str]) -> str:
    """Words as they reach the ear: how they were cut into pieces makes no difference."""
    return "".join("".join(readable(piece) for piece in pieces).split())


__all__ = ["Desk", "Golden", "Harness", "heard", "lines_of", "messages_of", "told_by_log", "told_by_runner"]
