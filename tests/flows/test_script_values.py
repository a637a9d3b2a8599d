"""Record forms, and how values are said aloud."""

from __future__ import annotations

import pytest

from core.errors import UserError
from flows.documents import parse_document
from flows.engine.spoken import speak, vietnamese_number
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


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, "không"),
        (5, "năm"),
        (10, "mười"),
        (11, "mười một"),
        (14, "mười bốn"),
        (15, "mười lăm"),
        (20, "hai mươi"),
        (21, "hai mươi mốt"),
        (24, "hai mươi tư"),
        (31, "ba mươi mốt"),
        (55, "năm mươi lăm"),
    ],
)
def test_vietnamese_numbers_change_their_words_by_place(number: int, words: str) -> None:
    assert vietnamese_number(number) == words


@pytest.mark.parametrize(
    ("value", "say_as", "language", "words"),
    [
        ("2026-08-15", "date", "vi", "ngày mười lăm tháng tám"),
        ("2026-04-05", "date", "vi", "ngày mùng năm tháng tư"),
        ("2026-08-15", "date", "en", "15 August"),
        ("2026-08-15", "date", "ko", "8월 15일"),
        ("2026-08-15T14:30:00+07:00", "time", "vi", "14 giờ 30"),
        ("08:00", "time", "vi", "8 giờ"),
        ("14:30", "time", "en", "2:30 PM"),
        ("00:00", "time", "en", "12 AM"),
        ("14:30", "time", "ko", "오후 2시 30분"),
        ("12:00", "time", "ko", "오후 12시"),
        ("1990", "digits", "vi", "một chín chín không"),
        ("105", "digits", "en", "one zero five"),
        ("105", "digits", "ko", "일 공 오"),
        ("KT402917", "digits", "vi", "K T bốn không hai chín một bảy"),
        ("12-34 AB", "digits", "en", "one two three four A B"),
        ("+84912345678", "phone", "vi", "không chín một hai, ba bốn năm, sáu bảy tám"),
        (37.5, "number", "vi", "37 phẩy 5"),
        (37.0, "number", "en", "37"),
        (37.5, "number", "ko", "37 점 5"),
        ({"vi": "mai", "en": "tomorrow"}, "language", "en", "tomorrow"),
        ({"vi": "mai"}, "language", "en", ""),
        ("mai", "language", "vi", "mai"),
        (True, "", "vi", "có"),
        (False, "", "ko", "아니요"),
        (None, "date", "vi", ""),
        ("Lê Thị Hoa", "", "vi", "Lê Thị Hoa"),
        ("soon", "date", "vi", "soon"),
        ("soon", "time", "vi", "soon"),
        ([], "date", "vi", "[]"),
        ("1", "digits", "fr", "one"),
    ],
)
def test_a_value_is_said_as_people_say_it(value: object, say_as: str, language: str, words: str) -> None:
    assert speak(value, say_as, language) == words
