"""Labelled recordings, as a folder of folders or with a list.

    FOLDER/예=네/*.wav                  an answer, its wordings joined by "="
    FOLDER/아니요=아뇨/*.wav
    FOLDER/off-list/*.wav              speech that is no answer

    LIST.csv                           columns file, said, choices; kind if there are several kinds of questions
    calls/17.wav,네,예=네|아니요=아뇨,yes_no
    calls/18.wav,,예=네|아니요=아뇨,yes_no

Answers of a question are separated by "|", wordings of one answer by "=". Nothing under `said`, or what is no wording,
is off-list. Files are WAV, 16 bit, one channel, at any rate; those of the list are looked for beside it.
"""

from __future__ import annotations

import csv
import wave
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from audio import codec
from audio.recogniser.grammar import plain
from core.errors import UserError

OFF_LIST = "off-list"
MAX_SECONDS = 30.0
_COLUMNS = {"file", "said", "choices"}

Answers = tuple[tuple[str, ...], ...]
"""The answers of a question, each with its wordings."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One recording: what question was asked, and which of its answers was given (None: none of them)."""

    file: Path
    answers: Answers
    given: int | None
    kind: str = "all"

    @property
    def phrases(self) -> tuple[str, ...]:
        return tuple(phrase for answer in self.answers for phrase in answer)

    def meant_by(self, phrase: str) -> int | None:
        """Which answer a phrase is."""
        return next((number for number, answer in enumerate(self.answers) if phrase in answer), None)


def find_samples(source: Path) -> list[Sample]:
    """The recordings of a folder, or of a list. Raises UserError: nothing there, or a list that cannot be read."""
    samples = _listed(source) if source.suffix.lower() == ".csv" else _in_folders(source)
    if not samples:
        raise UserError(f"There are no recordings in {source}.", "See docs/speech.md for how they are laid out.")
    return samples


def read_sound(file: Path) -> bytes:
    """The recording as it comes out of a telephone: 8 kHz, through µ-law. Raises UserError that says what is wrong."""
    try:
        with wave.open(str(file)) as sound:
            if sound.getsampwidth() != 2 or sound.getnchannels() != 1:
                raise UserError(f"{file} is not 16 bit with one channel.")
            if sound.getnframes() > MAX_SECONDS * sound.getframerate():
                raise UserError(f"{file} is longer than {MAX_SECONDS:.0f} seconds.")
            rate, samples = sound.getframerate(), sound.readframes(sound.getnframes())
    except OSError as error:
        raise UserError(f"{file} cannot be read: {error.strerror}.") from error
    except (wave.Error, EOFError) as error:
        raise UserError(f"{file} is no WAV file: {error}.") from error
    if not samples:
        raise UserError(f"{file} is empty.")
    at_8_khz = samples if rate == codec.RATE else codec.resample(samples, rate)
    return codec.ulaw_to_pcm(codec.pcm_to_ulaw(at_8_khz))


def _in_folders(folder: Path) -> list[Sample]:
    folders = sorted(path for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []
    named = [path for path in folders if path.name != OFF_LIST]
    answers = _answers(path.name for path in named)
    numbers = {path: number for number, path in enumerate(named)}
    return [
        Sample(file, answers, numbers.get(path))
        for path in folders
        for file in sorted(path.iterdir())
        if file.suffix.lower() == ".wav"
    ]


def _listed(file: Path) -> list[Sample]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as text:
            reader = csv.DictReader(text)
            missing = _COLUMNS - set(reader.fieldnames or ())
            if missing:
                raise UserError(f"{file.name} has no column {', '.join(sorted(missing))}.")
            return [_sample(file, line, row) for line, row in enumerate(reader, 2)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"{file.name} cannot be read: {error}.", "Save it as CSV in UTF-8.") from error


def _sample(file: Path, line: int, row: dict[str, str | None]) -> Sample:
    answers = _answers((row["choices"] or "").split("|"))
    if not row["file"] or not any(answers):
        raise UserError(f"Line {line} of {file.name} names no file, or no choices.")
    sample = Sample(file.parent / row["file"], answers, None, row.get("kind") or "all")
    return Sample(sample.file, answers, sample.meant_by(plain(row["said"] or "")), sample.kind)


def _answers(written: Iterable[str]) -> Answers:
    return tuple(tuple(plain(phrase) for phrase in text.split("=") if plain(phrase)) for text in written)
