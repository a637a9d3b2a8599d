"""A telephone rings a number for missed calls by SIP: nobody answers, and it is called back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select

from ivr.campaigns.model import Target
from tests.peers.office import NUMBER, Office, until
from tests.peers.sipp import SIPP, finish, refused, sipp

pytestmark = [
    pytest.mark.system,
    pytest.mark.slow,
    pytest.mark.timeout(120),
    pytest.mark.skipif(SIPP is None, reason="sipp is not installed (apt install sip-tester)"),
]
FOR_MISSED_CALLS = "+842373850116"


@pytest.mark.capability("I13")
def test_who_rings_the_number_for_missed_calls_is_refused_and_called_back(
    open_office: Callable[..., Office], tmp_path: Path, port: int, media_port: int
) -> None:
    office = open_office("sip", missed_call_numbers=FOR_MISSED_CALLS, call_back_carrier="sip")
    ring = refused(486).replace("hotline@", f"{FOR_MISSED_CALLS}@")
    with sipp(tmp_path, ring, port=port, remote=office.address, media_port=media_port) as telephone:
        finish(telephone, tmp_path, port, 30)

    def owed() -> list[Target]:
        with office.app.database.unit() as uow:
            return list(uow.session.scalars(select(Target)))

    (target,) = until(owed, what="the call back")
    assert (target.phone, target.script, target.state) == (NUMBER, "missed-call", "waiting")
    assert office.calls() == []
