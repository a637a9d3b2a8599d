"""Which media processes there are, and whose lines they hold."""

from __future__ import annotations

from datetime import timedelta

from core.clock import SimulatedClock
from core.database import Database
from core.heartbeats import beat
from core.ids import new_id
from ivr.lines.presence import ALIVE, line_address, line_addresses, lines_kept, lines_up

OURS, OTHER = "wss://one.example.vn", "wss://two.example.vn"


def test_a_call_is_kept_while_a_process_holds_its_line_or_waits_for_it(database: Database) -> None:
    up, awaited = new_id(), new_id()
    with database.unit() as uow:
        beat(uow, "media", "media@one:1", {"up": [str(up)], "awaited": [str(awaited)]})
        assert lines_up(uow) == {up}
        assert lines_kept(uow) == {up, awaited}


def test_a_line_goes_to_the_usual_process_unless_only_others_are_alive(
    database: Database, clock: SimulatedClock
) -> None:
    with database.unit() as uow:
        assert line_address(uow, OURS) == OURS  # nobody has said anything yet
        beat(uow, "media", "media@one:1", {"address": OURS})
        beat(uow, "media", "media@two:1", {"address": OTHER})
        beat(uow, "media", "media@three:1", {})
        assert line_addresses(uow) == {OURS, OTHER}
        assert line_address(uow, OURS) == OURS
    clock.advance(ALIVE + timedelta(seconds=1))
    with database.unit() as uow:
        beat(uow, "media", "media@two:1", {"address": OTHER})
        assert line_address(uow, OURS) == OTHER
