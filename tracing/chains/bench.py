"""What the pictures of a chain cost: reading it, laying it out, drawing it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import text

from core.bench import Bench
from core.database import Database
from tracing.chains.chain import Chain, Node
from tracing.chains.days import read_days
from tracing.chains.drawing import AxisWords, Face, Sheet, draw_network, draw_timeline, draw_tree, rooms
from tracing.chains.folding import Folded, fold
from tracing.chains.network import plan_network
from tracing.chains.reading import read_chain
from tracing.chains.sample import SHAPES, write_outbreak
from tracing.chains.spanning import Forest, span
from tracing.chains.timeline import plan_timeline, rows_of
from tracing.chains.tree import MORE, plan_tree

SIZES = (100, 1_000, 5_000)
_AREA = "38.380.14758"
_ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
Result = TypeVar("Result")


def measure_chains(database: Database, sizes: tuple[int, ...] = SIZES) -> list[dict[str, Any]]:
    """For every shape and size: milliseconds of each step and bytes of each picture, with all branches open. `fold` is
    what the page opens with instead. Leaves its rows: use a scratch database."""
    return [_measure(database, shape, size) for shape in SHAPES for size in sizes]


def _measure(database: Database, shape: str, size: int) -> dict[str, Any]:
    with database.unit() as uow:
        case = write_outbreak(uow, size, [_AREA], shape=shape, seed=size)
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))
    spent: dict[str, float] = {}

    def timed(name: str, work: Callable[[], Result]) -> Result:
        began = time.perf_counter()
        result = work()
        spent[name] = round((time.perf_counter() - began) * 1000, 1)
        return result

    with database.unit() as uow:
        chain = timed("read", lambda: read_chain(uow, case, ""))
        assert chain is not None
        forest = timed("span", lambda: span(chain))
        nodes = {node.key: node for node in chain.nodes}
        timed("fold", lambda: fold(forest, nodes, chain.focus, (), all_open=False))
        folded = fold(forest, nodes, chain.focus, (), all_open=True)
        faces = plain_faces(chain, folded)
        sizes_in_bytes = {
            "tree": _tree(timed, forest, folded, faces),
            "network": _network(timed, chain, forest, faces),
            "timeline": _timeline(timed, database, chain, forest, folded, faces),
        }
    return {"shape": shape, "nodes": len(chain.nodes), "edges": len(chain.edges), "ms": spent, "bytes": sizes_in_bytes}


Timed = Callable[[str, Callable[[], Any]], Any]


def _tree(timed: Timed, forest: Forest, folded: Folded, faces: Mapping[str, Face]) -> int:
    plan = timed("tree layout", lambda: plan_tree(forest, folded))
    return len(timed("tree drawing", lambda: draw_tree(Sheet(plan, faces, "bench"))).encode())


def _network(timed: Timed, chain: Chain, forest: Forest, faces: Mapping[str, Face]) -> int:
    plan = timed("network layout", lambda: plan_network(chain, forest, rooms(faces)))
    return len(timed("network drawing", lambda: draw_network(Sheet(plan, faces, "bench"))).encode())


def _timeline(
    timed: Timed, database: Database, chain: Chain, forest: Forest, folded: Folded, faces: Mapping[str, Face]
) -> int:
    with database.unit() as uow:
        lives = timed("timeline read", lambda: read_days(uow, chain, chain.nodes, _ZONE))
        today = uow.now().date()
    plan = timed("timeline layout", lambda: plan_timeline(rows_of(folded, forest.roots), lives, today))
    words = AxisWords({day: f"{day.day}/{day.month}" for day in plan.calendar.marked()}, "today")
    sheet = Sheet(plan, faces, "bench")
    return len(timed("timeline drawing", lambda: draw_timeline(sheet, lives, today, words)).encode())


def plain_faces(chain: Chain, folded: Folded) -> dict[str, Face]:
    """Faces in the bare words of the tables, with addresses as long as those of the console."""
    faces = {node.key: _face(node) for node in chain.nodes}
    faces |= {venue.key: Face("venue", "", venue.name, "", venue.name, f"/venues/{venue.id}") for venue in chain.venues}
    faces |= {MORE + key: Face("more", "", f"+ {count}", "", f"{count} more") for key, count in folded.hidden.items()}
    return faces


def _face(node: Node) -> Face:
    mark = "" if node.generation is None else f"F{node.generation}"
    href = f"/cases/{node.case_id}" if node.case_id else f"/contacts/{node.contact_id}"
    return Face(node.standing, mark, node.name or node.number, node.standing, f"{mark} {node.name}", href)


benches: dict[str, Bench] = {"chains": lambda empty: measure_chains(empty.database)}
