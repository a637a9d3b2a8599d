"""Periods, calendars and quarantine through the service: one for each person, by the rule of the day."""

from __future__ import annotations

import threading
from datetime import date, timedelta

import pytest

from core.errors import UserError
from tests.tracing.daily.registry import COVID, Registry
from tracing.cases.events import Dropped, PeriodCompleted, Resumed
from tracing.cases.model import Contact
from tracing.cases.service import NewExposure
from tracing.followup import planning
from tracing.followup.why import why


def days_of(registry: Registry, person) -> list[date]:  # type: ignore[no-untyped-def]
    return [visit.day for visit in registry.visits(person)]


@pytest.mark.capability("N7")
def test_the_same_contact_under_the_rules_of_two_days_gets_two_periods_each_citing_its_decision(
    registry: Registry,
) -> None:
    periods = {}
    for day in (date(2021, 12, 20), date(2022, 3, 10)):
        registry.at(day)
        ha = registry.person()
        for number, before in ((1, 120), (2, 60)):
            registry.dose(ha, number, day - timedelta(days=before))
        registry.contact(ha, day - timedelta(days=2), case_id=registry.case().id)
        (row,) = registry.periods(ha)
        periods[day] = (row.last_day - row.first_day).days + 1, row.rule, row.decision
        with registry.database.unit() as uow:
            made = planning.planned(uow, ha, COVID)
        assert made is not None
        assert made.period is not None
        assert row.decision in why(made.period)[0]["vi"]
        assert next(decision.number for decision in made.period.cites) == row.decision
    assert periods == {
        date(2021, 12, 20): (14, "covid-19/byt-10696", "10696/BYT-MT"),
        date(2022, 3, 10): (10, "covid-19/byt-762", "762/BYT-DP"),
    }


@pytest.mark.capability("N7")
def test_a_later_decision_changes_no_follow_up_that_has_begun_and_a_newer_exposure_is_under_it(
    registry: Registry,
) -> None:
    registry.at(date(2022, 2, 18))
    ha = registry.person()
    registry.contact(ha, registry.day(-1), case_id=registry.case().id)
    registry.at(date(2022, 2, 25))
    registry.replan(ha)
    assert [row.rule for row in registry.periods(ha)] == ["covid-19/byt-10696-11042"]
    registry.contact(ha, registry.day(-1), case_id=registry.case().id)
    before, now = registry.periods(ha)
    assert (before.superseded_at, now.reason) == (registry.clock.now(), "new_exposure")
    assert now.rule == "covid-19/byt-762"


@pytest.mark.capability("T4")
def test_a_newer_exposure_restarts_the_period_in_whatever_order_it_becomes_known(registry: Registry) -> None:
    one, other = registry.person(), registry.person()
    earlier, later = registry.day(-6), registry.day(-1)
    for person, order in ((one, (earlier, later)), (other, (later, earlier))):
        for day in order:
            registry.contact(person, day, case_id=registry.case().id)
    assert registry.period(one) == registry.period(other) == (registry.today, registry.day(9))
    assert days_of(registry, one) == days_of(registry, other)
    assert [row.reason for row in registry.periods(one)] == ["started", "new_exposure"]
    assert [row.reason for row in registry.periods(other)] == ["started"]


@pytest.mark.capability("T4")
def test_an_override_keeps_author_time_and_reason(registry: Registry) -> None:
    ha = registry.person()
    registry.contact(ha, registry.day(-1), case_id=registry.case().id)
    registry.set_last_day(ha, registry.day(3), "the whole ward was tested")
    started, now = registry.periods(ha)
    assert (now.reason, now.why, now.at) == ("overridden", "the whole ward was tested", registry.clock.now())
    assert now.by is not None
    assert started.superseded_at is not None
    assert days_of(registry, ha) == [registry.day(ahead) for ahead in range(4)]
    with pytest.raises(UserError):
        registry.set_last_day(ha, registry.day(5), " ")


@pytest.mark.capability("T4")
def test_who_became_known_too_late_is_called_only_when_a_person_sets_a_later_last_day(registry: Registry) -> None:
    ha = registry.person()
    contact = registry.contact(ha, registry.day(-30), case_id=registry.case().id)
    assert registry.axes(contact) == ("active", "no_follow_up")
    unplanned = registry.now_of(contact).unplanned
    assert unplanned is not None
    assert "Đã hết thời gian theo dõi" in unplanned["vi"]
    with pytest.raises(UserError):
        registry.happens(contact, Resumed("to be sure"))
    registry.set_last_day(ha, registry.day(5))
    assert registry.axes(contact) == ("active", "follow_up")
    assert days_of(registry, ha) == [registry.day(ahead) for ahead in range(6)]
    assert registry.now_of(contact).unplanned is None


@pytest.mark.capability("T4")
def test_who_completed_and_is_to_be_watched_for_longer_is_called_again(registry: Registry) -> None:
    ha = registry.person()
    contact = registry.contact(ha, registry.day(-1), case_id=registry.case().id)
    registry.happens(contact, PeriodCompleted())
    assert registry.visits(ha) == []
    registry.set_last_day(ha, registry.day(12))
    assert registry.axes(contact) == ("active", "follow_up")
    assert len(registry.visits(ha)) == 13


@pytest.mark.capability("T5")
def test_planning_twice_in_a_row_changes_nothing(registry: Registry) -> None:
    ha = registry.person()
    registry.contact(ha, registry.day(-1), case_id=registry.case().id)
    registry.set_confinement(ha, registry.day(4))
    registry.set_last_day(ha, registry.day(12))
    before = registry.everything()
    registry.clock.advance(timedelta(hours=3))
    registry.replan(ha)
    registry.replan(ha)
    assert registry.everything() == before


@pytest.mark.capability("T5")
def test_a_new_calendar_touches_only_calls_that_have_not_happened(registry: Registry) -> None:
    ha = registry.person()
    registry.contact(ha, registry.day(-1), case_id=registry.case().id)
    first = registry.today
    registry.at(registry.day(2))
    with registry.database.unit() as uow:
        for visit in registry.visits(ha)[:3]:
            visit.result = "cooperative"
            uow.session.merge(visit)
    happened = [visit.id for visit in registry.visits(ha)[:3]]
    registry.contact(ha, registry.today, case_id=registry.case().id)
    visits = registry.visits(ha)
    assert [visit.id for visit in visits][:3] == happened
    assert [visit.day for visit in visits] == [first + timedelta(days=n) for n in range(13)]
    registry.set_last_day(ha, registry.day(1))
    assert days_of(registry, ha) == [first + timedelta(days=n) for n in range(4)]


@pytest.mark.capability("T14")
def test_a_quarantine_is_extended_reduced_and_lifted_with_its_history(registry: Registry) -> None:
    registry.at(date(2022, 3, 10))
    ha = registry.person()
    registry.contact(ha, registry.day(-1), case_id=registry.case().id)
    day = registry.day
    assert registry.quarantine(ha) == [("home", day(0), day(6)), ("self_monitoring", day(7), day(9))]
    registry.clock.advance(timedelta(hours=1))
    registry.set_confinement(ha, day(11), "the home is full")
    assert registry.quarantine(ha) == [("home", day(0), day(11))]
    assert registry.period(ha) == (day(0), day(11))  # nobody is kept in uncalled
    registry.clock.advance(timedelta(hours=1))
    registry.set_confinement(ha, day(3), "tested negative")
    assert registry.quarantine(ha) == [("home", day(0), day(3)), ("self_monitoring", day(4), day(9))]
    registry.clock.advance(timedelta(hours=1))
    registry.set_confinement(ha, day(-1), "tested negative twice")
    assert registry.quarantine(ha) == [("self_monitoring", day(0), day(9))]
    orders = {row.order_id: (row.reason, row.why) for row in registry.orders(ha)}
    assert list(orders.values()) == [
        ("ordered", ""),
        ("extended", "the home is full"),
        ("reduced", "tested negative"),
        ("lifted", "tested negative twice"),
    ]
    assert registry.period(ha) == (day(0), day(9))


def test_when_one_of_two_contacts_falls_away_the_other_keeps_its_period(registry: Registry) -> None:
    ha = registry.person()
    registry.contact(ha, registry.day(-5), case_id=registry.case().id)
    newer = registry.contact(ha, registry.day(-1), case_id=registry.case().id)
    registry.happens(newer, Dropped("it was her sister"))
    assert registry.period(ha) == (registry.day(-4), registry.day(5))
    assert days_of(registry, ha) == [registry.day(n) for n in range(6)]


def test_where_no_rule_holds_a_contact_stays_unplanned_and_says_why(registry: Registry) -> None:
    registry.at(date(2021, 5, 4))
    ha = registry.person()
    contact = registry.contact(ha, registry.day(-1), case_id=registry.case().id)
    now = registry.now_of(contact)
    assert registry.axes(contact) == ("active", "no_follow_up")
    assert now.unplanned is not None
    assert "Chưa có quy định nào" in now.unplanned["vi"]
    assert now.plan_at == registry.clock.now() + timedelta(days=1)
    assert planning.plan_new(registry.database) == 0
    registry.clock.advance(timedelta(days=1))
    assert planning.plan_new(registry.database) == 1
    assert planning.plan_new(registry.database) == 0


def test_where_the_rule_asks_for_nothing_it_is_cited(registry: Registry) -> None:
    f1 = registry.contact(registry.person(), registry.day(-1), case_id=registry.case().id)
    f2 = registry.contact(registry.person(), registry.day(-1), source_contact_id=f1.id)
    unplanned = registry.now_of(f2).unplanned
    assert unplanned is not None
    assert "1909/BYT-DP" in unplanned["vi"]


def test_a_dose_that_becomes_known_changes_the_course(registry: Registry) -> None:
    registry.at(date(2021, 12, 20))
    ha = registry.person()
    registry.contact(ha, registry.day(-1), case_id=registry.case().id)
    assert len(registry.visits(ha)) == 28
    for number, before in ((1, 120), (2, 60)):
        registry.dose(ha, number, registry.day(-before))
    row = registry.replan(ha)
    assert row is not None
    assert (row.reason, row.course) == ("changed", "f1-protected")
    assert len(registry.visits(ha)) == 14


def brought_by_a_list(registry: Registry, people: int) -> list[Contact]:
    with registry.database.unit() as uow:
        contacts = []
        for _ in range(people):
            contact = Contact(
                person_id=registry.person(), disease=COVID, source="list", reported_at=uow.now(), area="38"
            )
            contacts.append(contact)
            uow.session.add(contact)
    for contact in contacts:
        assert registry.axes(contact) == ("active", "no_follow_up")
    return contacts


def test_contacts_that_a_list_brought_are_planned_by_the_tick_once_however_many_run(registry: Registry) -> None:
    contacts = brought_by_a_list(registry, 30)
    start = threading.Barrier(3)

    def tick() -> None:
        start.wait()
        planning.plan_new(registry.database)

    threads = [threading.Thread(target=tick) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for contact in contacts:
        assert registry.axes(contact) == ("active", "follow_up")
        assert [row.reason for row in registry.periods(contact.person_id)] == ["started"]
        assert len(registry.visits(contact.person_id)) == 10  # no exposure is dated: from the day they became known


def test_more_days_of_one_contact_are_one_contact(registry: Registry) -> None:
    ha, case = registry.person(), registry.case()
    registry.contact(ha, registry.day(-4), registry.day(-2), case_id=case.id)
    contact = registry.contact(ha, NewExposure(registry.day(-3), minutes=30), case_id=case.id)
    now = registry.now_of(contact)
    assert (now.first_exposed_on, now.last_exposed_on) == (registry.day(-4), registry.day(-2))
    assert registry.period(ha) == (registry.day(-1), registry.day(8))
