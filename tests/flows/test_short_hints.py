"""Hints on how to answer: in full until followed by voice, then in short; in full again after a miss."""

import pytest

from flows.catalogue import load_library
from flows.runner import run_text

LONG, SHORT = "Say yes or no, or press 1 for yes, 2 for no.", "Yes or no?"
LONG_CONFIRM = "If that is right, say yes, that is right, or press 1. If not, say no, wrong, or press 2."
SHORT_CONFIRM = "Yes, that is right, or no, wrong?"
TO_THE_FEVER = ["yes", "yes", "1990", "1", "no", "yes"]


def said(*answers: str) -> list[str]:
    transcript = run_text(load_library(), "contact-interview", "en", [*TO_THE_FEVER, *answers])
    return [line.text for line in transcript.lines if line.who == "robot"]


@pytest.mark.capability("F13")
def test_the_second_spoken_answer_is_asked_and_confirmed_in_short() -> None:
    lines = said("no", "yes")
    assert lines.count(LONG) == 1
    assert lines.count(SHORT) >= 2
    assert lines.count(LONG_CONFIRM) == 1
    assert lines.count(SHORT_CONFIRM) == 2


def test_after_a_miss_the_hint_is_given_in_full_again() -> None:
    assert said("perhaps")[-1] == LONG


def test_who_answers_by_keys_always_hears_the_keys() -> None:
    lines = run_text(load_library(), "contact-interview", "en", ["1", "1990", "1", "2", "2"]).lines
    assert not any(line.text == SHORT for line in lines)
