"""What one step of a ramp came to: so many calls at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Ramped:
    """One step: so many calls at once. `waits` in seconds; `inside` the budget or not."""

    calls: int
    figures: dict[str, Any]
    waits: list[float]
    inside: bool
