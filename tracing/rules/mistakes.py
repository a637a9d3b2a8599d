"""Mistakes in the rulebook: the file and line, the rule, what is wrong, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from core.errors import UserError


@dataclass(frozen=True, slots=True, order=True)
class RuleMistake:
    """`rule` is empty for a mistake outside of any rule; `advice` says what to do."""

    file: str
    line: int
    rule: str
    message: str
    advice: str = ""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        whose = f"rule {self.rule}: " if self.rule else ""
        return f"{place}: {whose}{self.message} {self.advice}".rstrip()


class RulebookError(UserError):
    """The rulebook cannot be used; `mistakes` are all of them."""

    def __init__(self, mistakes: Iterable[RuleMistake]) -> None:
        self.mistakes = tuple(sorted(set(mistakes)))
        shown = "\n".join(str(mistake) for mistake in self.mistakes)
        super().__init__(f"{len(self.mistakes)} mistake(s) in the rulebook:\n{shown}")
