"""A campaign rings its targets: in their hours, below cap and pace, again after a failure, and never a number twice."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, time, timedelta
from uuid import uuid4

import orjson
import pytest
from sqlalchemy import select

from core import encryption
from core.encryption import KeyRing
from core.errors import UserError
from core.phones import normalise_phone
from core.rekeying import rekey
from core.settings import Settings
from flows.catalogue import Library
from ivr.calls.model import Call, CallState, FailureReason, ScriptRevision
from ivr.campaigns import service
from ivr.campaigns.claim import claim_due
from ivr.campaigns.model import Target
from ivr.campaigns.settle import add_do_not_call
from ivr.carriers.base import DialOrder
from tests.ivr.campaigns.desk import Desk, a_phone
from tests.ivr.world import outdate, wait_for_a_waiter
from traceline import Traceline

TONIGHT = time(20)
TOMORROW_AT_EIGHT = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)


@pytest.mark.capability("I12", "N12")
def test_a_target_that_answers_everything_is_completed_and_not_called_again(desk: Desk) -> None:
    phone = a_phone()
    campaign = desk.campaign(phone)
    desk.tick()
    assert desk.network.numbers == [phone]
    assert desk.target(phone).disposition == "queued"
    desk.answer(phone)
    desk.press(phone, "2")
    assert desk.target(phone).disposition == "started"
    desk.press(phone, "4")
    target = desk.target(phone)
    assert (target.state, target.disposition, target.outcomes) == ("done", "completed", {"completed": 1})
    desk.wait(days=2)
    desk.tick()
    assert desk.dials() == {phone: 1}
    assert desk.state(campaign) == "finished"


def test_the_script_is_told_who_is_called_and_when(desk: Desk) -> None:
    phone = a_phone()
    campaign = desk.campaign(running=False)
    person = {"person": {"name": "Lê Thị Hà", "birth_year": 1984}}
    desk.do(service.add_targets, campaign, [service.NewTarget(phone, "en", person, area="38.380")])
    desk.do(service.start, campaign)
    desk.tick()
    call = desk.call(phone)
    assert call.context["person"] == person["person"]
    assert (call.context["department"], call.context["today"]) == ("CDC", "2026-11-23")
    assert (call.language, call.area, call.provider_ref, call.state) == ("en", "38.380", "CA1", CallState.QUEUED)


@pytest.mark.capability("I2")
def test_a_busy_number_is_called_again_after_uneven_delays_and_then_given_up(desk: Desk) -> None:
    phone = a_phone()
    desk.campaign(phone)
    for minutes in (2, 15):
        desk.tick()
        desk.fail(phone, FailureReason.BUSY)
        assert desk.target(phone).next_at == desk.clock.now() + timedelta(minutes=minutes)
        desk.wait(minutes=minutes, seconds=-1)
        dialed = len(desk.network.dialed)
        desk.tick()
        assert len(desk.network.dialed) == dialed
        desk.wait(seconds=1)
    desk.tick()
    desk.fail(phone, FailureReason.BUSY)
    target = desk.target(phone)
    assert (target.state, target.disposition, target.outcomes) == ("done", "unresponsive", {"busy": 3})
    assert [attempt.outcome for attempt in desk.attempts(phone)] == ["busy"] * 3


@pytest.mark.capability("I4")
def test_a_retry_that_falls_into_the_night_waits_for_the_morning(desk: Desk) -> None:
    phone = a_phone()
    desk.campaign(phone)
    desk.clock.set(datetime(2026, 11, 23, 12, 55, tzinfo=UTC))  # 19:55 in Hanoi
    desk.tick()
    desk.fail(phone, FailureReason.NO_ANSWER)
    assert desk.target(phone).next_at == TOMORROW_AT_EIGHT
    desk.wait(hours=2)
    desk.tick()
    assert desk.dials() == {phone: 1}
    desk.clock.set(TOMORROW_AT_EIGHT)
    desk.tick()
    assert desk.dials() == {phone: 2}


@pytest.mark.capability("I4")
def test_the_hours_are_checked_again_when_the_job_runs(desk: Desk) -> None:
    """The job was queued in the window, and the worker came back to life after it."""
    phone = a_phone()
    desk.campaign(phone)
    desk.clock.set(datetime(2026, 11, 23, 12, 59, 59, tzinfo=UTC))
    desk.dialer.tick()
    desk.wait(hours=1)
    desk.work()
    assert desk.network.dialed == []
    target = desk.target(phone)
    assert (target.state, target.next_at, target.outcomes) == ("waiting", TOMORROW_AT_EIGHT, {})
    assert [attempt.outcome for attempt in desk.attempts(phone)] == ["not_dialed"]
    desk.clock.set(TOMORROW_AT_EIGHT)
    desk.tick()
    assert desk.network.numbers == [phone]


@pytest.mark.capability("I5")
def test_targets_past_the_last_moment_are_overdue_and_never_dialed(desk: Desk) -> None:
    phones = [a_phone() for _ in range(3)]
    campaign = desk.campaign(*phones, last_moment=desk.clock.now() + timedelta(hours=1), cap=1)
    desk.tick()
    desk.fail(phones[0], FailureReason.NO_ANSWER)
    desk.dialer.tick()  # claims the second
    desk.wait(hours=1)
    desk.work()
    desk.tick()
    assert desk.network.numbers == [phones[0]]
    assert [desk.target(phone).disposition for phone in phones] == ["overdue"] * 3
    assert desk.state(campaign) == "finished"


@pytest.mark.capability("I5")
def test_a_retry_that_would_come_after_the_last_moment_is_not_planned(desk: Desk) -> None:
    phone = a_phone()
    desk.campaign(phone, last_moment=desk.clock.now() + timedelta(minutes=10))
    desk.tick()
    desk.fail(phone, FailureReason.NO_ANSWER)
    assert desk.target(phone).disposition == "overdue"


@pytest.mark.capability("I7")
def test_the_do_not_call_list_counts_at_the_moment_of_dialing(desk: Desk) -> None:
    before, after = a_phone(), a_phone()
    desk.campaign(before, after)
    desk.do(add_do_not_call, before, "asked in writing")
    desk.dialer.tick()
    desk.do(add_do_not_call, after, "asked a moment ago")
    desk.work()
    assert desk.network.dialed == []
    assert [desk.target(phone).disposition for phone in (before, after)] == ["refused", "refused"]


@pytest.mark.capability("C5", "I7")
def test_after_a_change_of_keys_nobody_is_called_who_was_barred_or_is_on_the_line(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = bytes(range(32)), bytes(range(1, 33))
    monkeypatch.setattr(encryption, "_ring", KeyRing([old]))
    barred, busy = a_phone(), a_phone()
    desk.do(add_do_not_call, barred, "asked in writing")
    desk.campaign(barred, busy, busy, cap=1)
    desk.tick()
    monkeypatch.setattr(encryption, "_ring", KeyRing([new, old]))
    rekey(desk.database)
    desk.campaign(barred, busy)
    desk.tick()
    assert desk.dials() == {busy: 1}


@pytest.mark.capability("I7")
def test_who_presses_nine_is_never_called_again_by_any_campaign(interview_desk: Desk) -> None:
    desk, phone = interview_desk, a_phone()
    desk.campaign(phone, script="contact-interview")
    desk.campaign(phone, script="daily-follow-up")
    desk.tick()
    desk.answer(phone)
    desk.press(phone, "9")
    assert desk.call(phone).end_reason == "opted_out"
    desk.wait(days=1)
    desk.tick()
    assert desk.dials() == {phone: 1}


@pytest.mark.capability("I7")
def test_who_says_so_is_never_called_again_either(interview_desk: Desk) -> None:
    desk, phone = interview_desk, a_phone()
    campaign = desk.campaign(running=False, script="contact-interview")
    named = service.NewTarget(phone, "vi", context={"person": {"name": "Đỗ Thị Hường"}})
    desk.do(service.add_targets, campaign, [named])
    desk.do(service.start, campaign)
    desk.tick()
    desk.answer(phone)
    desk.say(phone, "đừng gọi nữa")
    desk.say(phone, "đúng rồi")  # what was spoken is read back first
    assert desk.target(phone).disposition == "refused"
    desk.wait(days=1)
    desk.tick()
    assert desk.dials() == {phone: 1}


@pytest.mark.capability("I8")
def test_a_machine_hears_nothing_of_the_interview(interview_desk: Desk) -> None:
    desk, phone = interview_desk, a_phone()
    desk.campaign(phone, script="contact-interview")
    desk.tick()
    desk.answer(phone, "machine")
    assert desk.steps(phone) == ["machine"]
    assert desk.target(phone).outcomes == {"machine": 1}


@pytest.mark.capability("I8")
def test_a_machine_is_not_an_interview_and_is_called_again(desk: Desk) -> None:
    phone = a_phone()
    desk.campaign(phone)
    desk.tick()
    desk.answer(phone, "machine")
    target = desk.target(phone)
    assert (target.state, target.outcomes) == ("waiting", {"machine": 1})
    assert target.disposition == "queued"
    assert target.next_at == desk.clock.now() + timedelta(hours=1)
    assert "message" in desk.steps(phone)


@pytest.mark.capability("I8")
def test_a_campaign_may_leave_no_message_at_all(desk: Desk) -> None:
    phone = a_phone()
    desk.campaign(phone, on_machine="hang_up")
    desk.tick()
    desk.answer(phone, "machine")
    assert desk.call(phone).end_reason == "machine"
    assert desk.steps(phone) == []


@pytest.mark.capability("I3")
def test_a_call_broken_off_has_its_own_rule_and_goes_on_with_the_first_open_question(desk: Desk) -> None:
    phone = a_phone()
    desk.campaign(phone)
    desk.tick()
    desk.answer(phone)
    desk.press(phone, "2")
    desk.report(phone, CallState.COMPLETED)
    assert desk.target(phone).next_at == desk.clock.now() + timedelta(minutes=5)
    desk.wait(minutes=5)
    desk.tick()
    desk.answer(phone)
    assert desk.asked(phone) == "household"
    desk.press(phone, "4")
    target = desk.target(phone)
    assert (target.disposition, target.outcomes) == ("completed", {"breakoff": 1, "completed": 1})
    assert desk.answers(phone) == {"fever": False, "household": 4}
    assert target.resume_state is None


@pytest.mark.capability("I3", "F1")
@pytest.mark.forged_calls("a source is stored under the revision of another")
def test_a_call_broken_off_on_a_script_that_can_no_longer_be_followed_begins_anew(desk: Desk, library: Library) -> None:
    phone = a_phone()
    campaign = desk.campaign(phone)
    desk.tick()
    desk.answer(phone)
    desk.press(phone, "2")
    desk.report(phone, CallState.COMPLETED)
    with desk.database.unit() as uow:
        source = orjson.dumps(library.script("check-in").source).decode()
        uow.session.add(ScriptRevision(revision="old", script="check-in", source=source, created_at=uow.now()))
        target = uow.session.scalars(select(Target).where(Target.phone == phone)).one()
        target.resume_state = {**(target.resume_state or {}), "revision": "old"}
    outdate(desk.database, "old")
    desk.wait(minutes=5)
    desk.tick()
    desk.answer(phone)
    assert desk.asked(phone) == "fever"
    assert desk.state(campaign) == "running"


@pytest.mark.capability("I3", "N6")
def test_whoever_answers_the_second_call_is_asked_who_they_are_first(interview_desk: Desk) -> None:
    desk, phone = interview_desk, a_phone()
    campaign = desk.campaign(script="contact-interview", running=False)
    person = {"person": {"name": "Lê Thị Hà", "birth_year": 1984}}
    desk.do(service.add_targets, campaign, [service.NewTarget(phone, "vi", person, person_id=uuid4())])
    desk.do(service.start, campaign)
    desk.tick()
    desk.answer(phone)
    for digits in ("1", "1984", "1", "2", "2"):  # it is me; my birth year; go on; no danger sign; no fever
        desk.press(phone, digits)
    open_question = desk.asked(phone)
    known = desk.answers(phone)
    assert known == {"birth_year_given": 1984, "red_flag": False, "fever": False}
    desk.report(phone, CallState.COMPLETED)
    desk.wait(minutes=5)
    desk.tick()
    desk.answer(phone)
    assert desk.asked(phone) == "reach-person/who"
    desk.press(phone, "1")
    assert desk.asked(phone) == "reach-person/birth_year"
    desk.press(phone, "1984")
    assert desk.asked(phone) == "ready"
    desk.press(phone, "1")
    assert desk.asked(phone) == "covid-symptoms/red_flag"  # danger signs are asked in every call
    desk.press(phone, "2")
    assert desk.asked(phone) == open_question
    assert desk.answers(phone) == known


@pytest.mark.capability("I3")
def test_a_call_taken_up_the_next_morning_asks_how_the_person_is_then(interview_desk: Desk) -> None:
    desk, phone = interview_desk, a_phone()
    campaign = desk.campaign(script="contact-interview", running=False)
    person = {"person": {"name": "Lê Thị Hà", "birth_year": 1984}}
    desk.do(service.add_targets, campaign, [service.NewTarget(phone, "vi", person, person_id=uuid4())])
    desk.do(service.start, campaign)
    for days in (0, 1):
        desk.wait(days=days)
        desk.tick()
        desk.answer(phone)
        for digits in ("1", "1984", "1", "2"):  # it is me; my birth year; go on; no danger sign
            desk.press(phone, digits)
        assert desk.asked(phone) == "covid-symptoms/fever"
        desk.press(phone, "1")
        desk.report(phone, CallState.COMPLETED)


@pytest.mark.capability("I3", "N6")
def test_a_wrong_person_on_the_second_call_hears_nothing_of_the_first(interview_desk: Desk) -> None:
    desk, phone = interview_desk, a_phone()
    campaign = desk.campaign(script="contact-interview", running=False)
    person = {"person": {"name": "Lê Thị Hà", "birth_year": 1984}}
    desk.do(service.add_targets, campaign, [service.NewTarget(phone, "vi", person, person_id=uuid4())])
    desk.do(service.start, campaign)
    desk.tick()
    desk.answer(phone)
    for digits in ("1", "1984", "1", "2"):
        desk.press(phone, digits)
    desk.report(phone, CallState.COMPLETED)
    desk.wait(minutes=5)
    desk.tick()
    desk.answer(phone)
    desk.press(phone, "2")  # not me
    desk.press(phone, "3")  # a wrong number
    assert desk.call(phone).end_reason == "ineligible"
    target = desk.target(phone)
    assert (target.state, target.disposition) == ("done", "ineligible")  # a wrong number is not called again
    assert {step.partition("/")[0] for step in desk.steps(phone)} <= {
        "begin",
        "opening",
        "languages",
        "reach",
        "reach-person",
        "wrong_number",
    }


@pytest.mark.capability("I6")
def test_no_more_calls_than_the_cap_at_the_same_time(desk: Desk) -> None:
    phones = [a_phone() for _ in range(7)]
    desk.campaign(*phones, cap=3)
    desk.tick()
    desk.tick()
    assert desk.network.numbers == phones[:3]
    desk.complete(phones[1])
    desk.tick()
    assert desk.network.numbers == phones[:4]
    assert desk.live() == 3


@pytest.mark.capability("I6")
@pytest.mark.parametrize("pace", [0.5, 1.0, 2.5, 4.0])
def test_no_more_calls_per_second_than_the_pace(desk: Desk, pace: float) -> None:
    phones = [a_phone() for _ in range(40)]
    desk.campaign(*phones, pace=pace)
    placed: list[datetime] = []
    desk.network.before = lambda order: placed.append(desk.clock.now())
    for _ in range(80):
        desk.tick()
        desk.wait(seconds=0.25)
    for start in placed:
        within = [moment for moment in placed if start <= moment < start + timedelta(seconds=1)]
        assert len(within) <= max(1, pace)
    assert len(placed) >= min(40, 20 * pace * 0.8)


@pytest.mark.capability("I6")
def test_jobs_that_piled_up_do_not_break_the_pace(desk: Desk) -> None:
    """Redis was away for a while; then everything comes at once."""
    desk.campaign(*[a_phone() for _ in range(20)], pace=2.0)
    for _ in range(10):
        desk.dialer.tick()
        desk.wait(seconds=1)
    desk.work()
    assert len(desk.network.dialed) == 2


@pytest.mark.capability("I6")
def test_a_family_on_one_telephone_is_called_one_after_another(desk: Desk) -> None:
    shared = a_phone()
    desk.campaign(shared, shared, name="parents")
    desk.campaign(shared, name="school")
    desk.tick()
    desk.tick()
    assert desk.dials() == {shared: 1}
    desk.complete(shared)
    desk.tick()
    assert desk.dials() == {shared: 2}


@pytest.mark.capability("N13")
def test_two_campaigns_share_the_lines(desk: Desk) -> None:
    large, small = [a_phone() for _ in range(20)], [a_phone() for _ in range(3)]
    desk.campaign(*large, name="large")
    desk.campaign(*small, name="small")
    desk.dialer._lines = 6
    desk.tick()
    assert len(desk.network.dialed) == 6
    assert set(small) < set(desk.network.numbers)


@pytest.mark.capability("N13")
def test_campaigns_share_as_many_lines_as_the_settings_say(desk: Desk, settings: Settings, database_url: str) -> None:
    desk.campaign(*[a_phone() for _ in range(5)])
    told = {"database_url": database_url, "lines": 2, "twilio_account_sid": "AC", "twilio_auth_token": "x"}
    app = Traceline(settings.model_copy(update=told))
    app.database.clock = desk.clock
    assert app.dialer.tick() == 2
    app.database.close()


@pytest.mark.capability("I10")
def test_a_paused_campaign_dials_nobody_and_goes_on_where_it_was(desk: Desk) -> None:
    phones = [a_phone() for _ in range(2)]
    campaign = desk.campaign(*phones, cap=1)
    desk.tick()
    desk.do(service.pause, campaign)
    desk.complete(phones[0])  # the call in progress goes on and counts
    desk.tick()
    assert desk.network.numbers == phones[:1]
    desk.do(service.resume, campaign)
    desk.tick()
    assert desk.network.numbers == phones


@pytest.mark.capability("I10")
def test_pausing_also_holds_what_was_already_on_its_way(desk: Desk) -> None:
    phone = a_phone()
    campaign = desk.campaign(phone)
    desk.dialer.tick()
    desk.do(service.pause, campaign)
    desk.work()
    assert desk.network.dialed == []
    assert desk.target(phone).state == "waiting"
    desk.do(service.resume, campaign)
    desk.tick()
    assert desk.network.numbers == [phone]


@pytest.mark.capability("I10")
@pytest.mark.parametrize("hang_up", [False, True])
def test_aborting_hangs_up_only_when_asked(desk: Desk, hang_up: bool) -> None:
    phones = [a_phone() for _ in range(2)]
    campaign = desk.campaign(*phones, cap=1)
    desk.tick()
    desk.answer(phones[0])
    desk.do(service.abort, campaign, hang_up)
    desk.work()
    assert desk.network.hung_up == (["CA1"] if hang_up else [])
    desk.report(phones[0], CallState.COMPLETED)
    assert desk.target(phones[0]).disposition == "breakoff"  # nobody will call again
    desk.wait(days=1)
    desk.tick()
    assert desk.network.numbers == phones[:1]


@pytest.mark.capability("I10")
def test_aborting_also_hangs_up_a_call_that_is_just_being_placed(desk: Desk) -> None:
    phone = a_phone()
    campaign = desk.campaign(phone)

    def aborted_meanwhile(order: DialOrder) -> None:
        desk.do(service.abort, campaign, True)
        desk.work()

    desk.network.before = aborted_meanwhile
    desk.tick()
    desk.wait(seconds=2)
    desk.work()
    assert desk.network.hung_up == ["CA1"]


@pytest.mark.capability("I10")
def test_finishing_early_lets_calls_in_progress_count(desk: Desk) -> None:
    phones = [a_phone() for _ in range(2)]
    campaign = desk.campaign(*phones, cap=1)
    desk.tick()
    desk.do(service.finish, campaign)
    desk.complete(phones[0])
    desk.tick()
    assert desk.target(phones[0]).disposition == "completed"
    assert desk.target(phones[1]).disposition == "registered"
    assert desk.network.numbers == phones[:1]


@pytest.mark.capability("I10")
def test_a_campaign_does_not_finish_while_people_are_being_put_on_its_list(desk: Desk) -> None:
    before, late = a_phone(), a_phone()
    campaign = desk.campaign(before)
    desk.tick()
    desk.complete(before)
    with desk.database.unit() as uow:
        service.add_targets(uow, campaign, [service.NewTarget(late, "vi")])
        desk.tick()
    assert desk.state(campaign) == "running"
    desk.tick()
    assert desk.dials() == {before: 1, late: 1}
    desk.complete(late)
    desk.tick()
    assert desk.state(campaign) == "finished"


@pytest.mark.capability("I10")
def test_people_who_come_just_as_a_campaign_finishes_are_refused_rather_than_never_called(desk: Desk) -> None:
    phone = a_phone()
    campaign = desk.campaign(phone)
    desk.tick()
    desk.complete(phone)
    with ThreadPoolExecutor(1) as console:
        with desk.database.unit() as uow:
            claim_due(uow)
            late = console.submit(desk.do, service.add_targets, campaign, [service.NewTarget(a_phone(), "vi")])
            wait_for_a_waiter(desk.database)
        with pytest.raises(UserError, match="is over"):
            late.result()


def test_a_campaign_whose_script_is_gone_is_paused_and_burns_no_attempt(desk: Desk) -> None:
    phone = a_phone()
    campaign = desk.campaign(phone, script="removed")
    desk.tick()
    assert desk.state(campaign) == "paused"
    assert desk.target(phone).outcomes == {}
    assert desk.live() == 0


def test_calls_to_numbers_of_the_list_are_made_as_the_list_has_them(desk: Desk) -> None:
    written = normalise_phone("0912 345 678")
    desk.campaign(written)
    desk.tick()
    assert desk.network.numbers == ["+84912345678"]
    with desk.database.unit() as uow:
        assert uow.session.scalars(select(Call.direction)).all() == ["outbound"]


@pytest.mark.capability("I7", "N18")
def test_who_is_barred_while_they_answer_and_completes_the_interview_has_completed_it(desk: Desk) -> None:
    phone = a_phone()
    desk.campaign(phone)
    desk.tick()
    desk.answer(phone)
    desk.press(phone, "2")
    desk.do(service.bar_number, phone, "letter")
    desk.press(phone, "4")
    assert desk.target(phone).disposition == "completed"


@pytest.mark.capability("I2", "I12")
def test_a_dial_that_surely_was_none_costs_no_attempt(desk: Desk) -> None:
    """No gateway took the order: the person is called as soon as there is one, and the plan knows nothing of it."""
    phone = a_phone()
    desk.campaign(phone, max_attempts=1)
    for _ in range(3):
        desk.tick()
        desk.fail(phone, FailureReason.NOT_DIALED)
        target = desk.target(phone)
        assert (target.state, target.outcomes, target.next_at) == ("waiting", {}, desk.clock.now())
        desk.wait(seconds=30)
    desk.tick()
    desk.complete(phone)
    assert (desk.target(phone).disposition, desk.target(phone).outcomes) == ("completed", {"completed": 1})
    assert [attempt.outcome for attempt in desk.attempts(phone)] == [*["not_dialed"] * 3, "completed"]
