"""The plots of a report as plain values for SVG: no script, no inline style. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, log10

WIDTH, HEIGHT = 640, 200
LEFT, RIGHT, TOP, BOTTOM = 46, 8, 10, 24
_MARKS = 4
_WIDE, _HIGH = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM


@dataclass(frozen=True, slots=True)
class Mark:
    """A place on an axis and what stands there."""

    at: float
    value: float


@dataclass(frozen=True, slots=True)
class Curves:
    """Lines as the points of SVG polylines, with the marks of both axes."""

    lines: tuple[str, ...]
    across: tuple[Mark, ...]
    up: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class Bar:
    """Bars over one another at a place: each its height and its upper edge, the largest first."""

    x: float
    width: float
    value: float
    heights: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Bars:
    """Bars with the marks of the upright axis; `level` is where a line across stands, if there is one."""

    bars: tuple[Bar, ...]
    up: tuple[Mark, ...]
    level: float | None = None


def curves(points: Sequence[Sequence[float]]) -> Curves:
    """Points of (x, y, y, …) as lines from the left to the right."""
    last = max((point[0] for point in points), default=0) or 1
    most = _top(max((max(point[1:]) for point in points), default=0))
    return Curves(
        lines=tuple(
            " ".join(f"{_x(point[0], last)},{_y(point[line], most)}" for point in points)
            for line in range(1, len(points[0]) if points else 1)
        ),
        across=tuple(Mark(_x(value, last), value) for value in _steps(last, 8)),
        up=_up(most),
    )


def bars(values: Sequence[Sequence[float]], level: float | None = None) -> Bars:
    """Bars of (place, high, lower, …), side by side in the order given."""
    most = _top(max([level or 0, *(max(value[1:]) for value in values)], default=0))
    across = _WIDE / max(1, len(values))
    return Bars(
        bars=tuple(
            Bar(
                x=round(LEFT + (place + 0.12) * across, 1),
                width=round(across * 0.76, 1),
                value=value[0],
                heights=tuple((round(_HIGH * part / most, 1), _y(part, most)) for part in value[1:]),
            )
            for place, value in enumerate(values)
        ),
        up=_up(most),
        level=None if level is None else _y(level, most),
    )


def _up(most: float) -> tuple[Mark, ...]:
    return tuple(Mark(_y(value, most), value) for value in _steps(most, _MARKS))


def _top(value: float) -> float:
    """Where an upright axis ends: at the first of its marks that is not below the value."""
    step = _round_up(value / _MARKS)
    return step * max(1, ceil(value / step - 1e-9))


def _steps(last: float, most: int) -> list[float]:
    """Round values from nothing to the last."""
    step = _round_up(last / most)
    return [step * number for number in range(int(last / step + 1e-9) + 1)]


def _round_up(value: float) -> float:
    """The next of 1, 2, 2.5, 5 times a power of ten; a whole number, at least 1."""
    if value <= 1:
        return 1
    power = 10.0 ** int(log10(value))
    steps = (1, 2, 5, 10) if power < 10 else (1, 2, 2.5, 5, 10)
    return next((times * power for times in steps if value <= times * power + 1e-9), 10 * power)


def _x(value: float, last: float) -> float:
    return round(LEFT + _WIDE * value / last, 1)


def _y(value: float, most: float) -> float:
    return round(TOP + _HIGH * (1 - value / most), 1)
