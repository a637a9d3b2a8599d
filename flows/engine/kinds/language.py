"""Switch the call to another language.

    switch:
      language: "values.wanted_language"   # an expression (CEL); a fixed language is "'en'"
      next: greeting

A language the script does not have changes nothing and leaves a note.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from flows.engine.script import Exit, Expression, Node

if TYPE_CHECKING:
    from flows.engine.script import Builder
    from flows.engine.turn import Turn


@dataclass(frozen=True, slots=True, kw_only=True)
class Language(Node):
    key: ClassVar[str] = "language"

    language: Expression
    following: str

    @classmethod
    def compile(cls, build: Builder, name: str, spec: Mapping[str, Any]) -> Language:
        return cls(
            name=name,
            language=build.expression(spec["language"], "language"),
            following=build.target(spec.get("next"), "next"),
        )

    def enter(self, turn: Turn) -> str | None:
        language = turn.evaluate(self.language)
        if language in turn.script.languages:
            turn.language = language
            turn.note("language", language=language)
        else:
            turn.note("unknown_language")
        return self.following

    def exits(self) -> Iterator[Exit]:
        yield Exit("next", self.following)

    def expressions(self) -> Iterator[Expression]:
        yield self.language
