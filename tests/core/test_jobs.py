"""Jobs: what is to be done after the commit is done, at least once, whatever dies."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest
import redis
from rq import Queue, SimpleWorker
from rq.serializers import JSONSerializer
from sqlalchemy import select

from core import outbox
from core.clock import SimulatedClock
from core.database import Database
from core.errors import Permanent, Retryable, TracelineError
from core.jobs import QUEUE, SLOW_JOB_TIME, SLOW_QUEUE, Jobs
from core.outbox import OutboxRow

performing: Jobs | None = None


def entry(row_id: int) -> None:
    """What RQ calls by name."""
    assert performing is not None
    performing.perform(row_id)


@pytest.fixture
def jobs(database: Database, redis_client: redis.Redis) -> Jobs:
    global performing
    performing = Jobs(database, redis_client, f"{__name__}.entry")
    return performing


def send(database: Database, name: str = "greet", *, later: timedelta = timedelta(), **payload: Any) -> int:
    with database.unit() as uow:
        uow.send(name, payload, uow.now() + later)
    with database.unit() as uow:
        return max(uow.session.scalars(select(OutboxRow.id)))


def waiting(client: redis.Redis, queue: str = QUEUE) -> int:
    return Queue(queue, connection=client, serializer=JSONSerializer).count


def row(database: Database, row_id: int) -> OutboxRow:
    with database.unit() as uow:
        return uow.session.get_one(OutboxRow, row_id)


def work(client: redis.Redis) -> None:
    """A real RQ worker that takes everything there is and stops."""
    queue = Queue(QUEUE, connection=client, serializer=JSONSerializer)
    SimpleWorker([queue], connection=client, serializer=JSONSerializer).work(burst=True, logging_level="ERROR")


def test_a_job_is_done_by_a_worker_after_the_commit(
    database: Database, jobs: Jobs, redis_client: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[Mapping[str, Any]] = []
    jobs.register("greet", done.append)
    row_id = send(database, to="Lan")
    assert done == []
    monkeypatch.setattr("signal.signal", lambda *_: None)  # the worker's handlers are not for the test process
    work(redis_client)
    assert done == [{"to": "Lan"}]
    assert row(database, row_id).done_at is not None
    assert row(database, row_id).error is None


def test_a_slow_job_stands_in_nobodys_way(database: Database, jobs: Jobs, redis_client: redis.Redis) -> None:
    jobs.register("greet", lambda payload: None)
    jobs.register("write down", lambda payload: None, slow=True)
    send(database, "write down")
    send(database)
    assert (waiting(redis_client), waiting(redis_client, SLOW_QUEUE)) == (1, 1)


def test_a_slow_job_that_is_being_done_is_not_given_to_a_second_worker(
    database: Database, jobs: Jobs, redis_client: redis.Redis, clock: SimulatedClock
) -> None:
    given: list[int] = []

    def slowly(payload: Mapping[str, Any]) -> None:
        clock.advance(SLOW_JOB_TIME - timedelta(seconds=1))
        given.append(jobs.relay())

    jobs.register("write down", slowly, slow=True)
    jobs.perform(send(database, "write down"))
    assert given == [0]


def test_what_is_rolled_back_is_never_sent(database: Database, jobs: Jobs, redis_client: redis.Redis) -> None:
    def broken() -> None:
        with database.unit() as uow:
            uow.send("greet", {})
            uow.session.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        broken()
    assert (jobs.relay(), waiting(redis_client)) == (0, 0)


def test_a_job_for_later_waits_for_its_time(
    database: Database, jobs: Jobs, redis_client: redis.Redis, clock: SimulatedClock
) -> None:
    send(database, later=timedelta(minutes=5))
    assert waiting(redis_client) == 0
    clock.advance(timedelta(minutes=5))
    assert jobs.relay() == 1
    assert waiting(redis_client) == 1


@pytest.mark.capability("F2")
def test_when_redis_is_away_the_commit_stands_and_the_sweep_relays(
    database: Database, redis_client: redis.Redis, tmp_path: object
) -> None:
    away = Jobs(database, redis.Redis(unix_socket_path=f"{tmp_path}/gone"), "x")
    row_id = send(database)
    assert row(database, row_id).relayed_at is None
    with pytest.raises(redis.ConnectionError):
        away.relay()
    back = Jobs(database, redis_client, "x")
    assert back.relay() == 1
    assert waiting(redis_client) == 1


@pytest.mark.capability("F2")
def test_a_job_that_redis_lost_is_relayed_again(
    database: Database, jobs: Jobs, redis_client: redis.Redis, clock: SimulatedClock
) -> None:
    send(database)
    redis_client.flushdb()
    assert jobs.relay() == 0  # it may still be on its way
    clock.advance(outbox.RELAY_AGAIN_AFTER + timedelta(seconds=1))
    assert (jobs.relay(), waiting(redis_client)) == (1, 1)


def test_a_row_handed_over_twice_is_done_once(database: Database, jobs: Jobs) -> None:
    done: list[Mapping[str, Any]] = []
    jobs.register("greet", done.append)
    row_id = send(database)
    jobs.perform(row_id)
    jobs.perform(row_id)
    jobs.perform(row_id + 1)  # there is none
    assert done == [{}]


def test_a_worker_that_dies_before_it_marks_the_row_makes_the_job_run_again(
    database: Database, jobs: Jobs, clock: SimulatedClock
) -> None:
    """At least once: that is why a handler re-checks under a row lock."""

    class Killed(BaseException):
        pass

    runs = []

    def die_at_first(payload: Mapping[str, Any]) -> None:
        runs.append(payload)
        if len(runs) == 1:
            raise Killed

    jobs.register("greet", die_at_first)
    row_id = send(database)
    with pytest.raises(Killed):
        jobs.perform(row_id)
    assert row(database, row_id).done_at is None
    clock.advance(outbox.RELAY_AGAIN_AFTER + timedelta(seconds=1))
    assert jobs.relay() == 1
    jobs.perform(row_id)
    assert len(runs) == 2
    assert row(database, row_id).done_at is not None


def failing(error: Exception) -> Callable[[Mapping[str, Any]], None]:
    def handler(payload: Mapping[str, Any]) -> None:
        raise error

    return handler


def test_a_passing_failure_is_tried_again_each_time_later(
    database: Database, jobs: Jobs, clock: SimulatedClock
) -> None:
    jobs.register("greet", failing(Retryable("The carrier does not answer.")))
    row_id = send(database)
    waits = []
    for _ in range(12):
        jobs.perform(row_id)
        failed = row(database, row_id)
        waits.append((failed.due_at - clock.now()).total_seconds())
        assert (failed.done_at, failed.error) == (None, "The carrier does not answer.")
        assert jobs.relay() == 0
        clock.set(failed.due_at)
        assert jobs.relay() == 1
    assert waits == [2, 4, 8, 16, 32, 64, 128, 256, 512, 600, 600, 600]
    assert failed.tries == 12


def test_a_refusal_is_never_tried_again_and_its_reason_is_kept(
    database: Database, jobs: Jobs, clock: SimulatedClock
) -> None:
    jobs.register("greet", failing(Permanent("The carrier knows no such number.")))
    row_id = send(database)
    jobs.perform(row_id)
    assert row(database, row_id).error == "The carrier knows no such number."
    clock.advance(timedelta(days=1))
    assert jobs.relay() == 0


def test_a_job_without_a_handler_is_refused_by_name(database: Database, jobs: Jobs) -> None:
    row_id = send(database, "sing")
    jobs.perform(row_id)
    assert "'sing'" in (row(database, row_id).error or "")
    jobs.register("sing", failing(Permanent("x")))
    with pytest.raises(TracelineError, match="twice"):
        jobs.register("sing", failing(Permanent("x")))


def test_a_fault_of_ours_leaves_the_row_open(database: Database, jobs: Jobs, clock: SimulatedClock) -> None:
    jobs.register("greet", failing(ZeroDivisionError()))
    row_id = send(database)
    with pytest.raises(ZeroDivisionError):
        jobs.perform(row_id)
    clock.advance(outbox.RELAY_AGAIN_AFTER + timedelta(seconds=1))
    assert jobs.relay() == 1


def test_relays_at_once_do_not_wait_for_each_other(database: Database, jobs: Jobs, clock: SimulatedClock) -> None:
    send(database, later=timedelta(seconds=1))
    send(database, later=timedelta(seconds=1))
    clock.advance(timedelta(seconds=1))
    with database.unit() as uow:
        assert len(uow.session.scalars(outbox.due(uow.now(), limit=1)).all()) == 1
        assert jobs.relay() == 1  # only the other one, without waiting


def test_many_rows_are_relayed_in_portions(
    database: Database, redis_client: redis.Redis, clock: SimulatedClock
) -> None:
    with database.unit() as uow:
        for n in range(500):
            uow.send("greet", {"n": n})
    jobs = Jobs(database, redis_client, "x")
    assert [jobs.relay() for _ in range(4)] == [200, 200, 100, 0]


def test_a_job_with_a_bug_comes_again_later_each_time(database: Database, jobs: Jobs, clock: SimulatedClock) -> None:
    jobs.register("greet", failing(ZeroDivisionError()))
    row_id = send(database)
    waits = []
    for _ in range(8):
        with pytest.raises(ZeroDivisionError):
            jobs.perform(row_id)
        waits.append((row(database, row_id).due_at - clock.now()).total_seconds())
        clock.advance(timedelta(minutes=20))
        assert jobs.relay() == 1
    assert waits == [2, 4, 8, 16, 32, 64, 128, 256]
