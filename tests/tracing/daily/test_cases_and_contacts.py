"""People, cases and contacts through the service, on a real database."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from core.errors import UserError
from tests.tracing.daily.registry import COVID, ME, Registry
from tracing.cases import service
from tracing.cases.axes import CaseClassification, Classification, Outcome
from tracing.cases.events import (
    Cancelled,
    CaseOverridden,
    Dropped,
    OutcomeKnown,
    OverriddenByHand,
    Resumed,
    TakenUpAgain,
)
from tracing.cases.service import NewCase, NewExposure


@pytest.mark.capability("T1")
def test_somebody_is_a_contact_of_two_cases_and_becomes_one(registry: Registry) -> None:
    ha, nam, minh = registry.person("Hà"), registry.person("Nam"), registry.person("Minh")
    by_nam = registry.contact(ha, registry.day(-3), case_id=registry.case(nam).id)
    by_minh = registry.contact(ha, registry.day(-1), case_id=registry.case(minh).id)
    assert by_nam.id != by_minh.id
    assert len(registry.periods(ha)) == 2  # the second case met her later: the count began again
    case = registry.became_case(by_nam, onset_on=registry.today)
    assert case.person_id == ha
    for contact in (by_nam, by_minh):
        assert registry.axes(contact) == ("converted", "cancelled")
        assert registry.now_of(contact).became_case_id == case.id
    assert registry.period(ha) is None


@pytest.mark.capability("T2")
def test_the_three_axes_move_apart_and_leave_their_history(registry: Registry) -> None:
    contact = registry.contact(registry.person(), registry.day(-1), case_id=registry.case().id)
    assert registry.axes(contact) == ("active", "follow_up")
    registry.happens(contact, OverriddenByHand(Classification.CONFIRMED, "they shared a room"))
    assert registry.axes(contact) == ("active", "follow_up")
    registry.happens(contact, Cancelled("moved abroad"))
    assert registry.axes(contact) == ("active", "cancelled")
    assert registry.now_of(contact).by_hand == "confirmed"
    registry.happens(contact, Dropped("the day was wrong"))
    assert registry.history(contact) == [
        ("status", None, "active"),
        ("follow_up", "no_follow_up", "follow_up"),
        ("by_hand", None, "confirmed"),
        ("follow_up", "follow_up", "cancelled"),
        ("status", "active", "dropped"),
    ]


def test_adding_a_contact_twice_changes_nothing(registry: Registry) -> None:
    ha, case = registry.person(), registry.case()
    met = NewExposure(registry.day(-1), minutes=20, metres=1.0)
    first = registry.contact(ha, met, case_id=case.id)
    before = registry.everything()
    assert registry.contact(ha, met, case_id=case.id).id == first.id
    assert registry.everything() == before


def test_what_cannot_be_is_refused_and_nothing_is_half_done(registry: Registry) -> None:
    ha = registry.person()
    case = registry.case(ha)
    other = registry.contact(registry.person(), case_id=case.id)
    registry.happens(other, Dropped("never met"))
    before = registry.everything()
    wrong = [
        lambda: registry.contact(ha, case_id=case.id),
        lambda: registry.contact(registry.person(), registry.day(1), case_id=case.id),
        lambda: registry.contact(registry.person(), case_id=case.id, source_contact_id=other.id),
        lambda: registry.contact(registry.person(), source_contact_id=other.id),
        lambda: registry.happens(other, Cancelled("no")),
        lambda: registry.happens(other, TakenUpAgain(" ")),
        lambda: registry.became_case(other),
        lambda: registry.case(onset_on=registry.day(1)),
        lambda: registry.case(ha, number="BN2"),
    ]
    for each in wrong:
        with pytest.raises(UserError):
            each()
    assert registry.everything() == before


@pytest.mark.capability("T7")
def test_when_a_contact_becomes_a_case_their_contacts_are_the_next_generation(registry: Registry) -> None:
    f0, f1, f2, f3 = (registry.person(name) for name in ("An", "Bình", "Chi", "Dũng"))
    first = registry.contact(f1, registry.day(-5), case_id=registry.case(f0).id)
    second = registry.contact(f2, registry.day(-3), source_contact_id=first.id)
    third = registry.contact(f3, registry.day(-1), source_contact_id=second.id)
    assert [registry.now_of(each).generation for each in (first, second, third)] == [1, 2, 3]
    assert registry.period(f2) is None  # the rule of today asks for nothing of F2
    registry.became_case(first)
    assert [registry.now_of(each).generation for each in (second, third)] == [1, 2]
    assert registry.axes(first) == ("converted", "cancelled")
    assert registry.visits(f1) == []
    assert registry.axes(second) == ("active", "follow_up")
    assert registry.period(f2) == (registry.day(-2), registry.day(7))


def test_when_a_case_was_none_its_contacts_and_theirs_are_dropped(registry: Registry) -> None:
    an, binh, chi = (registry.person(name) for name in ("An", "Bình", "Chi"))
    case = registry.case(an)
    first = registry.contact(binh, registry.day(-2), case_id=case.id)
    second = registry.contact(chi, registry.day(-1), source_contact_id=first.id)
    registry.happens_to_case(case, CaseOverridden(CaseClassification.NOT_A_CASE, "the laboratory took it back"))
    assert registry.axes(first) == ("dropped", "cancelled")
    assert registry.axes(second) == ("dropped", "no_follow_up")
    assert registry.visits(binh) == []
    assert registry.period(binh) is None


def test_who_became_a_case_that_was_none_is_a_contact_again_and_not_called_before_somebody_says_so(
    registry: Registry,
) -> None:
    ha = registry.person()
    contact = registry.contact(ha, registry.day(-1), case_id=registry.case().id)
    case = registry.became_case(contact)
    registry.happens_to_case(case, CaseOverridden(CaseClassification.NOT_A_CASE, "a mistake"))
    assert registry.axes(contact) == ("active", "cancelled")
    assert registry.visits(ha) == []
    registry.happens(contact, Resumed("healthy, watched on"))
    assert registry.axes(contact) == ("active", "follow_up")
    assert len(registry.visits(ha)) == 10


def test_a_case_that_another_case_met_is_a_contact_and_converted_at_once(registry: Registry) -> None:
    an, binh = registry.person("An"), registry.person("Bình")
    mine = registry.case(an)
    contact = registry.contact(an, registry.day(-1), case_id=registry.case(binh).id)
    assert registry.axes(contact)[0] == "converted"
    assert registry.now_of(contact).became_case_id == mine.id


def test_who_recovered_and_is_met_again_is_a_contact_who_recovered(registry: Registry) -> None:
    ha = registry.person()
    registry.happens_to_case(registry.case(ha), OutcomeKnown(Outcome.RECOVERED))
    registry.clock.advance(timedelta(days=60))
    registry.contact(ha, registry.day(-1), case_id=registry.case().id)
    (period,) = registry.periods(ha)
    assert period.situation["recovered_on"] == registry.day(-60).isoformat()


def test_opening_a_case_twice_opens_one(registry: Registry) -> None:
    ha = registry.person()
    first = registry.case(ha)
    assert registry.case(ha, onset_on=registry.today).id == first.id
    listed = registry.case(number="BN7")
    assert registry.case(registry.person(), number="BN7").id == listed.id
    with pytest.raises(UserError):
        registry.case(ha, number="BN7")


@pytest.mark.capability("T9")
def test_a_contact_is_classified_by_the_rule_when_enough_is_known(registry: Registry) -> None:
    case = registry.case(onset_on=registry.day(-2))
    near = registry.contact(registry.person(), NewExposure(registry.day(-1), metres=0.5, masked=False), case_id=case.id)
    far = registry.contact(registry.person(), NewExposure(registry.day(-1), metres=9.0), case_id=case.id)
    unsure = registry.contact(registry.person(), registry.day(-1), case_id=case.id)
    assert [registry.now_of(each).by_rule for each in (near, far, unsure)] == [
        "confirmed",
        "unconfirmed",
        "unconfirmed",
    ]


@pytest.mark.capability("T8")
def test_whom_a_person_cancelled_is_not_called_because_another_case_names_them(registry: Registry) -> None:
    ha = registry.person()
    registry.happens(registry.contact(ha, registry.day(-3), case_id=registry.case().id), Cancelled("in hospital"))
    again = registry.contact(ha, registry.day(-1), case_id=registry.case().id)
    assert registry.axes(again) == ("active", "cancelled")
    assert registry.visits(ha) == []


def test_two_who_add_the_same_contact_at_once_add_one(registry: Registry) -> None:
    ha, case = registry.person(), registry.case()
    start = threading.Barrier(2)
    made: list[bool] = []

    def add() -> None:
        start.wait()
        with registry.database.unit() as uow:
            exposed = [NewExposure(registry.day(-1))]
            made.append(service.add_contact(uow, ha, COVID, exposed, case_id=case.id, source="person", by=ME)[1])

    threads = [threading.Thread(target=add) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(made) == [False, True]
    assert len({visit.day for visit in registry.visits(ha)}) == len(registry.visits(ha)) == 10


def test_two_cases_that_met_each_other_open_at_once_without_a_deadlock(registry: Registry) -> None:
    an, binh = registry.person("An"), registry.person("Bình")
    one = registry.contact(an, registry.day(-2), case_id=registry.case().id)
    two = registry.contact(binh, registry.day(-1), source_contact_id=one.id)
    registry.contact(an, registry.day(-1), source_contact_id=two.id)
    start = threading.Barrier(2)
    failed: list[Exception] = []

    def fall_ill(person_id) -> None:  # type: ignore[no-untyped-def]
        start.wait()
        try:
            with registry.database.unit() as uow:
                service.open_case(uow, NewCase(COVID, person_id=person_id), ME)
        except UserError as error:
            failed.append(error)

    threads = [threading.Thread(target=fall_ill, args=(person,)) for person in (an, binh)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert registry.axes(one)[0] == registry.axes(two)[0] == "converted"
