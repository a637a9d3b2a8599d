"""A model is tried before it takes the place of another: it is loaded and listens, in a process that may die of it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from core.errors import UserError

TRIAL_SECONDS = 600
"""The largest models take minutes to load from a slow disk."""


def try_model(path: Path, language: str) -> None:
    """Raises UserError, with what Vosk says, if the model in `path` cannot be loaded or cannot listen."""
    command = [sys.executable, "-m", "audio.recogniser.trial", language, str(path)]
    try:
        done = subprocess.run(command, capture_output=True, timeout=TRIAL_SECONDS, check=False)  # noqa: S603
    except subprocess.TimeoutExpired as error:
        raise UserError(f"{path.name} was not loaded within {TRIAL_SECONDS // 60} minutes.") from error
    if done.returncode != 0:
        lines = done.stderr.decode(errors="replace").strip().splitlines()
        said = next((line for line in lines if line.startswith("ERROR")), lines[-1] if lines else "nothing")
        raise UserError(
            f"{path.name} has the files of a model, but Vosk cannot use it: {said[:200]}", "Fetch it again."
        )
