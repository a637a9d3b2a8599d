"""The network: everybody in the middle of a flower of their contacts, and the flowers of those who passed it on around
it, each branch in a sector of its own. Pure.

A flower holds those who passed it on to nobody, in rings. It stands as near to the middle of the picture as there is
room in its sector, beyond its source: so branches hardly cross, and nobody overlaps. A venue that contacts of one
source share is a hub between them; further sources and visits are lines across. What is taken is kept in a grid, so
that looking for room costs the same however many there are: n log n with the sorting.

Force-directed layouts draw such chains no better, and take a minute where this takes a tenth of a second
(docs/decisions.md).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import asin, cos, hypot, pi, sin

from tracing.chains.chain import Chain, Visit
from tracing.chains.geometry import Box, Line, Plan
from tracing.chains.spanning import Forest

EDGE = 24.0
_TURN = 2 * pi
_ALL = ""  # stands for the whole chain: what several roots stand around
_CELL = 64.0
_TRIED = (0.0, -0.3, 0.3, -0.6, 0.6, -0.9, 0.9)  # directions within half a sector
_APART = 6.0  # between two flowers
_ROUNDING = 0.2


def plan_network(chain: Chain, forest: Forest, room: Mapping[str, float]) -> Plan:
    """`room` is the radius that belongs to each person and venue; boxes are the squares within it."""
    children, lines = _with_hubs(chain, forest)
    roots = forest.roots if len(forest.roots) == 1 else (_ALL,)
    if len(forest.roots) != 1:
        children[_ALL] = list(forest.roots)
    middle = _places(roots[0], children, room)
    middle.pop(_ALL, None)
    left = min((x - room[key] for key, (x, _) in middle.items()), default=0.0) - EDGE
    top = min((y - room[key] for key, (_, y) in middle.items()), default=0.0) - EDGE
    boxes = {key: _square(x - left, y - top, room[key]) for key, (x, y) in middle.items()}
    width = max((box.x + room[key] for key, box in boxes.items()), default=0.0) + EDGE
    height = max((box.y + room[key] for key, box in boxes.items()), default=0.0) + EDGE
    return Plan(round(width, 1), round(height, 1), boxes, tuple(lines))


def _square(x: float, y: float, radius: float) -> Box:
    """The square within a circle, less than what rounding moves two of them towards each other: circles that touch at
    their squares' corners do happen."""
    side = radius * 2**0.5 - _ROUNDING
    return Box(round(x, 1), round(y, 1), side, side)


def _with_hubs(chain: Chain, forest: Forest) -> tuple[dict[str, list[str]], list[Line]]:
    """The forest with venues in it, each under the source that most people met there, and all lines."""
    children = {key: list(below) for key, below in forest.children.items()}
    visits: dict[str, list[Visit]] = defaultdict(list)
    for visit in chain.visits:
        visits[visit.venue].append(visit)
    hub_of: dict[str, str] = {}
    hubs: dict[str, list[str]] = defaultdict(list)
    loose: list[str] = []
    for venue in chain.venues:
        under = [each for each in visits[venue.key] if _under_source(each, forest) and each.person not in hub_of]
        met = Counter(each.source for each in under)
        source = min(met, key=lambda key: (-met[key], key or ""), default=None)
        if source is None:
            loose.append(venue.key)
            continue
        hubs[source].append(venue.key)
        hub_of.update({each.person: venue.key for each in under if each.source == source})
    for source, own in hubs.items():
        for key in own:
            children[key] = [other for other in forest.children[source] if hub_of.get(other) == key]
        children[source] = [other for other in forest.children[source] if other not in hub_of] + own
    lines = [Line(key, other) for key, below in children.items() for other in below]
    lines += [Line(edge.source, edge.target, extra=True) for edge in forest.extra]
    for key in loose:  # nobody knows who was the source there, or all of them stand at another venue
        children.setdefault(visits[key][0].person, []).append(key)
    seen = dict.fromkeys((visit.venue, visit.person) for visit in chain.visits)
    lines += [Line(venue, person, extra=True) for venue, person in seen if hub_of.get(person) != venue]
    return children, lines


def _under_source(visit: Visit, forest: Forest) -> bool:
    return visit.source is not None and forest.parent.get(visit.person) == visit.source


def _places(
    root: str, children: Mapping[str, Sequence[str]], room: Mapping[str, float]
) -> dict[str, tuple[float, float]]:
    """Where everybody stands, with `root` in the middle."""
    order = [root]
    for key in order:
        order += children.get(key, ())
    flowers = {key: _flower(key, children, room) for key in order if children.get(key) or key == root}
    weight: dict[str, float] = {}
    for key in reversed(order):
        if key in flowers:
            own = (flowers[key].radius + _APART) ** 2
            weight[key] = own + sum(weight[other] for other in children.get(key, ()) if other in flowers)
    taken = _Taken()
    taken.add(0.0, 0.0, flowers[root].radius)
    at = {root: (0.0, 0.0)}
    polar = {root: (0.0, 0.0)}  # distance from the middle, and direction
    sector = {root: (-pi, pi)}
    for key in order:
        if key not in flowers:
            continue
        x, y = at[key]
        for other, far, turn in flowers[key].petals:
            turn += polar[key][1]
            at[other] = (x + far * cos(turn), y + far * sin(turn))
        branches = [other for other in children.get(key, ()) if other in flowers]
        sector |= _shares(sector[key], [(other, weight[other]) for other in branches])
        for other in branches:
            nearest = polar[key][0] + 0.6 * (flowers[key].radius + flowers[other].radius)
            polar[other] = far, turn = taken.room_for(flowers[other].radius + _APART, nearest, sector[other])
            at[other] = (far * cos(turn), far * sin(turn))
            taken.add(*at[other], flowers[other].radius + _APART)
    return at


@dataclass(frozen=True, slots=True)
class _Flower:
    """Somebody and those who passed it on to nobody: how far they reach, and each one's distance and direction."""

    radius: float
    petals: tuple[tuple[str, float, float], ...]


def _flower(key: str, children: Mapping[str, Sequence[str]], room: Mapping[str, float]) -> _Flower:
    own = room.get(key, 0.0)
    # The narrowest within; those of one width keep their order.
    leaves = sorted(
        ((room[other], other) for other in children.get(key, ()) if not children.get(other)), key=lambda pair: pair[0]
    )
    petals, inner, first = [], own, 0
    while first < len(leaves):
        ring: list[tuple[str, float, float]] = []
        used = 0.0
        for radius, other in leaves[first:]:
            half = asin(min(1.0, radius / (inner + radius)))
            if used + 2 * half > _TURN + 1e-9:
                break
            ring.append((other, inner + radius, half))
            used += 2 * half
        gap, turn = (_TURN - used) / len(ring), 0.0
        for other, far, half in ring:
            petals.append((other, far, turn + half))
            turn += 2 * half + gap
        first += len(ring)
        inner += 2 * leaves[first - 1][0]
    return _Flower(inner, tuple(petals))


def _shares(sector: tuple[float, float], weights: Sequence[tuple[str, float]]) -> dict[str, tuple[float, float]]:
    """A part of the sector for each, by weight, in order."""
    begins, ends = sector
    whole = sum(weight for _, weight in weights)
    shares = {}
    for key, weight in weights:
        wide = (ends - sector[0]) * weight / whole
        shares[key] = (begins, begins + wide)
        begins += wide
    return shares


class _Taken:
    """The circles that stand somewhere, by the cells of a grid that they touch."""

    def __init__(self) -> None:
        self._cells: dict[tuple[int, int], list[tuple[float, float, float]]] = defaultdict(list)

    def add(self, x: float, y: float, radius: float) -> None:
        for cell in _touched(x, y, radius):
            self._cells[cell].append((x, y, radius))

    def is_free(self, x: float, y: float, radius: float) -> bool:
        return not any(
            hypot(x - other_x, y - other_y) < radius + other
            for cell in _touched(x, y, radius)
            for other_x, other_y, other in self._cells.get(cell, ())
        )

    def room_for(self, radius: float, nearest: float, sector: tuple[float, float]) -> tuple[float, float]:
        """The distance from the middle and the direction of the first free place in a sector."""
        middle, half = (sector[0] + sector[1]) / 2, (sector[1] - sector[0]) / 2
        far, step = nearest, radius / 3
        while True:
            for share in _TRIED:
                turn = middle + share * half
                if self.is_free(far * cos(turn), far * sin(turn), radius):
                    return far, turn
            far += step
            step *= 1.04  # so that it ends soon, however much is taken


def _touched(x: float, y: float, radius: float) -> Iterator[tuple[int, int]]:
    left, right = int((x - radius) // _CELL), int((x + radius) // _CELL)
    for row in range(int((y - radius) // _CELL), int((y + radius) // _CELL) + 1):
        for column in range(left, right + 1):
            yield column, row
