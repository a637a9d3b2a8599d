"""How long people wait: from the end of what they said, or their last key, to the first sound of the answer."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Literal

By = Literal["speech", "keys"]
KEPT = 2000


class Latencies:
    """The most recent waits of this process, in seconds, apart for answers by speech and by keys."""

    def __init__(self) -> None:
        self._waits: dict[str, deque[float]] = {"speech": deque(maxlen=KEPT), "keys": deque(maxlen=KEPT)}

    def add(self, by: By, seconds: float) -> None:
        self._waits[by].append(seconds)

    def summary(self) -> dict[str, dict[str, int]]:
        """For `speech` and `keys`: `count`, and when there are any `p50_ms` and `p95_ms`."""
        return {by: _summary(sorted(waits)) for by, waits in self._waits.items()}


def percentile(ordered: Sequence[float], share: float) -> float:
    """The value below which `share` of the values lie; there must be one."""
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def _summary(waits: list[float]) -> dict[str, int]:
    if not waits:
        return {"count": 0}
    shares = {"p50_ms": 0.5, "p95_ms": 0.95}
    return {"count": len(waits)} | {name: round(1000 * percentile(waits, share)) for name, share in shares.items()}
