"""Recorded prompts in any usual format become the telephone's sound: 8 kHz mono, equally loud, silence trimmed.

A file that cannot be used is refused with the reason, so that it is found at upload and not in a call.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import imageio_ffmpeg

from audio import codec
from audio.levels import normalise, speech_level, trim
from core.errors import UserError

SUFFIXES = (".wav", ".mp3", ".ogg", ".opus", ".flac", ".m4a", ".webm")
MAX_BYTES = 50_000_000
MAX_SECONDS = 180.0
MIN_SECONDS = 0.1
_DECODE_SECONDS = 60
# Only containers of sound: ffmpeg also reads playlists, which could name other files or addresses.
_FORMATS = "wav,mp3,ogg,flac,mov,mp4,m4a,matroska,webm,aac,amr"


def load_recording(path: Path) -> bytes:
    """The recording as 8 kHz mono samples, loudness normalised, silence at both ends trimmed.

    Raises UserError: not found, too large, not sound, too long or short, nothing but silence.
    """
    try:
        size = path.stat().st_size
    except OSError as error:
        raise UserError(f"The recording {path.name} cannot be read: {error.strerror}.") from error
    if size > MAX_BYTES:
        raise UserError(f"The recording {path.name} is larger than {MAX_BYTES // 1_000_000} MB.")
    pcm = _decode(path)
    length = codec.seconds(pcm)
    if length > MAX_SECONDS:
        raise UserError(f"The recording {path.name} is longer than {MAX_SECONDS:.0f} seconds.", "Cut it.")
    if speech_level(pcm) is None:
        raise UserError(f"There is nothing but silence in the recording {path.name}.", "Record it again.")
    if codec.seconds(trim(pcm, edge=0)) < MIN_SECONDS:
        raise UserError(f"The recording {path.name} is too short to be a prompt.", "Record it again.")
    return normalise(trim(pcm))


def fault_of(folder: Path, language: str, name: str) -> str | None:
    """What is wrong with the recording of a prompt; None when it is well, or when there is none."""
    for path in (folder / language / f"{name}{suffix}" for suffix in SUFFIXES):
        if path.exists():
            try:
                load_recording(path)
            except UserError as error:
                return error.message
    return None


def _decode(path: Path) -> bytes:
    try:
        command = [imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-v", "error"]
    except RuntimeError as error:
        raise UserError("Recordings cannot be read: there is no ffmpeg.", "Reinstall imageio-ffmpeg.") from error
    command += ["-protocol_whitelist", "file", "-format_whitelist", _FORMATS, "-i", f"file:{path}"]
    command += ["-vn", "-t", str(MAX_SECONDS + 1), "-ac", "1", "-ar", str(codec.RATE), "-f", "s16le", "pipe:1"]
    try:
        done = subprocess.run(command, capture_output=True, timeout=_DECODE_SECONDS, check=False)  # noqa: S603
    except subprocess.TimeoutExpired as error:
        raise UserError(f"The recording {path.name} takes too long to read.", "Save it as a WAV file.") from error
    if done.returncode != 0 or not done.stdout:
        lines = done.stderr.decode(errors="replace").strip().splitlines()
        reason = lines[-1].replace(f"file:{path}", path.name) if lines else "there is no sound in it"
        raise UserError(f"The recording {path.name} cannot be read: {reason}.", "Save it as a WAV or MP3 file.")
    return done.stdout
