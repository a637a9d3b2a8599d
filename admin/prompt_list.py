"""What there is to record, and what of it is recorded: scripts of the library beside the recordings that are played."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask import abort

from admin.current import context, uow
from audio import studio
from audio.model import PromptRecording
from audio.studio import Words
from flows.prompts import pieces_of

Played = Mapping[tuple[str, str], Sequence[PromptRecording]]


@dataclass(frozen=True, slots=True)
class PromptRow:
    """One fixed piece: the recording that is played for its words, or one of the words it had before."""

    words: Words
    step: str
    recording: PromptRecording | None
    outdated: PromptRecording | None

    @property
    def state(self) -> str:
        if self.recording is not None:
            return "recorded"
        return "outdated" if self.outdated is not None else "machine"


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of a script is recorded in a language."""

    language: str
    recorded: int
    outdated: int
    pieces: int
    voices: tuple[str, ...]


def rows_of(script: str, language: str, played: Played | None = None) -> list[PromptRow]:
    """The pieces of a script in the order of its steps. Aborts with 404 for a script or language that is not there."""
    found = context().library.scripts.get(script)
    if found is None or language not in found.languages:
        abort(404)
    recordings = studio.played(uow()) if played is None else played
    pieces = (piece for piece in pieces_of(found) if piece.language == language)
    rows = (_row(Words(piece.language, piece.clip, piece.text), piece.step, recordings) for piece in pieces)
    return [row for row in rows if row.words.sayable]


def row_of(script: str, language: str, clip: str) -> PromptRow:
    """One piece. Aborts with 404 when the script has no such piece."""
    return next((row for row in rows_of(script, language) if row.words.clip == clip), None) or abort(404)


def coverage() -> dict[str, list[Coverage]]:
    """Every script with its languages."""
    played, scripts = studio.played(uow()), context().library.scripts
    return {name: [_coverage(name, one, played) for one in script.languages] for name, script in scripts.items()}


def _coverage(script: str, language: str, played: Played) -> Coverage:
    rows = rows_of(script, language, played)
    voices = {row.recording.voice for row in rows if row.recording is not None}
    states = [row.state for row in rows]
    return Coverage(language, states.count("recorded"), states.count("outdated"), len(rows), tuple(sorted(voices)))


def _row(words: Words, step: str, played: Played) -> PromptRow:
    own = played.get((words.language, words.clip), ())
    current = next((recording for recording in own if recording.text == words.spoken), None)
    others = [recording for recording in own if recording is not current]
    newest = max(others, key=lambda recording: recording.published_at, default=None)
    return PromptRow(words, step, current, newest)
