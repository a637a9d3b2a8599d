"""A program that speaks: a line of JSON in (text, voice, words a minute, pitch), a length and samples out.

    python -m ivr.media.bench.trust_speak

Each is spoken by a fork of its own, for eSpeak never says a sentence twice alike within one process.
"""

from __future__ import annotations

import json
import os
import struct
import sys

from audio.speech import Voice, speak

LENGTH = struct.Struct("<I")


def _spoken(text: str, voice: Voice) -> bytes:
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            with os.fdopen(writer, "wb") as out:
                out.write(speak(text, voice))
            os._exit(0)
        finally:
            os._exit(1)  # an error is printed, and this process never goes on with the next line
    os.close(writer)
    with os.fdopen(reader, "rb") as sound:
        pcm = sound.read()
    _, status = os.waitpid(child, 0)
    if status != 0:
        raise SystemExit(f"text to speech failed: {os.waitstatus_to_exitcode(status)}")
    return pcm


if __name__ == "__main__":
    for line in sys.stdin:
        text, name, speed, pitch = json.loads(line)
        pcm = _spoken(text, Voice(name, speed, pitch))
        sys.stdout.buffer.write(LENGTH.pack(len(pcm)) + pcm)
        sys.stdout.buffer.flush()
