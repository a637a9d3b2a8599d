"""A worker takes what it can do in time, by its own measure, and leaves the rest to keys."""

import pytest

from audio.recogniser.load import MAX_WAIT, REMEMBERED_SECONDS, Load

pytestmark = pytest.mark.capability("A3")


def test_a_worker_takes_as_many_answers_as_it_has_time_for():
    load = Load(cost=0.1)
    assert [load.has_room(passes, 0.0) for passes in (0, 7, 8)] == [True, True, False]


def test_when_listening_costs_more_it_takes_fewer():
    load = Load(cost=0.1)
    for _ in range(50):
        load.worked(spent=0.4, sound=1.0)
    assert load.cost == pytest.approx(0.4, abs=0.01)
    assert [load.has_room(passes, 0.0) for passes in (1, 2)] == [True, False]


def test_answers_are_heard_twice_only_while_that_costs_nobody_their_own():
    load = Load(cost=0.04)
    assert [load.has_time(passes, 0.0) for passes in (0, 5, 6)] == [True, True, False]
    assert load.has_room(6, 0.0)
    load.asked("result", 1, now=10.0)
    assert not load.has_time(0, 10.2)
    assert load.has_room(6, 10.2)


def test_a_model_slower_than_speech_still_takes_one_answer_at_a_time():
    load = Load(cost=1.5)
    assert load.has_room(0, 0.0)
    assert not load.has_room(1, 0.0)


def test_nobody_new_is_taken_while_replies_are_late():
    load = Load(cost=0.01)
    load.asked("opened", 1, now=10.0)
    assert load.has_room(1, 10.0 + MAX_WAIT)
    assert not load.has_room(1, 10.1 + MAX_WAIT)
    load.answered("opened", 1, now=10.5)
    assert load.wait(10.6) == pytest.approx(0.5)
    assert not load.has_room(1, 10.6)
    assert load.has_room(0, 10.6)
    assert load.has_room(1, 10.5 + REMEMBERED_SECONDS)


def test_an_answer_that_was_given_up_delays_nobody():
    load = Load(cost=0.01)
    load.asked("result", 1, now=0.0)
    load.forget(1)
    load.answered("result", 1, now=5.0)
    assert load.wait(5.0) == 0.0


def test_an_answer_without_sound_says_nothing_about_the_cost():
    load = Load(cost=0.05)
    load.worked(spent=0.0, sound=0.0)
    assert load.cost == 0.05
