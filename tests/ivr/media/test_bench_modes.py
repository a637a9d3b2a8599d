"""The two modes of the bench differ in one thing only: whether a recogniser is given silence."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from audio import codec
from audio.recogniser.listening import Heard
from audio.speech import Voice, speak
from audio.voice_activity import Endpointer
from flows.engine.actions import Grammar
from ivr.media.bench import measure
from ivr.media.bench.always_on import AlwaysOnEar
from ivr.media.bench.measure import Ramped, Tally
from ivr.media.bench.plot import draw
from ivr.media.speech import Ear

SILENCE = codec.ULAW_SILENCE * 100


class Hearing:
    def __init__(self) -> None:
        self.given = 0

    def feed(self, pcm: bytes) -> None:
        self.given += len(pcm)

    async def finish(self) -> Heard | None:
        return Heard((), "reject", self.given / 2 / codec.RATE)

    def cancel(self) -> None: ...


class Recogniser:
    """`busy`: for so many questions whether it has time, it has none."""

    def __init__(self, busy: float = 0) -> None:
        self.hearings: list[Hearing] = []
        self.refused = 0
        self._busy = busy

    def listen(
        self, language: str, phrases: tuple[str, ...], certain: bool = False, spare: bool = False
    ) -> Hearing | None:
        self._busy -= 1
        if self._busy >= 0:
            return None
        self.hearings.append(Hearing())
        return self.hearings[-1]

    def refuse(self, language: str) -> None:
        self.refused += 1


def hears(kind: type[Ear], sound: bytes, busy: float = 0) -> tuple[Ear, Recogniser, int]:
    """Until the end of what is said; how many frames that took comes last."""
    recogniser = Recogniser(busy)
    ear = kind(recogniser, Grammar("ko", ("네",)), Endpointer())
    frames = list(codec.frames(sound, codec.ULAW_FRAME))
    ended = next((number for number, frame in enumerate(frames, 1) if ear.hear(frame)), len(frames))
    return ear, recogniser, ended


@pytest.fixture(scope="module")
def spoken() -> bytes:
    return SILENCE + codec.pcm_to_ulaw(speak("아니요", Voice("ko"))) + SILENCE


def test_silence_is_given_to_the_recogniser_that_is_always_on_and_to_no_other(spoken: bytes) -> None:
    (_, gated, ended), (_, always_on, ended_too) = (hears(kind, spoken) for kind in (Ear, AlwaysOnEar))
    assert ended == ended_too  # the end of speech is found alike
    whole = 2 * codec.ULAW_FRAME * ended
    assert always_on.hearings[0].given == whole
    assert gated.hearings[0].given < whole / 2


async def test_a_recogniser_that_is_always_on_speaks_of_speech_only_when_somebody_speaks(spoken: bytes) -> None:
    ear, recogniser, _ = hears(AlwaysOnEar, SILENCE)
    assert not ear.speaking
    assert len(recogniser.hearings) == 1
    ear, _, _ = hears(AlwaysOnEar, spoken)
    assert ear.speaking
    assert await ear.recognise() is not None
    assert not ear.speaking


def test_without_a_free_recogniser_both_are_deaf(spoken: bytes) -> None:
    ears = [hears(kind, spoken, busy=math.inf) for kind in (Ear, AlwaysOnEar)]
    assert [(ear.deaf, ear.speaking, recogniser.refused) for ear, recogniser, _ in ears] == [(True, False, 1)] * 2


@pytest.mark.capability("A3")
def test_what_is_said_while_every_recogniser_is_busy_is_kept_for_the_first_that_has_time(spoken: bytes) -> None:
    (_, at_once, ended), (ear, later, ended_too) = hears(Ear, spoken), hears(Ear, spoken, busy=30)
    assert (ear.deaf, later.refused, ended) == (False, 0, ended_too)
    assert later.hearings[0].given == at_once.hearings[0].given


@pytest.mark.parametrize(
    ("waits", "unanswered", "lost", "inside"),
    [
        ([0.35] * 100, 0, 0, True),
        ([0.35] * 100, 1, 0, True),
        ([0.35] * 100, 2, 0, False),
        ([0.35] * 100, 0, 1, False),
        ([0.45] * 100, 0, 0, False),
        ([0.35] * 90 + [0.8] * 10, 0, 0, False),
        ([], 0, 0, False),
    ],
)
def test_a_step_is_inside_the_budget_only_if_people_were_served_in_time(
    waits: list[float], unanswered: int, lost: int, inside: bool
) -> None:
    tally = Tally(waits=waits, unanswered=unanswered)
    assert measure._inside(tally, {**measure._waits(tally), "frames_lost": lost}) is inside


def test_both_modes_are_drawn(tmp_path: Path) -> None:
    steps = [Ramped(calls, {"p95_ms": 350 + calls}, [0.3, 0.4], calls < 40) for calls in (20, 40)]
    draw(tmp_path / "calls.svg", {"gated": steps, "always_on": steps[1:]})
    assert "<svg" in (tmp_path / "calls.svg").read_text()
