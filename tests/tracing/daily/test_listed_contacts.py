"""What a list makes of people is what adding them one by one makes: conversion, classification, follow-up."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable
from datetime import date
from uuid import UUID

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import OperationalError

from core.errors import UserError
from core.ids import new_id
from tests.tracing.daily.registry import COVID, ME, Registry
from tracing.areas.gazetteer import Gazetteer
from tracing.areas.places import THANH_HOA, seed_areas, units_of
from tracing.cases import service
from tracing.cases.axes import CaseClassification, Outcome
from tracing.cases.events import Cancelled, CaseOverridden, Dropped, OutcomeKnown
from tracing.cases.model import Case, Contact, ContactChange, Exposure
from tracing.cases.service import NewCase, NewExposure
from tracing.chains.reading import read_chain
from tracing.followup.planning import plan_new
from tracing.lists import service as lists
from tracing.lists.importing import Bringing, Decision, ImportResult, import_contacts
from tracing.lists.jobs import ListJobs
from tracing.lists.model import ListImport
from tracing.lists.reading import read_list
from tracing.lists.sheet import read_contacts
from tracing.people.model import Person

PLACES = Gazetteer(units_of(THANH_HOA))
HEADER = "Họ tên,SĐT,Năm sinh,Ngày tiếp xúc,F0,Loại\n"


def row(registry: Registry, person_id: UUID, day: date | None, case: str = "", kind: str = "") -> str:
    with registry.database.unit() as uow:
        person = uow.session.get_one(Person, person_id)
    met = day.strftime("%d/%m/%Y") if day else ""
    return f"{person.name},{person.phone},{person.birth_year},{met},{case},{kind}\n"


def bring(registry: Registry, *rows: str, **options: object) -> ImportResult:
    sheet = read_contacts(io.BytesIO((HEADER + "".join(rows)).encode()), PLACES, registry.today)
    with registry.database.unit() as uow:
        return import_contacts(uow, sheet, Bringing(COVID, by=ME, **options))  # type: ignore[arg-type]


def plan(registry: Registry) -> int:
    return plan_new(registry.database)


def contact_of(registry: Registry, person_id: UUID, case: Case | None = None) -> Contact:
    with registry.database.unit() as uow:
        query = select(Contact).where(Contact.person_id == person_id)
        return uow.session.scalars(query.where(Contact.case_id == case.id) if case else query).one()


@pytest.mark.capability("T1", "T8")
def test_a_listed_person_who_is_a_case_is_registered_and_converted_at_once(registry: Registry) -> None:
    ha, source = registry.person(), registry.case(number="BN1")
    mine = registry.case(ha)
    bring(registry, row(registry, ha, registry.day(-1), "BN1"))
    contact = contact_of(registry, ha, source)
    assert registry.axes(contact) == ("converted", "no_follow_up")
    assert contact.became_case_id == mine.id
    assert registry.history(contact) == [("status", None, "active"), ("status", "active", "converted")]
    plan(registry)
    assert registry.visits(ha) == []
    with registry.database.unit() as uow:
        changes = select(ContactChange).where(ContactChange.contact_id == contact.id).order_by(ContactChange.id)
        change = uow.session.scalars(changes).all()[-1]
    assert (change.by, change.why) == (None, mine.number)


def test_a_listed_person_who_was_a_case_is_followed_up_like_anybody(registry: Registry) -> None:
    ha, hoa = registry.person("Hà"), registry.person("Hoa")
    registry.happens_to_case(registry.case(ha), OutcomeKnown(Outcome.RECOVERED))
    registry.happens_to_case(registry.case(hoa), CaseOverridden(CaseClassification.NOT_A_CASE, "a mistake"))
    bring(registry, *(row(registry, each, registry.day(-1), "BN1") for each in (ha, hoa)))
    plan(registry)
    for each in (ha, hoa):
        assert registry.axes(contact_of(registry, each)) == ("active", "follow_up")


@pytest.mark.capability("T8")
def test_whom_a_person_cancelled_is_not_called_because_a_list_names_them(registry: Registry) -> None:
    ha = registry.person()
    registry.happens(registry.contact(ha, registry.day(-3), case_id=registry.case().id), Cancelled("in hospital"))
    source = registry.case(number="BN2")
    bring(registry, row(registry, ha, registry.day(-1), "BN2"))
    again = contact_of(registry, ha, source)
    plan(registry)
    assert registry.axes(again) == ("active", "cancelled")
    assert registry.visits(ha) == []
    assert registry.history(again) == [("status", None, "active"), ("follow_up", "no_follow_up", "cancelled")]


@pytest.mark.capability("T4")
def test_a_newer_exposure_on_a_list_is_planned_and_the_same_list_again_plans_nothing(registry: Registry) -> None:
    ha, case = registry.person(), registry.case(number="BN1")
    contact = registry.contact(ha, registry.day(-6), case_id=case.id)
    bring(registry, row(registry, ha, registry.day(-1), "BN1"))
    assert registry.now_of(contact).plan_at == registry.clock.now()
    assert registry.now_of(contact).last_exposed_on == registry.day(-1)
    plan(registry)
    assert registry.period(ha) == (registry.today, registry.day(9))
    before = registry.everything()
    bring(registry, row(registry, ha, registry.day(-1), "BN1"))
    assert registry.everything() == before


def test_a_dropped_contact_stays_dropped_whatever_a_list_says(registry: Registry) -> None:
    ha, case = registry.person(), registry.case(number="BN1")
    contact = registry.contact(ha, registry.day(-6), case_id=case.id)
    registry.happens(contact, Dropped("never met"))
    bring(registry, row(registry, ha, registry.day(-1), "BN1"))
    plan(registry)
    assert registry.axes(contact) == ("dropped", "cancelled")
    assert registry.visits(ha) == []


def test_a_case_that_was_none_takes_no_contacts_and_nothing_is_written(registry: Registry) -> None:
    case = registry.case(number="BN1")
    registry.happens_to_case(case, CaseOverridden(CaseClassification.NOT_A_CASE, "a mistake"))
    rows = "An,0912345678,1984,,BN1,\n", "Bình,0912345679,1990,,BN2,\n"
    with pytest.raises(UserError, match=r"1 errors, the first in row 2: “BN1” is not a case any more"):
        bring(registry, *rows)
    with registry.database.unit() as uow:
        sheet = read_list(uow, io.BytesIO((HEADER + "".join(rows)).encode()), registry.today, COVID)
        assert [uow.session.scalar(select(func.count()).select_from(each)) for each in (Person, Contact)] == [0, 0]
    (error,) = sheet.errors
    assert (error.row, error.column, error.value) == (2, "source_case", "BN1")
    assert [each.name for each in sheet.rows] == ["Bình"]
    assert list(sheet.wrong) == [2]
    assert sheet.wrong[2][0] == "An"


def test_nobody_is_a_contact_of_themselves_by_a_list(registry: Registry) -> None:
    ha = registry.person()
    case = registry.case(ha, number="BN1")
    with pytest.raises(UserError, match="This person is the case “BN1”"):
        bring(registry, row(registry, ha, None, "BN1"))
    said = row(registry, ha, None, "BN1").replace("Lê Thị Hà", "Lê Thu Hà")  # somebody says that it is she
    with pytest.raises(UserError, match="Row 2 is about the person who is case BN1 themselves"):
        bring(registry, said, decisions={2: Decision(same=ha)})
    assert case.person_id == ha
    with registry.database.unit() as uow:
        assert uow.session.scalars(select(Contact)).all() == []


def test_a_case_that_turns_out_to_be_none_after_the_check_is_told_and_not_left_out(registry: Registry) -> None:
    case = registry.case(number="BN1")
    jobs = ListJobs(registry.database, "Asia/Ho_Chi_Minh", "vi")
    rows = "An,0912345678,1984,,BN1,\nBình,0912345679,1990,,BN2,\nChi,xấu,,,,\n"
    with registry.database.unit() as uow:
        seed_areas(uow)
        list_id = lists.begin(uow, lists.NewList((HEADER + rows).encode(), "a.csv", COVID, "38", new_id())).id
    jobs.check({"list": str(list_id)})
    with registry.database.unit() as uow:
        lists.order(uow, list_id, leave_out=True)
    registry.happens_to_case(case, CaseOverridden(CaseClassification.NOT_A_CASE, "a mistake"))
    jobs.bring({"list": str(list_id)})
    with registry.database.unit() as uow:
        found = uow.session.get_one(ListImport, list_id)
        assert found.state == "failed"
        assert "More rows are wrong" in found.result["problem"][0]
        assert uow.session.scalars(select(Person)).all() == []


@pytest.mark.capability("T7")
def test_an_f2_whose_list_names_the_case_stays_an_f2_and_is_drawn_as_one(registry: Registry) -> None:
    ha, case = registry.person(), registry.case(registry.person("Nam"), number="BN1", area="38.380")
    bring(registry, row(registry, ha, registry.day(-1), "BN1", "F2"))
    contact = contact_of(registry, ha, case)
    below = registry.contact(registry.person("Chi"), registry.day(-1), source_contact_id=contact.id)
    for _ in range(2):
        registry.contact(ha, registry.day(-2), case_id=case.id)  # everything that renumbers
        registry.replan(ha)
        bring(registry, row(registry, ha, registry.day(-1), "BN1"))
    assert [registry.now_of(each).generation for each in (contact, below)] == [2, 3]
    with registry.database.unit() as uow:
        chain = read_chain(uow, case.id, "")
    assert chain is not None
    drawn = {node.person_id: node.generation for node in chain.nodes}
    assert (drawn[case.person_id], drawn[ha], drawn[below.person_id]) == (0, 2, 3)
    keys = {node.person_id: node.key for node in chain.nodes}
    assert (keys[case.person_id], keys[ha]) in {(edge.source, edge.target) for edge in chain.edges}
    registry.became_case(contact)
    assert registry.now_of(below).generation == 1


def test_a_list_that_names_a_nearer_case_moves_the_contacts_of_who_is_named(registry: Registry) -> None:
    one = registry.contact(registry.person(), registry.day(-5), case_id=registry.case().id)
    ha = registry.person("Hà")
    two = registry.contact(ha, registry.day(-3), source_contact_id=one.id)
    three = registry.contact(registry.person("Chi"), registry.day(-2), source_contact_id=two.id)
    assert registry.now_of(three).generation == 3
    bring(registry, row(registry, ha, registry.day(-1), "BN9"))
    plan(registry)
    assert registry.now_of(three).generation == 2
    assert registry.axes(contact_of(registry, ha, _case(registry, "BN9"))) == ("active", "follow_up")


def _case(registry: Registry, number: str) -> Case:
    with registry.database.unit() as uow:
        return uow.session.scalars(select(Case).where(Case.number == number)).one()


@pytest.mark.capability("T9")
def test_the_rule_makes_of_a_listed_contact_what_it_makes_of_one_who_is_added(registry: Registry) -> None:
    """Whoever met the case too long before it fell ill is no contact, however they became known."""
    registry.at(date(2021, 12, 20))
    case = registry.case(number="BN1", onset_on=registry.day(-2))
    days = [registry.day(-30), registry.day(-1), None]
    added = [registry.person(f"Thêm {name}") for name in "ABC"]
    listed = [registry.person(f"Nêu {name}") for name in "ABC"]
    for person, day in zip(added, days, strict=True):
        registry.contact(person, *([day] if day else []), case_id=case.id)
    bring(registry, *(row(registry, person, day, "BN1") for person, day in zip(listed, days, strict=True)))
    plan(registry)

    def of(person: UUID) -> tuple[object, ...]:
        contact = contact_of(registry, person)
        history = sorted((what, str(was), str(now)) for what, was, now in registry.history(contact))
        return contact.status, contact.follow_up, contact.by_rule, contact.first_exposed_on, history

    assert [of(person) for person in listed] == [of(person) for person in added]
    assert of(listed[0])[:3] == ("dropped", "no_follow_up", "not_a_contact")


@pytest.mark.capability("T9")
def test_what_a_list_adds_about_a_contact_on_file_counts_for_the_rule(registry: Registry) -> None:
    registry.at(date(2021, 12, 20))
    case = registry.case(number="BN1", onset_on=registry.day(-2))
    ha = registry.person()
    contact = registry.contact(ha, case_id=case.id)
    bring(registry, row(registry, ha, registry.day(-30), "BN1"))
    assert registry.now_of(contact).by_rule == "not_a_contact"
    assert registry.axes(contact)[0] == "dropped"


def at_once(*works: Callable[[], object]) -> list[BaseException]:
    """Do all of these at the same time; returns what went wrong."""
    start, wrong = threading.Barrier(len(works)), list[BaseException]()

    def do(work: Callable[[], object]) -> None:
        start.wait()
        try:
            work()
        except Exception as error:
            wrong.append(error)

    threads = [threading.Thread(target=do, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return wrong


def test_imports_and_people_who_add_the_same_contacts_at_once_make_nobody_twice(registry: Registry) -> None:
    people = [registry.person(f"Người {number}") for number in range(30)]
    case = registry.case(number="BN1")
    above = registry.contact(people[0], registry.day(-4), case_id=case.id)
    for person in people[10:20]:  # the list moves whoever stands below these
        below = registry.contact(person, registry.day(-3), source_contact_id=above.id)
        registry.contact(registry.person("Dưới"), registry.day(-2), source_contact_id=below.id)
    rows = [row(registry, person, registry.day(-1), "BN1") for person in people]
    new = "".join(f"Mới {number},09887{number:05d},1990,,BN2,\n" for number in range(20))

    def add(order: int) -> None:
        for person in people[1:][::order]:
            with registry.database.unit() as uow:
                exposed = [NewExposure(registry.day(-1))]
                service.add_contact(uow, person, COVID, exposed, case_id=case.id, source="person", by=ME)

    def fall_ill() -> None:
        for person in people[25:]:
            with registry.database.unit() as uow:
                service.open_case(uow, NewCase(COVID, person_id=person), ME)

    wrong = at_once(
        lambda: bring(registry, *rows, new),
        lambda: bring(registry, new, *reversed(rows)),
        lambda: add(1),
        lambda: add(-1),
        fall_ill,
        lambda: plan(registry),
    )
    assert wrong == []
    plan(registry)
    with registry.database.unit() as uow:
        assert uow.session.scalar(select(func.count()).select_from(Person).where(Person.name.like("Mới%"))) == 20
        met = uow.session.execute(
            select(Contact.person_id, func.count()).where(Contact.case_id == case.id).group_by(Contact.person_id)
        ).all()
        assert sorted(met) == sorted((person, 1) for person in people)
        days = select(Exposure.contact_id, Exposure.day, Exposure.place).group_by(
            Exposure.contact_id, Exposure.day, Exposure.place
        )
        assert uow.session.execute(days.having(func.count() > 1)).all() == []
    for person in people[25:]:
        assert registry.axes(contact_of(registry, person, case))[0] == "converted"
    for person in people[1:10]:
        assert len({visit.day for visit in registry.visits(person)}) == len(registry.visits(person)) == 10


def test_a_case_is_not_found_to_be_none_while_a_list_makes_contacts_of_it(registry: Registry) -> None:
    """Whoever says so waits for the list, and then drops its contacts."""
    case = registry.case(number="BN1")
    none = CaseOverridden(CaseClassification.NOT_A_CASE, "a mistake")
    waited: list[int] = []

    def meanwhile(rows: int) -> None:
        with registry.database.unit() as uow:
            uow.session.execute(text("SET LOCAL lock_timeout = '50ms'"))
            with pytest.raises(OperationalError, match="lock timeout"):
                service.change_case(uow, case.id, none, by=ME)
        waited.append(rows)

    sheet = read_contacts(io.BytesIO((HEADER + "An,0912345678,1984,,BN1,\n").encode()), PLACES, registry.today)
    with registry.database.unit() as uow:
        import_contacts(uow, sheet, Bringing(COVID, by=ME), meanwhile)
    assert waited == [1]
    registry.happens_to_case(case, none)
    with registry.database.unit() as uow:
        assert uow.session.scalars(select(Contact.status)).all() == ["dropped"]
