"""What happened on the line and was not for the script: kept until the next turn takes it along into the log.

Keys that did not count, speech that a key outdid, prompts that were cut short, timers that ran out: the script is told
none of it, yet whoever asks why a call went as it did needs it. It waits in memory, and costs no round trip of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ivr.calls.log import Aside

AT_MOST = 40
"""Asides of one turn that are kept; of further ones only the number is (`more`). A key held down makes ten a second.
What an answer rests on (`recognised`) is always kept: each turn has one at most."""


class Asides:
    """The asides of one session. `at` gives the time, as events have it."""

    def __init__(self, at: Callable[[], str]) -> None:
        self._at = at
        self._kept: list[Aside] = []
        self._more = 0

    def add(self, kind: str, **data: Any) -> None:
        """Something happened; see `ivr.calls.log.Aside` for the kinds and what goes with them."""
        if kind == "recognised" or len(self._kept) < AT_MOST:
            self._kept.append(Aside(self._at(), kind, data))
        else:
            self._more += 1

    def take(self) -> tuple[Aside, ...]:
        """All since the last time, for the turn that begins now."""
        kept = [*self._kept, Aside(self._at(), "more", {"number": self._more})] if self._more else self._kept
        self._kept, self._more = [], 0
        return tuple(kept)
