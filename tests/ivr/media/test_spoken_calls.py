"""People speak Korean into a real websocket, and the real model hears them."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
import uvloop

from audio import codec
from audio.recogniser.pool import Recognisers
from audio.speech import speak, voice_of
from flows.engine.events import SpeechHeard
from tests.ivr.media.conftest import Exchange, answer_by_keys, left

pytestmark = pytest.mark.slow


Open = Callable[..., AbstractAsyncContextManager[Exchange]]


def voice(text: str) -> bytes:
    return codec.pcm_to_ulaw(speak(text, voice_of("ko")))


@pytest.mark.capability("A2", "F5", "F13")
async def test_a_call_answered_aloud(exchange: Open, korean: Recognisers) -> None:
    async with exchange(korean, prompt_seconds=0.4) as here:
        call_id = here.open()
        waits = []
        async with here.on_call(call_id) as caller:
            for answer in ("아니요", "네"):  # to the question, then to its read-back
                await caller.hears_out()
                ended = await caller.say(voice(answer))
                await caller.hears_out()
                assert caller.first_sound_at is not None
                waits.append(caller.first_sound_at - ended)
            await answer_by_keys(caller, "1970")
            await caller.hears_out()
            await caller.say(voice("네"))
            await caller.over.wait()
        await left(here)
        assert here.answers(call_id) == {"fever": False, "year": "1970", "cough": True}
        assert max(waits) < 1.0
        assert here.conductor.latencies.summary()["speech"]["count"] == 3


@pytest.mark.capability("F7")
async def test_a_voice_cuts_the_prompt_short(exchange: Open, korean: Recognisers) -> None:
    async with exchange(korean, prompt_seconds=1.2) as here:
        call_id = here.open()
        async with here.on_call(call_id) as caller:
            await asyncio.sleep(1.8)  # the opening is heard out, the question has begun
            await caller.say(voice("아니요"))
            assert caller.clears == 1
            await caller.hears_out()
            await caller.press("1")  # what was read back is right
            await caller.hears_out()
            await caller.stop()
        await left(here)
        assert here.answers(call_id) == {"fever": False}


@pytest.mark.capability("A2", "A3")
def test_a_recogniser_killed_in_mid_answer_loses_no_call(exchange: Open, korean_model: Path) -> None:
    """On the loop of the media process, which treats the connection of a dead worker more strictly than asyncio's."""

    async def call() -> None:
        recognisers = Recognisers.fork({"ko": korean_model}, workers=1)
        await recognisers.start()
        try:
            async with exchange(recognisers) as here:
                await _killed(here, recognisers)
        finally:
            await recognisers.close()

    uvloop.run(call())


async def _killed(here: Exchange, recognisers: Recognisers) -> None:
    call_id = here.open()
    async with here.on_call(call_id) as caller:
        await caller.hears_out()
        speaking = asyncio.create_task(caller.say(voice("아니요 아니요 아니요")))
        await asyncio.sleep(0.6)
        (status,) = recognisers.status()
        assert status.sessions == 1
        for supervisor in recognisers._supervisors.values():
            os.kill(supervisor.workers[0].pid, signal.SIGKILL)
        await speaking
        await asyncio.sleep(0.6)
        await caller.press("1")
        await answer_by_keys(caller, "1970", "2")
        await caller.over.wait()
    await left(here)
    assert here.answers(call_id) == {"fever": True, "year": "1970", "cough": False}
    assert not any(isinstance(event, SpeechHeard) for event in here.events(call_id))


@pytest.mark.capability("N1")
async def test_speech_that_is_no_answer_is_never_saved(exchange: Open, korean: Recognisers) -> None:
    async with exchange(korean) as here:
        call_id = here.open()
        async with here.on_call(call_id) as caller:
            await caller.hears_out()
            await caller.say(voice("어제 시장에 다녀왔는데 사람이 많았습니다"))
            await caller.hears_out()
            await caller.stop()
        await left(here)
        assert here.answers(call_id) == {}
        (heard,) = [event for event in here.events(call_id) if isinstance(event, SpeechHeard)]
        assert heard.decision != "accept"
