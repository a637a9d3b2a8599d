"""A day of follow-up: the calls of the day are ordered, made, written into visits and records, and settled."""

from __future__ import annotations

import threading
from datetime import timedelta
from uuid import UUID

import pytest

from ivr.campaigns.model import Target
from tests.tracing.daily.office import WELL, Office
from tracing.cases.events import Cancelled, Dropped
from tracing.cases.model import Contact
from tracing.followup import settling, standing

# The interview asks more: when they met, where, and how they live.
INTERVIEW = WELL | {
    "ready": "1",
    "exposure_date": "2211",
    "exposure_place": "1",
    "isolating": "1",
    "household_size": "4",
}


def followed(office: Office, exposed: int = -1, **person: str) -> tuple[UUID, Contact]:
    ha = office.person(**person)
    return ha, office.contact(ha, office.day(exposed), case_id=office.case().id)


@pytest.mark.capability("T6")
def test_a_call_of_follow_up_writes_its_visit_with_the_symptoms_that_were_told(office: Office) -> None:
    ha, _ = followed(office)
    office.call_of_today(ha)
    call = office.picks_up(ha, WELL | {"covid-symptoms/any_cold": "1", "covid-symptoms/cough": "1"})
    assert call.script == "daily-follow-up"
    assert call.end_reason == "completed"
    today = office.visits(ha)[0]
    assert (today.day, today.result, today.symptoms, today.risk) == (office.today, "cooperative", ["cough"], "medium")
    assert today.at == office.clock.now()
    assert today.record_id is not None


@pytest.mark.capability("T6")
def test_a_danger_sign_stands_in_the_visit_as_red(office: Office) -> None:
    ha, _ = followed(office)
    office.call_of_today(ha)
    office.picks_up(ha, WELL | {"covid-symptoms/red_flag": "1"})
    visit = office.visits(ha)[0]
    assert (visit.result, visit.symptoms, visit.risk) == ("cooperative", ["red_flag"], "red")


@pytest.mark.capability("T6")
def test_who_hangs_up_after_one_answer_has_not_cooperated_and_is_not_well_for_it(office: Office) -> None:
    ha, _ = followed(office)
    office.call_of_today(ha)
    office.picks_up_and_presses(ha, "1", "1984", "2", "2")
    office.hangs_up(ha)
    visit = office.visits(ha)[0]
    assert (visit.result, visit.symptoms, visit.risk) == ("uncooperative", [], None)


@pytest.mark.capability("T6")
def test_each_end_of_a_call_has_its_result(office: Office) -> None:
    refuses, silent, stranger, lost = (followed(office)[0] for _ in range(4))
    office.call_of_today(refuses)
    office.picks_up_and_presses(refuses, "9")
    office.does_not_answer(silent)
    office.picks_up_and_presses(stranger, "2", "3")
    office.cannot_be_put_through(lost)
    people = (refuses, silent, stranger, lost)
    assert [office.results(each)[0] for each in people] == ["uncooperative", "unavailable", "unavailable", None]
    assert [office.visits(each)[0].symptoms for each in people] == [[], [], [], []]
    office.at(office.day(1))
    office.settle()
    assert office.results(lost)[0] == "not_performed"  # no call of ours got through: it says nothing about them


@pytest.mark.capability("T6")
def test_who_answers_in_the_evening_was_not_unavailable_in_the_morning(office: Office) -> None:
    ha, _ = followed(office)
    office.call_of_today(ha)
    office.does_not_answer(ha)
    assert office.results(ha)[0] == "unavailable"
    office.clock.advance(timedelta(hours=2))
    office.dial()
    assert office.rung(ha) == 2
    office.picks_up(ha)
    assert office.results(ha)[0] == "cooperative"


@pytest.mark.capability("T8")
def test_day_after_day_until_the_period_is_completed(office: Office) -> None:
    ha, contact = followed(office)
    assert office.period(ha) == (office.today, office.day(9))
    first = office.today
    for number in range(10):
        office.wake(first + timedelta(days=number))
        assert office.axes(contact) == ("active", "follow_up")
        office.picks_up(ha)
    office.wake(first + timedelta(days=10))
    assert office.axes(contact) == ("active", "completed")
    assert office.results(ha) == ["cooperative"] * 10
    assert office.rung(ha) == 10
    office.wake(first + timedelta(days=11))
    assert office.rung(ha) == 10


@pytest.mark.capability("T4")
@pytest.mark.capability("T8")
def test_a_last_day_without_a_talk_extends_and_a_talk_then_completes(office: Office) -> None:
    ha, contact = followed(office, exposed=-10)
    assert office.period(ha) == (office.day(-9), office.today)
    last = office.today
    office.wake(last)
    office.does_not_answer(ha)
    office.wake(last + timedelta(days=1))
    assert office.periods(ha)[-1].reason == "extended"
    assert office.period(ha) == (last - timedelta(days=9), last + timedelta(days=1))
    office.picks_up(ha)
    office.wake(last + timedelta(days=2))
    assert office.axes(contact) == ("active", "completed")


@pytest.mark.capability("T8")
def test_who_answers_on_no_day_at_differing_hours_is_lost_and_not_called_again(office: Office) -> None:
    ha, contact = followed(office)
    first = office.today
    for number in range(3):
        office.wake(first + timedelta(days=number))
        office.does_not_answer(ha)
        office.clock.advance(timedelta(hours=2))
        office.dial()
        office.does_not_answer(ha)
    assert office.rung(ha) == 6
    office.wake(first + timedelta(days=3))
    assert office.axes(contact) == ("active", "lost")
    assert office.rung(ha) == 6
    assert [visit.day for visit in office.visits(ha)] == [first + timedelta(days=n) for n in range(3)]


@pytest.mark.capability("T8")
def test_who_was_tried_at_one_hour_only_is_not_lost(office: Office) -> None:
    ha, contact = followed(office)
    first = office.today
    for number in range(4):
        office.wake(first + timedelta(days=number))
        office.does_not_answer(ha)
    assert office.axes(contact) == ("active", "follow_up")


@pytest.mark.capability("T8")
def test_days_on_which_nobody_called_lose_nobody(office: Office) -> None:
    ha, contact = followed(office)
    office.at(office.day(5))
    office.settle()
    assert office.results(ha)[:5] == ["not_performed"] * 5
    assert office.axes(contact) == ("active", "follow_up")


@pytest.mark.capability("T8")
@pytest.mark.parametrize("event", [Cancelled("moved abroad"), Dropped("never met")], ids=["cancelled", "dropped"])
def test_a_call_that_waits_is_taken_off_when_the_follow_up_ends(office: Office, event: Cancelled | Dropped) -> None:
    ha, contact = followed(office)
    office.order()
    office.happens(contact, event)
    (target,) = office.targets(ha)
    assert (target.state, target.disposition) == ("done", "called_off")
    office.dial()
    assert office.rung(ha) == 0
    assert office.visits(ha) == []


@pytest.mark.capability("T8")
def test_a_dial_that_was_chosen_asks_again_before_it_is_made(office: Office) -> None:
    ha, contact = followed(office)
    office.order()
    office.desk.dialer.tick()  # chosen, not dialed
    office.happens(contact, Cancelled("moved abroad"))
    office.desk.work()
    assert office.rung(ha) == 0
    assert office.targets(ha)[0].disposition == "called_off"


@pytest.mark.capability("T8")
def test_a_call_that_rings_ends_by_itself_and_files_its_answers(office: Office) -> None:
    ha, contact = followed(office)
    office.call_of_today(ha)
    office.happens(contact, Cancelled("moved abroad"))
    office.picks_up(ha)
    assert office.results(ha) == ["cooperative"]
    assert office.network_hung_up() == []


@pytest.mark.capability("T8")
def test_who_became_a_case_between_two_tries_is_not_tried_again(office: Office) -> None:
    ha, contact = followed(office)
    office.call_of_today(ha)
    office.does_not_answer(ha)
    office.became_case(contact)
    office.clock.advance(timedelta(hours=5))
    office.order()
    office.dial()
    assert office.rung(ha) == 1
    assert office.results(ha) == ["unavailable"]


def test_however_often_and_wherever_the_ticks_run_a_visit_gets_one_call(office: Office) -> None:
    people = [followed(office)[0] for _ in range(20)]
    start = threading.Barrier(4)

    def schedule() -> None:
        start.wait()
        for _ in range(3):
            standing.order_calls(office.database)
            settling.settle_days(office.database)

    threads = [threading.Thread(target=schedule) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [len(office.targets(person)) for person in people] == [1] * 20
    assert all(office.visits(person)[0].target_id == office.targets(person)[0].id for person in people)


def test_a_tick_that_dies_leaves_nothing_half_done(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    ha, contact = followed(office, exposed=-10)
    office.wake(office.today)
    office.does_not_answer(ha)
    office.at(office.day(1))

    class Died(BaseException):
        pass

    def die(*_: object) -> None:
        raise Died

    before = office.everything()
    with monkeypatch.context() as dying:
        dying.setattr(settling, "replan_people", die)
        with pytest.raises(Died):
            office.settle()
    assert office.everything() == before
    office.settle()
    once = office.everything()
    office.settle()
    assert office.everything() == once
    assert office.axes(contact) == ("active", "follow_up")


def test_calls_keep_to_the_day_and_to_its_hours(office: Office) -> None:
    ha, _ = followed(office)
    office.at(office.today, 21)
    office.order()
    office.dial()
    assert office.rung(ha) == 0
    office.wake(office.day(1), 7)
    assert office.rung(ha) == 0
    office.at(office.today, 8)
    office.dial()
    assert office.rung(ha) == 1
    yesterday, today = office.targets(ha)
    assert (yesterday.disposition, today.state) == ("overdue", "calling")
    assert office.results(ha)[0] == "not_performed"


def test_who_wants_no_calls_from_robots_gets_none(office: Office) -> None:
    ha, _ = followed(office)
    office.call_of_today(ha)
    office.picks_up_and_presses(ha, "9")
    office.wake(office.day(1))
    assert office.rung(ha) == 1
    assert office.targets(ha)[-1].disposition == "refused"


def test_somebody_under_follow_up_who_rings_back_answers_then(office: Office) -> None:
    ha, _ = followed(office)
    office.call_of_today(ha)
    office.does_not_answer(ha)
    office.rings_back(ha, WELL)
    assert office.results(ha)[0] == "cooperative"
    target: Target = office.targets(ha)[0]
    assert target.disposition == "completed"


def test_the_call_is_in_the_language_of_the_person_and_knows_who_they_are(office: Office) -> None:
    minji, _ = followed(office, language="ko", name="김민지")
    office.call_of_today(minji)
    call = office.desk.call(office.phone(minji))
    assert call.language == "ko"
    assert call.context["person"] == {"name": "김민지", "birth_year": 1984}


@pytest.mark.capability("T6")
def test_nobody_is_asked_twice_a_day_the_interview_for_a_list_is_the_visit(office: Office) -> None:
    ha, _ = followed(office)
    office.listed(ha)
    office.call_of_today(ha)
    call = office.picks_up(ha, INTERVIEW | {"covid-symptoms/any_cold": "1", "covid-symptoms/cough": "1"})
    assert call.script == "contact-interview"
    visit = office.visits(ha)[0]
    assert (visit.result, visit.symptoms, visit.target_id) == ("cooperative", ["cough"], None)
    assert visit.record_id is not None
    office.call_of_today(ha)
    assert office.rung(ha) == 1
    office.wake(office.day(1))
    assert office.rung(ha) == 2


@pytest.mark.capability("T6")
def test_who_is_not_reached_for_the_interview_is_not_called_for_follow_up_beside_it(office: Office) -> None:
    ha, _ = followed(office)
    office.listed(ha)
    office.call_of_today(ha)
    office.does_not_answer(ha)
    office.call_of_today(ha)
    assert office.rung(ha) == 1
    assert office.results(ha)[0] == "unavailable"


@pytest.mark.capability("T6")
def test_a_call_of_follow_up_that_was_ordered_gives_way_to_an_interview_that_begins_later(office: Office) -> None:
    ha, _ = followed(office)
    office.order()
    office.listed(ha)
    office.dial()
    assert [target.disposition for target in office.targets(ha)] == ["called_off", "registered"]
    office.dial()
    office.picks_up(ha, INTERVIEW)
    assert office.results(ha)[0] == "cooperative"
    assert sorted(target.disposition for target in office.targets(ha)) == ["called_off", "completed"]
    office.call_of_today(ha)
    assert office.rung(ha) == 1


@pytest.mark.capability("T8")
def test_who_is_no_contact_any_more_is_not_interviewed_for_a_list(office: Office) -> None:
    (ill, became), (abroad, left), (stranger, mistaken), (well, _) = (followed(office) for _ in range(4))
    friend = office.person()  # on the list, and not yet anybody's contact
    people = (ill, abroad, stranger, well, friend)
    for person in people:
        office.listed(person)
    office.became_case(became)
    office.happens(left, Cancelled("moved abroad"))
    office.happens(mistaken, Dropped("never met"))
    office.dial()
    assert [office.rung(person) for person in people] == [0, 0, 0, 1, 1]
    ends = {office.targets(person)[0].disposition for person in (ill, abroad, stranger)}
    assert ends == {"called_off"}


@pytest.mark.capability("T1", "T8")
def test_a_contact_of_two_cases_is_interviewed_as_long_as_one_of_them_counts(office: Office) -> None:
    ha, first = followed(office)
    office.contact(ha, office.day(-2), case_id=office.case().id)
    office.listed(ha)
    office.happens(first, Dropped("never met"))
    office.dial()
    assert office.rung(ha) == 1
