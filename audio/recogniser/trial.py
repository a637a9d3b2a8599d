"""Whether a model works, tried in a process of its own: Vosk ends the process that loads a broken one.

python -m audio.recogniser.trial LANGUAGE MODEL_FOLDER
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from audio import codec
from audio.decoys import decoys_for
from audio.recogniser.model import LoadedModel


def try_out(model: LoadedModel, language: str) -> float:
    """Listen to two seconds of noise. Returns seconds of the processor's time per second of sound."""
    noise = os.urandom(2 * codec.RATE)
    recogniser = model.recogniser(model.grammar(language, decoys_for(language, ())))
    recogniser.accept(noise)  # the first second pays for what is set up once
    began = time.thread_time()
    recogniser.accept(noise)
    recogniser.finish()
    return time.thread_time() - began


if __name__ == "__main__":
    try_out(LoadedModel(Path(sys.argv[2])), sys.argv[1])
