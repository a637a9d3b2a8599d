"""A chain out of the database: everybody connected, within the viewer's area, in two statements."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import event, text

from core.areas import Area
from core.database import Database, UnitOfWork
from core.ids import new_id
from ivr.calls.model import Call, ScriptRevision
from tracing.cases.model import Case, Contact, Exposure, LabTest
from tracing.chains.chain import Chain, Standing
from tracing.chains.days import read_days
from tracing.chains.reading import SAME_OUTBREAK, read_chain
from tracing.chains.sample import SHAPES, write_outbreak
from tracing.followup.model import FollowUp, FollowUpVisit, Quarantine
from tracing.people.model import Person
from tracing.venues.model import Venue

PROVINCE, CITY, COAST = "38", "38.380", "38.382"
DISEASE = "covid-19"
MET = date(2026, 11, 10)
ZONE = ZoneInfo("Asia/Ho_Chi_Minh")


class Writer:
    """Writes people who met one another."""

    def __init__(self, uow: UnitOfWork) -> None:
        self.uow, self.numbers = uow, 0

    def add(self, row: Any) -> Any:
        row.id = row.id or new_id()
        self.uow.session.add(row)
        self.uow.session.flush()
        return row

    def person(self, name: str, area: str = CITY) -> UUID:
        self.numbers += 1
        at = self.uow.now()
        row = Person(name=name, phone=f"+8491234{self.numbers:04d}", language="vi", area=area, created_at=at)
        found: UUID = self.add(row).id
        return found

    def case(self, person: UUID | None, number: str, area: str = CITY, at: datetime | None = None) -> Case:
        row = Case(
            disease=DISEASE, number=number, person_id=person, by_rule="confirmed", area=area, onset_on=MET,
            reported_at=at or self.uow.now(),
        )  # fmt: skip
        return self.add(row)  # type: ignore[no-any-return]

    def contact(
        self, person: UUID, *, case: Case | None = None, contact: Contact | None = None, became: Case | None = None,
        area: str = CITY, at: datetime | None = None,
    ) -> Contact:  # fmt: skip
        row = Contact(
            person_id=person, disease=DISEASE, case_id=case and case.id, source_contact_id=contact and contact.id,
            became_case_id=became and became.id, status="converted" if became else "active", follow_up="follow_up",
            area=area, source="list", first_exposed_on=MET, last_exposed_on=MET, reported_at=at or self.uow.now(),
        )  # fmt: skip
        return self.add(row)  # type: ignore[no-any-return]

    def met(self, contact: Contact, day: date, venue: Venue | None = None) -> None:
        at = self.uow.now()
        self.add(
            Exposure(
                contact_id=contact.id, kind="person", day=day, venue_id=venue and venue.id, source="list", created_at=at
            )
        )


def chain_of(database: Database, case: Case, area: str = PROVINCE, most: int = 100) -> Chain:
    with database.unit() as uow:
        found = read_chain(uow, case.id, area, most)
    assert found is not None
    return found


def names(chain: Chain) -> dict[str, int | None]:
    return {node.name or node.number: node.generation for node in chain.nodes}


def links(chain: Chain) -> set[tuple[str, str]]:
    called = {node.key: node.name or node.number for node in chain.nodes}
    return {(called[edge.source], called[edge.target]) for edge in chain.edges}


@contextmanager
def counted(database: Database) -> Iterator[list[str]]:
    said: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        said.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    yield said
    event.remove(database.engine, "before_cursor_execute", note)


@pytest.mark.capability("T10")
def test_a_chain_goes_down_to_contacts_of_contacts_and_through_those_who_became_cases(database: Database) -> None:
    with database.unit() as uow:
        writer = Writer(uow)
        an, binh, cuc, dao, em = (writer.person(name) for name in ("An", "Bình", "Cúc", "Đào", "Em"))
        first = writer.case(an, "BN1")
        second = writer.case(binh, "BN2")
        writer.contact(binh, case=first, became=second)
        f1 = writer.contact(cuc, case=second)
        f2 = writer.contact(dao, contact=f1)
        writer.contact(em, contact=f2)
        writer.case(writer.person("Fremd"), "BN9")  # of another outbreak
    chain = chain_of(database, first)
    assert names(chain) == {"An": 0, "Bình": 0, "Cúc": 1, "Đào": 2, "Em": 3}
    assert links(chain) == {("An", "Bình"), ("Bình", "Cúc"), ("Cúc", "Đào"), ("Đào", "Em")}


@pytest.mark.capability("T10")
def test_from_the_last_case_the_chain_goes_back_to_where_it_came_from(database: Database) -> None:
    with database.unit() as uow:
        writer = Writer(uow)
        first = writer.case(writer.person("An"), "BN1")
        f1 = writer.contact(writer.person("Bình"), case=first)
        cuc = writer.person("Cúc")
        last = writer.case(cuc, "BN3")
        writer.contact(cuc, contact=f1, became=last)
        writer.contact(writer.person("Đào"), case=first)
    chain = chain_of(database, last)
    assert names(chain) == {"An": 0, "Bình": 1, "Cúc": 0, "Đào": 1}
    assert chain.focus == next(node.key for node in chain.nodes if node.name == "Cúc")


@pytest.mark.capability("T10")
def test_people_in_a_circle_and_with_several_sources_are_found_once(database: Database) -> None:
    with database.unit() as uow:
        writer = Writer(uow)
        an, binh, cuc = (writer.person(name) for name in ("An", "Bình", "Cúc"))
        first, second = writer.case(an, "BN1"), writer.case(binh, "BN2")
        writer.contact(binh, case=first, became=second)
        writer.contact(an, case=second, became=first)
        writer.contact(cuc, case=first)
        writer.contact(cuc, case=second)
    chain = chain_of(database, first)
    assert names(chain) == {"An": 0, "Bình": 0, "Cúc": 1}
    assert links(chain) == {("An", "Bình"), ("Bình", "An"), ("An", "Cúc"), ("Bình", "Cúc")}


@pytest.mark.capability("T10")
def test_one_person_met_a_case_again_years_later_and_the_outbreaks_stay_apart(database: Database) -> None:
    with database.unit() as uow:
        writer = Writer(uow)
        nurse = writer.person("Y tá")
        long_ago = uow.now() - SAME_OUTBREAK - timedelta(days=1)
        old, new = writer.case(writer.person("Cũ"), "BN1", at=long_ago), writer.case(writer.person("Mới"), "BN2")
        writer.contact(nurse, case=old, at=long_ago)
        writer.contact(nurse, case=new)
    assert names(chain_of(database, new)) == {"Mới": 0, "Y tá": 1}
    assert names(chain_of(database, old)) == {"Cũ": 0, "Y tá": 1}


@pytest.mark.capability("T10", "C2")
def test_people_outside_the_area_have_no_name_no_number_no_days_and_no_places(database: Database) -> None:
    with database.unit() as uow:
        uow.session.add_all(
            Area(path=path, code=path[-3:], kind="district", name_vi=path, name_en=path)
            for path in (PROVINCE, CITY, COAST)
        )
        writer = Writer(uow)
        venue = writer.add(Venue(name="Chợ bí mật", kind="market", area=COAST, created_at=uow.now()))
        first = writer.case(writer.person("An"), "BN1")
        binh = writer.person("Bình", COAST)
        away = writer.case(binh, "BN2", COAST)
        of_binh = writer.contact(binh, case=first, became=away, area=COAST)
        for name in ("Cúc", "Đào"):
            writer.met(writer.contact(writer.person(name, COAST), case=first, area=COAST), MET, venue)
        writer.met(of_binh, MET, venue)
        writer.contact(writer.person("Em"), case=away)
    chain = chain_of(database, first, CITY)
    seen = {node.name: node for node in chain.nodes if node.seen}
    assert seen.keys() == {"An", "Em"}
    outside = [node for node in chain.nodes if not node.seen]
    assert len(outside) == 3
    for node in outside:
        assert (node.standing, node.area) == (Standing.OUTSIDE, COAST)
        values = (node.name, node.number, node.person_id, node.case_id, node.contact_id, node.onset_on, node.since)
        assert not any(values)
    assert sorted(node.generation or 0 for node in outside) == [0, 1, 1]
    assert chain.venues == ()
    assert all(edge.days == () for edge in chain.edges)
    with database.unit() as uow:
        assert read_chain(uow, away.id, CITY) is None  # its page is not there for somebody of the city
        assert read_chain(uow, new_id(), PROVINCE) is None
        assert set(read_days(uow, chain, chain.nodes, ZONE)) == {node.key for node in seen.values()}


@pytest.mark.capability("T10")
def test_a_place_where_several_were_exposed_stands_in_the_chain(database: Database) -> None:
    with database.unit() as uow:
        writer = Writer(uow)
        market = writer.add(Venue(name="Chợ Vườn Hoa", kind="market", area=CITY, created_at=uow.now()))
        alone = writer.add(Venue(name="Bến xe", kind="transport", area=CITY, created_at=uow.now()))
        first = writer.case(writer.person("An"), "BN1")
        for name, venue in (("Bình", market), ("Cúc", market), ("Đào", alone)):
            writer.met(writer.contact(writer.person(name), case=first), MET, venue)
    chain = chain_of(database, first)
    assert [(venue.name, venue.seen) for venue in chain.venues] == [("Chợ Vườn Hoa", True)]
    assert len(chain.visits) == 2
    assert {edge.days for edge in chain.edges} == {(MET,)}


@pytest.mark.capability("T10")
@pytest.mark.parametrize("shape", SHAPES)
def test_a_chain_takes_two_statements_whatever_its_size(database: Database, shape: str) -> None:
    with database.unit() as uow:
        small, large = (write_outbreak(uow, size, [CITY], shape=shape, seed=size) for size in (10, 300))
    for case, people in ((small, 10), (large, 300)):
        with counted(database) as said, database.unit() as uow:
            chain = read_chain(uow, case, PROVINCE)
            assert chain is not None
            assert len(chain.nodes) == people
            assert not chain.cut
        assert len(said) <= 2, said


@pytest.mark.capability("T10")
def test_a_chain_that_is_too_large_is_cut_to_the_nearest_and_says_so(database: Database) -> None:
    with database.unit() as uow:
        first = write_outbreak(uow, 120, [CITY], shape="deep")
        chain = read_chain(uow, first, PROVINCE, most=30)
    assert chain is not None
    assert chain.cut
    assert len(chain.nodes) == 30
    assert {edge.source for edge in chain.edges} | {edge.target for edge in chain.edges} <= {n.key for n in chain.nodes}


@pytest.mark.capability("T10")
def test_reading_a_chain_reads_no_table_from_end_to_end(database: Database) -> None:
    """With others' outbreaks beside it, the plan goes by indexes: what is not in the chain costs nothing."""
    with database.unit() as uow:
        first = write_outbreak(uow, 40, [CITY], seed=1)
        for seed in range(2, 6):
            write_outbreak(uow, 1_000, [CITY], shape="wide", seed=seed)
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))

    with database.unit() as uow:
        chain = read_chain(uow, first, PROVINCE)
        assert chain is not None
        assert len(chain.nodes) == 40
        read = text("SELECT relname, seq_tup_read FROM pg_stat_xact_user_tables WHERE seq_tup_read > 0")
        # There are too few cases and venues here for an index to be worth it.
        assert not {"contact", "exposure", "person"} & {name for name, _ in uow.session.execute(read)}


@pytest.mark.capability("T10")
def test_the_days_of_a_timeline_hold_exposures_tests_periods_quarantine_and_calls(database: Database) -> None:
    with database.unit() as uow:
        writer = Writer(uow)
        now = uow.now()
        first = writer.case(writer.person("An"), "BN1")
        person = writer.person("Bình")
        contact = writer.contact(person, case=first)
        writer.met(contact, MET)
        of = {"person_id": person, "disease": DISEASE}
        decided = {"decision": "10696/BYT-MT", "at": now}
        later = MET + timedelta(days=14)
        old = {"superseded_at": now, "reason": "started"}
        for span, kept in ((timedelta(days=7), old), (timedelta(days=14), {"reason": "new_exposure"})):
            writer.add(
                FollowUp(
                    **of, first_day=MET, last_day=MET + span, rule="r", course="c", situation={}, **decided, **kept
                )
            )
        writer.add(
            Quarantine(
                **of, order_id=new_id(), place="home", first_day=MET, last_day=later, reason="ordered", **decided
            )
        )
        writer.add(LabTest(**of, kind="pcr", sampled_on=MET + timedelta(days=2), result="negative", created_at=now))
        for day, result in ((1, "cooperative"), (2, "unavailable"), (3, "not_performed"), (4, None)):
            writer.add(FollowUpVisit(**of, day=MET + timedelta(days=day), nth=1, result=result))
        uow.session.add(ScriptRevision(revision="r", script="s", source="{}", created_at=now))
        uow.session.flush()
        # Half past midnight of the third day in Vietnam, when it is still the second in Greenwich.
        at = datetime(2026, 11, 13, 0, 30, tzinfo=ZONE)
        writer.add(
            Call(
                direction="outbound", carrier="c", remote_number="+84912345678", script="s", revision="r",
                language="vi", context={}, script_state={}, person_id=person, answered_by="human", created_at=at,
            )
        )  # fmt: skip
        chain = read_chain(uow, first.id, PROVINCE)
        assert chain is not None
        lives = read_days(uow, chain, chain.nodes, ZONE)
    life = next(lives[node.key] for node in chain.nodes if node.name == "Bình")
    assert life.exposures == (MET,)
    assert life.tests == ((MET + timedelta(days=2), "negative"),)
    assert life.followed == (MET, later)
    assert life.apart == ((MET, later, "home"),)
    # Who was not called has no mark on that day, unless somebody called all the same.
    days = [MET + timedelta(days=n) for n in (1, 2, 3)]
    assert life.calls == tuple(zip(days, (True, False, True), strict=True))
