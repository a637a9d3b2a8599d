"""Charts as plain values for server-rendered SVG: no script, no inline style. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

WIDTH = 600
HEIGHT = 120

# From good to bad, so that a bar reads from left to right; what is still open comes last.
DISPOSITION_ORDER = (
    "completed",
    "refused",
    "ineligible",
    "breakoff",
    "partial",
    "started",
    "contacted",
    "unresponsive",
    "failed",
    "overdue",
    "called_off",
    "queued",
    "registered",
)


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a stacked bar, in units of its width (0 to 1000)."""

    word: str
    count: int
    x: float
    width: float


def stacked_bar(counts: Mapping[str, int]) -> list[Piece]:
    """The pieces of a bar, in the order of dispositions; words with nothing are left out."""
    total = sum(counts.values())
    pieces: list[Piece] = []
    x = 0.0
    for word in (*DISPOSITION_ORDER, *sorted(counts.keys() - set(DISPOSITION_ORDER))):
        count = counts.get(word, 0)
        if count:
            width = 1000 * count / total
            pieces.append(Piece(word, count, round(x, 2), round(width, 2)))
            x += width
    return pieces


@dataclass(frozen=True, slots=True)
class ReachChart:
    """Two curves that only rise, as the points of SVG polygons."""

    done: str
    completed: str


def reach_chart(steps: Sequence[tuple[int, int]], targets: int) -> ReachChart | None:
    """The share of targets done and completed over time; None before anything is done."""
    if not targets or not any(done for done, _ in steps):
        return None
    done = accumulate(step[0] for step in steps)
    completed = accumulate(step[1] for step in steps)
    return ReachChart(_area(list(done), targets), _area(list(completed), targets))


def _area(values: Sequence[int], whole: int) -> str:
    across = WIDTH / len(values)
    points = [(0.0, float(HEIGHT))]
    points += [((place + 1) * across, HEIGHT - HEIGHT * value / whole) for place, value in enumerate(values)]
    points.append((float(WIDTH), float(HEIGHT)))
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)


@dataclass(frozen=True, slots=True)
class HourBar:
    """One hour of the day: a bar of dials with the answered ones in it, in units of the chart."""

    hour: int
    dialed: int
    reached: int
    x: float
    width: float
    dialed_height: float
    reached_height: float


def hour_bars(hours: Sequence[tuple[int, int, int]]) -> list[HourBar]:
    """Bars of (hour, dialed, reached), from the first hour with a dial to the last; none for no dial."""
    if not hours:
        return []
    first, last = hours[0][0], hours[-1][0]
    across, most = WIDTH / (last - first + 1), max(dialed for _, dialed, _ in hours)
    return [
        HourBar(
            hour=hour,
            dialed=dialed,
            reached=reached,
            x=round((hour - first + 0.1) * across, 1),
            width=round(across * 0.8, 1),
            dialed_height=round(HEIGHT * dialed / most, 1),
            reached_height=round(HEIGHT * reached / most, 1),
        )
        for hour, dialed, reached in hours
    ]


@dataclass(frozen=True, slots=True)
class DayLines:
    """One or more figures by day, as the points of SVG polylines over the same days, and the highest value of all. A
    chart of one day has a level line."""

    top: int
    lines: tuple[str, ...]


def day_lines(*figures: Sequence[float]) -> DayLines:
    """Polylines of figures that have a value for each day; nothing anywhere lies on the ground."""
    top = max((value for values in figures for value in values), default=0)
    return DayLines(int(top), tuple(_line(values, top or 1) for values in figures))


def _line(values: Sequence[float], top: float) -> str:
    ends = list(values) if len(values) != 1 else [values[0]] * 2
    across = WIDTH / max(len(ends) - 1, 1)
    # A little room above, so that the highest point is not cut by half of its line.
    return " ".join(
        f"{place * across:.1f},{HEIGHT - (HEIGHT - 4) * value / top:.1f}" for place, value in enumerate(ends)
    )
