"""Publishing recorded prompts: a file is checked against its words, then heard by every call that begins to play them.

A recording belongs to words, not to a clip's name alone: when the script changes its words, text to speech says the new
ones until somebody records them. Nobody hears an old sentence.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Select, select, text, update
from sqlalchemy.orm import defer

from audio import codec
from audio.levels import EDGE_SECONDS
from audio.model import PromptRecording
from audio.quality import check_length
from audio.recordings import load_upload
from audio.speech import readable, speak, voice_of
from core.database import UnitOfWork
from core.errors import UserError

LONGEST_VOICE = 80
# Whoever publishes second withdraws what the first has published: one of each words is played.
_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtext('audio.studio.publish'))")


@dataclass(frozen=True, slots=True)
class Words:
    """What is to be recorded: a fixed piece of a prompt."""

    language: str
    clip: str
    text: str

    @property
    def spoken(self) -> str:
        """The words as recordings are filed under them."""
        return readable(self.text)

    @property
    def shown(self) -> str:
        """The words as whoever records them reads them: a piece behind a value may begin with a comma."""
        return self.spoken.lstrip(" .,;:!?…")

    @property
    def sayable(self) -> bool:
        """Whether there is anything to say: a piece between two values may be a full stop."""
        return any(sign.isalnum() for sign in self.text)


@dataclass(frozen=True, slots=True)
class Take:
    """A recording that has been found good: 8 kHz samples, normalised and trimmed."""

    words: Words
    pcm: bytes

    @property
    def seconds(self) -> float:
        return codec.seconds(self.pcm)


def check(words: Words, content: bytes) -> Take:
    """The uploaded file as a take. Raises UserError with what is wrong with it; nothing has been published then."""
    pcm = load_upload(content)
    machine = speak(words.spoken, voice_of(words.language))
    check_length(codec.seconds(pcm) - 2 * EDGE_SECONDS, codec.seconds(machine) - 2 * EDGE_SECONDS)
    return Take(words, pcm)


def publish(uow: UnitOfWork, take: Take, *, voice: str, login: str) -> UUID:
    """Play this take from now on, in place of what was played. Raises UserError for a voice without a name."""
    voice = readable(voice)
    if not voice or len(voice) > LONGEST_VOICE:
        raise UserError("Say whose voice it is.", f"A name of at most {LONGEST_VOICE} characters.")
    words = take.words
    uow.session.execute(_ONE_AT_A_TIME)
    _withdraw_played(uow, words, login)
    row = PromptRecording(
        language=words.language,
        clip=words.clip,
        text=words.spoken,
        voice=voice,
        sound=take.pcm,
        sha256=hashlib.sha256(take.pcm).hexdigest(),
        seconds=take.seconds,
        published_at=uow.now(),
        published_by=login,
    )
    uow.session.add(row)
    uow.session.flush()
    return row.id


def withdraw(uow: UnitOfWork, recording: UUID, login: str) -> None:
    """Play text to speech again. One that is not played stays as it is."""
    row = _find(uow, recording)
    if row.withdrawn_at is None:
        row.withdrawn_at, row.withdrawn_by = uow.now(), login


def put_back(uow: UnitOfWork, recording: UUID, words: Words, login: str) -> UUID:
    """Play an earlier take again, for the words of today: whoever does it says that it fits them."""
    row = _find(uow, recording)
    if (row.language, row.clip) != (words.language, words.clip):
        raise UserError("This recording belongs to another prompt.")
    return publish(uow, Take(words, row.sound), voice=row.voice, login=login)


def played(uow: UnitOfWork) -> Mapping[tuple[str, str], list[PromptRecording]]:
    """Every recording that is not withdrawn, without its sound, by language and clip."""
    rows = uow.session.scalars(_without_sound().where(PromptRecording.withdrawn_at.is_(None)))
    found: dict[tuple[str, str], list[PromptRecording]] = {}
    for row in rows:
        found.setdefault((row.language, row.clip), []).append(row)
    return found


def history(uow: UnitOfWork, language: str, clip: str) -> Iterator[PromptRecording]:
    """Every recording of a clip that there ever was, newest first, without its sound."""
    own = PromptRecording.language == language, PromptRecording.clip == clip
    return iter(uow.session.scalars(_without_sound().where(*own).order_by(PromptRecording.id.desc())))


def sound_of(uow: UnitOfWork, recording: UUID) -> bytes:
    """The samples of a recording. Raises UserError when there is none."""
    return _find(uow, recording).sound


def _without_sound() -> Select[PromptRecording]:
    return select(PromptRecording).options(defer(PromptRecording.sound, raiseload=True))


def _withdraw_played(uow: UnitOfWork, words: Words, login: str) -> None:
    same = (
        PromptRecording.language == words.language,
        PromptRecording.clip == words.clip,
        PromptRecording.text == words.spoken,
        PromptRecording.withdrawn_at.is_(None),
    )
    uow.session.execute(update(PromptRecording).where(*same).values(withdrawn_at=uow.now(), withdrawn_by=login))


def _find(uow: UnitOfWork, recording: UUID) -> PromptRecording:
    row = uow.session.get(PromptRecording, recording, with_for_update=True)
    if row is None:
        raise UserError("There is no such recording.")
    return row
