"""Small scripts for tests, and a telephone that plays them."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from functools import cache
from typing import Any, Literal

import orjson

from flows.catalogue import LIBRARY
from flows.documents import Document, parse_document, read_document
from flows.engine.actions import Action, HangUp, Listen, Play
from flows.engine.advance import advance, start_state
from flows.engine.events import (
    CallStarted,
    Event,
    Hypothesis,
    KeysPressed,
    NothingHeard,
    SpeechHeard,
    event_from_json,
    event_to_json,
)
from flows.engine.script import Script
from flows.engine.state import State, Step, state_from_json, state_to_json
from flows.load import load_script

AT = "2026-08-10T03:00:00+00:00"
CONTEXT = {
    "person": {"name": "Lê Thị Hoa", "birth_year": 1990},
    "department": "CDC Thanh Hóa",
    "hotline": "+842373850115",
    "today": "2026-08-10",
}

HEAD = """
id: small
title: {vi: Nhỏ, en: Small}
direction: outbound
languages: [vi, en]
ways_out: {no_input: silent, no_match: lost}
"""
TAIL = """
  silent: {end: no_input}
  lost: {end: no_match}
  done: {end: completed}
"""


def compiled(steps: str, head: str = HEAD, tail: str = TAIL, **subscripts: str) -> Script:
    """A script made of the given steps, with the common phrases of the library."""
    document = parse_document(f"{head}\nsteps:\n{steps}\n{tail}", "small")
    others = {name.replace("_", "-"): parse_document(text, name) for name, text in subscripts.items()}
    return load_script(document, common_phrases(), others)


@cache
def common_phrases() -> Document:
    """What every script says alike; read once, for it does not change."""
    return read_document(LIBRARY / "phrases.yaml")


class Telephone:
    """One call of a script. After every event the state is written out as JSON and read back."""

    def __init__(self, script: Script, language: str = "vi", context: Mapping[str, Any] | None = None) -> None:
        self.script = script
        self.state: State = start_state(script, language, {**CONTEXT, **(context or {})})
        self.step = Step(self.state, ())
        self.saved: dict[str, Any] = {}

    def start(self, answered_by: Literal["human", "machine", "unknown"] = "human") -> Telephone:
        return self.event(CallStarted(AT, answered_by))

    def event(self, event: Event) -> Telephone:
        again = event_from_json(json.loads(json.dumps(event_to_json(event))))
        assert again == event
        self.step = advance(self.script, self.state, again)
        self.state = written_and_read(self.step.state)
        assert self.state == self.step.state
        self.saved |= {name: answer.value for name, answer in self.step.saved.items()}
        return self

    def press(self, digits: str) -> Telephone:
        return self.event(KeysPressed(AT, digits))

    def hear(
        self, text: str, decision: Literal["accept", "read_back", "reject"] = "accept", certain: bool = False
    ) -> Telephone:
        return self.event(SpeechHeard(AT, (Hypothesis(text, 0.9),), decision, 1.0, certain))

    def silence(self) -> Telephone:
        return self.event(NothingHeard(AT))

    @property
    def actions(self) -> tuple[Action, ...]:
        return self.step.actions

    @property
    def said(self) -> str:
        return " ".join(action.prompt.text for action in self.actions if isinstance(action, Play))

    @property
    def listens(self) -> Listen:
        last = self.actions[-1]
        assert isinstance(last, Listen)
        return last

    @property
    def hung_up(self) -> str:
        last = self.actions[-1]
        assert isinstance(last, HangUp)
        return last.reason

    @property
    def notes(self) -> list[str]:
        return [note.kind for note in self.step.notes]


def written_and_read(state: State) -> State:
    return state_from_json(orjson.loads(orjson.dumps(state_to_json(state))))


def question(kind: str, **more: str) -> str:
    """A question `q` of a kind that saves `answer` and then ends."""
    lines = [f"    {key}: {value}" for key, value in more.items()]
    text = f'  q:\n    ask: {kind}\n    say: {{vi: "Hỏi?", en: "Ask?"}}\n    save: answer\n'
    following = [] if "on" in more or "next" in more else ["    next: done"]
    return text + "\n".join(lines + following)


def example(kind: type[object], name: str = "") -> Document:
    """The worked example in the docstring of a kind's module: one step, or the inside of one called `name`."""
    lines = (sys.modules[kind.__module__].__doc__ or "").split("\n")
    block = [line[4:] for line in lines if line.startswith("    ")]
    text = "\n".join(f"  {line}" for line in block)
    return parse_document(f"{name}:\n{text}" if name else "\n".join(block), kind.__module__)
