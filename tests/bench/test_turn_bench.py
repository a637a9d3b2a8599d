"""The bench of turns measures real turns, beside the floor, and leaves nothing behind."""

from __future__ import annotations

from sqlalchemy import func, select

from core.database import Database
from core.receipts import ReceiptRow
from ivr.bench import measure_turns
from ivr.calls.model import Call, CallEvent


def test_turns_are_measured_beside_the_floor(database: Database, database_url: str) -> None:
    found = measure_turns(database_url, seconds=1.0)
    for part in ("turn", "floor"):
        assert found[part]["requests"] > 5
        assert 0 < found[part]["cpu_ms"] < 1000
    with database.unit() as uow:
        for table in (Call, CallEvent, ReceiptRow):
            assert uow.session.scalar(select(func.count()).select_from(table)) == 0
