"""The tree: a column for each step of the chain, left to right, and a row for whoever passed it on to nobody. Pure.

Every subtree has rows of its own, so subtrees cannot overlap; whoever has contacts stands in the middle of them. It
costs a walk over the nodes.
"""

from __future__ import annotations

from collections.abc import Iterable

from tracing.chains.folding import Folded
from tracing.chains.geometry import Box, Line, Plan
from tracing.chains.spanning import Forest

WIDE, HIGH = 200.0, 38.0
MORE_WIDE, MORE_HIGH = 92.0, 28.0
COLUMN, ROW = 258.0, 46.0
EDGE = 14.0
MORE = "more-"
"""Begins the key of the node that counts the people folded away below somebody."""


def plan_tree(forest: Forest, folded: Folded) -> Plan:
    """Boxes of everybody who is shown and of the nodes that count others."""
    children = {
        key: (*folded.children.get(key, ()), *((MORE + key,) if key in folded.hidden else ())) for key in folded.order
    }
    row: dict[str, float] = {}
    used = 0
    for root in forest.roots:
        for key in _leaves_first(root, children):
            below = children.get(key, ())
            if below:
                row[key] = (row[below[0]] + row[below[-1]]) / 2
            else:
                row[key] = used
                used += 1
    boxes: dict[str, Box] = {}
    deepest = 0
    for key in folded.order:
        column = forest.depth[key]
        boxes[key] = _box(column, row[key], WIDE, HIGH)
        deepest = max(deepest, column)
        if key in folded.hidden:
            boxes[MORE + key] = _box(column + 1, row[MORE + key], MORE_WIDE, MORE_HIGH)
            deepest = max(deepest, column + 1)
    lines = [Line(key, other) for key in folded.order for other in children[key]]
    lines += [
        Line(edge.source, edge.target, extra=True)
        for edge in forest.extra
        if edge.source in boxes and edge.target in boxes
    ]
    return Plan(deepest * COLUMN + WIDE + 2 * EDGE, max(1, used) * ROW + 2 * EDGE, boxes, tuple(lines))


def _box(column: int, row: float, width: float, height: float) -> Box:
    return Box(EDGE + column * COLUMN + width / 2, EDGE + (row + 0.5) * ROW, width, height)


def _leaves_first(root: str, children: dict[str, tuple[str, ...]]) -> Iterable[str]:
    """Everybody below and with `root`, children before parents; without recursion, for chains may be long."""
    waiting = [(root, False)]
    while waiting:
        key, done = waiting.pop()
        if done or not children.get(key):
            yield key
        else:
            waiting.append((key, True))
            waiting.extend((below, False) for below in reversed(children[key]))
