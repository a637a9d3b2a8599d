"""When keys are an answer."""

from __future__ import annotations

import pytest

from flows.engine.actions import Keys
from ivr.media.digits import KeyCollector, Keyed, Stragglers


def press(keys: Keys, pressed: str) -> list[Keyed | None]:
    collector = KeyCollector(keys)
    return [collector.press(key) for key in pressed]


@pytest.mark.capability("F5")
@pytest.mark.parametrize(
    ("keys", "pressed", "answer"),
    [
        (Keys(choices=("1", "2")), "1", Keyed("1")),
        (Keys(choices=("1", "2")), "7", Keyed("7")),  # no choice at all: the script says so, at once
        (Keys(choices=("1", "2")), "#", Keyed("", finished=True)),
        (Keys(choices=("1", "#")), "#", Keyed("#")),
        (Keys(choices=("1", "12")), "12", Keyed("12")),
        (Keys(choices=("1", "12")), "1#", Keyed("1", finished=True)),
        (Keys(min_digits=4, max_digits=4), "1970", Keyed("1970")),
        (Keys(min_digits=1, max_digits=8), "38#", Keyed("38", finished=True)),
        (Keys(min_digits=1, max_digits=8, finish="*"), "38*", Keyed("38", finished=True)),
        (Keys(min_digits=1, max_digits=8), "*#", Keyed("*", finished=True)),
    ],
)
def test_an_input_is_complete_at_its_last_key_and_not_before(keys: Keys, pressed: str, answer: Keyed) -> None:
    *before, last = press(keys, pressed)
    assert before == [None] * (len(pressed) - 1)
    assert last == answer


def test_a_choice_that_may_grow_waits_for_the_gap() -> None:
    collector = KeyCollector(Keys(choices=("1", "12")))
    assert collector.press("1") is None
    assert collector.gap_over() == Keyed("1")


def test_too_few_digits_are_handed_over_when_the_pause_grows_too_long() -> None:
    collector = KeyCollector(Keys(min_digits=4, max_digits=4))
    collector.press("1")
    collector.press("9")
    assert collector.gap_over() == Keyed("19")


YEAR, CHOICE = Keys(min_digits=4, max_digits=4), Keys(choices=("1", "2"))


def after_year() -> Stragglers:
    stragglers = Stragglers()
    stragglers.keyed(YEAR, Keyed("1970"), now=10.0)
    return stragglers


def pressed(stragglers: Stragglers, key: str, at: float, keys: Keys = CHOICE, began: float = 10.1) -> str:
    return stragglers.why_not(key, keys, at, began)


@pytest.mark.capability("F5")
@pytest.mark.parametrize("at", [10.05, 10.1, 10.79])
def test_a_key_before_the_question_or_right_at_its_beginning_is_none_to_it(at: float) -> None:
    assert pressed(after_year(), "1", at) == "too_soon"


@pytest.mark.capability("F5")
def test_a_key_once_the_question_can_be_known_counts() -> None:
    assert pressed(after_year(), "1", 10.81) == ""


def test_what_was_pressed_before_a_question_that_begins_late_is_none_to_it() -> None:
    assert pressed(after_year(), "1", 11.5, began=13.0) == "too_soon"


def test_after_a_spoken_answer_a_key_may_come_too_soon_and_no_finish_key_is_expected() -> None:
    stragglers = after_year()
    stragglers.spoke()
    assert pressed(stragglers, "1", 10.5) == "too_soon"
    assert pressed(stragglers, "#", 10.9) == ""


@pytest.mark.parametrize("stragglers", [Stragglers(), after_year()], ids=["first question", "after silence"])
def test_where_nothing_was_answered_any_key_counts_at_once(stragglers: Stragglers) -> None:
    stragglers.silent()
    assert pressed(stragglers, "1", 10.0) == ""
    assert pressed(stragglers, "#", 10.2) == ""


@pytest.mark.parametrize("at", [10.5, 11.5])
def test_a_finish_key_soon_after_a_full_input_belongs_to_it(at: float) -> None:
    assert pressed(after_year(), "#", at)


def test_a_key_too_many_before_the_finish_key_does_not_make_it_an_answer() -> None:
    stragglers = after_year()
    assert pressed(stragglers, "0", 10.2) == "too_soon"
    assert pressed(stragglers, "#", 11.0) == "finish_of_last_answer"


def test_a_finish_key_much_later_is_the_next_questions_own() -> None:
    assert pressed(after_year(), "#", 13.0) == ""


def test_only_the_first_key_can_be_the_finish_key_of_the_answer_before() -> None:
    stragglers = after_year()
    assert pressed(stragglers, "1", 11.0) == ""
    assert pressed(stragglers, "#", 11.2) == ""


def test_a_finish_key_that_is_a_choice_is_an_answer() -> None:
    assert pressed(after_year(), "#", 11.0, keys=Keys(choices=("1", "#"))) == ""


def test_after_an_input_ended_by_its_finish_key_none_is_expected() -> None:
    stragglers = Stragglers()
    stragglers.keyed(YEAR, Keyed("197", finished=True), now=10.0)
    assert pressed(stragglers, "#", 11.0) == ""
