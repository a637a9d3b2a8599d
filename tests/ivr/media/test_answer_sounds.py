"""Where the department keeps the sound of answers: of what became an answer only, and nowhere when switched off."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from audio import codec
from core.clock import SimulatedClock
from core.database import Database, UnitOfWork
from flows.catalogue import Library
from flows.engine.events import Hypothesis, KeysPressed, SpeechHeard
from flows.engine.script import Script
from ivr.calls.service import Calls
from ivr.media.conversation import Offers
from ivr.media.turns import DatabaseTurns, Spoken
from ivr.messages.deletion import delete_due, overdue, proofs
from ivr.messages.model import VoiceMessageRow
from ivr.messages.store import keep_answer, sound_of
from tests.ivr.media.scripted import FakeRecogniser, Scene, call, heard
from tests.ivr.world import World, open_call, service

NO, YES = b"\x10" * 8000, b"\x20" * 8000
KEEPS = Offers(answers=True)


def kept(database: Database) -> dict[int, bytes | None]:
    with database.unit() as uow:
        return {row.turn: sound_of(row) for row in uow.session.scalars(select(VoiceMessageRow))}


async def a_spoken_no(database: Database, library: Library, executor: ThreadPoolExecutor, confirm: str) -> UUID:
    """A call that hears "no" to the question about fever, and `confirm` to its read-back."""
    calls: Calls = service(library, World())
    turns = DatabaseTurns(database, calls, executor, None, keep_for_a_month)
    call_id = open_call(database, calls, script="talk", language="ko", context={"speech": ["ko"]})
    step = await turns.begin(call_id)
    asked = step.turn
    no = SpeechHeard(turns.at(), (Hypothesis("아니요", 0.9),), "accept", 0.5)
    step = await turns.take(call_id, step.turn, Spoken(no, {asked: NO}))
    assert kept(database) == {}  # nothing is final yet
    yes = SpeechHeard(turns.at(), (Hypothesis(confirm, 0.9),), "accept", 0.5, True)
    await turns.take(call_id, step.turn, Spoken(yes, {asked: NO, step.turn: YES}))
    return call_id


def keep_for_a_month(uow: UnitOfWork, call_id: UUID, turn: int, ulaw: bytes) -> object:
    return keep_answer(uow, call_id=call_id, turn=turn, ulaw=ulaw, days=30)


@pytest.mark.capability("N16")
async def test_what_was_said_is_kept_sealed_once_it_is_an_answer_and_the_yes_to_its_read_back_is_not(
    database: Database, library: Library, executor: ThreadPoolExecutor
) -> None:
    await a_spoken_no(database, library, executor, "네")
    assert kept(database) == {1: NO}
    with database.unit() as uow:
        row = uow.session.scalars(select(VoiceMessageRow)).one()
        assert (row.kind, row.transcription) == ("answer", "never")
        assert row.sound is not None
        assert NO[:100] not in row.sound


async def test_what_was_taken_back_at_its_read_back_is_kept_nowhere(
    database: Database, library: Library, executor: ThreadPoolExecutor
) -> None:
    await a_spoken_no(database, library, executor, "아니요")
    assert kept(database) == {}


@pytest.mark.capability("N16")
async def test_the_sound_of_an_answer_is_deleted_on_its_day_with_proof(
    database: Database, library: Library, executor: ThreadPoolExecutor, clock: SimulatedClock
) -> None:
    await a_spoken_no(database, library, executor, "네")
    clock.advance(timedelta(days=29))
    assert delete_due(database, 90, 30) == 0
    clock.advance(timedelta(days=1))
    assert delete_due(database, 90, 30) == 1
    assert kept(database) == {1: None}
    with database.unit() as uow:
        (proof,) = proofs(uow)
        assert proof.left == ()


async def test_whoever_switches_it_off_has_what_was_kept_deleted_and_messages_stay(
    database: Database, library: Library, executor: ThreadPoolExecutor
) -> None:
    await a_spoken_no(database, library, executor, "네")
    with database.unit() as uow:
        assert overdue(uow, 90, 30, timedelta()) == 0
        assert overdue(uow, 90, 0, timedelta()) == 1
    assert delete_due(database, 90, 0) == 1


async def test_an_answer_by_keys_has_no_sound(
    database: Database, library: Library, executor: ThreadPoolExecutor
) -> None:
    calls: Calls = service(library, World())
    turns = DatabaseTurns(database, calls, executor, None, keep_for_a_month)
    call_id = open_call(database, calls, script="talk", language="ko")
    step = await turns.begin(call_id)
    await turns.take(call_id, step.turn, Spoken(KeysPressed(turns.at(), "1"), {step.turn: NO}))
    assert kept(database) == {}


async def says_no(scene: Scene) -> None:
    await scene.telephone.hears("열이 있습니까")
    scene.telephone.say("아니요")
    await scene.telephone.heard("맞으면 네라고")
    scene.telephone.press("1")
    await scene.telephone.heard("출생 연도")
    scene.telephone.hang_up()


@pytest.mark.parametrize(("offers", "kept_turns"), [(KEEPS, [1]), (None, [])])
def test_the_sound_goes_along_until_its_answer_is_final(
    talk: Script, offers: Offers | None, kept_turns: list[int]
) -> None:
    recogniser = FakeRecogniser([heard("아니요")])
    scene = call(talk, says_no, recogniser=recogniser, offers=offers)
    assert scene.answers["fever"] is False
    turns = sorted({turn for said in scene.turns.said for turn in said})
    assert turns == kept_turns
    for said in scene.turns.said:
        pcm = codec.ulaw_to_pcm(said[1])
        assert len(pcm) == recogniser.fed[0]
