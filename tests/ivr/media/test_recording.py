"""A voice message on live sound: beep, speak, be done."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from audio import codec
from audio.speech import speak, voice_of
from core.database import Database
from core.ids import new_id
from flows.catalogue import Library
from flows.engine.actions import Bridge, Record
from flows.engine.events import CallEnded, DialEnded, NothingHeard, VoiceMessage
from flows.engine.script import Script
from ivr.calls.model import Call
from ivr.media.recording import BEEP_SECONDS, BEGIN_SECONDS, DONE_SECONDS, Tape, beep
from ivr.media.turns import DatabaseTurns, Recorded
from tests.ivr.media.bridging import Scene, loudness, on_line, played, tone
from tests.ivr.world import World, open_call, service

WORDS = codec.pcm_to_ulaw(speak("저는 어제부터 열이 나고 기침을 합니다", voice_of("ko")))
WORDS_SECONDS = len(WORDS) / codec.RATE
SILENCE = codec.ULAW_SILENCE


@pytest.fixture(scope="session")
def message(library: Library) -> Script:
    return library.script("others")


def feed(tape: Tape, sound: bytes, seconds: float) -> int:
    """Feed the sound, then silence; returns the frames after which the tape was complete, or all of them."""
    frames = [*codec.frames(sound, codec.ULAW_FRAME, b"\xff"), *[SILENCE] * 3000][: round(seconds * 50)]
    return next((count for count, frame in enumerate(frames, 1) if tape.feed(frame)), len(frames))


@pytest.mark.capability("F8")
def test_four_seconds_of_silence_end_a_message_and_are_no_part_of_it() -> None:
    tape = Tape(60)
    ended = feed(tape, WORDS, 60)
    assert ended / 50 == pytest.approx(WORDS_SECONDS + DONE_SECONDS, abs=0.8)
    assert len(tape.message()) / codec.RATE == pytest.approx(WORDS_SECONDS, abs=0.8)
    assert tape.message().startswith(WORDS[:8000])


def test_a_pause_to_think_ends_nothing() -> None:
    tape = Tape(60)
    feed(tape, WORDS + SILENCE * round(50 * (DONE_SECONDS - 1)) + WORDS, 60)
    assert len(tape.message()) / codec.RATE > 2 * WORDS_SECONDS + DONE_SECONDS - 2


def test_nothing_said_is_no_message() -> None:
    tape = Tape(60)
    assert feed(tape, b"", 60) / 50 == pytest.approx(BEGIN_SECONDS, abs=0.1)
    assert tape.message() == b""


def test_a_message_is_no_longer_than_allowed() -> None:
    tape = Tape(2)
    assert feed(tape, WORDS * 3, 60) == 100
    assert len(tape.message()) == 100 * codec.ULAW_FRAME


def recorded(message: Script, person: Callable[[Scene], Awaitable[None]]) -> Scene:
    async def happens(scene: Scene) -> None:
        async with on_line(scene.caller):
            call = scene.call()
            await scene.caller.heard("말씀해")
            await asyncio.sleep(1)
            await person(scene)
            await call

    return played(message, happens, records=True)


@pytest.mark.capability("F8")
def test_after_the_beep_one_speaks_and_presses_the_hash_key(message: Script) -> None:
    async def person(scene: Scene) -> None:
        assert scene.caller.since(0).endswith(beep())
        scene.caller.make_noise(WORDS)
        await asyncio.sleep(WORDS_SECONDS + 0.5)
        scene.caller.press("#")

    scene = recorded(message, person)
    [stored] = scene.turns.messages
    assert WORDS[:8000] in stored
    [event] = [event for event in scene.turns.events if isinstance(event, VoiceMessage)]
    assert scene.turns.state.values["message"] == event.recording_id
    assert event.seconds == pytest.approx(WORDS_SECONDS, abs=1.5)


def test_what_is_said_into_the_beep_is_no_part_of_the_message(message: Script) -> None:
    async def happens(scene: Scene) -> None:
        async with on_line(scene.caller):
            call = scene.call()
            await scene.caller.heard("말씀해")
            scene.caller.make_noise(tone(600, BEEP_SECONDS - 0.02))
            await asyncio.sleep(1)
            scene.caller.make_noise(WORDS)
            await call

    scene = played(message, happens, records=True)
    [stored] = scene.turns.messages
    assert loudness(stored[:1600], 600) < 0.05


def test_other_keys_than_the_hash_key_end_nothing(message: Script) -> None:
    async def person(scene: Scene) -> None:
        scene.caller.press("5")
        scene.caller.make_noise(WORDS)

    assert len(recorded(message, person).turns.messages) == 1


def test_who_says_nothing_is_asked_no_further(message: Script) -> None:
    async def person(scene: Scene) -> None:
        """Only listens."""

    scene = recorded(message, person)
    assert scene.turns.messages == []
    assert any(isinstance(event, NothingHeard) for event in scene.turns.events)


def test_who_hangs_up_after_speaking_has_left_a_message(message: Script) -> None:
    async def person(scene: Scene) -> None:
        scene.caller.make_noise(WORDS)
        await asyncio.sleep(WORDS_SECONDS)
        scene.caller.hang_up()

    scene = recorded(message, person)
    assert len(scene.turns.messages) == 1
    assert isinstance(scene.turns.events[-1], CallEnded)


def test_who_hangs_up_before_speaking_has_left_none(message: Script) -> None:
    async def person(scene: Scene) -> None:
        scene.caller.hang_up()

    assert recorded(message, person).turns.messages == []


def test_a_lost_line_leaves_nothing(message: Script) -> None:
    async def person(scene: Scene) -> None:
        scene.caller.make_noise(WORDS)
        await asyncio.sleep(WORDS_SECONDS)
        scene.caller.lose()

    assert recorded(message, person).turns.messages == []


# --- kept with its turn, or not at all


class Shelf:
    """Where messages are kept: rows of the transaction, which is rolled back with it."""

    def __init__(self) -> None:
        self.kept: list[bytes] = []

    def keep(self, uow: object, call_id: object, turn: int, ulaw: bytes) -> str:
        self.kept.append(ulaw)
        return f"message-{len(self.kept)}"


async def test_a_message_for_a_turn_that_somebody_else_took_is_not_kept(
    database: Database, library: Library, executor: ThreadPoolExecutor
) -> None:
    shelf, calls = Shelf(), service(library, World())
    turns = DatabaseTurns(database, calls, executor, shelf.keep)
    call_id = open_call(database, calls, script="others", language="ko", carrier="browser", context={})
    step = await turns.begin(call_id)
    assert isinstance(step.actions[-1], Bridge)
    late = await turns.take(call_id, step.turn + 3, Recorded(WORDS))
    assert late.elsewhere
    assert (await turns.take(new_id(), 0, Recorded(WORDS))).over
    assert shelf.kept == []


async def test_a_message_is_in_the_log_of_its_call_under_its_id(
    database: Database, library: Library, executor: ThreadPoolExecutor
) -> None:
    shelf, calls = Shelf(), service(library, World())
    turns = DatabaseTurns(database, calls, executor, shelf.keep)
    call_id = open_call(database, calls, script="others", language="ko", carrier="browser", context={})
    step = await turns.begin(call_id)
    step = await turns.take(call_id, step.turn, DialEnded(turns.at(), "no_answer"))
    assert isinstance(step.actions[-1], Record)
    await turns.take(call_id, step.turn, Recorded(WORDS))
    again = await turns.take(call_id, step.turn, Recorded(WORDS))
    assert again.elsewhere
    assert shelf.kept == [WORDS]
    with database.unit() as uow:
        values = uow.session.get_one(Call, call_id).script_state["values"]
    assert values["message"] == "message-1"
