"""How many calls a gateway takes: so many at once, and so many new ones in a second. Pure; the caller tells the time.

baresip sets up 30 calls a second cleanly and loses some at 60, so a gateway takes 20.
"""

from __future__ import annotations

from collections import deque

PER_SECOND = 20


class Admission:
    """`up` calls are here now, of at most `most`."""

    def __init__(self, most: int, per_second: int = PER_SECOND) -> None:
        self._most = most
        self._per_second = per_second
        self._lately: deque[float] = deque()
        self.up = 0
        self.open = True

    @property
    def full(self) -> bool:
        """No call can be set up before another is over."""
        return not self.open or self.up >= self._most

    def room(self, now: float) -> int:
        """How many more calls may be set up at this moment."""
        while self._lately and self._lately[0] <= now - 1.0:
            self._lately.popleft()
        if self.full:
            return 0
        return min(self._most - self.up, self._per_second - len(self._lately))

    def enter(self, now: float) -> bool:
        """One more call, if there is room for it; `leave` when it is over."""
        if not self.room(now):
            return False
        self._lately.append(now)
        self.up += 1
        return True

    def leave(self) -> None:
        self.up -= 1
