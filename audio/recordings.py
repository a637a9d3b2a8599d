"""Recorded prompts in any usual format become the telephone's sound: 8 kHz mono, equally loud, silence trimmed.

A file that cannot be used is refused with the reason, so that it is found at upload and not in a call.
"""

from __future__ import annotations

import io
import subprocess
import tempfile
import wave
from pathlib import Path

import imageio_ffmpeg
import numpy as np

from audio import codec
from audio.levels import normalise, trim
from audio.quality import MAX_SECONDS, Samples, check_clarity, check_extent, is_cut_flat, to_mono
from core.errors import UserError

SUFFIXES = (".wav", ".mp3", ".ogg", ".opus", ".flac", ".m4a", ".webm")
MAX_BYTES = 50_000_000
MOST_CHANNELS = 2
_CHANNELS = slice(22, 24)
"""Where ffmpeg's WAV header says how many there are."""
_DECODE_SECONDS = 60
_RATE = 48_000
_MOST_DECODED = round((MAX_SECONDS + 1) * _RATE) * 2 * MOST_CHANNELS
# Only containers of sound: ffmpeg also reads playlists, which could name other files or addresses.
_FORMATS = "wav,mp3,ogg,flac,mov,mp4,m4a,matroska,webm,aac,amr"


def load_recording(path: Path) -> bytes:
    """The recording as 8 kHz mono samples, loudness normalised, silence at both ends trimmed.

    Raises UserError: not found, too large, not sound, too many channels, distorted, and what `audio.quality` finds.
    """
    try:
        size = path.stat().st_size
    except OSError as error:
        raise UserError(f"The recording {path.name} cannot be read: {error.strerror}.") from error
    if size > MAX_BYTES:
        raise UserError(f"The recording is larger than {MAX_BYTES // 1_000_000} MB.")
    samples = to_mono(_decode(path))
    pcm = codec.resample(np.rint(samples * 32767).astype("<i2").tobytes(), _RATE)
    check_extent(pcm)
    if is_cut_flat(samples):
        raise UserError("The recording is distorted: it was recorded too loud.", "Lower the level of the microphone.")
    check_clarity(pcm)
    return normalise(trim(pcm))


def load_upload(content: bytes) -> bytes:
    """The same from a file that has been uploaded; its name counts for nothing."""
    with tempfile.NamedTemporaryFile(prefix="recording-") as file:
        file.write(content)
        file.flush()
        return load_recording(Path(file.name))


def fault_of(folder: Path, language: str, name: str) -> str | None:
    """What is wrong with the recording of a prompt; None when it is well, or when there is none."""
    for path in (folder / language / f"{name}{suffix}" for suffix in SUFFIXES):
        if path.exists():
            try:
                load_recording(path)
            except UserError as error:
                return f"{path.name}: {error.message}"
    return None


def _decode(path: Path) -> Samples:
    """The samples of each channel, from -1 to 1 (samples × channels), at 48 kHz."""
    try:
        command = [imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-v", "error"]
    except RuntimeError as error:
        raise UserError("Recordings cannot be read: there is no ffmpeg.", "Reinstall imageio-ffmpeg.") from error
    command += ["-protocol_whitelist", "file", "-format_whitelist", _FORMATS, "-i", f"file:{path}"]
    command += ["-vn", "-t", str(MAX_SECONDS + 1), "-ar", str(_RATE), "-c:a", "pcm_s16le"]
    # No file fills our memory: what has more channels than are allowed is cut off here, and refused below.
    command += ["-fs", str(_MOST_DECODED), "-f", "wav", "pipe:1"]
    try:
        done = subprocess.run(command, capture_output=True, timeout=_DECODE_SECONDS, check=False)  # noqa: S603
    except subprocess.TimeoutExpired as error:
        raise UserError("The recording takes too long to read.", "Save it as a WAV file.") from error
    if done.returncode != 0 or not done.stdout:
        raise UserError("The recording cannot be read: it is no sound file.", "Save it as a WAV or MP3 file.")
    # Written into a pipe, the header's length is a guess: what is there is read.
    channels = int.from_bytes(done.stdout[_CHANNELS], "little")
    if channels > MOST_CHANNELS:  # in a kind of WAV that `wave` does not read
        raise UserError(f"The recording has {channels} channels.", "Save it as mono or stereo.")
    with wave.open(io.BytesIO(done.stdout)) as file:
        content = file.readframes(file.getnframes())
    whole = len(content) // (2 * channels) * 2 * channels
    return np.frombuffer(content[:whole], "<i2").astype(np.float64).reshape(-1, channels) / 32768
