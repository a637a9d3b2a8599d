"""Mistakes of authors, with their place in the file, collected so that all are shown at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from core.errors import UserError

Where = tuple[str, ...]


@dataclass(frozen=True, slots=True, order=True)
class Mistake:
    """`rule` is the linter's name for it (`schema`, `missing_language`, …); `where` the way to it in the document."""

    file: str
    line: int
    where: Where
    message: str
    rule: str = "script"

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {'/'.join(self.where)}: {self.message}" if self.where else f"{place}: {self.message}"


class ScriptError(UserError):
    """Scripts or forms that cannot be used; `mistakes` are all of them."""

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        self.mistakes = tuple(sorted(set(mistakes)))
        shown = "\n".join(str(mistake) for mistake in self.mistakes)
        super().__init__(f"{len(self.mistakes)} mistake(s):\n{shown}", "Correct the file and try again.")
