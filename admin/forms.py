"""Record forms as pages show them: fields with their labels, answers in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask_babel import gettext

from admin.current import context
from admin.days import parse_day, shown_day
from admin.languages import chosen_language
from flows.forms import Field
from tracing.records.correcting import AS_DERIVED, STAFF
from tracing.records.model import RecordAnswer

RECORDING = "recording"
"""The type of a field whose answer is a voice message."""

NOT_ANSWERED, WORKED_OUT = "not-answered", "worked-out"
"""What the form of a correction sends in place of a value."""


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """A field of the form (None: the form has it no more), its answer (None: not asked or not answered), and those that
    came before it."""

    name: str
    label: str
    value: str
    answer: RecordAnswer | None
    earlier: Sequence[tuple[str, RecordAnswer]]
    message: UUID | None = None  # of an answer that is a voice message
    field: Field | None = None
    derived: bool = False  # follows from other answers

    @property
    def corrected(self) -> bool:
        """A person gave it, after the call."""
        return self.answer is not None and self.answer.source == STAFF


def in_words(texts: Mapping[str, str], fallback: str) -> str:
    """The text in the viewer's language, else English, else the fallback."""
    return texts.get(chosen_language()) or texts.get("en") or fallback


def titles() -> dict[str, str]:
    """What the forms are called, by id."""
    return {form.id: in_words(form.title, form.id) for form in context().library.forms.values()}


def title(form_id: str) -> str:
    """What a form is called. A form that has been removed goes by its id."""
    form = context().library.forms.get(form_id)
    return in_words(form.title, form_id) if form else form_id.replace("_", " ")


def answer_rows(form_id: str, answers: Sequence[RecordAnswer]) -> list[AnswerRow]:
    """All fields in the form's order, then answers to fields that the form no longer has."""
    form = context().library.forms.get(form_id)
    fields = {field.name: field for field in form.fields} if form else {}
    names = [*fields, *sorted({answer.field for answer in answers} - fields.keys())]
    derived = form.derived if form else {}
    return [_row(name, fields.get(name), [a for a in answers if a.field == name], name in derived) for name in names]


def _row(name: str, field: Field | None, answers: Sequence[RecordAnswer], derived: bool) -> AnswerRow:
    current = next((answer for answer in answers if answer.superseded_at is None), None)
    earlier = sorted(
        (a for a in answers if a is not current), key=lambda a: (a.superseded_at or a.at, a.id), reverse=True
    )
    return AnswerRow(
        name=name,
        label=in_words(field.label, name) if field else name.replace("_", " "),
        value=_value(field, current.value) if current else "",
        answer=current,
        earlier=[(_value(field, answer.value), answer) for answer in earlier],
        message=message_of(field, current.value) if current else None,
        field=field,
        derived=derived,
    )


def typed(field: Field, given: str) -> Any:
    """What was typed or chosen for a field, as `Field.accept` takes it. What cannot be read goes on as text, and is
    refused there."""
    text = given.strip()
    if text == NOT_ANSWERED:
        return None
    if text == WORKED_OUT:
        return AS_DERIVED
    if field.type == "yes_no":
        return {"true": True, "false": False}.get(text, text)
    if field.type == "number":
        try:
            return float(text.replace(",", "."))
        except ValueError:
            return text
    if field.type == "date":
        day = parse_day(text)
        return day.isoformat() if day else text
    return text


def allowed(field: Field) -> str:
    """What a field takes, in the viewer's language."""
    if field.type == "yes_no":
        told = gettext("Choose yes, no, or not answered.")
    elif field.choices:
        choices = ", ".join(in_words(choice.label, choice.value) for choice in field.choices)
        told = gettext("Choose one of: %(choices)s.", choices=choices)
    elif field.min is not None and field.max is not None:
        told = gettext("Give a number from %(least)s to %(most)s.", least=f"{field.min:g}", most=f"{field.max:g}")
    else:
        told = {
            "integer": gettext("Give a whole number."),
            "number": gettext("Give a number."),
            "date": gettext("Give a date as day/month/year."),
            "time": gettext("Give a time such as 08:30."),
            "phone": gettext("Give a telephone number such as +84912345678."),
        }.get(field.type, gettext("Write what was said."))
    return str(told)


def message_of(field: Field | None, value: Any) -> UUID | None:
    """The voice message that an answer is; None when it is something else."""
    try:
        return UUID(value) if field is not None and field.type == RECORDING else None
    except (ValueError, TypeError):
        return None


def _value(field: Field | None, value: Any) -> str:
    if field is not None and field.type == "date" and (day := parse_day(value)):
        return shown_day(day)
    if field is not None and field.type == RECORDING:
        return gettext("voice message") if value else ""
    if field is not None:
        return field.show(value, chosen_language())
    return "" if value is None else str(value)


def field_label(form_id: str | None, name: str) -> str:
    """What a field of a form is called."""
    field = _field(form_id, name)
    return in_words(field.label, name) if field else name.replace("_", " ")


def field_value(form_id: str | None, name: str, value: Any) -> str:
    """The value of a field in words."""
    return _value(_field(form_id, name), value)


def _field(form_id: str | None, name: str) -> Field | None:
    form = context().library.forms.get(form_id or "")
    return form.by_name.get(name) if form else None


def script_title(script_id: str) -> str:
    """What a script is called."""
    script = context().library.scripts.get(script_id)
    return in_words(script.title, script_id) if script else script_id
