"""How many calls a gateway takes: so many at once, and so many new ones in a second. Pure; the caller tells the time.

baresip sets up 30 calls a second cleanly and loses some at 60, so a gateway takes 20.
"""

from __future__ import annotations

from collections import deque

PER_SECOND = 20


class Admission:
    """`up` calls are here now, of at most `most`. Calls that we make leave `kept_free` places to people who ring us."""

    def __init__(self, most: int, kept_free: int = 0, per_second: int = PER_SECOND) -> None:
        self._most = most
        self._kept_free = kept_free
        self._per_second = per_second
        self._lately: deque[float] = deque()
        self._held = 0
        self.up = 0
        self.open = True

    @property
    def full(self) -> bool:
        """No call can be set up before another is over."""
        return not self.open or self.up >= self._most

    @property
    def room(self) -> int:
        """How many more calls we may make before another is over."""
        return max(0, self._most - self._kept_free - self.up - self._held) if self.open else 0

    def hold(self, now: float) -> int:
        """Keep the places that orders may take at this moment, until `settle` says how many did."""
        held = min(self.room, self._this_second(now))
        self._held += held
        return held

    def settle(self, held: int, used: int, now: float) -> None:
        """Of places that were held, so many are calls now; the others are free again."""
        self._held -= held
        self.up += used
        self._lately.extend([now] * used)

    def enter(self, now: float) -> bool:
        """One more call, if there is room for it; `leave` when it is over."""
        if self.full or self.up + self._held >= self._most or not self._this_second(now):
            return False
        self._lately.append(now)
        self.up += 1
        return True

    def leave(self) -> None:
        self.up -= 1

    def _this_second(self, now: float) -> int:
        while self._lately and self._lately[0] <= now - 1.0:
            self._lately.popleft()
        return max(0, self._per_second - len(self._lately) - self._held)
