"""Reports of a call's status move it up a lattice; late, repeated and foreign ones change nothing."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations, product
from typing import Any
from uuid import UUID

import pytest

from core.database import Database
from core.ids import new_id
from flows.catalogue import Library
from ivr.calls.log import read_log
from ivr.calls.model import Call, CallState, FailureReason
from ivr.calls.service import Calls
from ivr.calls.status import TERMINAL, StatusReport, moves
from ivr.calls.turn import WITHOUT_SCRIPT
from tests.conftest import NOW
from tests.ivr.world import World, keys, open_call, outdate, restore, service, started

ORDER = ["created", "queued", "ringing", "in_progress"]


@pytest.mark.capability("I9")
@pytest.mark.parametrize(("current", "reported"), list(product(CallState, CallState)))
def test_a_call_moves_up_and_never_down(current: CallState, reported: CallState) -> None:
    if current in TERMINAL:
        expected = False
    elif reported in TERMINAL:
        expected = True
    else:
        expected = ORDER.index(reported) > ORDER.index(current)
    assert moves(current, reported) is expected


def report(state: CallState, **values: Any) -> StatusReport:
    return StatusReport(state, values.pop("at", NOW), **values)


def stored(database: Database, call_id: UUID) -> Call:
    with database.unit() as uow:
        call = uow.session.get(Call, call_id)
        assert call is not None
        return call


def apply(database: Database, calls: Calls, call_id: UUID, given: StatusReport) -> bool:
    with database.unit() as uow:
        return calls.apply_status(uow, call_id, given)


@pytest.mark.capability("I9")
def test_in_whatever_order_reports_come_the_call_ends_once(database: Database, calls: Calls, world: World) -> None:
    for order in permutations([CallState.RINGING, CallState.IN_PROGRESS, CallState.COMPLETED, CallState.COMPLETED]):
        world.ended.clear()
        call_id = open_call(database, calls)
        for state in order:
            apply(database, calls, call_id, report(state))
        assert stored(database, call_id).state == CallState.COMPLETED
        assert world.ended == [(call_id, "hangup", CallState.COMPLETED)]


@pytest.mark.capability("I1")
def test_a_failure_keeps_the_state_the_reason_and_the_carriers_own_word_apart(
    database: Database, calls: Calls, world: World
) -> None:
    call_id = open_call(database, calls)
    busy = report(CallState.FAILED, failure_reason=FailureReason.BUSY, raw_code="busy 486")
    assert apply(database, calls, call_id, busy)
    call = stored(database, call_id)
    assert (call.state, call.failure_reason, call.raw_code) == ("failed", "busy", "busy 486")
    assert call.end_reason == "failed"
    assert world.ended == [(call_id, "failed", CallState.FAILED)]
    assert not apply(database, calls, call_id, report(CallState.COMPLETED))
    assert stored(database, call_id).failure_reason == "busy"


@pytest.mark.capability("I9")
def test_a_late_report_does_not_overwrite_the_outcome_of_the_script(
    database: Database, calls: Calls, world: World
) -> None:
    call_id = open_call(database, calls)
    with database.unit() as uow:
        calls.take_turn(uow, call_id, 0, started("machine"), lambda *_: b"")
    assert world.ended == [(call_id, "machine", CallState.COMPLETED)]
    for state in CallState:
        assert not apply(database, calls, call_id, report(state, failure_reason=FailureReason.NO_ANSWER))
    call = stored(database, call_id)
    assert (call.end_reason, call.failure_reason, call.answered_by) == ("machine", None, "machine")
    assert len(world.ended) == 1


def test_ringing_and_answering_are_timed_by_the_carriers_report(database: Database, calls: Calls) -> None:
    call_id = open_call(database, calls)
    apply(database, calls, call_id, report(CallState.RINGING, at=NOW + timedelta(seconds=4)))
    apply(database, calls, call_id, report(CallState.IN_PROGRESS, at=NOW + timedelta(seconds=9)))
    call = stored(database, call_id)
    assert (call.ringing_at, call.answered_at) == (NOW + timedelta(seconds=4), NOW + timedelta(seconds=9))


def test_a_report_adopts_the_carriers_id_and_another_calls_report_is_refused(database: Database, calls: Calls) -> None:
    call_id = open_call(database, calls)
    assert apply(database, calls, call_id, report(CallState.QUEUED, provider_ref="CA1"))
    assert not apply(database, calls, call_id, report(CallState.FAILED, provider_ref="CA2"))
    assert apply(database, calls, call_id, report(CallState.RINGING, provider_ref="CA1"))
    call = stored(database, call_id)
    assert (call.provider_ref, call.state) == ("CA1", CallState.RINGING)


def test_a_late_report_still_tells_the_carriers_id(database: Database, calls: Calls) -> None:
    call_id = open_call(database, calls)
    apply(database, calls, call_id, report(CallState.IN_PROGRESS))
    assert not apply(database, calls, call_id, report(CallState.QUEUED, provider_ref="CA1"))
    call = stored(database, call_id)
    assert (call.provider_ref, call.state) == ("CA1", CallState.IN_PROGRESS)


def test_a_report_of_an_unknown_call_changes_nothing(database: Database, calls: Calls) -> None:
    assert not apply(database, calls, new_id(), report(CallState.COMPLETED))


def test_the_log_holds_each_report_that_counted(database: Database, calls: Calls) -> None:
    call_id = open_call(database, calls)
    for state in (CallState.QUEUED, CallState.RINGING, CallState.QUEUED, CallState.RINGING):
        apply(database, calls, call_id, report(state))
    with database.unit() as uow:
        assert [line.data["state"] for line in read_log(uow, call_id) if line.kind == "status"] == ["queued", "ringing"]


@pytest.mark.capability("I1")
def test_a_lost_line_ends_the_call_once(database: Database, calls: Calls, world: World) -> None:
    call_id = open_call(database, calls)
    with database.unit() as uow:
        calls.take_turn(uow, call_id, 0, started(), lambda *_: b"")
    with database.unit() as uow:
        assert calls.end(
            uow, call_id, "failed", state=CallState.FAILED, failure_reason=FailureReason.LOST, raw_code="reaper"
        )
    with database.unit() as uow:
        assert not calls.end(uow, call_id, "hangup")
        assert not calls.end(uow, new_id(), "hangup")
    call = stored(database, call_id)
    assert (call.state, call.failure_reason, call.end_reason) == ("failed", "lost", "failed")
    assert world.ended == [(call_id, "failed", CallState.FAILED)]


@pytest.mark.capability("I1", "F1")
@pytest.mark.parametrize("by", ["status", "end"])
def test_a_call_whose_script_can_no_longer_be_followed_still_ends_and_keeps_its_answers(
    database: Database, calls: Calls, library: Library, world: World, by: str
) -> None:
    call_id = open_call(database, calls)
    with database.unit() as uow:
        calls.take_turn(uow, call_id, 0, started(), lambda *_: b"")
        calls.take_turn(uow, call_id, 1, keys("1"), lambda *_: b"")
    revision = stored(database, call_id).revision
    source = outdate(database, revision)
    later = service(library, world)  # a process of the new version
    if by == "status":
        assert apply(database, later, call_id, report(CallState.COMPLETED))
    else:
        with database.unit() as uow:
            assert later.end(uow, call_id, "failed", state=CallState.FAILED, failure_reason=FailureReason.LOST)
    call = stored(database, call_id)
    state, reason = (CallState.COMPLETED, "hangup") if by == "status" else (CallState.FAILED, "failed")
    assert (call.state, call.end_reason, call.ended_at) == (state, reason, NOW)
    assert (call.script_state["status"], call.script_state["end_reason"]) == ("ended", reason)
    assert call.script_state["answers"]["fever"]["value"] is True
    assert world.ended == [(call_id, reason, state)]
    with database.unit() as uow:
        event, note = read_log(uow, call_id)[-2:]
        assert event.data == {"kind": "call_ended", "at": NOW.isoformat(), "reason": reason}
        assert [found["kind"] for found in note.data["notes"]] == [WITHOUT_SCRIPT]
        again = later.waiting(uow, call_id)
        assert again is not None
        assert again[1] == ()
    restore(database, revision, source)  # the call replays all the same: its log says that the script was gone
