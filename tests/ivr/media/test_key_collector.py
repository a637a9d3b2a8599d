"""When keys are an answer."""

from __future__ import annotations

import pytest

from flows.engine.actions import Keys
from ivr.media.digits import KeyCollector, Keyed, TrailingFinish


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


def after_year() -> TrailingFinish:
    trailing = TrailingFinish()
    trailing.keyed(YEAR, Keyed("1970"), now=10.0)
    return trailing


def test_a_finish_key_right_behind_a_full_input_belongs_to_it() -> None:
    assert after_year().takes("#", CHOICE, now=10.5)


def test_a_finish_key_much_later_is_the_next_questions_own() -> None:
    assert not after_year().takes("#", CHOICE, now=13.0)


def test_only_the_first_key_can_be_a_straggler() -> None:
    trailing = after_year()
    assert not trailing.takes("1", CHOICE, now=10.2)
    assert not trailing.takes("#", CHOICE, now=10.4)


def test_a_finish_key_that_is_a_choice_is_an_answer() -> None:
    assert not after_year().takes("#", Keys(choices=("1", "#")), now=10.5)


def test_after_an_input_ended_by_its_finish_key_none_is_expected() -> None:
    trailing = TrailingFinish()
    trailing.keyed(YEAR, Keyed("197", finished=True), now=10.0)
    assert not trailing.takes("#", CHOICE, now=10.5)


def test_after_a_spoken_answer_none_is_expected() -> None:
    trailing = after_year()
    trailing.forget()
    assert not trailing.takes("#", CHOICE, now=10.5)
