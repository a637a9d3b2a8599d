"""Prompts as sound, made once and kept by content: a person's recording if there is one, text to speech otherwise.

A clip's digest names its sound for ever, so carriers and browsers may cache it without asking. It is made under a
secret of the folder: whoever may fetch prompts cannot find out by guessing names who was called. Beside each sound lies
a small JSON file with the words, for captions and for the ears of simulated people; those of a value (a name, a date)
are sealed in it, and go with their sound once nobody needs them.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import logging
import os
import re
import secrets
import tempfile
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

from audio import codec
from audio.recordings import SUFFIXES, load_recording
from audio.shelf import Shelf
from audio.speech import VOICES, Voice, readable, speak, voice_of
from core.encryption import KeyRing
from core.errors import UserError

log = logging.getLogger(__name__)

RENDERING = "2"
"""Part of every digest: raised when the way sound is made changes, so that old files are not taken for new ones."""
CACHED_CLIPS = 256
CACHED_NAMES = 20_000
SECRET_BYTES = 32
PAUSES = {".": 0.2, "!": 0.2, "?": 0.2, "…": 0.2, ":": 0.15, ";": 0.15, ",": 0.1}
"""Seconds of silence by the sign that a clip begins or ends with, beside what trimming leaves."""
DAY = 24 * 3600.0
KEEP_SECONDS = 30 * DAY
"""How long the sound of a value is kept after it was last needed; a clip's use is noted once a day."""

_DIGEST = re.compile(r"[0-9a-f]{64}")
_NAME = re.compile(r"[\w-][\w.-]*(/[\w-][\w.-]*)*")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class Clip:
    """A piece of sound: its digest, how long it lasts, and what it says."""

    digest: str
    seconds: float
    text: str
    language: str


@dataclass(frozen=True, slots=True)
class ClipInfo:
    """What is known about a stored clip."""

    language: str
    text: str
    seconds: float
    source: Literal["recording", "speech"]


@dataclass(frozen=True, slots=True)
class PromptItem:
    """A clip to be made ahead (`PromptStore.warm`)."""

    language: str
    text: str
    name: str | None = None


class PromptStore:
    """The prompts of one installation: `folder` holds made sound, `shelf` the recordings that were published in the
    console, `recordings` those that lie in a folder, `<language>/<name>.wav` (or mp3, …), and come second.

    Any number of processes and threads may use one folder. Making a clip takes some ten milliseconds and blocks;
    finding a made one does not.
    """

    def __init__(
        self, folder: Path, recordings: Path, voices: Mapping[str, Voice] = VOICES, shelf: Shelf | None = None
    ) -> None:
        self._folder = folder
        self._recordings = recordings
        self._voices = voices
        self._shelf = shelf
        self._secret = _secret_of(folder)
        self._seal = KeyRing([self._secret])
        self._spoken: OrderedDict[tuple[str, str], tuple[Clip, float]] = OrderedDict()
        self._recorded: dict[tuple[str, int, int, str, str], Clip | None] = {}
        self._read = lru_cache(maxsize=CACHED_CLIPS)(self._read_pcm)
        self._read_ulaw = lru_cache(maxsize=CACHED_CLIPS)(self._make_ulaw)

    def clip(self, language: str, text: str, name: str | None = None) -> Clip:
        """The clip that says `text`; the recording `name` stands in for text to speech if it is there and usable.

        Without a `name` it is a value, kept only while it is used. A broken recording is logged and never fails a
        call. Raises UserError for a language without a voice.
        """
        text = readable(text)
        if name is not None:
            recorded = self._from_shelf(language, text, name) or self._from_recording(language, text, name)
            if recorded is not None:
                return recorded
        return self._from_speech(language, text, is_value=name is None)

    def edition(self) -> object:
        """Another one whenever a recording has been published or withdrawn: what was found before is to be asked for
        again."""
        return self._shelf.edition() if self._shelf else None

    def pcm(self, digest: str) -> bytes:
        """The sound as 16-bit samples at 8 kHz. Raises UserError for a digest nobody made."""
        return self._read(_valid(digest))

    def ulaw(self, digest: str) -> bytes:
        """The sound as µ-law, filled up with silence to whole frames of 20 ms."""
        return self._read_ulaw(_valid(digest))

    def wav(self, digest: str) -> bytes:
        """The sound as a WAV file, as served to carriers and browsers."""
        return codec.pcm_to_wav(self.pcm(digest))

    def describe(self, digest: str) -> ClipInfo:
        """What the clip says, in which language. Raises UserError for a digest nobody made."""
        try:
            words = json.loads(self._path(_valid(digest), ".json").read_bytes())
            size = self._path(digest, ".pcm").stat().st_size
        except FileNotFoundError as error:
            raise _unknown() from error
        if "sealed" in words:
            words["text"] = self._seal.decrypt(words.pop("sealed"))
        return ClipInfo(seconds=size / (2 * codec.RATE), **words)

    def digests(self) -> Iterator[str]:
        """Every clip that has been made so far, in no order."""
        return (path.stem for path in self._folder.glob("??/*.pcm"))

    def warm(self, items: Iterable[PromptItem], progress: Callable[[int, int], None] | None = None) -> int:
        """Make clips ahead; `progress` is told (done, total). Returns how many.

        One process is enough: a sentence takes about 10 ms, so a thousand prompts take ten seconds.
        """
        wanted = list(items)
        for done, item in enumerate(wanted, start=1):
            self.clip(item.language, item.text, item.name)
            if progress is not None:
                progress(done, len(wanted))
        return len(wanted)

    def clear_away(self) -> int:
        """Remove the values (names, dates) that nobody has needed for `KEEP_SECONDS`; returns how many."""
        removed = 0
        for path in self._folder.glob("??/*.json"):
            try:
                if path.stat().st_mtime >= time.time() - KEEP_SECONDS or "sealed" not in json.loads(path.read_bytes()):
                    continue
                path.with_suffix(".pcm").unlink(missing_ok=True)  # first: whoever finds a sound finds its words too
                path.unlink()
            except FileNotFoundError:
                continue  # another process clears away as well
            removed += 1
        return removed

    def _from_speech(self, language: str, text: str, is_value: bool) -> Clip:
        key, now = (language, text), time.time()
        known = self._spoken.get(key)
        if known is not None and now - known[1] < DAY:
            return known[0]
        voice = voice_of(language, self._voices)
        digest = self._digest("speech", language, f"{voice.name} {voice.words_per_minute} {voice.pitch}", text)
        clip = self._stored(digest)
        if clip is None:
            clip = self._keep(digest, language, text, "speech", speak(text, voice) or codec.PCM_SILENCE, is_value)
        self._spoken[key] = clip, now
        while len(self._spoken) > CACHED_NAMES:
            self._spoken.popitem(last=False)
        return clip

    def _from_shelf(self, language: str, text: str, name: str) -> Clip | None:
        recording = self._shelf.find(language, name, text) if self._shelf else None
        if recording is None or self._shelf is None:
            return None
        key = (recording.sha256, 0, 0, language, text)
        if key not in self._recorded:
            digest = self._digest("recording", language, recording.sha256, text)
            clip = self._stored(digest)
            if clip is None:
                pcm = self._shelf.sound(recording)
                if pcm is None:
                    return None
                clip = self._keep(digest, language, text, "recording", pcm)
            self._recorded[key] = clip
        return self._recorded[key]

    def _from_recording(self, language: str, text: str, name: str) -> Clip | None:
        found = self._find_recording(language, name)
        if found is None:
            return None
        path, stat = found
        key = (str(path), stat.st_mtime_ns, stat.st_size, language, text)
        if key not in self._recorded:
            self._recorded[key] = self._make_recorded(path, language, text)
        return self._recorded[key]

    def _make_recorded(self, path: Path, language: str, text: str) -> Clip | None:
        try:
            digest = self._digest("recording", language, hashlib.sha256(path.read_bytes()).hexdigest(), text)
            return self._stored(digest) or self._keep(digest, language, text, "recording", load_recording(path))
        except (UserError, OSError) as error:
            log.warning("event=recording_unusable file=%s reason=%s", path.name, error)
            return None

    def _find_recording(self, language: str, name: str) -> tuple[Path, os.stat_result] | None:
        if not _NAME.fullmatch(name) or not _LANGUAGE.fullmatch(language):
            log.warning("event=recording_name_refused name=%r language=%r", name, language)
            return None
        base = self._recordings / language / name
        for suffix in SUFFIXES:
            path = base.with_name(base.name + suffix)
            try:
                return path, path.stat()
            except FileNotFoundError:
                continue
            except OSError as error:
                log.warning("event=recording_unusable file=%s reason=%s", path.name, error.strerror)
        return None

    def _stored(self, digest: str) -> Clip | None:
        """The clip if it has been made; from now on it counts as used."""
        try:
            os.utime(self._path(digest, ".json"))
            info = self.describe(digest)
        except (FileNotFoundError, UserError):
            return None
        return Clip(digest, info.seconds, info.text, info.language)

    def _keep(
        self,
        digest: str,
        language: str,
        text: str,
        source: Literal["recording", "speech"],
        pcm: bytes,
        is_value: bool = False,
    ) -> Clip:
        """The words first, then the sound: whoever finds the sound finds the words too.

        The first writer wins, and everybody uses its sound: eSpeak never says a sentence twice in quite the same way.
        """
        said = {"sealed": self._seal.encrypt(text)} if is_value else {"text": text}
        words = {"language": language, "source": source, **said}
        _write_once(self._path(digest, ".json"), json.dumps(words, ensure_ascii=False).encode())
        _write_once(self._path(digest, ".pcm"), with_pauses(pcm, text))
        return Clip(digest, codec.seconds(self._read(digest)), text, language)

    def _read_pcm(self, digest: str) -> bytes:
        try:
            return self._path(digest, ".pcm").read_bytes()
        except FileNotFoundError as error:
            raise _unknown() from error

    def _make_ulaw(self, digest: str) -> bytes:
        pcm = self._read(digest)
        return b"".join(codec.frames(codec.pcm_to_ulaw(pcm), codec.ULAW_FRAME, codec.ULAW_SILENCE[:1]))

    def _digest(self, kind: str, language: str, made_from: str, text: str) -> str:
        content = "\0".join((RENDERING, kind, language, made_from, text))
        return hmac.digest(self._secret, content.encode(), "sha256").hex()

    def _path(self, digest: str, suffix: str) -> Path:
        return self._folder / digest[:2] / f"{digest}{suffix}"


def with_pauses(pcm: bytes, text: str) -> bytes:
    """The sound with silence where its text begins or ends a sentence or a part of one, as a person breathes: a clip is
    one piece of a prompt, and the next piece may be a name."""
    before, after = (PAUSES.get(sign, 0.0) for sign in (text[:1] if len(text) > 1 else "", text[-1:]))
    return bytes(2 * round(before * codec.RATE)) + pcm + bytes(2 * round(after * codec.RATE))


def _secret_of(folder: Path) -> bytes:
    """The secret of the folder, which whoever opens it first makes; only its owner can read it."""
    path = folder / "secret"
    if not path.exists():
        _write_once(path, secrets.token_bytes(SECRET_BYTES))
    return path.read_bytes()


def _valid(digest: str) -> str:
    """Only the form we make: a digest comes back in web addresses, and must never name another file."""
    if not _DIGEST.fullmatch(digest):
        raise _unknown()
    return digest


def _unknown() -> UserError:
    return UserError("There is no such prompt.", "Make the prompts again with the same settings.")


def _write_once(path: Path, data: bytes) -> None:
    """Write a file unless it is there. No reader ever sees a part of it, and no second writer replaces it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".making-") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(file.name, path)
