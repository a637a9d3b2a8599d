"""The pictures of a chain, whatever the chain: nobody on top of anybody, every line ends where it should."""

from __future__ import annotations

import random
import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from datetime import date, timedelta
from itertools import combinations
from uuid import UUID

import pytest
from hypothesis import given, settings

from tests.tracing.chains_of_people import AT, DAY, DISEASE, any_chain, case_row, contact_row, person
from tracing.chains.assembling import Meeting, assemble, key_of
from tracing.chains.bench import plain_faces
from tracing.chains.chain import Chain, Node, Standing
from tracing.chains.drawing import (
    AxisWords,
    Sheet,
    draw_network,
    draw_timeline,
    draw_tree,
    rooms,
    standing_alone,
    tree_ends,
)
from tracing.chains.folding import FEW, OPENED, Folded, fold
from tracing.chains.geometry import Box, Plan
from tracing.chains.network import plan_network
from tracing.chains.spanning import Forest, keep, span
from tracing.chains.timeline import Life, plan_timeline, rows_of
from tracing.chains.tree import MORE, plan_tree

SVG = "{http://www.w3.org/2000/svg}"


def key(number: int) -> str:
    return key_of("p", person(number))


def opened(chain: Chain, forest: Forest, *branches: str, whole: bool = False) -> Folded:
    return fold(forest, {node.key: node for node in chain.nodes}, chain.focus, branches, all_open=whole)


def stands_well(plan: Plan) -> None:
    for box in plan.boxes.values():
        assert box.x - box.width / 2 >= 0
        assert box.y - box.height / 2 >= 0
        assert box.x + box.width / 2 <= plan.width
        assert box.y + box.height / 2 <= plan.height
    for (one, a), (other, b) in combinations(plan.boxes.items(), 2):
        assert not a.overlaps(b), (one, other)
    for line in plan.lines:
        assert line.source in plan.boxes
        assert line.target in plan.boxes


def wide(people: int) -> Chain:
    """One case who met everybody."""
    contacts = [contact_row(number, 0) for number in range(1, people)]
    return assemble(UUID(int=10_000), DISEASE, [case_row(0)], contacts)


@pytest.mark.capability("T10")
@given(any_chain())
@settings(max_examples=60, deadline=None)
def test_in_the_tree_nobody_overlaps_and_contacts_stand_right_of_their_sources(chain: Chain) -> None:
    forest = span(chain)
    plan = plan_tree(forest, opened(chain, forest, whole=True))
    assert plan.boxes.keys() == {node.key for node in chain.nodes}
    stands_well(plan)
    for line in plan.lines:
        x, y, to_x, to_y = tree_ends(line, plan.boxes)
        source, target = plan.boxes[line.source], plan.boxes[line.target]
        assert (x, y) == (source.x + source.width / 2, source.y)
        assert (to_x, to_y) == (target.x - target.width / 2, target.y)
        assert line.extra or x < to_x
    links = {(edge.source, edge.target) for edge in chain.edges}
    assert {(line.source, line.target) for line in plan.lines} == links


@pytest.mark.capability("T10")
@given(any_chain())
@settings(max_examples=60, deadline=None)
def test_in_the_tree_the_rows_of_two_branches_are_never_mixed(chain: Chain) -> None:
    forest = span(chain)
    plan = plan_tree(forest, opened(chain, forest, whole=True))
    rows: dict[str, tuple[float, float]] = {}
    for name in reversed(forest.order):
        own = [plan.boxes[name].y, *(row for below in forest.children.get(name, ()) for row in rows[below])]
        rows[name] = min(own), max(own)
    for siblings in (*forest.children.values(), forest.roots):
        for one, other in combinations(siblings, 2):
            assert rows[one][1] < rows[other][0] or rows[other][1] < rows[one][0]


@pytest.mark.capability("T10")
@given(any_chain())
@settings(max_examples=60, deadline=None)
def test_in_the_network_nobody_overlaps_and_every_link_and_visit_is_a_line(chain: Chain) -> None:
    forest = span(chain)
    room = rooms(plain_faces(chain, opened(chain, forest, whole=True)))
    plan = plan_network(chain, forest, room)
    assert plan.boxes.keys() == {node.key for node in chain.nodes} | {venue.key for venue in chain.venues}
    stands_well(plan)
    lines = {(line.source, line.target) for line in plan.lines}
    through = {(visit.source, visit.person): visit.venue for visit in chain.visits}
    for edge in chain.edges:
        by_venue = (edge.source, edge.target) in through and any(
            (venue.key, edge.target) in lines and (edge.source, venue.key) in lines for venue in chain.venues
        )
        assert (edge.source, edge.target) in lines or by_venue
    for visit in chain.visits:
        assert {(visit.venue, visit.person), (visit.person, visit.venue)} & lines


@pytest.mark.capability("T10")
@pytest.mark.parametrize("many", [False, True])
def test_circles_of_a_network_lie_apart_even_in_a_large_chain(many: bool) -> None:
    chain = wide(400) if many else wide(40)
    forest = span(chain)
    room = rooms(plain_faces(chain, opened(chain, forest, whole=True)))
    plan = plan_network(chain, forest, room)
    for (one, a), (other, b) in combinations(plan.boxes.items(), 2):
        far = ((a.x - b.x) ** 2 + (a.y - b.y) ** 2) ** 0.5
        assert far >= room[one] + room[other] - 0.3, (one, other)


@pytest.mark.capability("T10")
@given(any_chain())
@settings(max_examples=30, deadline=None)
def test_the_timeline_has_a_line_for_each_generation_after_generation(chain: Chain) -> None:
    forest = span(chain)
    rows = rows_of(opened(chain, forest, whole=True), forest.roots)
    plan = plan_timeline(rows, {}, DAY)
    stands_well(plan)
    assert sorted(rows) == sorted(node.key for node in chain.nodes)
    assert [forest.depth[row] for row in rows] == sorted(forest.depth.values())


def test_each_day_stands_right_of_the_day_before_and_a_silly_date_widens_nothing() -> None:
    life = Life(
        exposures=(date(1999, 1, 1), DAY), onset=DAY + timedelta(days=3), followed=(DAY, DAY + timedelta(days=20))
    )
    plan = plan_timeline(["a"], {"a": life}, DAY)
    calendar = plan.calendar
    days = [calendar.x(DAY + timedelta(days=n)) for n in range(20)]
    assert days == sorted(set(days))
    assert calendar.x(date(1999, 1, 1)) == calendar.x(calendar.first)
    begins, wide_as = calendar.span(DAY, DAY)
    assert begins + wide_as <= plan.width
    assert plan.width < 1500


def draw_all(chain: Chain) -> dict[str, str]:
    forest = span(chain)
    folded = opened(chain, forest)
    faces = plain_faces(chain, folded)
    lives = {
        node.key: Life(exposures=(DAY,), tests=((DAY, "negative"),), calls=((DAY, True), (DAY + timedelta(1), False)))
        for node in chain.nodes
    }
    calendar = plan_timeline(rows_of(folded, forest.roots), lives, DAY)
    words = AxisWords({day: str(day.day) for day in calendar.calendar.marked()}, "hôm nay")
    return {
        "tree": str(draw_tree(Sheet(plan_tree(forest, folded), faces, "Chuỗi"))),
        "network": str(draw_network(Sheet(plan_network(chain, forest, rooms(faces)), faces, "Chuỗi"))),
        "timeline": str(draw_timeline(Sheet(calendar, faces, "Chuỗi"), lives, DAY, words)),
    }


@pytest.mark.capability("T10")
def test_the_same_chain_gives_the_same_bytes_in_whatever_order_it_was_read() -> None:
    cases = [case_row(number) for number in range(6)]
    contacts = [
        contact_row(number, (number - 1) // 2, became=number if number < 6 else None) for number in range(1, 30)
    ]
    meetings = [Meeting(row.id, DAY, UUID(int=77), "Chợ", True) for row in contacts[:5]]
    first = draw_all(assemble(cases[0].id, DISEASE, cases, contacts, meetings))
    for seed in range(5):
        for rows in (cases, contacts, meetings):
            random.Random(seed).shuffle(rows)
        found = assemble(UUID(int=10_000), DISEASE, cases, contacts, meetings)
        assert draw_all(found) == first


@pytest.mark.capability("T10")
def test_every_node_is_a_link_with_a_title_and_names_are_only_text() -> None:
    rude = '<script>alert("1")</script>&\x01'
    row = replace(contact_row(1, 0), name=rude)
    chain = assemble(UUID(int=10_000), DISEASE, [case_row(0)], [row])
    for name, drawn in draw_all(chain).items():
        tree = ET.fromstring(drawn)  # ours, and it must be well-formed
        links = tree.findall(f".//{SVG}a")
        assert [link.get("href") for link in links] == [f"/cases/{UUID(int=10_000)}", f"/contacts/{UUID(int=100_001)}"]
        assert all(link.find(f"{SVG}title").text for link in links), name  # type: ignore[union-attr]
        assert "<script" not in drawn
        assert "style=" not in drawn  # the policy of the console forbids it


@pytest.mark.capability("T10")
def test_a_picture_in_a_file_brings_its_styles_title_and_legend() -> None:
    chain = wide(5)
    forest = span(chain)
    folded = opened(chain, forest)
    sheet = Sheet(plan_tree(forest, folded), plain_faces(chain, folded), "Chuỗi của <BN0>")
    content = standing_alone(sheet, draw_tree(sheet), "tree", [("case", "ca xác định"), ("followed", "đang theo dõi")])
    root = ET.fromstring(content.encode())
    assert root.find(f"{SVG}style") is not None
    texts = ["".join(text.itertext()) for text in root.iter(f"{SVG}text")]
    assert texts[0] == "Chuỗi của <BN0>"
    assert {"ca xác định", "đang theo dõi"} <= set(texts)
    assert not re.search(r"(href|src|url\()=?[\"']?https?:", content.replace("http://www.w3.org/2000/svg", ""))


@pytest.mark.capability("T10")
def test_a_large_chain_opens_with_some_people_and_a_node_that_counts_the_others() -> None:
    chain = wide(5_000)
    forest = span(chain)
    folded = opened(chain, forest)
    assert len(folded.order) <= OPENED
    assert folded.hidden == {chain.focus: 5_000 - len(folded.order)}
    plan = plan_tree(forest, folded)
    stands_well(plan)
    assert MORE + chain.focus in plan.boxes
    everybody = opened(chain, forest, chain.focus)
    assert len(everybody.order) == 5_000
    assert not everybody.hidden
    assert len(opened(wide(FEW), span(wide(FEW))).order) == FEW


def test_nobody_is_hidden_twice_or_lost_between_open_and_folded_branches() -> None:
    cases = [case_row(number) for number in range(400)]
    contacts = [contact_row(number, (number - 1) // 3, became=number) for number in range(1, 400)]
    chain = assemble(cases[250].id, DISEASE, cases, contacts)
    forest = span(chain)
    folded = opened(chain, forest)
    assert len(folded.order) + sum(folded.hidden.values()) == 400
    assert len(set(folded.order)) == len(folded.order)
    assert chain.focus in folded.order  # whatever is folded, the case itself is there
    below = next(iter(folded.hidden))
    assert set(forest.children[below]) <= set(opened(chain, forest, below).order)


@pytest.mark.capability("T10")
def test_who_became_a_case_is_one_node_and_their_contacts_are_of_the_first_generation_again() -> None:
    contacts = [
        contact_row(1, 0, became=1),
        contact_row(2, 1),
        contact_row(3, 0),
        contact_row(4, 0, of_contact=contact_row(3, 0).id),
    ]
    chain = assemble(UUID(int=10_000), DISEASE, [case_row(0), case_row(1)], contacts)
    generation = {node.key: node.generation for node in chain.nodes}
    assert generation == {key(0): 0, key(1): 0, key(2): 1, key(3): 1, key(4): 2}
    assert {(edge.source, edge.target) for edge in chain.edges} == {
        (key(0), key(1)), (key(1), key(2)), (key(0), key(3)), (key(3), key(4)),
    }  # fmt: skip
    assert span(chain).depth[key(2)] == 2


def test_who_met_two_cases_stands_once_under_the_nearer_and_has_a_second_line() -> None:
    contacts = [contact_row(1, 0, became=1), contact_row(2, 1), contact_row(2, 0, row=9)]
    chain = assemble(UUID(int=10_000), DISEASE, [case_row(0), case_row(1)], contacts)
    forest = span(chain)
    assert forest.parent[key(2)] == key(0)
    assert [(edge.source, edge.target) for edge in forest.extra] == [(key(1), key(2))]


def test_a_case_of_which_only_the_number_is_known_is_a_node_of_its_own_until_somebody_became_it() -> None:
    unknown = case_row(0, known=False)
    chain = assemble(unknown.id, DISEASE, [unknown], [contact_row(1, 0)])
    assert [(node.number, node.name, node.person_id) for node in chain.nodes if node.case_id] == [("BN0", "", None)]
    one = assemble(unknown.id, DISEASE, [unknown], [contact_row(5, 7, became=0)])
    assert [(node.number, node.name) for node in one.nodes] == [("BN0", "Người 5")]


@pytest.mark.capability("T10")
def test_people_outside_the_area_are_nodes_with_generation_and_area_only() -> None:
    rows = [contact_row(1, 0, became=1, seen=False), contact_row(2, 1)]
    chain = assemble(UUID(int=10_000), DISEASE, [case_row(0), case_row(1, seen=False)], rows)
    outside = next(node for node in chain.nodes if node.key == key(1))
    assert outside == Node(key(1), 0, Standing.OUTSIDE, "38.380")
    assert outside.is_case  # the generation says it


def test_a_chain_too_large_keeps_the_nearest() -> None:
    contacts = [contact_row(number, number - 1, became=number) for number in range(1, 30)]
    cases = [case_row(number) for number in range(30)]
    chain = assemble(UUID(int=10_000), DISEASE, cases, contacts, most=10)
    assert chain.cut
    assert [node.key for node in chain.nodes] == [key(number) for number in range(10)]
    beside = [contact_row(number, 0) for number in reversed(range(1, 30))]  # equally near: who was reported first
    wide_one = assemble(UUID(int=10_000), DISEASE, [case_row(0)], beside, most=10)
    assert [node.key for node in wide_one.nodes] == [key(number) for number in range(10)]


@pytest.mark.capability("T10")
def test_a_filter_keeps_whoever_connects_those_who_are_wanted() -> None:
    contacts = [contact_row(1, 0), contact_row(2, 0, of_contact=contact_row(1, 0).id, became=2), contact_row(3, 0)]
    chain = assemble(UUID(int=10_000), DISEASE, [case_row(0), case_row(2)], contacts)
    part, passed = keep(chain, span(chain), lambda node: node.is_case)
    assert {node.key for node in part.nodes} == {key(0), key(1), key(2)}
    assert passed == {key(1)}


def test_boxes_beside_one_another_do_not_overlap() -> None:
    assert Box(5, 5, 10, 10).overlaps(Box(14, 5, 10, 10))
    assert not Box(5, 5, 10, 10).overlaps(Box(15, 5, 10, 10))
    assert AT.date() == DAY
