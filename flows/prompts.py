"""Every fixed piece that a script says: for recording clips, for text to speech ahead of time, and for the linter."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from flows.engine.actions import Segment
from flows.engine.script import Script, Text


@dataclass(frozen=True, slots=True)
class Piece:
    """A fixed piece of a prompt: its clip name, its language, its words, and the step it was first met in."""

    clip: str
    language: str
    text: str
    step: str


def pieces_of(script: Script) -> Iterator[Piece]:
    """The fixed pieces of a script, each once, in the order of its steps."""
    seen: set[tuple[str, str]] = set()
    for step, text in _texts(script):
        for language, pieces in text.pieces.items():
            for piece in pieces:
                if isinstance(piece, Segment) and piece.clip and (piece.clip, language) not in seen:
                    seen.add((piece.clip, language))
                    yield Piece(piece.clip, language, piece.text, step)


def _texts(script: Script) -> Iterator[tuple[str, Text]]:
    for name, node in script.steps.items():
        for _, text in node.texts():
            yield name, text
    for text in script.phrases.values():
        yield "", text
