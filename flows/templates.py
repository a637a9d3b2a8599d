"""Texts of scripts: fixed words and named places for values, `{person.name}` or `{values.when|date}`.

They are read by Python's own `string.Formatter`; there is nothing to compute in them.
"""

from __future__ import annotations

import string
from collections.abc import Mapping

from flows.engine.actions import Prompt, Segment
from flows.engine.script import CONTEXT_NAMES, Slot, Text
from flows.engine.spoken import SAY_AS

ROOTS = ("answers", "values", "params", "language", "value", *CONTEXT_NAMES)
_FORMATTER = string.Formatter()


class TemplateError(ValueError):
    """The text cannot be used; the message says why."""


def compile_text(by_language: Mapping[str, str], clip: str, fixed: Mapping[str, Mapping[str, str]], each: bool) -> Text:
    """The text with its slots. `fixed` are values known already (a key, a label), by language; fixed pieces get the
    clip names `<clip>/0`, `<clip>/1`, … Raises TemplateError."""
    pieces = {language: _pieces(text, language, clip, fixed) for language, text in by_language.items()}
    finished = {
        language: Prompt(language, tuple(piece for piece in found if isinstance(piece, Segment)))
        for language, found in pieces.items()
        if not any(isinstance(piece, Slot) for piece in found)
    }
    return Text(pieces, finished, each)


def _pieces(text: str, language: str, clip: str, fixed: Mapping[str, Mapping[str, str]]) -> tuple[Segment | Slot, ...]:
    parts: list[str | Slot] = []
    for literal, name in _parsed(text):
        _add(parts, literal)
        if name is not None and name in fixed:
            _add(parts, fixed[name].get(language, ""))
        elif name is not None:
            parts.append(_slot(name))
    found: list[Segment | Slot] = []
    for part in parts:
        if isinstance(part, Slot):
            found.append(part)
        else:
            number = sum(isinstance(piece, Segment) for piece in found)
            found.append(Segment(part, f"{clip}/{number}"))
    return tuple(found)


def _parsed(text: str) -> list[tuple[str, str | None]]:
    try:
        parsed = list(_FORMATTER.parse(text))
    except ValueError as error:
        raise TemplateError(f"the braces do not fit together: {error}") from error
    for _, name, spec, conversion in parsed:
        if spec or conversion:
            raise TemplateError(f"`{{{name}}}` takes no format; say how to read it after a bar: {{{name}|date}}")
    return [(literal, name) for literal, name, _, _ in parsed]


def _add(parts: list[str | Slot], text: str) -> None:
    if text and parts and isinstance(parts[-1], str):
        parts[-1] += text
    elif text:
        parts.append(text)


def _slot(name: str) -> Slot:
    path, _, say_as = name.partition("|")
    names = tuple(part.strip() for part in path.split("."))
    say_as = say_as.strip()
    if names[0] not in ROOTS:
        raise TemplateError(f"`{{{name}}}` is not known; a value starts with {', '.join(ROOTS)}")
    if not all(names):
        raise TemplateError(f"`{{{name}}}` is no name of a value")
    if say_as and say_as not in SAY_AS:
        raise TemplateError(f"`{{{name}}}`: after the bar stands one of {', '.join(SAY_AS)}")
    return Slot(names, say_as)
