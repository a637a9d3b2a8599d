"""Chance that can be had again: each draw depends on the seed and on what it is for, never on what was drawn before."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from hashlib import blake2b
from itertools import accumulate

_WHOLE = 2.0**64


class Chance:
    """Draws for one seed. The same names get the same draw in every process and on every machine."""

    def __init__(self, seed: int) -> None:
        self._seed = str(seed).encode()[:64]

    def draw(self, *names: object) -> float:
        """A number from 0 up to, not including, 1."""
        digest = blake2b("/".join(map(str, names)).encode(), digest_size=8, key=self._seed).digest()
        return int.from_bytes(digest) / _WHOLE

    def between(self, low: float, high: float, *names: object) -> float:
        """A number of the range."""
        return low + (high - low) * self.draw(*names)

    def whole(self, low: int, high: int, *names: object) -> int:
        """A whole number from `low` to `high`, both included."""
        return low + int((high - low + 1) * self.draw(*names))

    def one_of(self, weights: Mapping[str, float], *names: object) -> str:
        """One of the words, by weight."""
        sums = list(accumulate(weights.values()))
        place = bisect_right(sums, sums[-1] * self.draw(*names))
        return list(weights)[min(place, len(sums) - 1)]
