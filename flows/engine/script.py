"""A compiled script: frozen values that `advance` walks. Made by `flows.load`, never by hand.

Everything that could be wrong in a script was found when it was compiled: here every step that is named exists, every
text is there in every language, and every expression parses.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from flows.engine.actions import Prompt, Segment
from flows.engine.events import Event

if TYPE_CHECKING:
    from flows.engine.turn import Turn

Path = tuple[str, ...]

NO_INPUT = "no_input"
NO_MATCH = "no_match"
OTHERWISE = "otherwise"

CONTEXT_NAMES = ("person", "department", "hotline", "today", "entry", "greeted", "messages_days", "later_minutes")
"""What the host tells about a call, beside `language`; a script may use these names in prompts and expressions. `entry`
is the place in a doctor's queue because of which we call; `greeted`: another script has said who we are, and asked for
the language; `messages_days`: how long a voice message is kept; `later_minutes`: for how long nobody calls whoever
asks for a call back later."""


@dataclass(frozen=True, slots=True)
class Slot:
    """The place of a value in a text: `{person.name}`, `{values.when|date}`."""

    path: Path
    say_as: str = ""


@dataclass(frozen=True, slots=True)
class Text:
    """What is said, in every language of the script: fixed segments, and slots for values.

    `fixed` holds the finished prompt of each language that has no slot.
    """

    pieces: Mapping[str, tuple[Segment | Slot, ...]]
    fixed: Mapping[str, Prompt] = field(default_factory=dict)
    each: bool = False
    """Say it in every language, one after another (a choice of language)."""


@dataclass(frozen=True, slots=True)
class Expression:
    """A condition or a value (CEL), compiled outside the engine. `evaluate` never raises: it returns whether it worked,
    and the value or what went wrong. `needs` are the paths it reads, so that only those are handed over."""

    source: str
    needs: tuple[Path, ...]
    evaluate: Callable[[Mapping[str, Any]], tuple[bool, Any]] = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of one script, see `flows.engine.limits`."""

    turns: int
    minutes: int


@dataclass(frozen=True, slots=True)
class Exit:
    """A way from a step to another: on which outcome, and where to (None: the call or the subscript ends)."""

    outcome: str
    target: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Node(ABC):
    """One compiled step. A kind of step is a subclass with its own file in `flows.engine.kinds`."""

    key: ClassVar[str]
    """The word in the script that makes a step one of this kind: `ask`, `say`, `effect`, …"""

    name: str
    """The step's name; steps of a subscript carry its id: `identity/birth_year`."""

    @classmethod
    @abstractmethod
    def compile(cls, build: Builder, name: str, spec: Mapping[str, Any]) -> Node:
        """The node of a step as it stands in the script; mistakes go to `build`."""

    @abstractmethod
    def enter(self, turn: Turn) -> str | None:
        """Do what the step does. Returns the next step's name, or None to wait for an event or because all is over."""

    def on_event(self, turn: Turn, event: Event) -> str | None:
        """Take an event while the call waits in this step. `turn.ignore()` if it is none of ours."""
        turn.ignore()
        return None

    def again(self, turn: Turn) -> None:  # noqa: B027  (most steps wait for nothing)
        """Say again what the step waits for: after a resumption, or when the host lost our last actions."""

    @abstractmethod
    def exits(self) -> Iterator[Exit]:
        """Every way out of the step, for the linter."""

    def texts(self) -> Iterator[tuple[str, Text]]:
        """Every text of the step with the name of its part, for the linter and for recording prompts."""
        yield from ()

    def expressions(self) -> Iterator[Expression]:
        """Every expression of the step, for the linter."""
        yield from ()

    def reads(self) -> Iterator[Path]:
        """What the step reads beside its texts and expressions."""
        yield from ()

    def writes(self) -> Iterator[str]:
        """What the step writes, as paths: `answers.fever`, `values.risk`."""
        yield from ()


class Builder(Protocol):
    """What a kind of step needs from the compiler to become a node. It collects mistakes instead of raising them:
    what it returns after a mistake is a stand-in, and the script is refused in the end."""

    languages: tuple[str, ...]

    def text(self, value: Any, *where: str) -> Text: ...
    def said(self, spec: Mapping[str, Any]) -> Text: ...
    def optional_text(self, value: Any, *where: str) -> Text | None: ...
    def expression(self, source: Any, *where: str) -> Expression: ...
    def target(self, name: Any, *where: str) -> str: ...
    def words(self, value: Any, *where: str) -> Mapping[str, tuple[str, ...]]: ...
    def phrase(self, name: str, part: str = "", **fixed: Mapping[str, str]) -> Text: ...
    def common_words(self, name: str) -> Mapping[str, tuple[str, ...]]: ...
    def way_out(self, name: str) -> str | None: ...
    def subscript(self, name: Any, *where: str) -> str: ...
    def mistake(self, message: str, *where: str, rule: str = ...) -> None: ...


@dataclass(frozen=True, slots=True)
class Script:
    """A script, ready to run.

    `revision` is the SHA-256 of everything it was made from (the script, the subscripts it calls, the common phrases),
    so equal revisions behave equally; `source` is that content as JSON, from which the same revision can be compiled
    again for a call that is still on it. `identified` names the step that is only reached once we know who is speaking.
    """

    id: str
    revision: str
    direction: str
    languages: tuple[str, ...]
    title: Mapping[str, str]
    start: str
    steps: Mapping[str, Node]
    record: str | None
    machine: str | None
    identified: str | None
    shortcuts: Mapping[str, str]
    phrases: Mapping[str, Text]
    limits: Limits
    hang_ups: Mapping[str, str]
    """At which steps a caller who hangs up has come to an end of the script, and to which one."""
    source: Mapping[str, Any] = field(compare=False, repr=False)


def paths_of(text: Text) -> set[Path]:
    """Every value a text speaks."""
    return {piece.path for pieces in text.pieces.values() for piece in pieces if isinstance(piece, Slot)}
