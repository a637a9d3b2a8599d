"""A repeated request takes effect once, and every repeat gets the same reply."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event

import pytest

from core.database import Database
from core.receipts import claim, keep_reply


def take(database: Database, key: str, reply: bytes) -> tuple[bool, bytes]:
    with database.unit() as uow:
        receipt = claim(uow, key)
        if not receipt.fresh:
            return False, receipt.reply
        keep_reply(uow, key, reply)
        return True, reply


def test_a_repeat_gets_the_first_reply_byte_for_byte(database: Database) -> None:
    assert take(database, "turn:1:0", b"<Response/>\x00\xff") == (True, b"<Response/>\x00\xff")
    assert take(database, "turn:1:0", b"another") == (False, b"<Response/>\x00\xff")
    assert take(database, "turn:1:1", b"another") == (True, b"another")


def test_identical_requests_at_once_take_effect_once_with_equal_replies(database: Database) -> None:
    start = Barrier(8)

    def request(n: int) -> tuple[bool, bytes]:
        start.wait()
        return take(database, "turn:1:0", b"%d" % n)

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(request, range(8)))
    assert [fresh for fresh, _ in results].count(True) == 1
    assert len({reply for _, reply in results}) == 1


def test_when_the_first_fails_the_waiting_repeat_takes_its_place(database: Database) -> None:
    claimed, asked = Event(), Event()

    def failing() -> None:
        with database.unit() as uow:
            assert claim(uow, "turn:1:0").fresh
            claimed.set()
            asked.wait(10)
            raise ZeroDivisionError

    def repeat() -> tuple[bool, bytes]:
        claimed.wait(10)
        asked.set()
        return take(database, "turn:1:0", b"second")

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.submit(failing), pool.submit(repeat)
        assert second.result(20) == (True, b"second")
        with pytest.raises(ZeroDivisionError):
            first.result(20)
