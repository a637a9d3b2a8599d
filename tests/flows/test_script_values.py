"""Record forms."""

from __future__ import annotations

import pytest

from core.errors import UserError
from flows.documents import parse_document
from flows.forms import Form, form_from
from flows.mistakes import ScriptError

FIELDS = """
id: small
title: {vi: Nhỏ, en: Small}
fields:
  - {name: fever, type: yes_no, label: {vi: Sốt, en: Fever}, health: true, may_change: [doctor]}
  - {name: need, type: choice, label: {vi: a, en: a}, choices: [{value: food, label: {vi: Thức ăn, en: Food}}]}
  - {name: note, type: text, label: {vi: a, en: a}}
  - {name: people, type: integer, label: {vi: a, en: a}, min: 1, max: 50}
  - {name: temperature, type: number, label: {vi: a, en: a}, min: 34, max: 43}
  - {name: day, type: date, label: {vi: a, en: a}}
  - {name: hour, type: time, label: {vi: a, en: a}}
  - {name: phone, type: phone, label: {vi: a, en: a}}
  - {name: message, type: recording, label: {vi: a, en: a}}
"""


@pytest.fixture(scope="module")
def form() -> Form:
    return form_from(parse_document(FIELDS))


@pytest.mark.parametrize(
    ("name", "value", "kept"),
    [
        ("fever", False, False),
        ("need", "food", "food"),
        ("note", "", ""),
        ("people", 4, 4),
        ("people", "4", 4),
        ("temperature", 37.5, 37.5),
        ("temperature", 38, 38),
        ("day", "2026-08-05", "2026-08-05"),
        ("hour", "08:30", "08:30"),
        ("phone", "+84912345678", "+84912345678"),
        ("message", "rec-1", "rec-1"),
        ("fever", None, None),
    ],
)
def test_a_field_takes_what_fits(form: Form, name: str, value: object, kept: object) -> None:
    assert form.field(name).accept(value) == kept


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("fever", 1),
        ("fever", "yes"),
        ("need", "gold"),
        ("note", 5),
        ("people", 0),
        ("people", 51),
        ("people", 4.5),
        ("people", True),
        ("people", "-1"),
        ("temperature", "37"),
        ("temperature", 20),
        ("temperature", True),
        ("day", "2026-02-30"),
        ("day", 20260805),
        ("hour", "25:00"),
        ("phone", "0912345678"),
        ("message", 1),
    ],
)
def test_a_field_refuses_what_does_not_fit_and_says_what_would(form: Form, name: str, value: object) -> None:
    with pytest.raises(UserError) as caught:
        form.field(name).accept(value)
    assert name in caught.value.message
    assert caught.value.hint


def test_a_field_that_is_not_there_is_named(form: Form) -> None:
    with pytest.raises(UserError, match="has no field colour"):
        form.field("colour")


def test_a_field_shows_its_value_in_words(form: Form) -> None:
    assert form.field("fever").show(True, "vi") == "Có"
    assert form.field("fever").show(False, "ko") == "아니요"
    assert form.field("need").show("food", "vi") == "Thức ăn"
    assert form.field("need").show("food", "ko") == "Food"
    assert form.field("people").show(4, "en") == "4"
    assert form.field("people").show(None, "en") == ""


def test_health_fields_and_who_may_change_them_are_told(form: Form) -> None:
    assert form.field("fever").health
    assert form.field("fever").may_change == ("doctor",)
    assert not form.field("note").health
    assert form.field("note").may_change == ()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("type: text", "type: poem"), "'poem' is not one of"),
        ((", choices: [{value: food, label: {vi: Thức ăn, en: Food}}]", ""), "'choices' is a required property"),
        (("name: note", "name: fever"), "the field `fever` is given twice"),
        (("id: small", "title2: x"), "does not belong here"),
    ],
)
def test_a_form_with_mistakes_is_refused(change: tuple[str, str], told: str) -> None:
    with pytest.raises(ScriptError) as caught:
        form_from(parse_document(FIELDS.replace(*change)))
    assert told in str(caught.value)
