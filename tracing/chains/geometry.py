"""What a layout is: where nodes stand, and the lines between them. Units are pixels of the picture at full size."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Box:
    """The place of a node: its middle, and how wide and high it is with the room that belongs to it."""

    x: float
    y: float
    width: float
    height: float

    def overlaps(self, other: Box) -> bool:
        return (
            abs(self.x - other.x) * 2 < self.width + other.width - 0.01
            and abs(self.y - other.y) * 2 < self.height + other.height - 0.01
        )


@dataclass(frozen=True, slots=True)
class Line:
    """A line from one node to another. `extra`: beside those that the layout follows."""

    source: str
    target: str
    extra: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """A layout: all boxes lie within the width and height."""

    width: float
    height: float
    boxes: Mapping[str, Box]
    lines: tuple[Line, ...]
