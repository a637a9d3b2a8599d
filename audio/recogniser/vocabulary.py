"""A model's vocabulary without a pool, for the linter of scripts: which words the model can hear."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from audio.models.registry import check_model
from audio.recogniser.model import LoadedModel


def knows(model: Path, word: str) -> bool:
    """Whether the model has the word. Loads the model on first use: seconds, and hundreds of megabytes."""
    return _load(model).knows(word)


@lru_cache(maxsize=2)
def _load(model: Path) -> LoadedModel:
    check_model(model)
    return LoadedModel(model)
