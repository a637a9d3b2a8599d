"""Within a campaign every commune gets its turn (N13), and choosing costs the same however many wait."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import event, text

from ivr.campaigns import service
from ivr.campaigns.due import due_targets
from ivr.campaigns.model import Campaign
from ivr.campaigns.rules import share
from tests.ivr.campaigns.desk import Desk, a_phone

CITY, SMALL = "38.380", [f"38.38{n}" for n in range(1, 6)]


def campaign_of(desk: Desk, sizes: dict[str, int], **plan: Any) -> tuple[UUID, dict[str, str]]:
    """A campaign with so many people per area; says who lives where. The large ones come first on the list."""
    homes = {a_phone(): area for area, size in sizes.items() for _ in range(size)}
    campaign = desk.campaign(running=False, **plan)
    desk.do(service.add_targets, campaign, [service.NewTarget(phone, "vi", area=area) for phone, area in homes.items()])
    desk.do(service.start, campaign)
    return campaign, homes


@pytest.mark.capability("N13")
def test_a_commune_of_two_does_not_wait_behind_a_city_of_forty(desk: Desk) -> None:
    _, homes = campaign_of(desk, {CITY: 40, **dict.fromkeys(SMALL, 2)}, cap=3)
    while len(desk.network.dialed) < 12:
        desk.tick()
        desk.wait(seconds=1)
        for phone in desk.network.numbers[-3:]:
            if desk.target(phone).state == "calling":
                desk.complete(phone)
    assert Counter(homes[number] for number in desk.network.numbers[:12]) == {CITY: 2, **dict.fromkeys(SMALL, 2)}


@pytest.mark.capability("N13")
def test_areas_get_lines_in_turn_whatever_the_size_of_the_step(desk: Desk) -> None:
    _, homes = campaign_of(desk, {"38.380": 9, "38.381": 9, "38.382": 9}, cap=100, pace=3.0)
    for _ in range(4):
        desk.tick()
        desk.wait(seconds=1)
    counts = Counter(homes[number] for number in desk.network.numbers)
    assert max(counts.values()) - min(counts.values()) <= 1


@pytest.mark.capability("N13")
def test_what_one_area_cannot_use_goes_to_the_others(desk: Desk) -> None:
    campaign_of(desk, {CITY: 30, SMALL[0]: 1}, cap=10)
    for _ in range(5):
        desk.tick()
        desk.wait(seconds=1)
    assert desk.live() == 10


@pytest.mark.capability("N13")
def test_an_area_whose_people_are_all_due_later_holds_nobody_up(desk: Desk) -> None:
    _, homes = campaign_of(desk, {CITY: 5, SMALL[0]: 5}, cap=2)
    with desk.database.unit() as uow:
        uow.session.execute(text("UPDATE target SET next_at = next_at + interval '1 day' WHERE area = :a"), {"a": CITY})
    desk.tick()
    assert {homes[number] for number in desk.network.numbers} == {SMALL[0]}
    assert len(desk.network.dialed) == 2


@settings(max_examples=200, deadline=None)
@given(
    free=st.integers(-3, 40),
    wants=st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 30)),
    live=st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 30)),
    first=st.sets(st.sampled_from("abcdef")),
)
def test_lines_are_shared_without_waste_and_without_envy(
    free: int, wants: dict[str, int], live: dict[str, int], first: set[str]
) -> None:
    given_ = share(free, wants, live, first)
    assert all(0 <= given_[name] <= wants[name] for name in wants)
    assert sum(given_.values()) == min(max(free, 0), sum(wants.values()))
    hungry = [name for name in wants if given_[name] < wants[name]]
    for name in hungry:
        if name in first:
            assert all(given_[other] == 0 for other in wants if other not in first)
            continue
        for other in wants:
            if other not in first and given_[other]:
                # Who got a line had no more calls than who is still waiting for one.
                assert live.get(other, 0) + given_[other] - 1 <= live.get(name, 0) + given_[name]


def _rows_read(plan: dict[str, Any]) -> int:
    """How many rows the plan took from `target` and its indexes, those it threw away included."""
    own = 0
    if plan.get("Relation Name") == "target":
        own = int((plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0)) * plan["Actual Loops"])
        assert "Index" in plan["Node Type"], plan["Node Type"]
    return own + sum(_rows_read(part) for part in plan.get("Plans", ()))


@pytest.mark.capability("N13")
def test_choosing_reads_only_the_heads_of_the_areas_whose_turn_it_is(desk: Desk) -> None:
    areas = [f"38.380.{14000 + number}" for number in range(50)]
    campaign, _ = campaign_of(desk, dict.fromkeys(areas, 200))
    statements: list[tuple[str, Any]] = []

    def keep(conn: Any, cursor: Any, sql: str, parameters: Any, *rest: Any) -> None:
        if "campaign_area" in sql and "target" in sql:
            statements.append((sql, parameters))

    with desk.database.unit() as uow:
        uow.session.execute(text("ANALYZE target"))
        uow.session.execute(text("ANALYZE campaign_area"))
    event.listen(desk.database.engine, "before_cursor_execute", keep)
    try:
        with desk.database.unit() as uow:
            chosen = due_targets(uow, uow.session.get_one(Campaign, campaign), room=10)
    finally:
        event.remove(desk.database.engine, "before_cursor_execute", keep)
    assert len({target.area for target in chosen}) == len(chosen) == 10
    assert len(statements) == 2
    for sql, parameters in statements:
        with desk.database.engine.connect() as connection:
            explained = connection.exec_driver_sql(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", parameters).scalar()
        found = json.loads(explained) if isinstance(explained, str) else explained
        assert 10 <= _rows_read(found[0]["Plan"]) <= 60  # of ten thousand
