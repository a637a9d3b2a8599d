"""Did you really call me? Whoever rings back hears it, and may make the missed interview at once (N5)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, update

from core.database import UnitOfWork
from core.errors import Retryable
from flows.engine.actions import Action, Play
from flows.engine.events import CallStarted, KeysPressed
from ivr.calls.model import Call, CallState, FailureReason
from ivr.calls.turn import Turn
from ivr.campaigns import rang_back, service
from ivr.campaigns.callbacks import call_back
from ivr.campaigns.model import Campaign, Target
from ivr.campaigns.rang_back import last_called
from ivr.campaigns.reaper import LONGEST_CALL, Reaper
from ivr.campaigns.standing import prepare_standing
from ivr.carriers.base import DialOrder
from tests.ivr.campaigns.desk import Desk, a_phone

PERSON = {"person": {"name": "Lê Thị Hà", "birth_year": 1984}}
TOLD = {"department": {"vi": "CDC", "en": "CDC", "ko": "CDC"}, "hotline": "+842373850115", "today": "2026-11-23"}
CONSENT, INTERVIEW = "consent", "reach-person/who"
WEEK = timedelta(days=7)


class Ringing:
    """Somebody who rings the hotline."""

    def __init__(self, desk: Desk, phone: str, script: str = "rang-back") -> None:
        self.desk = desk
        with desk.database.unit() as uow:
            self.id = desk.calls.open(
                uow,
                direction="inbound",
                carrier="network",
                remote_number=phone,
                script=script,
                language="vi",
                context=TOLD,
                provider_ref=f"IN{uuid4()}",
            ).id
        self.said = ""
        self.take(CallStarted(desk.clock.now().isoformat(), "human"))

    def take(self, event: Any) -> None:
        with self.desk.database.unit() as uow:
            call = uow.session.get_one(Call, self.id)
            taken = self.desk.calls.take_turn(uow, self.id, call.next_turn, event, lambda *_: b"")
        assert isinstance(taken, Turn)
        self.said = words(taken.actions)

    def press(self, *keys: str) -> None:
        for digits in keys:
            self.take(KeysPressed(self.desk.clock.now().isoformat(), digits, finished=True))

    def hang_up(self) -> None:
        with self.desk.database.unit() as uow:
            self.desk.calls.end(uow, self.id)

    @property
    def call(self) -> Call:
        with self.desk.database.unit() as uow:
            return uow.session.get_one(Call, self.id)

    @property
    def asked(self) -> str:
        return str(self.call.script_state["step"])


def words(actions: tuple[Action, ...]) -> str:
    return " ".join(action.prompt.text for action in actions if isinstance(action, Play))


def target_of(desk: Desk, campaign: UUID) -> Target:
    with desk.database.unit() as uow:
        return uow.session.scalars(select(Target).where(Target.campaign_id == campaign)).one()


@pytest.fixture
def missed(interview_desk: Desk) -> tuple[Desk, str, UUID]:
    """A person who was called at ten and did not pick up."""
    desk, phone = interview_desk, a_phone()
    campaign = desk.campaign(
        script="contact-interview", running=False, retries={"no_answer": "1h, 1h", "breakoff": "5m"}
    )
    person = service.NewTarget(phone, "vi", PERSON, person_id=uuid4(), area="38.380")
    desk.do(service.add_targets, campaign, [person])
    desk.do(service.start, campaign)
    desk.tick()
    desk.fail(phone, FailureReason.NO_ANSWER)
    desk.wait(minutes=20)
    return desk, phone, campaign


@pytest.mark.capability("N5")
def test_who_rings_back_hears_that_we_called_and_when_and_not_whom_we_wanted(missed: tuple[Desk, str, UUID]) -> None:
    desk, phone, _ = missed
    ringing = Ringing(desk, phone)
    ringing.press("1")
    assert "CDC đã gọi số máy này ngày hai mươi ba tháng mười một, lúc" in ringing.said
    assert "miễn phí" in ringing.said
    assert "không bao giờ hỏi tiền" in ringing.said
    assert "Lê Thị Hà" not in ringing.said
    assert "COVID" not in ringing.said


@pytest.mark.capability("N5", "N6")
def test_the_missed_interview_is_made_in_that_call_and_settles_the_target(missed: tuple[Desk, str, UUID]) -> None:
    desk, phone, campaign = missed
    ringing = Ringing(desk, phone)
    ringing.press("1", "1")
    assert ringing.asked == INTERVIEW  # who is speaking comes before anything else
    call, target = ringing.call, target_of(desk, campaign)
    assert (call.script, call.direction) == ("contact-interview", "inbound")
    assert (call.target_id, call.person_id, call.area) == (target.id, target.person_id, "38.380")
    ringing.press("1", "1984", "3")  # it is me; my year of birth; I would rather not answer
    assert target_of(desk, campaign).disposition == "refused"
    desk.wait(days=2)
    desk.tick()
    assert desk.dials() == {phone: 1}


@pytest.mark.capability("N5")
def test_nobody_is_dialed_who_is_answering_in_a_call_of_their_own(missed: tuple[Desk, str, UUID]) -> None:
    desk, phone, campaign = missed
    ringing = Ringing(desk, phone)
    ringing.press("1", "1")
    desk.wait(hours=2)
    desk.tick()
    assert desk.dials() == {phone: 1}
    assert desk.state(campaign) == "running"  # and the campaign is not over while they do


@pytest.mark.capability("N5", "I3")
def test_an_interview_broken_off_there_goes_on_with_the_next_dial(missed: tuple[Desk, str, UUID]) -> None:
    desk, phone, campaign = missed
    ringing = Ringing(desk, phone)
    ringing.press("1", "1", "1", "1984", "1", "2", "2")  # …, no danger sign, no fever
    open_question = ringing.asked
    ringing.hang_up()
    target = target_of(desk, campaign)
    assert (target.state, target.disposition, target.outcomes) == ("waiting", "partial", {"no_answer": 1})
    desk.wait(minutes=40)
    desk.tick()
    desk.answer(phone)
    for digits in ("1", "1984", "1", "2"):
        desk.press(phone, digits)
    assert desk.asked(phone) == open_question


@pytest.mark.capability("N5", "I3")
def test_an_interview_broken_off_in_our_call_goes_on_in_theirs(missed: tuple[Desk, str, UUID]) -> None:
    desk, phone, _ = missed
    desk.wait(hours=1)
    desk.tick()
    desk.answer(phone)
    for digits in ("1", "1984", "1", "2", "2"):
        desk.press(phone, digits)
    open_question = desk.asked(phone)
    desk.report(phone, CallState.COMPLETED)
    ringing = Ringing(desk, phone)
    ringing.press("2", "1", "1", "1984", "1", "2")
    assert (ringing.asked, ringing.call.language) == (open_question, "en")


@pytest.mark.capability("N5")
def test_who_was_given_up_may_answer_all_the_same(missed: tuple[Desk, str, UUID]) -> None:
    desk, phone, campaign = missed
    for _ in range(2):
        desk.wait(hours=1)
        desk.tick()
        desk.fail(phone, FailureReason.NO_ANSWER)
    assert target_of(desk, campaign).disposition == "unresponsive"
    desk.tick()
    assert desk.state(campaign) == "finished"
    ringing = Ringing(desk, phone)
    ringing.press("1", "1", "1", "1984")
    ringing.hang_up()
    target = target_of(desk, campaign)
    assert (target.state, target.disposition) == ("done", "breakoff")


@pytest.mark.capability("N5", "N6")
def test_a_wrong_person_who_rings_back_closes_nothing_of_the_right_one(missed: tuple[Desk, str, UUID]) -> None:
    desk, phone, campaign = missed
    ringing = Ringing(desk, phone)
    ringing.press("1", "1", "2", "2")  # not me; call again later
    target = target_of(desk, campaign)
    assert (target.state, target.attempts) == ("waiting", 1)
    assert target.next_at > desk.clock.now()


@pytest.mark.capability("N5")
def test_while_we_are_just_calling_the_number_the_interview_is_not_offered(missed: tuple[Desk, str, UUID]) -> None:
    desk, phone, _ = missed
    desk.wait(hours=1)
    ringing = Ringing(desk, phone)
    ringing.press("1")
    desk.tick()  # the dialer was faster than the answer
    ringing.press("1")
    assert "chưa hỏi tiếp được" in ringing.said
    again = Ringing(desk, phone)
    again.press("1")
    assert again.asked == "wish"


@pytest.mark.capability("N5")
@pytest.mark.parametrize("end", ["aborted", "past", "opted_out", "completed"])
def test_an_interview_that_is_over_is_not_offered(missed: tuple[Desk, str, UUID], end: str) -> None:
    desk, phone, campaign = missed
    if end == "aborted":
        desk.do(service.abort, campaign)
    elif end == "past":
        with desk.database.unit() as uow:
            target = uow.session.scalars(select(Target).where(Target.campaign_id == campaign)).one()
            target.last_moment = desk.clock.now()
    else:
        desk.wait(hours=1)
        desk.tick()
        desk.answer(phone)
        for digits in ("9",) if end == "opted_out" else ("1", "1984", "3"):
            desk.press(phone, digits)
    ringing = Ringing(desk, phone)
    ringing.press("1")
    assert "đã gọi số máy này" in ringing.said
    assert ringing.asked == "wish"


@pytest.mark.capability("N5")
def test_symptoms_may_be_reported_instead_and_are_nobodys_interview(missed: tuple[Desk, str, UUID]) -> None:
    desk, phone, campaign = missed
    ringing = Ringing(desk, phone)
    ringing.press("2", "2", "1")  # English; not now; to report symptoms
    call = ringing.call
    assert (call.script, call.language, ringing.asked) == ("symptom-report", "en", CONSENT)
    assert (call.person_id, call.target_id) == (None, None)
    assert "Do you agree?" in ringing.said
    assert target_of(desk, campaign).state == "waiting"


@pytest.mark.capability("N5")
def test_a_number_that_we_never_called_is_told_so(interview_desk: Desk) -> None:
    ringing = Ringing(interview_desk, a_phone(), "symptom-report")
    ringing.press("2", "2", "1")  # English; no questions; did you call me?
    assert "no call from CDC to this number in the last 30 days" in ringing.said
    assert "never ask for money, passwords or codes" in ringing.said


@pytest.mark.capability("N5")
def test_an_order_that_never_rang_and_a_call_of_long_ago_are_no_calls(missed: tuple[Desk, str, UUID]) -> None:
    desk, phone, campaign = missed
    desk.do(service.abort, campaign)
    desk.clock.advance(timedelta(days=31))
    silent = a_phone()
    desk.campaign(silent, script="contact-interview")
    desk.tick()
    desk.fail(silent, FailureReason.UNREACHABLE)
    for number in (phone, silent):
        ringing = Ringing(desk, number, "symptom-report")
        ringing.press("1", "2", "1")
        assert "không gọi số máy này" in ringing.said


@pytest.mark.capability("N5")
def test_a_withheld_number_is_told_that_we_cannot_look(interview_desk: Desk) -> None:
    ringing = Ringing(interview_desk, "", "symptom-report")
    ringing.press("1", "2", "1")
    assert "ẩn số" in ringing.said


def aloud(desk: Desk, phone: str) -> str:
    """What somebody hears who asks whether we called this number."""
    ringing = Ringing(desk, phone)
    ringing.press("1")
    return ringing.said


@pytest.mark.capability("N5")
def test_who_was_cut_off_while_talking_with_us_is_not_told_that_it_was_not_us(missed: tuple[Desk, str, UUID]) -> None:
    desk, *_ = missed
    phone = a_phone()
    desk.campaign(phone, script="contact-interview")
    desk.tick()
    desk.answer(phone)
    desk.clock.advance(LONGEST_CALL + timedelta(seconds=1))
    assert Reaper(desk.database, desk.calls, {"network": desk.network}).reap() == 1
    assert desk.call(phone).failure_reason == FailureReason.LOST
    assert "đã gọi số máy này" in aloud(desk, phone)


@pytest.mark.capability("N5")
@pytest.mark.parametrize(("rang", "told"), [(True, "đã gọi số máy này"), (False, "không gọi số máy này")])
def test_an_order_that_the_carrier_failed_was_a_call_if_the_telephone_rang(
    interview_desk: Desk, rang: bool, told: str
) -> None:
    desk, phone = interview_desk, a_phone()
    desk.campaign(phone, script="contact-interview")
    desk.tick()
    if rang:
        desk.report(phone, CallState.RINGING)
    desk.fail(phone, FailureReason.PROVIDER_ERROR)
    assert told in aloud(desk, phone)


@pytest.mark.capability("N5")
def test_an_order_that_the_carrier_did_not_take_is_no_call(interview_desk: Desk) -> None:
    desk, phone = interview_desk, a_phone()
    desk.campaign(phone, script="contact-interview")

    def away(order: DialOrder) -> None:
        raise Retryable("503")

    desk.network.before = away
    desk.tick()
    assert [attempt.state for attempt in desk.attempts(phone)] == ["claimed"]
    assert "không gọi số máy này" in aloud(desk, phone)


@pytest.mark.capability("N5", "I4")
def test_the_time_is_said_as_the_telephone_that_was_called_shows_it(interview_desk: Desk) -> None:
    desk, seoul = interview_desk, "+82212345678"
    desk.campaign(seoul, script="contact-interview")
    desk.tick()
    called = desk.attempts(seoul)[0].placing_at
    assert called is not None
    with desk.database.unit() as uow:
        found = last_called(uow, seoul)
    assert found == (called, "Asia/Seoul")


def give_up(desk: Desk, phone: str, campaign: UUID) -> None:
    """The retry plan is used up, while others of the campaign are still to be called."""
    others = [service.NewTarget(a_phone(), "vi", person_id=uuid4())]
    with desk.database.unit() as uow:
        service.add_targets(uow, campaign, others)
        uow.session.execute(
            update(Target).where(Target.phone == others[0].phone).values(next_at=desk.clock.now() + WEEK)
        )
    for _ in range(2):
        desk.wait(hours=1)
        desk.tick()
        desk.fail(phone, FailureReason.NO_ANSWER)
    assert desk.target(phone).disposition == "unresponsive"
    desk.tick()
    assert desk.state(campaign) == "running"


@pytest.mark.capability("N5")
@pytest.mark.parametrize(
    "keys", [("2", "2"), ("1", "1960", "1961")], ids=["call again later", "the year of birth does not fit"]
)
def test_who_was_given_up_and_is_promised_another_call_gets_it(
    missed: tuple[Desk, str, UUID], keys: tuple[str, ...]
) -> None:
    desk, phone, campaign = missed
    give_up(desk, phone, campaign)
    ringing = Ringing(desk, phone)
    ringing.press("1", "1", *keys)
    assert "gọi lại sau" in ringing.said
    target = desk.target(phone)
    assert (target.state, target.disposition, target.done_at) == ("waiting", "contacted", None)
    desk.clock.set(target.next_at)
    desk.tick()
    assert desk.dials()[phone] == 4


@pytest.mark.capability("N5", "I3", "I12")
def test_who_was_given_up_and_is_cut_off_while_answering_has_begun_and_may_go_on(
    missed: tuple[Desk, str, UUID],
) -> None:
    desk, phone, campaign = missed
    give_up(desk, phone, campaign)
    ringing = Ringing(desk, phone)
    ringing.press("1", "1")
    assert desk.target(phone).disposition == "unresponsive"  # nobody has answered anything yet
    ringing.press("1", "1984", "1", "2", "2")
    assert desk.target(phone).disposition == "partial"
    open_question = ringing.asked
    for cut_off in (ringing, Ringing(desk, phone)):
        if cut_off is not ringing:
            cut_off.press("1", "1")  # rings again, and is cut off before a word
        with desk.database.unit() as uow:
            desk.calls.end(uow, cut_off.id, "failed", state=CallState.FAILED, failure_reason=FailureReason.LOST)
        assert (desk.target(phone).state, desk.target(phone).disposition) == ("done", "breakoff")
    again = Ringing(desk, phone)
    again.press("1", "1", "1", "1984", "1", "2")
    assert again.asked == open_question


@pytest.mark.capability("I7", "N18")
def test_who_completes_the_interview_though_the_number_is_barred_has_completed_it(
    missed: tuple[Desk, str, UUID],
) -> None:
    desk, phone, campaign = missed
    ringing = Ringing(desk, phone)
    ringing.press("1", "1")
    desk.do(service.bar_number, phone, "letter")
    ringing.press("1", "1984", "1", "1")  # it is me; the year; go on; a danger sign
    ringing.hang_up()
    assert ringing.call.end_reason == "red_flag"
    assert target_of(desk, campaign).disposition == "completed"


@pytest.mark.capability("I10", "N5")
def test_who_aborts_a_campaign_hangs_up_on_nobody_who_rang_us(missed: tuple[Desk, str, UUID]) -> None:
    desk, phone, campaign = missed
    ringing = Ringing(desk, phone)
    ringing.press("1", "1")
    desk.do(service.abort, campaign, hang_up=True)
    assert desk.due() == []


@pytest.mark.capability("I10", "N5")
def test_an_interview_of_a_campaign_that_is_aborted_at_the_same_moment_is_gone(
    missed: tuple[Desk, str, UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, phone, campaign = missed
    ringing = Ringing(desk, phone)
    ringing.press("1")
    lock = rang_back.lock_campaign

    def abort_first(uow: UnitOfWork, campaign_id: UUID) -> Campaign:
        desk.do(service.abort, campaign)  # between the look and the lock
        return lock(uow, campaign_id)

    monkeypatch.setattr(rang_back, "lock_campaign", abort_first)
    ringing.press("1")
    assert "chưa hỏi tiếp được" in ringing.said
    assert target_of(desk, campaign).state == "waiting"


@pytest.mark.capability("N5")
def test_an_interview_of_long_ago_is_not_offered_because_we_called_for_something_else(
    missed: tuple[Desk, str, UUID],
) -> None:
    desk, phone, campaign = missed
    desk.do(service.pause, campaign)
    desk.clock.advance(timedelta(days=31))
    desk.do(prepare_standing, "network", "Asia/Ho_Chi_Minh")
    desk.do(call_back, script="missed-call", phone=phone, language="vi", context={})
    desk.tick()
    desk.fail(phone, FailureReason.NO_ANSWER)
    ringing = Ringing(desk, phone)
    ringing.press("1")
    assert "đã gọi số máy này" in ringing.said
    assert ringing.asked == "wish"
