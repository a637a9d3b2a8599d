"""Who may connect a line."""

from __future__ import annotations

import time
from uuid import uuid4

import pytest
from itsdangerous import TimestampSigner

from core.encryption import KeyRing, current_ring, use_keys
from core.errors import UserError
from core.settings import Settings
from ivr.lines import tickets
from ivr.lines.tickets import CallTicket, RoomTicket, Ticket, read_ticket, write_ticket


@pytest.fixture(autouse=True)
def _keys(settings: Settings) -> None:
    """The keys of this test run."""


@pytest.mark.parametrize(
    "ticket", [CallTicket(uuid4()), CallTicket(uuid4(), captions=True), RoomTicket("r"), RoomTicket("r", uuid4())]
)
def test_a_ticket_says_what_it_was_written_for(ticket: Ticket) -> None:
    assert read_ticket(write_ticket(ticket)) == ticket


@pytest.mark.parametrize("forged", ["", "x", "e30.x.y", "ngày"])
def test_a_forged_ticket_lets_nobody_in(forged: str) -> None:
    with pytest.raises(UserError, match="not ours"):
        read_ticket(forged)


def test_a_ticket_of_another_installation_lets_nobody_in() -> None:
    written = write_ticket(RoomTicket("r"))
    ours = current_ring()
    use_keys(KeyRing([b"another key of thirty-two bytes.."[:32]]))
    try:
        with pytest.raises(UserError, match="not ours"):
            read_ticket(written)
    finally:
        use_keys(ours)


@pytest.mark.parametrize(("ahead", "good"), [(20, True), (45, False), (-55, True), (-65, False)])
def test_a_ticket_from_a_machine_whose_clock_is_some_seconds_ahead_is_good(
    ahead: int, good: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = int(time.time())
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(TimestampSigner, "get_timestamp", lambda self: now + ahead)
        written = write_ticket(RoomTicket("r"))
    if good:
        assert read_ticket(written) == RoomTicket("r")
    else:
        with pytest.raises(UserError, match=r"too old|time to come"):
            read_ticket(written)


def test_an_old_ticket_lets_nobody_in(monkeypatch: pytest.MonkeyPatch) -> None:
    written = write_ticket(RoomTicket("r"))
    monkeypatch.setattr(tickets, "SECONDS", -1)
    with pytest.raises(UserError, match="too old"):
        read_ticket(written)
