"""Texts become prompts: fixed segments keep their clip names, values are put in words of the language."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flows.engine.actions import Prompt, Segment
from flows.engine.script import Path, Slot, Text
from flows.engine.spoken import speak


def render(text: Text, language: str, lookup: Callable[[Path], Any], missing: Callable[[Path], None]) -> Prompt:
    """The text in `language`. A value that is not there is left out and reported to `missing`; nothing raises."""
    fixed = text.fixed.get(language)
    if fixed is not None:
        return fixed
    segments: list[Segment] = []
    for piece in text.pieces.get(language, ()):
        if isinstance(piece, Slot):
            words = speak(lookup(piece.path), piece.say_as, language)
            if words:
                segments.append(Segment(words))
            else:
                missing(piece.path)
        else:
            segments.append(piece)
    return Prompt(language, tuple(segments))
