"""A chain as a forest: everybody stands once, under the source that is the fewest steps from where it began. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from tracing.chains.chain import Chain, Edge, Node


@dataclass(frozen=True, slots=True)
class Forest:
    """`roots` came from nobody in the chain. `order` has parents before their children, generation by generation;
    `depth` counts from the root. `extra` are the links beside those of the forest: further sources of one person."""

    roots: tuple[str, ...]
    parent: Mapping[str, str]
    children: Mapping[str, tuple[str, ...]]
    depth: Mapping[str, int]
    order: tuple[str, ...]
    extra: tuple[Edge, ...]

    def path(self, key: str) -> list[str]:
        """From whoever is above `key` up to the root, the nearest first."""
        found = []
        while key in self.parent:
            key = self.parent[key]
            found.append(key)
        return found

    def sizes(self) -> dict[str, int]:
        """How many people stand below everybody, all generations together."""
        below = dict.fromkeys(self.order, 0)
        for key in reversed(self.order):
            if key in self.parent:
                below[self.parent[key]] += below[key] + 1
        return below


def span(chain: Chain) -> Forest:
    """The forest of a chain. Circles are opened where they are first entered; the cost grows with the links."""
    targets: dict[str, list[str]] = defaultdict(list)
    sources: dict[str, int] = {node.key: 0 for node in chain.nodes}
    for edge in chain.edges:
        targets[edge.source].append(edge.target)
        sources[edge.target] += 1
    rank = _ranks(chain.nodes)
    parent: dict[str, str] = {}
    depth: dict[str, int] = {}
    order: list[str] = []
    roots = [key for key in sources if sources[key] == 0]
    _grow(roots, targets, rank, parent, depth, order)
    for key in sources:  # who is left stands in a circle that nobody leads into
        if key not in depth:
            roots.append(key)
            _grow([key], targets, rank, parent, depth, order)
    children: dict[str, list[str]] = defaultdict(list)
    for key in order:
        if key in parent:
            children[parent[key]].append(key)
    return Forest(
        roots=tuple(roots),
        parent=parent,
        children={key: tuple(sorted(below, key=rank.__getitem__)) for key, below in children.items()},
        depth=depth,
        order=tuple(order),
        extra=tuple(edge for edge in chain.edges if parent.get(edge.target) != edge.source),
    )


def _grow(
    roots: Iterable[str],
    targets: Mapping[str, list[str]],
    rank: Mapping[str, tuple[str, int]],
    parent: dict[str, str],
    depth: dict[str, int],
    order: list[str],
) -> None:
    now = list(roots)
    depth.update(dict.fromkeys(now, 0))
    while now:
        order += now
        following: list[str] = []
        for source in now:
            for target in sorted(targets.get(source, ()), key=rank.__getitem__):
                if target not in depth:
                    depth[target] = depth[source] + 1
                    parent[target] = source
                    following.append(target)
        now = following


def _ranks(nodes: Iterable[Node]) -> dict[str, tuple[str, int]]:
    """Who stands before whom under one source: by the day it began for them, then by the report."""
    return {node.key: (node.since.isoformat() if node.since else "9", place) for place, node in enumerate(nodes)}


def keep(chain: Chain, forest: Forest, wanted: Callable[[Node], bool]) -> tuple[Chain, frozenset[str]]:
    """The chain of those who are wanted and of everybody on the way to them, and the keys of the latter, who are only
    shown so that nothing hangs in the air. The focus always stays."""
    chosen = {node.key for node in chain.nodes if wanted(node)}
    kept = chosen | {chain.focus}
    for key in reversed(forest.order):
        if key in kept and key in forest.parent:
            kept.add(forest.parent[key])
    if len(kept) == len(chain.nodes):
        return chain, frozenset(kept - chosen)
    visits = [visit for visit in chain.visits if visit.person in kept]
    people = Counter(venue for venue, _ in {(visit.venue, visit.person) for visit in visits})
    left = replace(
        chain,
        nodes=tuple(node for node in chain.nodes if node.key in kept),
        edges=tuple(edge for edge in chain.edges if edge.source in kept and edge.target in kept),
        venues=tuple(venue for venue in chain.venues if people[venue.key] > 1),
        visits=tuple(visit for visit in visits if people[visit.venue] > 1),
    )
    return left, frozenset(kept - chosen)
