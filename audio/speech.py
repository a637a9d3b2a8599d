"""Text to speech: eSpeak NG from a wheel, called through ctypes. It sounds like a machine; recordings override it.

eSpeak keeps global state, so one lock per process guards it; several processes may speak at once. Calls block for a
few tens of milliseconds per sentence and release the interpreter lock: from asyncio, use a thread.
"""

from __future__ import annotations

import ctypes
import threading
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

import espeakng_loader

from audio.codec import resample
from audio.levels import normalise, trim
from core.errors import Permanent, UserError

MAX_CHARACTERS = 4000


@dataclass(frozen=True, slots=True)
class Voice:
    """An eSpeak voice; a little slower than its default, for a telephone and for worried people."""

    name: str
    words_per_minute: int = 150
    pitch: int = 50


VOICES: Mapping[str, Voice] = {
    "vi": Voice("vi", words_per_minute=170),
    "en": Voice("en-us", words_per_minute=165),
    "ko": Voice("ko", words_per_minute=180),
}
"""The voice of each language. `vi-vn-x-central` and `vi-vn-x-south` are the other Vietnamese ones."""

_SYNCHRONOUS = 2
_DO_NOT_EXIT = 0x8000
_UTF8 = 1
_RATE_PARAMETER = 1
_PITCH_PARAMETER = 3
_CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)


class _Espeak:
    """The library, loaded on first use. Whoever calls it holds `lock`."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self._library: ctypes.CDLL | None = None
        self._rate = 0
        self._chunks: list[bytes] = []
        self._callback = _CALLBACK(self._collect)

    def synthesise(self, text: str, voice: Voice) -> tuple[bytes, int]:
        """Samples and their rate."""
        library = self._library or self._load()
        self._chunks.clear()
        if library.espeak_SetVoiceByName(voice.name.encode()) != 0:
            raise UserError(f"There is no text-to-speech voice called {voice.name}.")
        library.espeak_SetParameter(_RATE_PARAMETER, voice.words_per_minute, 0)
        library.espeak_SetParameter(_PITCH_PARAMETER, voice.pitch, 0)
        data = text.encode() + b"\x00"
        if library.espeak_Synth(data, ctypes.c_size_t(len(data)), 0, 0, 0, _UTF8, None, None) != 0:
            raise Permanent("Text to speech refused a text.")
        return b"".join(self._chunks), self._rate

    def _load(self) -> ctypes.CDLL:
        library = ctypes.CDLL(espeakng_loader.get_library_path())
        rate = library.espeak_Initialize(_SYNCHRONOUS, 0, espeakng_loader.get_data_path().encode(), _DO_NOT_EXIT)
        if rate <= 0:
            raise Permanent("Text to speech cannot start.", "Reinstall the package espeakng-loader.")
        library.espeak_SetSynthCallback(self._callback)
        self._rate = rate
        self._library = library
        return library

    def _collect(self, samples: ctypes._Pointer[ctypes.c_short], count: int, _events: object) -> int:
        if samples and count > 0:
            self._chunks.append(ctypes.string_at(samples, 2 * count))
        return 0


_espeak = _Espeak()


def speak(text: str, voice: Voice) -> bytes:
    """`text` as 8 kHz samples, loudness normalised, silence at both ends trimmed to 60 ms.

    A text without a sayable letter gives empty sound. Raises UserError for an unknown voice or a text that is too long.
    """
    text = readable(text)
    if len(text) > MAX_CHARACTERS:
        raise UserError(
            f"A prompt may have at most {MAX_CHARACTERS} characters; this one has {len(text)}.", "Split it."
        )
    if not any(character.isalnum() for character in text):
        return b""
    with _espeak.lock:
        samples, rate = _espeak.synthesise(text, voice)
    return normalise(trim(resample(samples, rate)))


def readable(text: str) -> str:
    """The text as it is spoken and compared: composed letters, single spaces, no control characters."""
    composed = unicodedata.normalize("NFC", text)
    return " ".join("".join(c if c.isprintable() else " " for c in composed).split())


def voice_of(language: str, voices: Mapping[str, Voice] = VOICES) -> Voice:
    """The voice of a language. Raises UserError if it has none."""
    voice = voices.get(language)
    if voice is None:
        raise UserError(f"There is no voice for the language {language!r}.", f"Known: {', '.join(sorted(voices))}.")
    return voice
