"""Staff corrects one answer: what was said stays, what follows is worked out again, nobody overwrites a colleague."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update

from core.clock import SimulatedClock
from core.database import Database
from core.errors import NotAllowed, UserError
from core.users import User
from flows.catalogue import Library
from ivr.calls.service import Calls
from tests.tracing.reading import RecordView
from tests.tracing.test_records import HA, HEALTHY, Talk
from tracing.cases.model import Contact
from tracing.cases.service import NewCase, NewExposure, add_contact, open_case
from tracing.followup.called import note_answers
from tracing.followup.model import FollowUp, FollowUpVisit
from tracing.people.model import Person
from tracing.records.correcting import AS_DERIVED, Corrected, correct
from tracing.records.model import Record, RecordAnswer

SEEN: Any = object()
"""The corrector looked at what is current."""


@dataclass
class Desk:
    """Somebody at the console who corrects the record of a call."""

    talk: Talk
    library: Library
    user_id: UUID
    roles: tuple[str, ...] = ("tracer",)

    def look(self) -> RecordView:
        return self.talk.record()

    def correct(self, field: str, value: Any, reason: str = "Nghe lại đoạn ghi", seen: Any = SEEN) -> Corrected:
        current = self.look().current.get(field)
        with self.talk.database.unit() as uow:
            if seen is SEEN:
                seen = self.answer_id(uow, field) if current else None
            return correct(
                uow, self.library, self.look().record.id, field, value,
                reason=reason, by=self.user_id, roles=self.roles, seen=seen,
            )  # fmt: skip

    def answer_id(self, uow: Any, field: str) -> UUID:
        found: UUID = (
            uow.session.query(RecordAnswer.id)
            .filter_by(record_id=self.look().record.id, field=field, superseded_at=None)
            .scalar()
        )
        return found


@pytest.fixture
def desk(database: Database, calls: Calls, clock: SimulatedClock, library: Library) -> Desk:
    with database.unit() as uow:
        person = Person(**HA, language="vi", created_at=uow.now())
        user = User(
            login="lan", name="Lan", password_hash="-", must_change_password=False, roles=["tracer"], area="38",
            language="vi", created_at=uow.now(),
        )  # fmt: skip
        uow.session.add_all([person, user])
        uow.session.flush()
    return Desk(Talk(database, calls, clock, person), library, user.id)


@pytest.fixture
def healthy(desk: Desk) -> Desk:
    """A finished interview of somebody who says yes to nothing."""
    desk.talk.dial().answer(HEALTHY)
    return desk


@pytest.mark.capability("N14")
def test_a_corrected_answer_stands_beside_what_was_said_which_stays_for_ever(healthy: Desk) -> None:
    before = healthy.look().current["cough"]
    healthy.correct("cough", True, "  Gọi lại,\n người nhà nói có ho ")
    view = healthy.look()
    (said,) = [answer for answer in view.answers if answer.field == "cough" and answer.superseded_at]
    assert (said.value, said.source, said.heard, said.call_id, said.turn) == (
        False, "keys", before.heard, healthy.talk.call_id, before.turn
    )  # fmt: skip
    now = view.current["cough"]
    assert (now.value, now.source, now.call_id) == (True, "staff", None)
    with healthy.talk.database.unit() as uow:
        row = uow.session.get_one(RecordAnswer, healthy.answer_id(uow, "cough"))
        assert (row.corrected_by, row.correction_reason) == (healthy.user_id, "Gọi lại, người nhà nói có ho")


@pytest.mark.capability("N14")
def test_risk_and_flag_follow_the_correction_and_back_again(healthy: Desk) -> None:
    assert (healthy.look().record.risk, healthy.look().record.flagged) == ("low", False)
    assert healthy.correct("cough", True).risk == ("low", "medium")
    found = healthy.correct("fever", True)
    assert (found.risk, found.flagged) == (("medium", "high"), (False, True))
    view = healthy.look()
    assert (view.record.risk, view.record.flagged) == ("high", True)
    assert (view.current["risk"].value, view.current["risk"].source) == ("high", "script")
    assert view.current["flagged"].value is True
    healthy.correct("fever", False, "Nhầm người")
    assert (healthy.look().record.risk, healthy.look().record.flagged) == ("medium", False)
    assert [answer.value for answer in healthy.look().answers if answer.field == "fever"] == [False, True, False]
    healthy.correct("red_flag", True)
    assert (healthy.look().record.risk, healthy.look().record.flagged) == ("red", True)


@pytest.mark.capability("N14")
def test_an_answer_can_be_marked_as_not_answered_and_then_nobody_can_tell(healthy: Desk) -> None:
    healthy.correct("headache", None)
    view = healthy.look()
    assert view.current["headache"].value is None
    assert (view.record.risk, view.record.flagged) == (None, False)
    healthy.correct("headache", False)
    assert healthy.look().record.risk == "low"


def test_a_correction_that_has_nothing_to_do_with_the_risk_leaves_it_alone(healthy: Desk) -> None:
    with healthy.talk.database.unit() as uow:  # an earlier call had raised a flag
        uow.session.execute(update(Record).values(flagged=True))
    assert healthy.correct("household_size", 6).flagged == (True, True)
    assert len([answer for answer in healthy.look().answers if answer.field == "risk"]) == 1


@pytest.mark.capability("N14")
@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("fever", "maybe", "Give true or false"),
        ("exposure_place", "moon", "Use one of home, work"),
        ("household_size", 51, "Give a whole number from 1 to 50"),
        ("exposure_date", "2026-02-30", "YYYY-MM-DD"),
        ("exposure_date", "2026-12-30", "lies in the future"),
        ("colour", True, "has no field colour"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_with_what_is_allowed_and_nothing_changes(
    healthy: Desk, field: str, value: Any, told: str
) -> None:
    before = healthy.look()
    with pytest.raises(UserError) as caught:
        healthy.correct(field, value)
    assert told in str(caught.value)
    assert healthy.look().answers == before.answers


def test_a_correction_needs_a_reason_of_a_few_words_and_something_to_change(healthy: Desk) -> None:
    for reason, told in (("  ", "needs a reason"), ("x" * 501, "at most 500")):
        with pytest.raises(UserError, match=told):
            healthy.correct("cough", True, reason)
    with pytest.raises(UserError, match="this already"):
        healthy.correct("cough", False)
    with pytest.raises(UserError, match="does not follow from others"):
        healthy.correct("cough", AS_DERIVED)


@pytest.mark.capability("N14")
def test_whoever_corrects_second_is_told_that_the_answer_has_changed(healthy: Desk) -> None:
    with healthy.talk.database.unit() as uow:
        seen = healthy.answer_id(uow, "cough")
    healthy.correct("cough", True, seen=seen)
    with pytest.raises(UserError, match="changed this answer while you looked"):
        healthy.correct("cough", None, seen=seen)
    with pytest.raises(UserError, match="changed this answer while you looked"):
        healthy.correct("cough", None, seen=None)
    assert healthy.look().current["cough"].value is True


def test_of_two_who_correct_at_the_same_moment_one_is_told(healthy: Desk) -> None:
    with healthy.talk.database.unit() as uow:
        seen = healthy.answer_id(uow, "cough")
    together, told = threading.Barrier(2), []

    def work(value: Any) -> None:
        together.wait()
        try:
            healthy.correct("cough", value, seen=seen)
        except UserError as error:
            told.append(error.message)

    threads = [threading.Thread(target=work, args=(value,)) for value in (True, None)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(told) == 1
    assert len([answer for answer in healthy.look().answers if answer.field == "cough"]) == 2


def test_who_may_change_an_answer_stands_in_the_form(healthy: Desk) -> None:
    with pytest.raises(NotAllowed):
        healthy.correct("birth_year_given", 1985)
    with pytest.raises(NotAllowed):
        healthy.correct("risk", "low")
    healthy.roles = ("supervisor",)
    healthy.correct("birth_year_given", 1985)


@pytest.mark.capability("N14")
def test_a_risk_set_by_hand_stays_until_answers_say_worse_or_it_is_given_back(healthy: Desk) -> None:
    healthy.roles = ("doctor",)
    healthy.correct("risk", "high", "Bệnh nền nặng")
    healthy.correct("cough", True)
    assert healthy.look().record.risk == "high"
    healthy.correct("red_flag", True)
    assert healthy.look().record.risk == "red"
    healthy.correct("risk", "medium", "Đã khám")
    healthy.correct("red_flag", False)
    assert healthy.look().record.risk == "medium"
    healthy.correct("risk", AS_DERIVED, "Theo câu trả lời")
    healthy.correct("cough", False)
    assert healthy.look().record.risk == "low"


def test_what_was_set_by_hand_is_not_undone_by_a_correction_that_changes_nothing_about_it(healthy: Desk) -> None:
    healthy.roles = ("doctor",)
    healthy.correct("fever", True)
    healthy.correct("risk", "low", "Sốt sau tiêm chủng")
    healthy.correct("household_size", 3)
    assert healthy.look().record.risk == "low"


@pytest.mark.capability("N14")
def test_while_a_call_fills_the_record_nobody_corrects_it(desk: Desk) -> None:
    desk.talk.dial().answer(HEALTHY, until="isolating")
    with pytest.raises(UserError, match="A call still fills this record"):
        desk.correct("fever", True)
    desk.talk.hang_up()
    desk.correct("fever", True)
    assert (desk.look().record.state, desk.look().record.risk) == ("draft", "high")


def test_what_was_broken_off_is_judged_by_what_had_been_said(desk: Desk) -> None:
    desk.talk.dial().answer({**HEALTHY, "covid-symptoms/fever": "1"}, until="covid-symptoms/any_body")
    assert desk.look().record.risk is None
    desk.talk.hang_up()
    assert (desk.look().record.risk, desk.look().record.flagged) == ("high", True)
    desk.correct("fever", False)
    assert (desk.look().record.risk, desk.look().record.flagged) == (None, False)


def test_an_answer_that_made_no_sense_can_be_corrected(healthy: Desk) -> None:
    with healthy.talk.database.unit() as uow:
        uow.session.execute(update(RecordAnswer).where(RecordAnswer.field == "exposure_date").values(value="sometime"))
    healthy.correct("exposure_date", "2026-11-19")
    assert healthy.look().current["exposure_date"].value == "2026-11-19"


def test_a_record_that_is_not_there_is_told(desk: Desk) -> None:
    missing = desk.user_id
    with desk.talk.database.unit() as uow, pytest.raises(UserError, match="no such record"):
        correct(uow, desk.library, missing, "fever", True, reason="x", by=missing, roles=("tracer",), seen=None)


def follow_up_of(desk: Desk) -> tuple[date, date]:
    with desk.talk.database.unit() as uow:
        found = uow.session.scalars(select(FollowUp).where(FollowUp.superseded_at.is_(None))).one()
        return found.first_day, found.last_day


@pytest.mark.capability("N14")
def test_a_corrected_day_of_exposure_moves_the_follow_up_and_back_again(healthy: Desk) -> None:
    said = healthy.look().current["exposure_date"]
    with healthy.talk.database.unit() as uow:
        case = open_case(uow, NewCase("covid-19", area="38"), by=healthy.user_id)
        met = NewExposure(date(2026, 11, 20), call_id=said.call_id, turn=said.turn)
        person = healthy.talk.person.id
        add_contact(uow, person, "covid-19", [met], case_id=case.id, source="keyed", by=healthy.user_id)
    first, last = follow_up_of(healthy)
    healthy.correct("exposure_date", "2026-11-22")
    assert follow_up_of(healthy) == (first + timedelta(days=2), last + timedelta(days=2))
    with healthy.talk.database.unit() as uow:
        contact = uow.session.scalars(select(Contact)).one()
        assert (contact.first_exposed_on, contact.last_exposed_on) == (date(2026, 11, 22), date(2026, 11, 22))
    healthy.correct("exposure_date", "2026-11-20", "Không phải")
    assert follow_up_of(healthy) == (first, last)


@pytest.mark.capability("N14", "T6")
def test_the_visit_of_the_day_follows_the_corrected_symptoms(healthy: Desk) -> None:
    with healthy.talk.database.unit() as uow:
        case = open_case(uow, NewCase("covid-19", area="38"), by=healthy.user_id)
        met = NewExposure(date(2026, 11, 20))
        person = healthy.talk.person.id
        add_contact(uow, person, "covid-19", [met], case_id=case.id, source="list", by=healthy.user_id)
        visit = uow.session.scalars(select(FollowUpVisit).order_by(FollowUpVisit.day).limit(1)).one()
        visit.result, visit.at = "cooperative", uow.now()
        note_answers(uow, visit, healthy.look().record.id)
        assert (visit.symptoms, visit.risk) == ([], "low")
    healthy.correct("cough", True)
    healthy.correct("red_flag", True)
    with healthy.talk.database.unit() as uow:
        found = uow.session.scalars(select(FollowUpVisit).where(FollowUpVisit.record_id.is_not(None))).one()
        assert (sorted(found.symptoms), found.risk) == (["cough", "red_flag"], "red")
