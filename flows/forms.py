"""Record forms: the typed fields that a script's answers fill, their labels, and who may change them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, time
from typing import Any

from core.errors import UserError
from flows.documents import Document
from flows.engine.script import Expression
from flows.load import check
from flows.mistakes import ScriptError


@dataclass(frozen=True, slots=True)
class FieldChoice:
    """A value that a field may have, and what people call it."""

    value: str
    label: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Field:
    """One field. `health` marks what only those with the right to health data may see; `may_change` are the roles that
    may correct it (nobody, if empty)."""

    name: str
    type: str
    label: Mapping[str, str]
    choices: tuple[FieldChoice, ...] = ()
    min: float | None = None
    max: float | None = None
    health: bool = False
    may_change: tuple[str, ...] = ()

    def accept(self, value: Any) -> Any:
        """The value as the record keeps it. None is "not answered" and always fits. Raises UserError for anything that
        does not fit the type, the choices or the bounds."""
        if value is None:
            return None
        kept = _TYPES[self.type](value)
        if kept is None or (self.choices and kept not in {choice.value for choice in self.choices}):
            raise UserError(f"{value!r} does not fit the field {self.name} ({self.type}).", self._hint())
        if isinstance(kept, int | float) and not isinstance(kept, bool) and not self._in_bounds(kept):
            raise UserError(f"{value!r} is out of bounds for the field {self.name}.", self._hint())
        return kept

    def show(self, value: Any, language: str) -> str:
        """The value in words, for screens and exports."""
        if value is None:
            return ""
        if isinstance(value, bool):
            return {"vi": ("Không", "Có"), "ko": ("아니요", "예")}.get(language, ("No", "Yes"))[value]
        for choice in self.choices:
            if choice.value == value:
                return choice.label.get(language, choice.label.get("en", choice.value))
        return str(value)

    def _in_bounds(self, value: float) -> bool:
        return (self.min is None or value >= self.min) and (self.max is None or value <= self.max)

    def _hint(self) -> str:
        if self.choices:
            return f"Use one of {', '.join(choice.value for choice in self.choices)}."
        bounds = f" from {self.min:g}" if self.min is not None else ""
        bounds += f" to {self.max:g}" if self.max is not None else ""
        return f"Give {_MEANINGS[self.type]}{bounds}."


@dataclass(frozen=True, slots=True)
class Form:
    """A record form: its fields in the order people read them, and what follows from their answers
    (`flows.deriving`)."""

    id: str
    title: Mapping[str, str]
    fields: tuple[Field, ...]
    by_name: Mapping[str, Field] = field(default_factory=dict, compare=False, repr=False)
    derived: Mapping[str, Expression] = field(default_factory=dict, compare=False, repr=False)

    def field(self, name: str) -> Field:
        """One field. Raises UserError for a name the form does not have."""
        found = self.by_name.get(name)
        if found is None:
            raise UserError(f"The form {self.id} has no field {name}.", f"It has {', '.join(self.by_name)}.")
        return found


def form_from(document: Document) -> Form:
    """The form of a document. Raises ScriptError with every mistake."""
    mistakes = check(document, "form")
    if mistakes:
        raise ScriptError(mistakes)
    fields: dict[str, Field] = {}
    for index, spec in enumerate(document.data["fields"]):
        if spec["name"] in fields:
            mistakes.append(
                document.mistake(f"the field `{spec['name']}` is given twice", "fields", str(index), "name")
            )
        fields[spec["name"]] = Field(
            name=spec["name"],
            type=spec["type"],
            label=spec["label"],
            choices=tuple(FieldChoice(choice["value"], choice["label"]) for choice in spec.get("choices", ())),
            min=spec.get("min"),
            max=spec.get("max"),
            health=spec.get("health", False),
            may_change=tuple(spec.get("may_change", ())),
        )
    if mistakes:
        raise ScriptError(mistakes)
    return Form(document.data["id"], document.data["title"], tuple(fields.values()), fields)


def _yes_no(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _integer(value: Any) -> int | None:
    if isinstance(value, str) and re.fullmatch(r"\d{1,12}", value):
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _number(value: Any) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _date(value: Any) -> str | None:
    try:
        return date.fromisoformat(value).isoformat() if isinstance(value, str) else None
    except ValueError:
        return None


def _time(value: Any) -> str | None:
    try:
        return f"{time.fromisoformat(value):%H:%M}" if isinstance(value, str) else None
    except ValueError:
        return None


def _phone(value: Any) -> str | None:
    return value if isinstance(value, str) and re.fullmatch(r"\+[1-9]\d{6,14}", value) else None


_TYPES: Mapping[str, Callable[[Any], Any]] = {
    "yes_no": _yes_no,
    "choice": _text,
    "text": _text,
    "integer": _integer,
    "number": _number,
    "date": _date,
    "time": _time,
    "phone": _phone,
    "recording": _text,
}

_MEANINGS: Mapping[str, str] = {
    "yes_no": "true or false",
    "choice": "one of the choices",
    "text": "text",
    "integer": "a whole number",
    "number": "a number",
    "date": "a date as YYYY-MM-DD",
    "time": "a time as HH:MM",
    "phone": "a telephone number as +84…",
    "recording": "the id of a recording",
}
