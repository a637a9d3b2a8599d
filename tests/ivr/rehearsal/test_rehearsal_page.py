"""The report as a page: both languages, nothing from elsewhere; and the file of assumptions."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from core.errors import UserError
from flows.catalogue import load_library
from ivr.campaigns.words import Disposition, Outcome
from ivr.rehearsal.assumptions import SHIPPED, read_assumptions
from ivr.rehearsal.commands import summary
from ivr.rehearsal.doctors import NoDoctors
from ivr.rehearsal.drawing import bars, curves
from ivr.rehearsal.page import LANGUAGES, page, part
from ivr.rehearsal.report import rehearse
from tests.ivr.rehearsal.plans import a_plan, assumptions

pytestmark = pytest.mark.capability("N3")
WORDS = yaml.safe_load((SHIPPED.parent / "words.yaml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def report() -> dict[str, object]:
    return rehearse(a_plan(load_library(), 40, name="<b>Đợt 1</b>"), assumptions(), NoDoctors)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_stands_alone_in_each_language_and_escapes_what_people_wrote(
    report: dict[str, object], language: str
) -> None:
    found = page(report, language)
    assert f'<html lang="{language}">' in found
    assert "prefers-color-scheme: dark" in found
    assert "<b>Đợt 1</b>" not in found
    assert not re.search(r"https?://|<script|<link|\bon\w+=", found)
    assert WORDS["nobody"][language] in found
    for number in re.findall(r'(?:points|x|y|width|height)="([^"]*)"', found):
        assert "nan" not in number
    assert " style=" not in part(report, language)


def test_every_sentence_of_the_report_is_there_in_both_languages() -> None:
    words = WORDS.pop("words") if "words" in WORDS else {}
    for texts in (*WORDS.values(), *words.values()):
        assert texts.keys() == set(LANGUAGES)
        assert all(texts.values())
    assert {str(word) for word in (*Disposition, *Outcome)} - {"not_dialed"} <= words.keys()
    WORDS["words"] = words


def test_a_report_of_nothing_has_plots_too() -> None:
    assert curves([]).lines == ()
    assert bars([]).bars == ()
    assert bars([(8, 0, 0)], 0).bars[0].heights == ((0.0, 176.0), (0.0, 176.0))


def test_the_summary_names_reach_lines_and_doctors(report: dict[str, object]) -> None:
    told = summary(report)
    assert "within 24 hours" in told
    assert told.count(" lines: ") == 4


def test_a_department_replaces_what_it_knows_better(tmp_path: Path) -> None:
    own = tmp_path / "rehearsal.yaml"
    own.write_text("numbers: {dead: 0.2}\npicks_up: {weekdays: {0: 0.1, 18: 0.9}}\n", encoding="utf-8")
    assumed = read_assumptions(own)
    assert assumed.numbers["dead"] == 0.2
    assert assumed.numbers["strangers"] == read_assumptions().numbers["strangers"]
    assert (assumed.picks_up(0, 17), assumed.picks_up(0, 23)) == (0.1, 0.9)
    assert assumed.picks_up(6, 18) == read_assumptions().picks_up(6, 18)
    assert read_assumptions(tmp_path / "none.yaml") == read_assumptions()


@pytest.mark.parametrize(
    "wrong",
    [
        "numbers: {dead: 1.2}",
        "numbers: {dead: 0.6, strangers: 0.6}",
        "people: {}",
        "picks_up: {weekdays: {8: 0.2}}",
        "picks_up: {weekdays: {0: 0.2, 25: 0.2}}",
        "words_per_minute: {vi: 0}",
        "numbers_given: {temperature: [38, 36]}",
        "answers: {who: {}}",
        "[1, 2]",
        "numbers: {dead: yes}",
        "numbers: [",
        "numbers: [0.1]",
        "picks_up: {weekdays: 0.5}",
        "answers: {who: {self: many}}",
        "answers: {who: {self: 0}}",
        "seconds: {per_key: fast}",
        "seconds: {rings: [a, b]}",
    ],
)
def test_assumptions_that_cannot_be_are_refused_in_words(tmp_path: Path, wrong: str) -> None:
    own = tmp_path / "rehearsal.yaml"
    own.write_text(wrong, encoding="utf-8")
    with pytest.raises(UserError):
        read_assumptions(own)
