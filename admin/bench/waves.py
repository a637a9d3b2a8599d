"""When people of the made-up years fall ill."""

from __future__ import annotations

import math
from random import Random

YEARS = 10
DAYS = YEARS * 365


def waves(random: Random, days: int = DAYS) -> list[float]:
    """How many of all fall ill on each day, as weights: a low ground, and waves of some weeks, the last of them now."""
    tops = [(random.uniform(0, days), random.uniform(12, 45), random.uniform(0.4, 3)) for _ in range(14)]
    tops.append((days - 10, 25, 2.0))
    return [
        0.03 + sum(height * math.exp(-(((day - top) / width) ** 2)) for top, width, height in tops)
        for day in range(days)
    ]
