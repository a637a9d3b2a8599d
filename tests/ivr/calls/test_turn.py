"""A turn takes effect once, whatever the network repeats, reorders or cuts off."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from core.database import Database
from core.ids import new_id
from core.outbox import OutboxRow
from core.receipts import ReceiptRow
from core.settings import Settings
from flows.catalogue import Library
from flows.engine.actions import Action, Listen, Play
from flows.engine.events import Event
from ivr.calls.log import read_log
from ivr.calls.model import Call, CallEvent, CallState
from ivr.calls.service import Calls
from ivr.calls.status import StatusReport
from ivr.calls.turn import StaleTurn, Turn, UnknownCall
from tests.conftest import NOW
from tests.ivr.world import World, keys, open_call, service, started, wait_for_a_waiter


def as_text(call: Call, actions: tuple[Action, ...], next_turn: int) -> bytes:
    said = " ".join(action.prompt.text for action in actions if isinstance(action, Play))
    return f"{next_turn}|{type(actions[-1]).__name__}|{said}".encode()


def take(database: Database, calls: Calls, call_id: UUID, turn: int, event: Event) -> Turn:
    with database.unit() as uow:
        taken = calls.take_turn(uow, call_id, turn, event, as_text)
    assert isinstance(taken, Turn)
    return taken


def snapshot(database: Database) -> Any:
    """Everything the database holds of calls, to show that nothing changed."""
    with database.unit() as uow:
        calls = [tuple(row) for row in uow.session.execute(select(Call.__table__).order_by(Call.id))]
        events = [tuple(row) for row in uow.session.execute(select(CallEvent.__table__).order_by(CallEvent.seq))]
        receipts = [tuple(row) for row in uow.session.execute(select(ReceiptRow.__table__).order_by(ReceiptRow.key))]
        return calls, events, receipts, uow.session.scalar(select(func.count()).select_from(OutboxRow))


def stored(database: Database, call_id: UUID) -> Call:
    with database.unit() as uow:
        call = uow.session.get(Call, call_id)
        assert call is not None
        return call


def test_a_call_goes_from_its_first_turn_to_its_last(database: Database, calls: Calls, world: World) -> None:
    call_id = open_call(database, calls)
    first = take(database, calls, call_id, 0, started())
    assert first.reply.decode().startswith(
        "1|Listen|Xin chào, đây là tổng đài của CDC Thanh Hóa. Anh chị có sốt không?"
    )
    assert isinstance(first.actions[-1], Listen)
    assert (first.fresh, first.ended, first.next_turn) == (True, False, 1)
    assert stored(database, call_id).state == CallState.IN_PROGRESS

    take(database, calls, call_id, 1, keys("1"))
    assert world.notes == [True]

    last = take(database, calls, call_id, 2, keys("4"))
    assert last.reply == "3|HangUp|Cảm ơn anh chị.".encode()
    assert last.ended
    assert world.answers == [(call_id, {"fever": True}), (call_id, {"household": 4})]
    assert world.ended == [(call_id, "completed", CallState.COMPLETED)]


def test_a_repeated_turn_gets_the_same_bytes_and_no_second_effect(
    database: Database, calls: Calls, world: World
) -> None:
    call_id = open_call(database, calls)
    take(database, calls, call_id, 0, started())
    first = take(database, calls, call_id, 1, keys("1"))
    before = snapshot(database)
    again = take(database, calls, call_id, 1, keys("1"))
    assert again.reply == first.reply
    assert not again.fresh
    # The first answer counts, also when the repeat says something else.
    assert take(database, calls, call_id, 1, keys("2")).reply == first.reply
    assert world.notes == [True]
    assert snapshot(database) == before


def test_the_last_turn_of_a_call_can_be_repeated_too(database: Database, calls: Calls, world: World) -> None:
    call_id = open_call(database, calls)
    for turn, event in enumerate((started(), keys("2"), keys("3"))):
        last = take(database, calls, call_id, turn, event)
    again = take(database, calls, call_id, 2, keys("3"))
    assert (again.reply, again.ended, again.fresh) == (last.reply, True, False)
    assert len(world.ended) == 1


def test_five_identical_requests_at_once_have_one_effect_and_five_identical_replies(
    database: Database, calls: Calls, world: World
) -> None:
    call_id = open_call(database, calls)
    take(database, calls, call_id, 0, started())
    barrier = threading.Barrier(5)

    def request(_: int) -> Turn:
        barrier.wait()
        return take(database, calls, call_id, 1, keys("1"))

    with ThreadPoolExecutor(5) as pool:
        turns = list(pool.map(request, range(5)))
    assert len({turn.reply for turn in turns}) == 1
    assert [turn.fresh for turn in turns].count(True) == 1
    assert world.notes == [True]
    with database.unit() as uow:
        assert uow.session.scalar(select(func.count()).select_from(OutboxRow)) == 1
        events = [line for line in read_log(uow, call_id) if line.kind == "event"]
    assert len(events) == 2
    assert stored(database, call_id).next_turn == 2


class Slow:
    """A turn in the middle of which somebody else may come: it says when it is `inside`, and waits for `go_on`."""

    def __init__(self) -> None:
        self.inside, self.go_on = threading.Event(), threading.Event()

    def render(self, call: Call, actions: tuple[Action, ...], next_turn: int) -> bytes:
        self.inside.set()
        assert self.go_on.wait(20)
        return as_text(call, actions, next_turn)


def test_a_second_request_waits_for_the_first_and_gets_its_reply(
    database: Database, calls: Calls, world: World
) -> None:
    """The order is forced here: the repeat arrives while the first is in the middle of its effect."""
    call_id = open_call(database, calls)
    take(database, calls, call_id, 0, started())
    slow = Slow()

    def first() -> Turn:
        with database.unit() as uow:
            taken = calls.take_turn(uow, call_id, 1, keys("1"), slow.render)
        assert isinstance(taken, Turn)
        return taken

    with ThreadPoolExecutor(2) as pool:
        one = pool.submit(first)
        assert slow.inside.wait(20)
        two = pool.submit(take, database, calls, call_id, 1, keys("1"))
        wait_for_a_waiter(database)
        assert not two.done()
        slow.go_on.set()
        assert one.result().reply == two.result().reply
    assert world.notes == [True]


@pytest.mark.capability("I9")
def test_a_hangup_in_the_middle_of_a_turn_waits_for_it_and_loses_no_answer(
    database: Database, calls: Calls, world: World
) -> None:
    call_id = open_call(database, calls)
    take(database, calls, call_id, 0, started())
    slow = Slow()

    def turn() -> None:
        with database.unit() as uow:
            calls.take_turn(uow, call_id, 1, keys("1"), slow.render)

    def hang_up() -> bool:
        with database.unit() as uow:
            return calls.apply_status(uow, call_id, StatusReport(CallState.COMPLETED, NOW))

    with ThreadPoolExecutor(2) as pool:
        taken = pool.submit(turn)
        assert slow.inside.wait(20)
        ended = pool.submit(hang_up)
        wait_for_a_waiter(database)
        slow.go_on.set()
        taken.result()
        assert ended.result()
    call = stored(database, call_id)
    assert (call.state, call.end_reason, call.next_turn) == ("completed", "hangup", 2)
    assert call.script_state["answers"]["fever"]["value"] is True
    assert call.script_state["status"] == "ended"
    assert (world.notes, len(world.ended)) == ([True], 1)


@pytest.mark.parametrize("turn", [2, 7])
def test_a_turn_from_the_future_changes_nothing_and_does_not_spoil_the_one_to_come(
    database: Database, calls: Calls, world: World, turn: int
) -> None:
    call_id = open_call(database, calls)
    take(database, calls, call_id, 0, started())
    before = snapshot(database)
    with database.unit() as uow:
        assert calls.take_turn(uow, call_id, turn, keys("1"), as_text) == StaleTurn(next_turn=1, ended=False)
    assert snapshot(database) == before
    take(database, calls, call_id, 1, keys("1"))
    assert take(database, calls, call_id, 2, keys("3")).fresh
    assert world.notes == [True]


def test_an_old_turn_after_newer_ones_changes_nothing(database: Database, calls: Calls, world: World) -> None:
    call_id = open_call(database, calls)
    replies = [take(database, calls, call_id, n, e).reply for n, e in enumerate((started(), keys("1")))]
    before = snapshot(database)
    assert take(database, calls, call_id, 0, started()).reply == replies[0]
    assert take(database, calls, call_id, 1, keys("2")).reply == replies[1]
    assert snapshot(database) == before


def test_a_call_nobody_opened_is_unknown_and_leaves_nothing_behind(database: Database, calls: Calls) -> None:
    unknown = new_id()
    before = snapshot(database)
    with database.unit() as uow:
        assert calls.take_turn(uow, unknown, 0, started(), as_text) == UnknownCall(unknown)
    assert snapshot(database) == before


def test_an_event_that_fits_nothing_is_answered_with_the_question_again(
    database: Database, calls: Calls, world: World
) -> None:
    call_id = open_call(database, calls)
    take(database, calls, call_id, 0, started())
    again = take(database, calls, call_id, 1, started())  # the media process begins anew after a death
    assert "2|Listen|Anh chị có sốt không?" in again.reply.decode()
    assert isinstance(again.actions[-1], Listen)
    take(database, calls, call_id, 2, keys("1"))
    assert world.notes == [True]


@pytest.mark.parametrize("where", ["effect", "render", "observer"])
def test_a_turn_that_fails_leaves_nothing_and_the_repeat_succeeds(
    database: Database, calls: Calls, world: World, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    call_id = open_call(database, calls)
    take(database, calls, call_id, 0, started())
    before = snapshot(database)

    def broken(*_: Any) -> Any:
        raise RuntimeError("the process died here")

    if where == "effect":
        world.failure = RuntimeError("the process died here")
    if where == "observer":
        monkeypatch.setattr(calls._observers[0], "answered", broken)
    with pytest.raises(RuntimeError), database.unit() as uow:
        calls.take_turn(uow, call_id, 1, keys("1"), broken if where == "render" else as_text)
    assert snapshot(database) == before

    world.failure = None
    world.notes.clear()
    monkeypatch.undo()
    retried = take(database, calls, call_id, 1, keys("1"))
    assert retried.fresh
    assert world.notes == [True]


def test_a_turn_whose_connection_dies_before_the_commit_is_taken_afresh(
    database: Database, calls: Calls, world: World
) -> None:
    call_id = open_call(database, calls)
    take(database, calls, call_id, 0, started())
    before = snapshot(database)

    def dying_turn() -> None:
        with database.unit() as uow:
            backend = uow.session.scalars(select(func.pg_backend_pid())).one()

            def die(*_: Any) -> bytes:
                with database.unit() as other:
                    other.session.execute(select(func.pg_terminate_backend(backend)))
                return b"nobody will get this"

            calls.take_turn(uow, call_id, 1, keys("1"), die)

    with pytest.raises(OperationalError):
        dying_turn()
    assert snapshot(database) == before
    world.notes.clear()
    assert take(database, calls, call_id, 1, keys("1")).fresh
    assert world.notes == [True]


@pytest.mark.capability("F2")
def test_a_call_goes_on_in_another_process_between_any_two_turns(
    database: Database, library: Library, world: World
) -> None:
    """Each turn is taken by a service that knows nothing of the ones before."""
    call_id = open_call(database, service(library, world))
    for turn, event in enumerate((started(), keys("2"), keys("3"))):
        taken = take(database, service(library, world), call_id, turn, event)
    assert taken.ended
    assert world.answers == [(call_id, {"fever": False}), (call_id, {"household": 3})]


def test_the_first_turns_of_a_fresh_process_may_all_come_at_once(
    settings: Settings, database: Database, database_url: str, calls: Calls, library_folder: Path
) -> None:
    ids = [str(open_call(database, calls)) for _ in range(8)]
    done = subprocess.run(
        [sys.executable, "-m", "tests.ivr.calls.first_turns", str(settings.home), str(library_folder), *ids],
        env={**os.environ, "DATABASE_URL": database_url},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split("\n")[:-1] == ["Turn True"] * 8
