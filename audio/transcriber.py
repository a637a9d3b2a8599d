"""The process that writes one voice message down: `python -m audio.transcriber MODEL LIMIT`, samples in, JSON out."""

from __future__ import annotations

import json
import os
import resource
import sys
from pathlib import Path

from audio.recogniser.model import LoadedModel

LOWEST_PRIORITY = 19
CHUNK_BYTES = 8000


def main() -> None:
    model, limit = Path(sys.argv[1]), int(sys.argv[2])
    os.nice(LOWEST_PRIORITY)
    # Should the worker that started us be gone, nobody else would end us.
    resource.setrlimit(resource.RLIMIT_CPU, (limit, limit))
    pcm = sys.stdin.buffer.read()
    recogniser = LoadedModel(model).free_recogniser()
    for start in range(0, len(pcm), CHUNK_BYTES):
        recogniser.accept(pcm[start : start + CHUNK_BYTES])
    json.dump({"text": " ".join(word["word"] for word in recogniser.finish())}, sys.stdout)


if __name__ == "__main__":
    main()
