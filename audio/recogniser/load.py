"""How busy a worker is, measured and not guessed, and whether it can take one more answer in time. Pure.

Two measures: what a second of sound costs (each result tells how much of the processor's time the worker spent on
it), and how long replies wait, which grows when others want the processor too. One answer too many would make all of
them late; refused, it goes by keys. Answers are counted in passes: one that two recognisers hear is two.
"""

from __future__ import annotations

MAX_LOAD = 0.85
"""Share of a worker's time that listening may take up: sound comes in bursts, and a result needs some."""
MAX_WAIT = 0.25
"""Seconds a reply may wait. With the silence that ends an answer (0.34 s) the reply stays within 0.7 s."""
TIME_LOAD, TIME_WAIT = 0.3, 0.1
"""Within these it has time to hear an answer twice. Far below the others: who is heard once is still understood, who is
refused is not."""
REMEMBERED_SECONDS = 2.0
"""A wait that is longer ago says nothing about now."""
_NEWEST = 0.1


class Load:
    """Of one worker. `cost`: seconds of the processor's time per second of sound and pass, at first as measured when
    the model was loaded."""

    def __init__(self, cost: float) -> None:
        self.cost = cost
        self._asked: dict[tuple[str, int], float] = {}
        self._wait = 0.0
        self._waited_at = -REMEMBERED_SECONDS

    def asked(self, operation: str, number: int, now: float) -> None:
        """A reply is due from now on."""
        self._asked[operation, number] = now

    def answered(self, operation: str, number: int, now: float) -> None:
        """It came."""
        asked = self._asked.pop((operation, number), None)
        if asked is not None:
            self._wait, self._waited_at = now - asked, now

    def forget(self, number: int) -> None:
        """Nobody waits for this answer any more."""
        for operation in ("opened", "result"):
            self._asked.pop((operation, number), None)

    def worked(self, spent: float, sound: float) -> None:
        """`sound` seconds, all passes of an answer together, took the worker `spent` seconds."""
        if sound > 0:
            self.cost += _NEWEST * (spent / sound - self.cost)

    def wait(self, now: float) -> float:
        """How long replies wait: the last one did, or the oldest that has not come does already."""
        oldest = now - min(self._asked.values(), default=now)
        return max(oldest, self._wait if now - self._waited_at < REMEMBERED_SECONDS else 0.0)

    def has_time(self, passes: int, now: float) -> bool:
        """Whether beside so many one more answer can be heard twice, and nobody be refused for it."""
        return self.wait(now) <= TIME_WAIT and (passes + 2) * self.cost <= TIME_LOAD

    def has_room(self, passes: int, now: float) -> bool:
        """Whether beside so many one more answer can be listened to in time. A worker with none always tries one."""
        return passes == 0 or (self.wait(now) <= MAX_WAIT and (passes + 1) * self.cost <= MAX_LOAD)
