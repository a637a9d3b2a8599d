"""One turn at work: the only mutable value of the engine, alive inside `advance` and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flows.engine.actions import Action, HangUp, Play, Prompt
from flows.engine.rendering import render
from flows.engine.script import Expression, Path, Script, Text
from flows.engine.state import Answer, Frame, Note, State, Step


class Turn:
    """Starts as a copy of the state; kinds of steps change it; `result` freezes it again."""

    def __init__(self, script: Script, state: State, at: str) -> None:
        self.script = script
        self.before = state
        self.at = at
        self.context = state.context
        self.language = state.language
        self.status = state.status
        self.end_reason = state.end_reason
        self.step = state.step
        self.phase = state.phase
        self.pending = state.pending
        self.answers = state.answers
        self.values = state.values
        self.no_input = state.no_input
        self.no_match = state.no_match
        self.speech_failures = state.speech_failures
        self.learned = state.learned
        self.params = state.params
        self.stack = state.stack
        self.turns = state.turns
        self.steps = state.steps
        self.started_at = state.started_at
        self.ignored = ""
        self.actions: list[Action] = []
        self.saved: dict[str, Answer] = {}
        self.notes: list[Note] = []
        self.value: Any = None
        """What `{value}` says: the answer that is being read back."""

    # --- the way through the script

    def enter(self, name: str) -> None:
        """Stand in a step, with fresh counts. A step of the script itself, which a way out may lead to from inside a
        subscript, is in none."""
        if self.stack and "/" not in name:
            self.params, self.stack = self.stack[0].params, ()
        self.step = name
        self.phase = ""
        self.pending = None
        self.no_input = {}
        self.no_match = {}
        self.speech_failures = 0
        self.note("entered")

    def ignore(self, why: str = "unexpected") -> None:
        """The event is none of ours: nothing of this turn will count."""
        self.ignored = why

    def end(self, reason: str, hang_up: bool = True) -> None:
        """The call is over."""
        if hang_up:
            self.do(HangUp(reason))
        self.status = "ended"
        self.end_reason = reason
        self.note("ended", reason=reason)
        self.phase = ""
        self.pending = None

    def end_politely(self, reason: str, detail: str) -> None:
        """Stop a call that cannot go on (`limit`, `trouble`): say so kindly, hang up, and log why."""
        self.actions.clear()
        self.note(reason, detail=detail)
        self.say(self.script.phrases[reason], barge_in=False)
        self.end(reason)

    def call(self, start: str, save: str | None, params: Mapping[str, Any], shortcut: bool = False) -> str:
        """Go into a subscript; `back` returns from it."""
        self.stack = (*self.stack, Frame(self.step or "", save, self.params, shortcut))
        self.params = params
        return start

    def back(self) -> Frame | None:
        """Leave a subscript. None when we are in none."""
        if not self.stack:
            return None
        frame = self.stack[-1]
        self.stack = self.stack[:-1]
        self.params = frame.params
        return frame

    # --- what is said and done

    def do(self, action: Action) -> None:
        self.actions.append(action)

    def say(self, text: Text, barge_in: bool = True) -> None:
        """Play a text in the call's language, or in each language if the text is for a choice of language."""
        for language in text.pieces if text.each else (self.language,):
            prompt = self.prompt(text, language)
            if prompt.segments:
                self.actions.append(Play(prompt, barge_in))

    def prompt(self, text: Text, language: str = "") -> Prompt:
        """A text as it is said now, in the call's language if no other is named."""
        return render(text, language or self.language, self.lookup, self._missing)

    def note(self, kind: str, **data: Any) -> None:
        self.notes.append(Note(kind, self.step or "", data))

    # --- what is known

    def lookup(self, path: Path) -> Any:
        """The value at a path, None when it is not there."""
        root = path[0]
        if root == "answers":
            answer = self.answers.get(path[1]) if len(path) > 1 else None
            found, rest = (answer.value if answer else None), path[2:]
        elif root == "language":
            found, rest = self.language, path[1:]
        elif root == "value":
            found, rest = self.value, path[1:]
        else:
            found, rest = self._root(root), path[1:]
        for part in rest:
            if isinstance(found, Mapping):
                found = found.get(part)
            elif isinstance(found, list | tuple) and part.isdecimal() and int(part) < len(found):
                found = found[int(part)]
            else:
                return None
        return found

    def evaluate(self, expression: Expression) -> Any:
        """The value of an expression; one that fails counts as None (false) and leaves a note."""
        scope: dict[str, Any] = {}
        for path in expression.needs:
            if len(path) == 1:
                scope[path[0]] = self.lookup(path)
            else:
                scope.setdefault(path[0], {})[path[1]] = self.lookup(path[:2])
        worked, value = expression.evaluate(scope)
        if not worked:
            self.note("expression_failed", source=expression.source, error=str(value))
            return None
        return value

    def save(self, name: str, answer: Answer) -> None:
        """The answer is final: it goes to the record."""
        self.answers = {**self.answers, name: answer}
        self.saved[name] = answer
        self.note("saved", name=name, source=answer.source)

    def keep(self, name: str, value: Any) -> None:
        """Remember a value for the script alone."""
        self.values = {**self.values, name: value}

    def has_speech(self) -> bool:
        """Whether there is a recogniser for the call's language, as far as the host said."""
        speech = self.context.get("speech")
        return self.language in speech if isinstance(speech, list | tuple) else True

    def learn(self, lesson: str) -> None:
        """The person has answered as a hint asked, in this language: it need not be said in full again."""
        name = f"{lesson}/{self.language}"
        if name not in self.learned:
            self.learned = (*self.learned, name)

    def knows(self, lesson: str) -> bool:
        """Whether a short hint will do: learned before, and nothing has gone wrong with this question."""
        return f"{lesson}/{self.language}" in self.learned and not self.no_input and not self.no_match

    def result(self) -> Step:
        """The frozen outcome of the turn."""
        if self.ignored:
            return Step(self.before, (), {}, (Note("ignored", self.before.step or "", {"why": self.ignored}),))
        state = State(
            script=self.before.script,
            revision=self.before.revision,
            language=self.language,
            context=self.context,
            status=self.status,
            end_reason=self.end_reason,
            step=None if self.status == "ended" else self.step,
            phase=self.phase,
            pending=self.pending,
            answers=self.answers,
            values=self.values,
            no_input=self.no_input,
            no_match=self.no_match,
            speech_failures=self.speech_failures,
            learned=self.learned,
            params=self.params,
            stack=self.stack,
            turns=self.turns,
            steps=self.steps,
            started_at=self.started_at,
        )
        return Step(state, tuple(self.actions), self.saved, tuple(self.notes))

    def _root(self, root: str) -> Any:
        if root == "values":
            return self.values
        if root == "params":
            return self.params
        return self.context.get(root)

    def _missing(self, path: Path) -> None:
        self.note("missing_value", path=".".join(path))
