"""People with every habit go through the real scripts over real webhooks; what they meant is what was saved."""

import pytest

from ivr.simulator.call import Order
from ivr.simulator.options import Chaos
from ivr.simulator.people import STRANGER, WILLING, Habit, SimPerson, make_people
from ivr.simulator.report import report
from ivr.simulator.server import SimulatedNetwork
from tests.ivr.simulator.conftest import options

EVENTS = ("initiated", "ringing", "answered", "completed")


def somebody(habit=Habit.KEYS, language="vi", **truth):
    intent = {**(STRANGER if habit is Habit.WRONG_PERSON else WILLING), "temperature": 36.7, **truth}
    return SimPerson("+84912000001", "Trần Thị Lan", 1984, language, habit, seed=7, intent=intent, hangs_up_after=3)


async def call(app, library, prompts, person, script="contact-interview", **changes):
    app.script = library.script(script)
    app.language = person.language
    app.person = {"name": person.name, "birth_year": person.birth_year}
    async with SimulatedNetwork(options(**changes), prompts, library, [person]) as simulated:
        order = Order(f"{app.url}/voice", status_callback=f"{app.url}/status", status_callback_events=EVENTS)
        order = Order(**{**{f: getattr(order, f) for f in order.__slots__}, "machine_detection": "Enable"})
        simulated.network.place(person.phone, "+842373850115", order)
        await simulated.network.settled()
        return report(simulated.network, library.scripts, library.forms)


def of_form(app, library, script):
    """The saved answers, those the script worked out itself left away, typed as the form keeps them."""
    form = library.form(library.script(script).record)
    own = ("risk", "flagged")
    return {name: form.by_name[name].accept(value) for name, value in app.saved.items() if name not in own}


@pytest.mark.parametrize("language", ["vi", "en", "ko"])
@pytest.mark.parametrize("script", ["contact-interview", "symptom-report", "daily-follow-up"])
async def test_what_a_person_means_is_what_is_saved(app, library, prompts, script, language):
    person = somebody(language=language, fever=True, cough=True, exposure_date=3, household_size=4)
    found = await call(app, library, prompts, person, script)
    talk = found["people"][0]["talks"][0]
    assert talk["puzzled_by"] == []
    assert found["troubles"] == []
    assert talk["meant"] == of_form(app, library, script)
    assert talk["meant"]["fever"] is True
    assert talk["meant"]["cough"] is True
    assert found["people"][0]["expects_doctor"] is True
    assert app.states[found["people"][0]["calls"][0]["sid"]].end_reason == "completed"


@pytest.mark.parametrize(
    ("habit", "reason"),
    [
        (Habit.KEYS, "completed"),
        (Habit.WRONG_KEYS, "completed"),
        (Habit.SILENCE, "completed"),
        (Habit.SLOW, "completed"),
        (Habit.IMPATIENT, "completed"),
        (Habit.VOICE, "completed"),
        (Habit.WRONG_PERSON, "ineligible"),
        (Habit.MACHINE, "machine"),
    ],
)
async def test_every_habit_ends_as_it_should(app, library, prompts, habit, reason):
    found = await call(app, library, prompts, somebody(habit))
    sid = found["people"][0]["calls"][0]["sid"]
    assert app.states[sid].end_reason == reason
    assert found["not_understood"] == 0
    assert found["troubles"] == []
    assert found["people"][0]["talks"][0]["meant"] == of_form(app, library, "contact-interview")


async def test_a_person_who_hangs_up_midway_has_meant_what_was_answered_until_then(app, library, prompts):
    found = await call(app, library, prompts, somebody(Habit.HANGS_UP, hangs_up=True))
    person = found["people"][0]
    assert person["calls"][0]["ended_from"] == "person"
    assert person["calls"][0]["status"] == "completed"
    assert len(person["talks"][0]["asked"]) == 4
    assert person["talks"][0]["meant"] == of_form(app, library, "contact-interview")


async def test_a_read_back_of_something_else_is_refused_and_the_answer_given_again(app, library, prompts):
    app.mishears = {"367": "376"}
    found = await call(app, library, prompts, somebody(), "daily-follow-up")
    assert app.mishears == {}
    assert app.saved["temperature"] == 36.7
    assert found["people"][0]["talks"][0]["corrected"] == 1


async def test_a_danger_sign_is_expected_to_reach_a_doctor(app, library, prompts):
    found = await call(app, library, prompts, somebody(Habit.RED_FLAG, red_flag=True))
    assert found["people"][0]["expects_doctor"] is True
    assert app.saved["risk"] == "red"


@pytest.mark.parametrize(
    ("habit", "statuses"),
    [
        (Habit.BUSY, ["initiated", "busy"]),
        (Habit.NO_ANSWER, ["initiated", "ringing", "no-answer"]),
        (Habit.KEYS, ["initiated", "ringing", "in-progress", "completed"]),
    ],
)
async def test_status_callbacks_tell_the_life_of_a_call(app, library, prompts, habit, statuses):
    await call(app, library, prompts, somebody(habit))
    told = app.callbacks()
    assert [form["CallStatus"] for form in told] == statuses
    assert [form["SequenceNumber"] for form in told] == [str(n) for n in range(len(statuses))]
    assert {form["CallbackSource"] for form in told} == {"call-progress-events"}


async def test_chaos_repeats_turns_and_callbacks_and_the_answers_stay_right(app, library, prompts):
    chaos = Chaos(seed=3, repeat_callbacks=0.5, late_callbacks=0.5, late_seconds=0.2, repeat_turns=0.5)
    found = await call(app, library, prompts, somebody(fever=True), chaos=chaos)
    assert found["troubles"] == []
    assert found["people"][0]["talks"][0]["meant"] == of_form(app, library, "contact-interview")
    assert len(app.requests) > len(app.replies) + 6


async def test_a_person_who_does_not_understand_presses_nothing_and_is_counted(app, library, prompts):
    clip = prompts.clip("vi", "Câu này không có trong kịch bản nào.")
    play = f"<Play>/prompts/{clip.digest}.wav</Play>"
    app.twiml["strange"] = f'<Response><Gather numDigits="1">{play}</Gather></Response>'
    async with SimulatedNetwork(options(), prompts, library, [somebody()]) as simulated:
        simulated.network.place("+84912000001", "+842373850115", Order(f"{app.url}/fixed/strange"))
        await simulated.network.settled()
        found = report(simulated.network, library.scripts, library.forms)
    assert found["not_understood"] == 1
    assert len(app.requests) == 1


async def test_a_crowd_of_sixty_goes_through_with_nothing_misunderstood(app, library, prompts):
    people = [person for person in make_people(5, 60) if person.language == "vi"]
    app.script = library.script("symptom-report")
    async with SimulatedNetwork(options(speed=2000.0), prompts, library, people) as simulated:
        for person in people:
            simulated.network.dial(person, f"{app.url}/voice")
        await simulated.network.settled()
        found = report(simulated.network, library.scripts, library.forms)
    assert found["not_understood"] == 0
    assert found["troubles"] == []
    assert found["keyed"] > 10 * len(people)
