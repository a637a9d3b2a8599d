"""Who is a contact by the rule's definition; what is not known stays open, and nobody is dropped for it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from itertools import product

import pytest

from tracing.rules.exposure import Encounter, is_exposure
from tracing.rules.rulebook import load_rulebook

BOOK = load_rulebook()
DECEMBER = BOOK.rule("covid-19/byt-10696-11042").exposures[1]
APRIL = BOOK.rule("covid-19/byt-1909").exposures[1]
ONSET = date(2022, 1, 10)
DAY = date(2022, 1, 9)
APART = Encounter(DAY, metres=5, minutes=5, masked=True, touched=False, closed_room=False, unprotected_care=False)


@pytest.mark.capability("T9")
@pytest.mark.parametrize(
    ("changes", "contact"),
    [
        ({}, False),
        ({"touched": True}, True),
        ({"unprotected_care": True}, True),
        ({"metres": 2, "minutes": 15}, True),
        ({"metres": 2, "minutes": 14}, False),
        ({"metres": 2, "masked": False}, True),
        ({"closed_room": True, "minutes": 20}, True),
        ({"metres": 2.1, "masked": False}, False),
        ({"metres": None, "minutes": 20}, None),
        ({"metres": 1, "masked": None}, None),
        ({"metres": 1, "minutes": None}, None),
        ({"metres": 1, "minutes": None, "masked": False}, True),
        ({"touched": None}, None),
        ({"metres": 1, "masked": False, "touched": None}, True),
    ],
)
def test_distance_minutes_mask_and_touch_decide(changes: dict[str, object], contact: bool | None) -> None:
    assert is_exposure(DECEMBER, replace(APART, **changes), ONSET) is contact  # type: ignore[arg-type]


def test_two_metres_were_an_exposure_in_january_and_none_in_april() -> None:
    met = replace(APART, metres=1.5, masked=False)
    assert is_exposure(DECEMBER, met, ONSET) is True
    assert is_exposure(APRIL, met, ONSET) is False


@pytest.mark.parametrize(
    ("day", "isolated_on", "contact"),
    [
        (date(2022, 1, 7), None, False),
        (date(2022, 1, 8), None, True),
        (date(2022, 1, 12), date(2022, 1, 12), True),
        (date(2022, 1, 13), date(2022, 1, 12), False),
    ],
)
def test_a_case_passes_it_on_from_two_days_before_onset_until_isolated(
    day: date, isolated_on: date | None, contact: bool
) -> None:
    assert is_exposure(DECEMBER, replace(APART, day=day, touched=True), ONSET, isolated_on) is contact


def test_without_a_known_onset_the_window_stays_open_but_no_meeting_is_still_none() -> None:
    assert is_exposure(DECEMBER, replace(APART, touched=True), None) is None
    assert is_exposure(DECEMBER, APART, None) is False


def test_learning_more_never_turns_a_yes_into_a_no() -> None:
    """An answer given on partial knowledge is the answer of everything that it may still turn out to be."""
    choices = [(None, 1.0, 3.0), (None, 5, 30), *[(None, True, False)] * 4]
    names = ("metres", "minutes", "masked", "touched", "closed_room", "unprotected_care")
    for values in product(*choices):
        known = dict(zip(names, values, strict=True))
        said = is_exposure(DECEMBER, Encounter(DAY, **known), ONSET)  # type: ignore[arg-type]
        for name, options in zip(names, choices, strict=True):
            if said is not None and known[name] is None:
                for option in options[1:]:
                    more = Encounter(DAY, **(known | {name: option}))  # type: ignore[arg-type]
                    assert is_exposure(DECEMBER, more, ONSET) is said
