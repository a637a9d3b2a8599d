"""One dial per attempt: with many workers at once, with lost answers, and with a death at every single step."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event

from core.errors import Permanent, Retryable, UserError
from ivr.calls.model import CallState, FailureReason
from ivr.campaigns import service
from ivr.campaigns.claim import claim_due
from ivr.carriers.base import DialOrder, OrderUnknown
from tests.ivr.campaigns.desk import Desk, a_phone
from tests.ivr.world import wait_for_a_waiter


class Death(BaseException):
    """The process is gone: nothing after this moment happens."""


@contextmanager
def dying_at(desk: Desk, moment: int) -> Iterator[list[str]]:
    """Die before the `moment`-th statement, commit or order to the carrier (counted from 1); says what was reached."""
    reached: list[str] = []

    def step(what: str) -> None:
        reached.append(what)
        if len(reached) == moment:
            raise Death

    def statement(conn: Any, cursor: Any, sql: str, *rest: Any) -> None:
        step(sql.split(maxsplit=1)[0])

    def commit(conn: Any) -> None:
        step("COMMIT")

    engine = desk.database.engine
    event.listen(engine, "before_cursor_execute", statement)
    event.listen(engine, "commit", commit)
    desk.network.before = lambda order: step("before place")
    desk.network.after = lambda order: step("after place")
    try:
        yield reached
    finally:
        event.remove(engine, "before_cursor_execute", statement)
        event.remove(engine, "commit", commit)
        desk.network.before = desk.network.after = None


@pytest.mark.capability("N12")
def test_a_death_at_any_step_dials_nobody_twice_and_loses_nobody(desk: Desk) -> None:
    moment = 0
    places: set[str] = set()
    while True:
        moment += 1
        phone = a_phone()
        campaign = desk.campaign(phone)
        desk.dialer.tick()
        (row,) = desk.due()
        died = False
        with dying_at(desk, moment) as reached:
            try:
                desk.jobs.perform(row)
            except Death:
                died = True
        if not died:
            break
        places.add(reached[-1])
        # The outbox never heard that the job was done, and hands it out again, for as long as it takes.
        for _ in range(12):
            desk.work()
            desk.wait(seconds=20)
        assert desk.dials()[phone] <= 1, f"dialed twice after a death at step {moment} ({reached[-1]})"
        (attempt,) = desk.attempts(phone)
        if desk.dials()[phone] == 1:
            assert attempt.state == "placed", f"lost after a death at step {moment} ({reached[-1]})"
            assert desk.call(phone).provider_ref == desk.network.known[desk.call(phone).id]
            desk.complete(phone)
            assert desk.target(phone).disposition == "completed"
        else:
            assert (attempt.state, attempt.outcome) == ("ended", "lost")
            assert desk.target(phone).state == "waiting"  # and would be called again by its rule
            desk.do(service.abort, campaign)
    assert places >= {"SELECT", "UPDATE", "INSERT", "COMMIT", "before place", "after place"}
    assert moment > 20


@pytest.mark.capability("I6", "N12")
def test_four_workers_at_once_keep_the_cap_and_dial_nobody_twice(desk: Desk) -> None:
    phones = [a_phone() for _ in range(60)]
    desk.campaign(*phones, cap=7, pace=1000.0 / 10)
    most = 0

    def claim(_: int) -> int:
        with desk.database.unit() as uow:
            return claim_due(uow)

    with ThreadPoolExecutor(4) as workers:
        while sum(desk.dials().values()) < len(phones):
            list(workers.map(claim, range(4)))
            most = max(most, desk.live())
            # Every job is done by all four at the same moment, as after a sweep that was too early.
            rows = desk.due()
            for row in rows:
                list(workers.map(desk.jobs.perform, [row] * 4))
            desk.wait(seconds=2)
            for phone in desk.dials():
                if desk.target(phone).state == "calling":
                    desk.report(phone, CallState.COMPLETED)
    assert most == 7
    assert set(desk.dials().values()) == {1}


@pytest.mark.capability("N12", "N7")
def test_a_twin_that_waited_while_the_call_was_opened_comes_again_after_the_other_ones_death(desk: Desk) -> None:
    phone = a_phone()
    desk.campaign(phone)
    desk.dialer.tick()
    (row,) = desk.due()
    with ThreadPoolExecutor(1) as twin:
        with desk.database.unit() as uow:
            desk.dialer._prepare(uow, desk.attempts(phone)[0].id)
            waiting = twin.submit(desk.jobs.perform, row)
            wait_for_a_waiter(desk.database)
        waiting.result()  # and the first one dies here, before it asks the carrier
    for _ in range(8):
        desk.wait(seconds=20)
        desk.work()
    assert desk.dials() == {}
    assert desk.attempts(phone)[0].outcome == "lost"


def test_who_finds_the_script_gone_does_not_stop_a_dial_that_is_under_way(desk: Desk) -> None:
    phone = a_phone()
    campaign = desk.campaign(phone)
    desk.tick()
    desk.dialer._stop(desk.attempts(phone)[0].id, UserError("There is no such script."))
    assert (desk.state(campaign), desk.live()) == ("running", 1)
    desk.complete(phone)
    assert desk.target(phone).disposition == "completed"


@pytest.mark.capability("N12")
def test_an_order_whose_answer_was_lost_is_looked_up_not_repeated(desk: Desk) -> None:
    phone = a_phone()
    desk.campaign(phone)

    def answer_lost(order: DialOrder) -> None:
        raise OrderUnknown

    desk.network.after = answer_lost
    desk.tick()
    assert desk.dials() == {phone: 1}
    assert desk.attempts(phone)[0].state == "placed"
    assert desk.call(phone).provider_ref == "CA1"


@pytest.mark.capability("N12")
def test_an_order_is_never_taken_for_an_earlier_call_to_the_same_number(desk: Desk) -> None:
    shared = a_phone()
    desk.campaign(shared, shared)
    desk.tick()
    desk.fail(shared, FailureReason.BUSY)

    def answer_lost(order: DialOrder) -> None:
        raise OrderUnknown

    desk.network.after = answer_lost
    desk.wait(seconds=1)
    desk.tick()
    assert desk.dials() == {shared: 2}
    assert desk.call(shared).provider_ref == "CA2"


@pytest.mark.capability("N12")
def test_an_order_that_never_arrived_is_lost_after_a_minute_and_retried_by_its_rule(desk: Desk) -> None:
    phone = a_phone()
    desk.campaign(phone)

    def never_arrives(order: DialOrder) -> None:
        raise OrderUnknown

    desk.network.before = never_arrives
    desk.tick()
    for _ in range(10):
        desk.work()
        assert desk.dials() == {}
        desk.wait(seconds=5)
    assert desk.attempts(phone)[0].state == "placing"  # it may still arrive
    desk.wait(seconds=60)
    desk.work()
    assert desk.attempts(phone)[0].outcome == "lost"
    assert desk.call(phone).failure_reason == FailureReason.LOST
    assert desk.target(phone).next_at == desk.clock.now() + timedelta(minutes=2)
    desk.network.before = None
    desk.wait(minutes=2)
    desk.tick()
    assert desk.dials() == {phone: 1}


@pytest.mark.capability("N12")
def test_an_order_that_arrives_after_we_gave_it_up_is_hung_up(desk: Desk) -> None:
    """The carrier took more than a minute to answer, while another worker had to decide."""
    phone = a_phone()
    desk.campaign(phone)

    def slow(order: DialOrder) -> None:
        desk.network.before = None
        desk.wait(seconds=61)
        desk.dialer.dial({"attempt": str(desk.attempts(phone)[0].id)})

    desk.network.before = slow
    desk.tick()
    assert desk.attempts(phone)[0].outcome == "lost"
    assert desk.network.hung_up == ["CA1"]


def test_a_carrier_that_is_away_is_asked_again_and_all_rules_with_it(desk: Desk) -> None:
    phone = a_phone()
    desk.campaign(phone)
    tries: list[DialOrder] = []

    def away(order: DialOrder) -> None:
        tries.append(order)
        raise Retryable("503")

    desk.network.before = away
    desk.tick()
    desk.wait(seconds=2)
    desk.work()
    assert len(tries) == 2
    assert len({order.call_id for order in tries}) == 1  # one attempt, one call
    desk.wait(hours=12)  # the night has come meanwhile
    desk.network.before = None
    desk.work()
    assert desk.network.dialed == []
    assert [attempt.outcome for attempt in desk.attempts(phone)] == ["not_dialed"]
    assert desk.call(phone).failure_reason == FailureReason.CANCELED
    assert desk.target(phone).outcomes == {}


def test_a_number_the_carrier_refuses_is_a_failed_attempt(desk: Desk) -> None:
    phone = a_phone()
    desk.campaign(phone)

    def refuse(order: DialOrder) -> None:
        raise Permanent("21211 invalid number")

    desk.network.before = refuse
    desk.tick()
    target = desk.target(phone)
    assert (target.state, target.outcomes) == ("waiting", {"failed": 1})
    call = desk.call(phone)
    assert (call.failure_reason, call.raw_code) == (FailureReason.PROVIDER_ERROR, "21211 invalid number")


@pytest.mark.capability("I9")
def test_a_call_that_ends_before_the_carrier_has_answered_us_stays_as_it_ended(desk: Desk) -> None:
    phone = a_phone()
    desk.campaign(phone)
    desk.network.after = lambda order: desk.fail(phone, FailureReason.BUSY)
    desk.tick()
    assert desk.attempts(phone)[0].outcome == "busy"
    assert desk.target(phone).outcomes == {"busy": 1}
    call = desk.call(phone)
    assert (call.state, call.provider_ref) == (CallState.FAILED, "CA1")
    assert desk.network.hung_up == []


@pytest.mark.capability("N12")
def test_a_scheduler_that_dies_at_any_step_of_choosing_leaves_nobody_half_chosen(desk: Desk) -> None:
    moment = 0
    while True:
        moment += 1
        phones = [a_phone(), a_phone()]
        campaign = desk.campaign(*phones)
        died = False
        with dying_at(desk, moment) as reached:
            try:
                desk.dialer.tick()
            except Death:
                died = True
        desk.tick()  # the next one, a second later
        assert [desk.dials()[phone] for phone in phones] == [1, 1], f"after a death at step {moment} ({reached[-1]})"
        assert [len(desk.attempts(phone)) for phone in phones] == [1, 1]
        for phone in phones:
            desk.complete(phone)
        desk.tick()
        assert desk.state(campaign) == "finished"
        if not died:
            break
    assert moment > 8


@pytest.mark.capability("N12", "I9")
def test_a_process_that_dies_at_any_step_of_a_callback_counts_it_once(desk: Desk) -> None:
    """The carrier gets no answer, and tells us again: the end of a call settles its target once."""
    moment = 0
    while True:
        moment += 1
        phone = a_phone()
        desk.campaign(phone)
        desk.tick()
        died = False
        with dying_at(desk, moment):
            try:
                desk.fail(phone, FailureReason.BUSY)
            except Death:
                died = True
        for _ in range(2):
            desk.fail(phone, FailureReason.BUSY)
        target = desk.target(phone)
        assert (target.state, target.outcomes) == ("waiting", {"busy": 1})
        assert [attempt.outcome for attempt in desk.attempts(phone)] == ["busy"]
        if not died:
            break
    assert moment > 6
