"""The parts of a question: its reprompts, its read-back, what its answers imply and where they lead."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flows.engine.answers.base import AnswerKind, grammars, invert
from flows.engine.answers.yes_no import YesNo
from flows.engine.script import Text

if TYPE_CHECKING:
    from flows.engine.script import Builder


@dataclass(frozen=True, slots=True)
class Reprompt:
    """What is said before the question comes again, and where the last failure leads."""

    say: Text
    to: str | None


@dataclass(frozen=True, slots=True)
class ReadBack:
    """How an answer is repeated and confirmed."""

    when: str
    say_spoken: Text
    say_short: Text
    say_keyed: Text
    again: Text
    yes_no: YesNo

    def texts(self) -> Iterator[tuple[str, Text]]:
        """All that it says, for the linter."""
        yield "read_back", self.say_spoken
        yield "read_back", self.say_short
        yield "read_back", self.say_keyed
        yield "confirm", self.yes_no.hint_speech
        yield "confirm", self.yes_no.hint_short
        yield "confirm_keys", self.yes_no.hint_keys
        yield "not_confirmed", self.again


def reprompt_of(build: Builder, spec: Mapping[str, Any], why: str) -> Reprompt:
    own = spec.get(why) or {}
    say = build.text(own["say"], why, "say") if "say" in own else build.phrase(why)
    return Reprompt(say, build.target(own["to"], why, "to") if "to" in own else build.way_out(why))


def _confirm_words(build: Builder) -> YesNo:
    meanings = invert({"yes": build.common_words("confirm_yes"), "no": build.common_words("confirm_no")}, build)
    return YesNo(
        meanings=meanings,
        grammar_of=grammars(meanings),
        long={},
        hint_speech=build.phrase("confirm"),
        hint_short=build.phrase("confirm_short"),
        hint_keys=build.phrase("confirm_keys"),
    )


def implied_by(build: Builder, spec: Mapping[str, Any], kind: AnswerKind) -> dict[str, dict[str, Any]]:
    implied = spec.get("implies") or {}
    for outcome in implied:
        if outcome not in kind.outcomes:
            build.mistake(
                f"`{outcome}` is no outcome of this question; it has {', '.join(kind.outcomes)}", "implies", outcome
            )
    return {outcome: dict(values) for outcome, values in implied.items()}


def exits_of(build: Builder, spec: Mapping[str, Any], kind: AnswerKind) -> dict[str, str]:
    """Where each outcome leads. Every outcome must lead somewhere."""
    on, following = spec.get("on") or {}, spec.get("next")
    for outcome in on:
        if outcome not in kind.outcomes:
            build.mistake(
                f"`{outcome}` is no outcome of this question; it has {', '.join(kind.outcomes)}", "on", outcome
            )
    exits = {}
    for outcome in kind.outcomes:
        if outcome in on:
            exits[outcome] = build.target(on[outcome], "on", outcome)
        elif following is not None:
            exits[outcome] = build.target(following, "next")
        else:
            build.mistake(f"the outcome `{outcome}` leads nowhere: name a step under `on`, or give `next`", "on")
    return exits


def read_back_of(build: Builder, spec: Mapping[str, Any]) -> ReadBack:
    """What is saved by voice is read back, if the script does not say otherwise."""
    own = build.optional_text(spec.get("read_back"), "read_back")
    usual = "speech" if spec.get("save") or spec.get("implies") else "never"
    return ReadBack(
        when=spec.get("confirm", usual),
        say_spoken=own or build.phrase("read_back"),
        say_short=own or build.phrase("read_back_short"),
        say_keyed=own or build.phrase("read_back_keyed"),
        again=build.phrase("not_confirmed"),
        yes_no=_confirm_words(build),
    )
