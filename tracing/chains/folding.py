"""Which branches of a large chain are open. Pure.

A picture of five thousand people shows nobody. So the picture opens with some dozens of people, chosen where the chain
goes on, and a node that counts the others ("+ 312") stands where they would be.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from tracing.chains.chain import Node
from tracing.chains.spanning import Forest

FEW = 120
"""A chain of so many people is shown whole."""
OPENED = 80
"""How many people a larger one opens with, about."""
_SIBLINGS = 12  # whose own contacts stand open at once; more of them are a wall of names


@dataclass(frozen=True, slots=True)
class Folded:
    """What is shown. `children` are the open ones of everybody; `hidden` how many people are folded away below
    somebody, all generations together, for those who have any."""

    order: tuple[str, ...]
    children: Mapping[str, tuple[str, ...]]
    hidden: Mapping[str, int]


def fold(forest: Forest, nodes: Mapping[str, Node], focus: str, opened: Collection[str], all_open: bool) -> Folded:
    """The open part of a forest: branches in `opened`, the way to `focus`, and from the roots down as many as fit."""
    below = forest.sizes()
    if all_open or len(forest.order) <= FEW:
        return Folded(forest.order, forest.children, {})
    way = {focus, *forest.path(focus)}
    for key in opened:
        if key in forest.depth:
            way.update((key, *forest.path(key)))
    shown, children = list(forest.roots), dict[str, tuple[str, ...]]()
    room = OPENED - len(shown)
    waiting = deque(forest.roots)
    hidden: dict[str, int] = defaultdict(int)
    while waiting:
        key = waiting.popleft()
        every = forest.children.get(key, ())
        chosen = every if key in opened else _chosen(every, nodes, below, room, way)
        room -= 0 if key in opened else len(chosen)
        if chosen:
            children[key] = chosen
            shown += chosen
            waiting.extend(chosen)
        folded = set(every).difference(chosen)
        if folded:
            hidden[key] = sum(below[other] + 1 for other in folded)
    return Folded(tuple(shown), children, dict(hidden))


def _chosen(
    every: tuple[str, ...], nodes: Mapping[str, Node], below: Mapping[str, int], room: int, way: Collection[str]
) -> tuple[str, ...]:
    """Of the people under one source, whom to open with: those on the way, then cases, then those who have contacts,
    then the others, as far as there is room. Nobody is folded away alone: the node that counts takes as much space."""
    if len(every) == 1 and not below[every[0]]:
        return every
    most = min(room, _SIBLINGS)
    if len(every) <= most + 1 and room > 0:
        return every
    ranked = sorted(every, key=lambda key: (key not in way, not nodes[key].is_case, not below[key]))
    taken = set(ranked[: max(0, most)]) | {key for key in every if key in way}
    return tuple(key for key in every if key in taken)
