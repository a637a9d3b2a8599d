"""An independent simulator of Twilio Media Streams (`streamdouble`) finds no fault with us. It knows no signatures."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import pytest
from streamdouble.protocol import StreamIdentity
from streamdouble.scenario import Dtmf, Expect, Hangup, Say, Step, Wait, WaitFor
from streamdouble.scenario import Scenario as Script
from streamdouble.session import Session, SessionConfig, SessionResult

from audio import codec
from audio.recogniser.pool import Recognisers
from audio.speech import speak, voice_of
from tests.ivr.media.conftest import Exchange, left

Open = Callable[..., AbstractAsyncContextManager[Exchange]]


async def talk_to(here: Exchange, call_id: object, *steps: Step) -> SessionResult:
    config = SessionConfig(custom_parameters={"call": str(call_id)}, quiet_period_s=0.5, max_call_s=60)
    identity = StreamIdentity(call_sid="CA1")
    result = await Session(here.address, scenario=Script("call", list(steps)), config=config, identity=identity).run()
    await left(here)
    return result


@pytest.mark.capability("I15")
async def test_a_call_by_keys_from_an_independent_peer(exchange: Open) -> None:
    async with exchange(verify=lambda *_: True) as here:
        call_id = here.open()
        result = await talk_to(
            here,
            call_id,
            WaitFor("mark"),
            Wait(0.6),
            Dtmf("1"),
            Wait(1.2),
            Dtmf("1970"),
            Wait(1.2),
            Dtmf("2"),
            Wait(0.6),
            Expect("audio"),
            Expect("no_violations"),
        )
        assert result.violations == []
        assert here.answers(call_id) == {"fever": True, "year": "1970", "cough": False}
        assert here.call(call_id).end_reason == "completed"


@pytest.mark.capability("F7")
async def test_a_key_makes_us_clear_what_is_queued(exchange: Open) -> None:
    async with exchange(verify=lambda *_: True, prompt_seconds=2.0) as here:
        call_id = here.open()
        result = await talk_to(
            here, call_id, WaitFor("mark"), Wait(0.5), Dtmf("1"), WaitFor("clear", 2.0), Expect("clear"), Hangup()
        )
        assert result.failed_expectations == []
        assert result.violations == []
        assert here.answers(call_id) == {"fever": True}
        assert here.call(call_id).ended_at is None  # the line broke: nothing says that the call is over


@pytest.mark.slow
@pytest.mark.capability("A2")
async def test_an_independent_peer_speaks(exchange: Open, korean: Recognisers) -> None:
    sound = codec.pcm_to_ulaw(speak("아니요", voice_of("ko")))
    frames = list(codec.frames(sound, codec.ULAW_FRAME, codec.ULAW_SILENCE[:1]))
    async with exchange(korean, verify=lambda *_: True) as here:
        call_id = here.open()
        result = await talk_to(
            here, call_id, WaitFor("mark"), Wait(0.8), Say("no.wav", frames), Wait(2.0), Dtmf("1"), Wait(0.5)
        )
        assert result.violations == []
        assert here.answers(call_id) == {"fever": False}
        assert here.call(call_id).end_reason == "hangup"
