"""The page of a chain: who may open it, what it shows to whom, its filters, its table, its files."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from uuid import UUID

import pytest
from sqlalchemy import func, select, update

from core.audit import AuditEntry
from core.database import Database
from tests.admin.conftest import Visitor
from tests.admin.province import CITY, COAST, Province
from tracing.cases.model import Case, Contact
from tracing.chains.sample import write_outbreak
from tracing.people.model import Person

Visit = Callable[[str], Visitor]
AREAS = [f"{CITY}.14755", f"{CITY}.14755", f"{COAST}.14830"]
VIEWS = ("tree", "network", "timeline")


@pytest.fixture
def outbreak(database: Database, province: Province) -> UUID:
    """An outbreak of sixty people of both districts."""
    with database.unit() as uow:
        return write_outbreak(uow, 60, AREAS, seed=3)


def people_of(database: Database, area: str) -> set[str]:
    with database.unit() as uow:
        contacts = select(Contact.person_id)
        cases = select(Case.person_id).where(Case.person_id.is_not(None))
        found = uow.session.scalars(
            select(Person.name).where(Person.area.startswith(area), Person.id.in_(contacts.union(cases)))
        )
        return set(found)


def in_the_city(database: Database, case: UUID) -> None:
    """The case itself is of the city."""
    with database.unit() as uow:
        person = uow.session.scalar(select(Case.person_id).where(Case.id == case))
        uow.session.execute(update(Case).where(Case.id == case).values(area=AREAS[0]))
        uow.session.execute(update(Person).where(Person.id == person).values(area=AREAS[0]))


@pytest.mark.capability("T10")
@pytest.mark.parametrize("view", VIEWS)
def test_every_node_leads_to_the_case_or_contact_it_stands_for(visitor: Visit, outbreak: UUID, view: str) -> None:
    son = visitor("son")
    page = son.page(f"/cases/{outbreak}/chain?view={view}")
    links = set(re.findall(r'<a id="[pc][0-9a-f]{12}" class="node [^"]*" href="([^"]+)"', page))
    assert len(links) == 60
    assert {link.split("/")[1] for link in links} == {"cases", "contacts"}
    for link in sorted(links)[:3] + sorted(links)[-3:]:
        assert son.get(link).status_code == 200


@pytest.mark.capability("T10", "C2")
@pytest.mark.parametrize("view", VIEWS)
def test_people_outside_the_area_are_nodes_without_name_link_or_day(
    visitor: Visit, outbreak: UUID, database: Database, view: str
) -> None:
    in_the_city(database, outbreak)
    hidden = people_of(database, COAST) - people_of(database, CITY)
    assert hidden
    thao = visitor("thao")
    for address in (f"/cases/{outbreak}/chain?view={view}", f"/cases/{outbreak}/chain.svg?view={view}"):
        page = thao.page(address)
        assert not {name for name in hidden if f">{name}<" in page or f" {name}," in page}
        assert page.count('class="node outside') > 5
    nodes = thao.json(f"/cases/{outbreak}/chain")["nodes"]
    outside = [node for node in nodes if node["standing"] == "outside"]
    assert outside
    for node in outside:
        assert {key for key, value in node.items() if value not in (None, "")} == {
            "key",
            "generation",
            "standing",
            "area",
        }
    assert not hidden & {node["name"] for node in nodes}


@pytest.mark.capability("C2")
def test_a_chain_of_a_case_elsewhere_is_not_there(visitor: Visit, outbreak: UUID, database: Database) -> None:
    in_the_city(database, outbreak)
    for path in ("chain", "chain.svg"):
        assert visitor("tuan").get(f"/cases/{outbreak}/{path}").status_code == 404
        assert visitor("hanh").get(f"/cases/{outbreak}/{path}").status_code == 403
        assert visitor("son").get(f"/cases/{UUID(int=1)}/{path}").status_code == 404


@pytest.mark.capability("C3")
def test_every_look_at_a_chain_leaves_a_line(visitor: Visit, outbreak: UUID, database: Database) -> None:
    son = visitor("son")
    son.page(f"/cases/{outbreak}/chain?view=network")
    son.page(f"/cases/{outbreak}/chain.svg")
    son.json(f"/cases/{outbreak}/chain")
    with database.unit() as uow:
        lines = uow.session.scalars(select(AuditEntry).where(AuditEntry.action == "chain.read")).all()
        assert [line.detail["view"] for line in lines] == ["network", "tree", "tree"]
        assert {line.subject for line in lines} == {f"case:{outbreak}"}
        assert "Nguyễn" not in json.dumps([line.detail for line in lines], ensure_ascii=False)


@pytest.mark.capability("T10")
def test_the_table_holds_the_same_people_page_by_page(visitor: Visit, outbreak: UUID) -> None:
    son = visitor("son")
    drawn = set(re.findall(r'<a id="[pc][0-9a-f]{12}"[^>]* href="([^"]+)"', son.page(f"/cases/{outbreak}/chain")))
    listed: list[str] = []
    for page in (1, 2):
        table = son.page(f"/cases/{outbreak}/chain?page={page}").split('<table class="list">')[1]
        listed += re.findall(r'<td class="main"><a href="([^"]+)"', table)
    assert len(listed) == 60
    assert set(listed) == drawn
    assert "Nobody matches." in son.page(f"/cases/{outbreak}/chain?page=99")


@pytest.mark.capability("T10")
def test_only_cases_only_active_contacts_and_generations_can_be_chosen(visitor: Visit, outbreak: UUID) -> None:
    son = visitor("son")
    whole = son.json(f"/cases/{outbreak}/chain")["nodes"]
    cases = son.json(f"/cases/{outbreak}/chain?only=cases")["nodes"]
    assert {node["standing"] for node in cases} <= {"case", "suspected"}
    assert len(cases) == len([node for node in whole if node["case"]])
    active = son.json(f"/cases/{outbreak}/chain?only=active")["nodes"]
    assert {node["standing"] for node in active} <= {"followed", "lost", "completed", "not_followed"}
    assert 0 < len(active) < len(whole)
    first = son.json(f"/cases/{outbreak}/chain?generation=0")["nodes"]
    assert {node["generation"] for node in first} == {0}
    for odd in ("generation=x", "only=nobody", "view=cube", "page=0", "page=-3", "open=%00", "open=<x>,p1"):
        assert son.get(f"/cases/{outbreak}/chain?{odd}").status_code in (200, 400), odd


@pytest.mark.capability("T10")
def test_a_large_chain_opens_folded_and_a_branch_opens_by_its_link(
    visitor: Visit, database: Database, province: Province
) -> None:
    with database.unit() as uow:
        case = write_outbreak(uow, 600, AREAS[:1], shape="wide")
    son = visitor("son")
    page = son.page(f"/cases/{case}/chain")
    assert page.count('class="node more"') == 1
    found = re.search(r'<a id="more-[^"]+" class="node more" href="([^"]+)"', page)
    assert found
    opened = son.page(found[1].replace("&amp;", "&").split("#")[0])
    assert opened.count('class="node more"') == 0
    assert len(re.findall(r'<a id="p[0-9a-f]{12}"', opened)) == 600
    assert len(re.findall(r'<a id="p[0-9a-f]{12}"', son.page(f"/cases/{case}/chain?open=all"))) == 600
    # A network is looked at as a whole.
    assert len(re.findall(r'<a id="p[0-9a-f]{12}"', son.page(f"/cases/{case}/chain?view=network"))) == 600


@pytest.mark.capability("T10")
@pytest.mark.parametrize("view", VIEWS)
def test_a_picture_is_kept_as_a_file_with_its_styles(visitor: Visit, outbreak: UUID, view: str) -> None:
    response = visitor("son").get(f"/cases/{outbreak}/chain.svg?view={view}")
    assert response.mimetype == "image/svg+xml"
    assert re.fullmatch(rf"attachment; filename=BN\d+-{view}\.svg", response.headers["Content-Disposition"])
    root = ET.fromstring(response.data)
    style = root.find("{http://www.w3.org/2000/svg}style")
    assert style is not None
    assert ".chain" in (style.text or "")


@pytest.mark.capability("C8")
def test_a_case_with_nobody_around_is_a_chain_of_one(visitor: Visit, database: Database, province: Province) -> None:
    with database.unit() as uow:
        row = Case(disease="covid-19", number="BN1", by_rule="suspected", area=CITY, reported_at=uow.now())
        uow.session.add(row)
        uow.session.flush()
        case = row.id
        assert uow.session.scalar(select(func.count()).where(Contact.case_id == case)) == 0
    for view in VIEWS:
        page = visitor("son").page(f"/cases/{case}/chain?view={view}")
        assert page.count('class="node suspected focus"') == 1
