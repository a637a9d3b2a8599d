"""Messages that Twilio recorded come here after the call, and are deleted there."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import pytest
import requests
from sqlalchemy import func, select

from audio import codec
from core.clock import SimulatedClock
from core.database import Database
from core.errors import Permanent, Retryable, UserError
from core.ids import new_id
from core.outbox import OutboxRow
from core.settings import Settings, read_settings
from ivr.carriers.twilio_recordings import TwilioRecordings
from ivr.messages.deletion import delete_due, proofs
from ivr.messages.model import VoiceMessageRow
from ivr.messages.provider import FETCH, FORGET, Fetcher, NotThere, expect
from ivr.messages.store import TRANSCRIBE, sound_of
from ivr.simulator.options import Options
from ivr.simulator.server import SimulatedNetwork
from tests.ivr.messages.conftest import SOUND, stored

ACCOUNT, TOKEN = "AC" + "0" * 32, "a-secret-token"


@pytest.fixture
async def twilio() -> AsyncIterator[SimulatedNetwork]:
    async with SimulatedNetwork(Options(account_sid=ACCOUNT, auth_token=TOKEN)) as network:
        yield network


def settings_of(twilio: SimulatedNetwork, token: str = TOKEN) -> Settings:
    return read_settings(twilio_account_sid=ACCOUNT, twilio_auth_token=token, twilio_api_url=twilio.url)


@pytest.fixture
def fetcher(database: Database, twilio: SimulatedNetwork) -> Fetcher:
    return Fetcher(database, TwilioRecordings(settings_of(twilio)))


def recorded(twilio: SimulatedNetwork) -> str:
    return twilio.network.keep_recording(codec.pcm_to_wav(codec.ulaw_to_pcm(SOUND)))[0]


def expected(database: Database, call_id: UUID, recording: str) -> UUID:
    with database.unit() as uow:
        return UUID(expect(uow, call_id=call_id, turn=3, recording=recording, seconds=3.0))


def sent(database: Database) -> list[str]:
    with database.unit() as uow:
        return list(uow.session.scalars(select(OutboxRow.job).order_by(OutboxRow.id)))


async def fetch(fetcher: Fetcher, message: UUID) -> None:
    await asyncio.to_thread(fetcher.fetch, {"message": str(message)})


@pytest.mark.capability("A4")
async def test_a_recording_is_brought_here_sealed_and_deleted_at_twilio(
    database: Database, call_id: UUID, twilio: SimulatedNetwork, fetcher: Fetcher
) -> None:
    recording = recorded(twilio)
    message = expected(database, call_id, recording)
    assert sent(database) == [FETCH]
    await fetch(fetcher, message)
    row = stored(database, message)
    assert sound_of(row) == codec.pcm_to_ulaw(codec.ulaw_to_pcm(SOUND))
    assert row.seconds == 3.2
    assert recording in twilio.network.recordings  # ours is safe before theirs is gone
    assert sent(database) == [FETCH, TRANSCRIBE, FORGET]
    for _ in range(2):
        await asyncio.to_thread(fetcher.forget, {"recording": recording})
    assert twilio.network.recordings == {}


async def test_a_webhook_that_is_repeated_expects_one_message(
    database: Database, call_id: UUID, twilio: SimulatedNetwork
) -> None:
    recording = recorded(twilio)
    assert expected(database, call_id, recording) == expected(database, call_id, recording)
    assert sent(database) == [FETCH]


async def test_a_message_is_fetched_once(
    database: Database, call_id: UUID, twilio: SimulatedNetwork, fetcher: Fetcher
) -> None:
    message = expected(database, call_id, recorded(twilio))
    await fetch(fetcher, message)
    before = stored(database, message).key
    await fetch(fetcher, message)
    assert stored(database, message).key == before
    assert sent(database) == [FETCH, TRANSCRIBE, FORGET]


async def test_what_twilio_does_not_have_yet_is_asked_for_again_for_a_day(
    database: Database, clock: SimulatedClock, call_id: UUID, fetcher: Fetcher
) -> None:
    message = expected(database, call_id, "RE" + "a" * 32)
    with pytest.raises(NotThere):
        await fetch(fetcher, message)
    clock.advance(timedelta(days=1))
    with pytest.raises(Permanent):
        await fetch(fetcher, message)
    assert stored(database, message).lost_at == clock.now()
    await fetch(fetcher, message)


async def test_what_is_no_sound_is_lost_and_says_so(
    database: Database, call_id: UUID, twilio: SimulatedNetwork, fetcher: Fetcher
) -> None:
    message = expected(database, call_id, twilio.network.keep_recording(b"<html>")[0])
    with pytest.raises(Permanent, match="no sound"):
        await fetch(fetcher, message)
    assert stored(database, message).sound is None


async def test_without_our_credentials_nobody_hears_a_recording(
    database: Database, call_id: UUID, twilio: SimulatedNetwork
) -> None:
    stranger = Fetcher(database, TwilioRecordings(settings_of(twilio, "wrong")))
    with pytest.raises(Retryable, match="401"):
        await fetch(stranger, expected(database, call_id, recorded(twilio)))


async def test_a_twilio_that_is_away_is_asked_again(database: Database, call_id: UUID) -> None:
    nobody = read_settings(twilio_account_sid=ACCOUNT, twilio_auth_token=TOKEN, twilio_api_url="http://127.0.0.1:9")
    with pytest.raises(Retryable, match="reached"):
        await fetch(Fetcher(database, TwilioRecordings(nobody)), expected(database, call_id, "RE" + "b" * 32))


async def test_a_message_that_falls_due_before_it_came_is_deleted_at_twilio_too(
    database: Database, clock: SimulatedClock, call_id: UUID, twilio: SimulatedNetwork, fetcher: Fetcher
) -> None:
    message = expected(database, call_id, recorded(twilio))
    clock.advance(timedelta(days=90))
    assert delete_due(database, 90) == 1
    assert sent(database) == [FETCH, FORGET]
    await fetch(fetcher, message)
    assert stored(database, message).sound is None


class Refusing:
    """A carrier that has a recording and says no."""

    def __init__(self) -> None:
        self.allows = False

    def fetch(self, recording: str) -> bytes:
        raise Permanent("refused")

    def delete(self, recording: str) -> None:
        if not self.allows:
            raise Permanent("refused")


def test_a_message_that_the_carrier_refuses_for_good_is_lost_and_not_on_its_way(
    database: Database, clock: SimulatedClock, call_id: UUID
) -> None:
    message = expected(database, call_id, "RE" + "d" * 32)
    with pytest.raises(Permanent, match="refused"):
        Fetcher(database, Refusing()).fetch({"message": str(message)})
    row = stored(database, message)
    assert (row.lost_at, row.transcription) == (clock.now(), "failed")


@pytest.mark.capability("N16")
def test_a_recording_that_the_carrier_will_not_delete_is_asked_for_again_and_the_proof_names_it(
    database: Database, clock: SimulatedClock, call_id: UUID
) -> None:
    carrier = Refusing()
    fetcher, recording = Fetcher(database, carrier), "RE" + "e" * 32
    expected(database, call_id, recording)
    clock.advance(timedelta(days=90))
    delete_due(database, 90)
    with pytest.raises(Retryable):
        fetcher.forget({"recording": recording})
    with database.unit() as uow:
        assert proofs(uow)[0].left == ("recording at the carrier",)
    carrier.allows = True  # somebody has put the account right
    fetcher.forget({"recording": recording})
    with database.unit() as uow:
        assert proofs(uow)[0].left == ()


async def test_what_the_carrier_has_deleted_is_not_asked_for_again_on_its_day(
    database: Database, clock: SimulatedClock, call_id: UUID, twilio: SimulatedNetwork, fetcher: Fetcher
) -> None:
    recording = recorded(twilio)
    await fetch(fetcher, expected(database, call_id, recording))
    await asyncio.to_thread(fetcher.forget, {"recording": recording})
    clock.advance(timedelta(days=90))
    assert delete_due(database, 90) == 1
    assert sent(database) == [FETCH, TRANSCRIBE, FORGET]


@pytest.mark.parametrize(("status", "error"), [(403, Retryable), (400, Permanent)])
def test_what_the_account_may_not_do_is_tried_again_and_what_no_account_may_is_not(
    monkeypatch: pytest.MonkeyPatch, status: int, error: type[Exception]
) -> None:
    answer = requests.Response()
    answer.status_code, answer.raw = status, io.BytesIO(b"")
    monkeypatch.setattr(requests, "request", lambda *_, **__: answer)
    ours = read_settings(twilio_account_sid=ACCOUNT, twilio_auth_token=TOKEN)
    with pytest.raises(error, match=str(status)):
        TwilioRecordings(ours).fetch("RE" + "f" * 32)


def test_a_call_that_is_not_there_has_no_message(database: Database) -> None:
    with pytest.raises(UserError, match="no such call"):
        expected(database, new_id(), "RE" + "c" * 32)
    with database.unit() as uow:
        assert uow.session.scalar(select(func.count()).select_from(VoiceMessageRow)) == 0
