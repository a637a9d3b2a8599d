"""Runs a script without a telephone: text in, text out, with the engine that also serves real calls.

Answers are keys (`1`, `1990#`, `*`), words (`có`), words heard uncertainly (`?có`), or `-` for silence. A word outside
the question's phrases counts as something else that was said. Where a voice message is recorded, any words are the
message; where a call is bridged, the answer is how that ended (`answered`, `busy`, …).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from core.errors import UserError
from flows.catalogue import Library
from flows.engine.actions import Action, Bridge, Effect, HangUp, Listen, Play, Record
from flows.engine.advance import advance, start_state
from flows.engine.answers.base import tidy
from flows.engine.events import (
    CallEnded,
    CallStarted,
    DialEnded,
    EffectDone,
    Event,
    Hypothesis,
    KeysPressed,
    NothingHeard,
    SpeechHeard,
    VoiceMessage,
)
from flows.engine.script import Script
from flows.engine.state import Note, State, answer_to_json
from flows.stubs import CONTEXT, STUBS, Stub, stub_answer

SILENCE = "-"
SECONDS_PER_TURN = 5
_KEYS = re.compile(r"[0-9*]*#?")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a transcript: the robot, the caller, or the system (effects, end)."""

    who: Literal["robot", "caller", "system"]
    text: str
    language: str = ""


@dataclass(slots=True)
class Transcript:
    """What was said and what came of it. `unused` are answers that the call did not come to."""

    script: str
    revision: str
    lines: list[Line] = field(default_factory=list)
    effects: list[str] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    states: list[State] = field(default_factory=list)
    unused: int = 0

    @property
    def state(self) -> State:
        """The state at the end."""
        return self.states[-1]

    def to_json(self) -> dict[str, Any]:
        """The transcript and the outcome as JSON."""
        return {
            "script": self.script,
            "revision": self.revision,
            "language": self.state.language,
            "end": self.state.end_reason,
            "answers": {name: answer_to_json(answer) for name, answer in self.state.answers.items()},
            "values": dict(self.state.values),
            "effects": self.effects,
            "lines": [asdict(line) for line in self.lines],
            "notes": [asdict(note) for note in self.notes],
        }


def run_text(
    library: Library,
    script: str,
    language: str,
    answers: Iterable[str],
    context: Mapping[str, Any] | None = None,
    effects: Mapping[str, Stub] | None = None,
    answered_by: Literal["human", "machine", "unknown"] = "human",
    show: Callable[[Line], None] | None = None,
    between: Callable[[State], State] | None = None,
) -> Transcript:
    """Run a call to its end, or until the answers are used up (then the caller hangs up).

    `effects` says what each effect answers (a list: one after another), `between` may write the state out and read it
    back between two turns. Raises UserError for a script or an effect that is not there.
    """
    run = _Run(library.script(script), language, context, effects, show, between)
    run.take(CallStarted(run.now(), answered_by))
    given = iter(answers)
    while run.state.status == "active":
        answer = next(given, None)
        run.take(run.event_of(answer))
    if isinstance(answers, Sequence):  # anything else may be a person who types, and has no end
        run.transcript.unused = sum(1 for _ in given)
    return run.transcript


class _Run:
    def __init__(
        self,
        script: Script,
        language: str,
        context: Mapping[str, Any] | None,
        effects: Mapping[str, Stub] | None,
        show: Callable[[Line], None] | None,
        between: Callable[[State], State] | None,
    ) -> None:
        self.script = script
        self.effects = {**STUBS, **(effects or {})}
        self.used: dict[str, int] = {}
        self.show = show
        self.between = between
        self.state = start_state(script, language, {**CONTEXT, **(context or {})})
        self.actions: tuple[Action, ...] = ()
        self.transcript = Transcript(script.id, script.revision, states=[self.state])
        self.clock = datetime(2026, 1, 1, 1, tzinfo=UTC)

    def now(self) -> str:
        return self.clock.isoformat()

    def take(self, event: Event) -> None:
        """One turn: the event, and the effects that it asks for."""
        following: Event | None = event
        while following is not None:
            step = advance(self.script, self.state, following)
            self.state = self.between(step.state) if self.between else step.state
            self.transcript.states.append(self.state)
            self.transcript.notes.extend(step.notes)
            following = None
            for action in step.actions:
                self._log(action)
                if isinstance(action, Effect):
                    following = self._carry_out(action)
            if step.actions:
                self.actions = step.actions
        self.clock += timedelta(seconds=SECONDS_PER_TURN)

    def event_of(self, answer: str | None) -> Event:
        """What the answer is for the telephone's last action. None: the caller hangs up."""
        if answer is None:
            self._line("caller", "(hangs up)")
            return CallEnded(self.now(), "hangup")
        self._line("caller", "(silence)" if answer == SILENCE else answer)
        waiting = self.actions[-1] if self.actions else None
        if answer == SILENCE:
            return NothingHeard(self.now())
        if isinstance(waiting, Bridge):
            return DialEnded(self.now(), answer)
        if isinstance(waiting, Record):
            return VoiceMessage(self.now(), "test-recording", 5.0)
        if _KEYS.fullmatch(answer):
            return KeysPressed(self.now(), answer.rstrip("#"), answer.endswith("#"))
        grammar = waiting.grammar if isinstance(waiting, Listen) else None
        if grammar is None:
            return NothingHeard(self.now())  # nobody listens to speech here
        words = tidy(answer.removeprefix("?"))
        if words not in grammar.phrases:
            return SpeechHeard(self.now(), (Hypothesis(words, 0.5),), "reject", 1.0)
        decision: Literal["accept", "read_back"] = "read_back" if answer.startswith("?") else "accept"
        return SpeechHeard(self.now(), (Hypothesis(words, 0.9),), decision, 1.0)

    def _carry_out(self, effect: Effect) -> EffectDone:
        index = self.used.get(effect.name, 0)
        self.used[effect.name] = index + 1
        stub = self.effects.get(effect.name)
        if stub is None:
            raise UserError(
                f"The call asks for the effect {effect.name}, and nothing says what it answers.",
                "Declare it under `effects` of the saved call.",
            )
        outcome, result = stub_answer(stub, index, self.state.language)
        self.transcript.effects.append(effect.name)
        self._line("system", f"{effect.name} {dict(effect.arguments)} -> {outcome}")
        return EffectDone(self.now(), effect.name, outcome, result)

    def _log(self, action: Action) -> None:
        if isinstance(action, Play):
            self._line("robot", action.prompt.text, action.prompt.language)
        elif isinstance(action, HangUp):
            self._line("system", f"hangs up: {action.reason}")
        elif isinstance(action, Record):
            self._line("system", "records a voice message")
        elif isinstance(action, Bridge):
            self._line("system", f"connects with {action.target}")

    def _line(self, who: Literal["robot", "caller", "system"], text: str, language: str = "") -> None:
        line = Line(who, text, language)
        self.transcript.lines.append(line)
        if self.show:
            self.show(line)


def split_answers(text: str) -> Sequence[str]:
    """Answers from a command line: separated by commas."""
    return [answer.strip() for answer in text.split(",") if answer.strip()]
