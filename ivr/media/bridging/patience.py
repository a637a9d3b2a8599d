"""How long somebody still waits for another."""

from __future__ import annotations

import asyncio

from ivr.media.inbox import Happening, Inbox, TimeUp


class Patience:
    """It counts while nobody is there, and rests while they talk; when it is used up, the inbox is told."""

    def __init__(self, inbox: Inbox, seconds: float) -> None:
        self._inbox = inbox
        self._left = seconds
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._up: TimeUp | None = None

    def begins(self, least: float = 0.0) -> None:
        """Count from now on what is left, `least` seconds at least."""
        self.rests()
        self._left = max(self._left, least)
        self._up = TimeUp("nobody_came")
        self._timer = self._inbox.after(self._left, self._up)

    def rests(self) -> None:
        """Stop counting. Harmless when it does not count."""
        if self._timer is not None:
            self._left = max(0.0, self._timer.when() - self._loop.time())
            self._timer.cancel()
        self._timer = self._up = None

    def is_over(self, happened: Happening) -> bool:
        """Whether this says that it is used up. Not when somebody came in the same moment, a little sooner."""
        return happened is self._up
