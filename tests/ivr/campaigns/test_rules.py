"""How fast, and who gets the next line."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ivr.campaigns.rules import Pace, pace_of, share


@pytest.mark.parametrize(
    ("per_second", "pace"),
    [
        (1.0, Pace(1, timedelta(seconds=1))),
        (10.0, Pace(10, timedelta(seconds=1))),
        (2.5, Pace(2, timedelta(seconds=0.8))),
        (0.2, Pace(1, timedelta(seconds=5))),
    ],
)
def test_a_pace_bounds_any_stretch_of_time(per_second: float, pace: Pace) -> None:
    assert pace_of(per_second) == pace


@pytest.mark.capability("N13")
def test_a_large_campaign_does_not_starve_a_small_one() -> None:
    assert share(4, {"large": 100, "small": 2}, {}) == {"large": 2, "small": 2}
    assert share(3, {"large": 100, "small": 2}, {"large": 5, "small": 0}) == {"large": 1, "small": 2}


@pytest.mark.capability("N13")
def test_lines_that_one_campaign_cannot_use_go_to_the_other() -> None:
    assert share(10, {"large": 100, "small": 2}, {}) == {"large": 8, "small": 2}


def test_no_more_lines_are_given_than_are_free() -> None:
    assert share(0, {"a": 5}, {}) == {"a": 0}
    assert share(-3, {"a": 5}, {}) == {"a": 0}
    assert share(None, {"a": 5, "b": 7}, {}) == {"a": 5, "b": 7}
