"""Synthetic callers: one utterance each in a voice, at a speed and pitch, on a line with a level and noise. The same
every time."""

from __future__ import annotations

import json
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from audio import codec
from audio.speech import Voice
from ivr.media.bench import trust_speak

Samples = npt.NDArray[np.float64]

CROWD = (
    "오늘 시장에 사람이 많았어요",
    "그래서 어제 병원에 갔어요",
    "비가 와서 길이 막혔어요",
    "점심은 먹었는지 모르겠네",
)
"""What is said behind the caller."""
CROWD_VOICES = ("ko+f3", "ko+m1")
SPEAKERS = 2
_CLICK_EVERY = 0.5
_CLICK_SAMPLES = 12


@dataclass(frozen=True, slots=True)
class Line:
    """What the telephone adds. `noise`: `none`, `white`, `babble` or `clicks`, so many dB below the voice; `gain` in dB
    on all of it."""

    noise: str = "none"
    below: float = 0.0
    gain: float = 0.0


@dataclass(frozen=True, slots=True)
class Spoken:
    """One utterance."""

    text: str
    voice: Voice
    line: Line = Line()

    @property
    def clip(self) -> Spoken:
        """The same words in the same voice, without the line."""
        return replace(self, line=Line())


class Voices:
    """The sound of utterances. `prepare` speaks many at once, in all processors."""

    def __init__(self) -> None:
        self._clips: dict[Spoken, bytes] = {}
        self._crowd: list[Samples] = []

    def prepare(self, spoken: Iterable[Spoken], progress: Callable[[str], None]) -> None:
        """Speak what has not been spoken yet."""
        crowd = [Spoken(text, Voice(voice)) for text in CROWD for voice in CROWD_VOICES]
        wanted = sorted({one.clip for one in (*spoken, *crowd)} - self._clips.keys(), key=repr)
        with ThreadPoolExecutor(SPEAKERS) as executor:
            shares = [wanted[number::SPEAKERS] for number in range(SPEAKERS)]
            for share, clips in zip(shares, executor.map(_speak, shares), strict=True):
                self._clips.update(zip(share, clips, strict=True))
        progress(f"{len(wanted)} utterances spoken")
        self._crowd = [_samples(self._clips[one]) for one in crowd]

    def sound(self, spoken: Spoken) -> bytes:
        """As it arrives: 16 bit, through µ-law, with quiet around it in which the line's noise goes on."""
        clip = _samples(self._clips[spoken.clip])
        level = float(np.sqrt(np.mean(clip**2)))
        quiet = np.zeros(codec.RATE // 2)
        sound = np.concatenate([quiet, clip, quiet, quiet])
        if spoken.line.noise != "none":
            chance = np.random.default_rng(zlib.crc32(repr(spoken).encode()))
            noise = _noise(spoken.line.noise, len(sound), chance, self._crowd)
            sound = sound + noise / np.sqrt(np.mean(noise**2)) * level * 10 ** (-spoken.line.below / 20)
        sound = np.clip(sound * 10 ** (spoken.line.gain / 20), -1, 1)
        return codec.ulaw_to_pcm(codec.pcm_to_ulaw((sound * 32767).astype("<i2").tobytes()))


def _speak(wanted: Sequence[Spoken]) -> list[bytes]:
    """The clips, in the same order."""
    jobs = [(one.text, one.voice.name, one.voice.words_per_minute, one.voice.pitch) for one in wanted]
    command = [sys.executable, "-m", trust_speak.__name__]
    lines = "".join(json.dumps(job) + "\n" for job in jobs).encode()
    said = subprocess.run(command, input=lines, capture_output=True, check=True).stdout  # noqa: S603
    clips = []
    while said:
        (length,) = trust_speak.LENGTH.unpack_from(said)
        start = trust_speak.LENGTH.size
        clips.append(said[start : start + length])
        said = said[start + length :]
    return clips


def _samples(pcm: bytes) -> Samples:
    return np.frombuffer(pcm, "<i2").astype(np.float64) / 32768


def _noise(kind: str, length: int, chance: np.random.Generator, crowd: list[Samples]) -> Samples:
    if kind == "white":
        return chance.normal(0, 1, length)
    if kind == "babble":
        return sum((np.resize(np.roll(one, chance.integers(len(one))), length) for one in crowd), np.zeros(length))
    clicks = chance.normal(0, 0.02, length)
    for at in chance.integers(0, length - _CLICK_SAMPLES, int(length / codec.RATE / _CLICK_EVERY)):
        clicks[at : at + _CLICK_SAMPLES] += chance.normal(0, 8, _CLICK_SAMPLES)
    return clicks
