"""`<Gather>` takes keys as Twilio does."""

import pytest

from ivr.simulator.gather import Gathered, GatherRules, Press, gather


def presses(keys, after=0.5):
    return [Press(key, after) for key in keys]


@pytest.mark.parametrize(
    ("keys", "rules", "digits", "finished_on"),
    [
        ("1", GatherRules(num_digits=1), "1", ""),
        ("1984", GatherRules(num_digits=4), "1984", ""),
        ("19845", GatherRules(num_digits=4), "1984", ""),
        ("12#", GatherRules(), "12", "#"),
        ("12*", GatherRules(finish_on_key="*"), "12", "*"),
        ("12#", GatherRules(finish_on_key=""), "12#", ""),
        ("#", GatherRules(), "", "#"),
        ("", GatherRules(), "", ""),
    ],
)
def test_input_ends_by_count_by_finish_key_or_by_silence(keys, rules, digits, finished_on):
    taken = gather(presses(keys), rules)
    assert (taken.digits, taken.finished_on) == (digits, finished_on)


def test_nothing_pressed_waits_for_the_whole_timeout():
    assert gather([], GatherRules(timeout=6)) == Gathered("", "", 6)


def test_a_key_after_the_timeout_comes_too_late():
    assert gather([Press("1", 6.5)], GatherRules(num_digits=1, timeout=6)) == Gathered("", "", 6)


def test_the_timeout_starts_anew_with_every_key():
    slowly = gather([Press("1", 4), Press("2", 4), Press("3", 9)], GatherRules(timeout=5))
    assert (slowly.digits, slowly.seconds) == ("12", 13)


def test_a_full_count_does_not_wait():
    assert gather(presses("1", 0.5), GatherRules(num_digits=1, timeout=6)).seconds == 0.5
