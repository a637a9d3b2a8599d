"""The same seed makes the same people, in the shares asked for."""

from collections import Counter
from dataclasses import replace

import pytest

from audio.speech import speak
from core.errors import UserError
from ivr.simulator.people import GRAVE, MIX, Habit, SimPerson, make_people, needs_doctor, person_from_json


def test_the_same_seed_makes_the_same_people_and_another_one_others():
    assert make_people(7, 60) == make_people(7, 60)
    assert make_people(7, 60) != make_people(8, 60)


def test_sixty_people_have_the_habits_of_the_mix():
    assert Counter(person.habit for person in make_people(1, 60)) == Counter(MIX)


def test_any_count_keeps_the_shares():
    for count in (0, 1, 7, 59, 600):
        assert len(make_people(1, count)) == count
    assert Counter(p.habit for p in make_people(1, 600))[Habit.VOICE] == 10 * MIX[Habit.VOICE]


def test_everybody_has_a_number_of_their_own():
    assert len({person.phone for person in make_people(2, 5000)}) == 5000


def test_people_who_speak_do_so_where_a_recogniser_listens():
    speakers = [person for person in make_people(3, 60) if person.habit is Habit.VOICE]
    assert {person.language for person in speakers} == {"ko"}
    assert len({person.speaker for person in speakers}) > 5
    assert not [person for person in make_people(3, 60, spoken=()) if person.habit is Habit.VOICE]


def test_voices_differ_in_sound():
    one, other = [p for p in make_people(3, 60) if p.habit is Habit.VOICE][:2]
    assert speak("예", one.speaker) != speak("예", other.speaker)


def test_whoever_has_a_red_flag_needs_a_doctor_and_strangers_have_no_symptoms_to_tell():
    for person in make_people(4, 120):
        if person.habit is Habit.RED_FLAG:
            assert any(person.intent.get(name) for name in GRAVE)
            assert needs_doctor(person.intent)
        else:
            assert not needs_doctor(person.intent)


def test_people_are_json_both_ways():
    people = [*make_people(5, 30), SimPerson("+84912000001", "Lan", 1984, dictated=("1", "say:예", ""))]
    assert [person_from_json(person.to_json()) for person in people] == people


@pytest.mark.parametrize("wrong", [{"habit": "sings"}, {"shoe_size": 42}, {"name": "Lan"}])
def test_what_is_no_person_is_refused(wrong):
    given = {"phone": "+84912000001", "name": "Lan", "birth_year": 1984, **wrong}
    if wrong == {"name": "Lan"}:
        given = wrong
    with pytest.raises(UserError):
        person_from_json(given)


def test_who_speaks_for_some_answers_only_keeps_that_through_json():
    person = replace(make_people(1, 60)[0], speaks_up_to=3)
    assert person_from_json(person.to_json()) == person
