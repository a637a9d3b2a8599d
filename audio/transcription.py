"""Free speech written down, for voice messages only: nobody waits for it, and no call's recogniser is touched.

Decoding without a grammar takes up to a core for as long as the message and memory that only the end of a process gives
back, and Vosk can crash; so each message has a process of its own, at the lowest priority, with a limit of time.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from core.errors import Retryable

LOAD_SECONDS = 60.0
"""A model that is read from a slow disk, on a busy machine."""
SECONDS_PER_SECOND = 6.0
"""The most that decoding may take for each second of sound: a small model needs 0.2–1.2 on an idle core."""
LONGEST_SECONDS = 840.0
"""However long the message: the job has to say how it ended before its own time is over (`core.jobs`)."""


def transcribe(pcm: bytes, model: Path, seconds: float) -> str:
    """The words of `pcm` (16-bit samples at 8 kHz, `seconds` long), empty when none is understood.

    Raises Retryable when the process dies or takes too long.
    """
    limit = min(LOAD_SECONDS + SECONDS_PER_SECOND * seconds, LONGEST_SECONDS)
    command = [sys.executable, "-W", "ignore", "-m", "audio.transcriber", str(model), str(int(limit))]
    try:
        done = subprocess.run(command, input=pcm, capture_output=True, timeout=limit, check=False)  # noqa: S603
    except subprocess.TimeoutExpired as error:
        raise Retryable(f"Writing the message down took longer than {limit:.0f} seconds.") from error
    if done.returncode != 0:
        raise Retryable(f"The transcriber ended with {done.returncode}.", "Check the model of this language.")
    return str(json.loads(done.stdout)["text"])
