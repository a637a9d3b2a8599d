"""The chain of a case: who was exposed by whom, as a tree, a network, a timeline and a table. Health data: every read
is audited."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, abort, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from markupsafe import Markup

from admin import chain_faces, days
from admin.current import audit, uow, viewer, wants_json, zone
from admin.formats import area, url_with
from admin.policy import needs
from core.rights import Right
from tracing.chains.chain import Chain, Node
from tracing.chains.days import read_days
from tracing.chains.drawing import (
    STYLE,
    AxisWords,
    Face,
    Sheet,
    draw_network,
    draw_timeline,
    draw_tree,
    rooms,
    standing_alone,
    symbol,
)
from tracing.chains.folding import FEW, Folded, fold
from tracing.chains.geometry import Plan
from tracing.chains.network import plan_network
from tracing.chains.reading import read_chain
from tracing.chains.spanning import Forest, keep, span
from tracing.chains.timeline import TimelinePlan, plan_timeline, rows_of
from tracing.chains.tree import plan_tree

pages = Blueprint("chains", __name__)
VIEWS = ("tree", "network", "timeline")
PAGE = 50
_KEY = re.compile(r"[pc][0-9a-f]{12}")
_MOST_OPEN = 200


@pages.get("/cases/<uuid:case_id>/chain")
@needs(Right.CASES_SEE)
def chain(case_id: UUID) -> ResponseReturnValue:
    shown = _shown(case_id)
    if wants_json():
        return _as_json(shown)
    page = max(1, request.args.get("page", 1, type=int))
    rows = shown.matching
    return render_template(
        "chain.html",
        case_id=case_id,
        shown=shown,
        view=shown.view,
        views={"tree": gettext("Tree"), "network": gettext("Network"), "timeline": gettext("Timeline")},
        focus=shown.nodes[shown.whole.focus],
        drawing=shown.draw(),
        legend=chain_faces.legend(shown.view, shown.chain),
        symbol=symbol,
        generations=shown.generations,
        rows=rows[(page - 1) * PAGE : page * PAGE],
        page=page,
        pages=-(-len(rows) // PAGE),
        faces=chain_faces,
        where=cache(area),
        sources=chain_faces.sources_of(shown.whole),
        address=chain_faces.addresses(),
    )


@pages.get("/cases/<uuid:case_id>/chain.svg")
@needs(Right.CASES_SEE)
def picture(case_id: UUID) -> ResponseReturnValue:
    """The picture as a file: styles, title and legend are in it."""
    shown = _shown(case_id)
    legend = [(each.look, each.word) for each in chain_faces.legend(shown.view, shown.chain)]
    drawing = shown.draw()
    content = standing_alone(shown.sheet, drawing, shown.view, legend)
    kept = Response(content, mimetype="image/svg+xml")
    number = re.sub(r"[^A-Za-z0-9-]+", "-", shown.nodes[shown.whole.focus].number).strip("-") or "chain"
    kept.headers["Content-Disposition"] = f"attachment; filename={number}-{shown.view}.svg"
    return kept


@pages.get("/chain.css")
@needs()
def style() -> ResponseReturnValue:
    """The looks of the pictures, the same here as in their files."""
    return Response(STYLE.read_text(encoding="utf-8"), mimetype="text/css")


@dataclass(frozen=True)
class Shown:
    """What the address asks for: the whole chain, the part that passes the filter, and what is open of it."""

    view: str
    whole: Chain
    every: Forest
    chain: Chain
    passed: frozenset[str]
    opened: tuple[str, ...]
    all_open: bool

    @cached_property
    def nodes(self) -> Mapping[str, Node]:
        return {node.key: node for node in self.whole.nodes}

    @cached_property
    def forest(self) -> Forest:
        return self.every if self.chain is self.whole else span(self.chain)

    @cached_property
    def folded(self) -> Folded:
        # A network is looked at from afar: it is shown whole.
        whole = self.all_open or self.view == "network"
        return fold(self.forest, self.nodes, self.whole.focus, self.opened, all_open=whole)

    @property
    def foldable(self) -> bool:
        return self.view != "network" and len(self.chain.nodes) > FEW

    @cached_property
    def faces(self) -> Mapping[str, Face]:
        return chain_faces.faces_of(self.chain, self.folded, self.passed, self._unfold)

    def _unfold(self, key: str) -> str:
        return url_with(open=",".join((*self.opened, key)), part=None) + f"#{key}"

    @cached_property
    def matching(self) -> list[Node]:
        """Those whom the filter lets through, generation by generation."""
        return [self.nodes[key] for key in self.forest.order if key not in self.passed]

    @property
    def generations(self) -> list[int]:
        return sorted({node.generation for node in self.whole.nodes if node.generation is not None})

    @cached_property
    def title(self) -> str:
        focus = self.nodes[self.whole.focus]
        named = " ".join(part for part in (focus.number, focus.name) if part)
        return str(gettext("Chain of %(name)s", name=named))

    @cached_property
    def sheet(self) -> Sheet:
        return Sheet(self._plan(), self.faces, self.title)

    def _plan(self) -> Plan:
        if self.view == "network":
            return plan_network(self.chain, self.forest, rooms(self.faces))
        return self._calendar if self.view == "timeline" else plan_tree(self.forest, self.folded)

    @cached_property
    def _calendar(self) -> TimelinePlan:
        return plan_timeline(rows_of(self.folded, self.forest.roots), self._lives, days.today(uow().now(), zone()))

    @cached_property
    def _lives(self) -> Mapping[str, Any]:
        return read_days(uow(), self.chain, [self.nodes[key] for key in self.folded.order], zone())

    def draw(self) -> Markup:
        if self.view == "network":
            return draw_network(self.sheet)
        if self.view == "timeline":
            written = {day: chain_faces.short_day(day) for day in self._calendar.calendar.marked()}
            words = AxisWords(written, str(gettext("today")))
            return draw_timeline(self.sheet, self._lives, days.today(uow().now(), zone()), words)
        return draw_tree(self.sheet)


def _shown(case_id: UUID) -> Shown:
    """The chain as the address asks for it, audited; the page that says there is nothing when it is not the viewer's
    to see."""
    whole = read_chain(uow(), case_id, viewer().area) or abort(404)
    every = span(whole)
    given = request.args
    view = given.get("view", "tree")
    only, up_to = given.get("only", ""), given.get("generation", type=int)
    part, passed = keep(whole, every, lambda node: _wanted(node, only, up_to))
    opened = tuple(key for key in given.get("open", "").split(",")[:_MOST_OPEN] if _KEY.fullmatch(key))
    view = view if view in VIEWS else "tree"
    audit("chain.read", f"case:{case_id}", {"view": view, "people": len(part.nodes)})
    return Shown(view, whole, every, part, passed, opened, given.get("open") == "all")


def _wanted(node: Node, only: str, up_to: int | None) -> bool:
    if up_to is not None and (node.generation is None or node.generation > up_to):
        return False
    if only == "cases":
        return node.is_case
    return node.active if only == "active" else True


def _as_json(shown: Shown) -> dict[str, Any]:
    return {
        "focus": shown.whole.focus,
        "cut": shown.whole.cut,
        "nodes": [_node_as_json(node) for node in shown.matching],
        "edges": [
            {"source": edge.source, "target": edge.target, "days": [day.isoformat() for day in edge.days]}
            for edge in shown.chain.edges
            if edge.source not in shown.passed and edge.target not in shown.passed
        ],
        "venues": [{"key": venue.key, "id": str(venue.id), "name": venue.name} for venue in shown.chain.venues],
        "visits": [
            {"venue": visit.venue, "person": visit.person, "day": visit.day.isoformat()}
            for visit in shown.chain.visits
            if visit.person not in shown.passed
        ],
    }


def _node_as_json(node: Node) -> dict[str, Any]:
    days_of = {"onset_on": node.onset_on, "first": node.first_exposed_on, "last": node.last_exposed_on}
    return {
        "key": node.key,
        "generation": node.generation,
        "standing": node.standing,
        "area": node.area,
        "name": node.name,
        "number": node.number,
        "person": str(node.person_id) if node.person_id else None,
        "case": str(node.case_id) if node.case_id else None,
        "contact": str(node.contact_id) if node.contact_id else None,
        **{name: day.isoformat() if day else None for name, day in days_of.items()},
    }
