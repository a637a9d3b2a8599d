"""How a call goes on: silence and nonsense, read-back, keys and speech, languages, limits, events that do not fit."""

from __future__ import annotations

from dataclasses import replace

import pytest

from flows.engine.actions import HangUp, Listen, Play, Record
from flows.engine.advance import advance, current_actions, start_state
from flows.engine.answers.registry import ANSWER_KINDS
from flows.engine.events import (
    CallEnded,
    CallStarted,
    EffectDone,
    Event,
    Hypothesis,
    KeysPressed,
    NothingHeard,
    PromptPlayed,
    SpeechHeard,
    VoiceMessage,
)
from flows.engine.limits import MAX_STEPS_PER_TURN
from flows.engine.resume import resume_state
from flows.engine.state import State
from tests.flows.script_making import AT, CONTEXT, HEAD, Telephone, compiled, question


def asked(**more: str) -> Telephone:
    return Telephone(compiled(question("yes_no", **more))).start()


# --- silence and nonsense


@pytest.mark.capability("F6")
def test_silence_and_nonsense_are_counted_apart_and_leave_by_their_own_ways() -> None:
    call = asked().silence().press("7").silence().press("8")
    assert call.state.no_input == {"q": 2}
    assert call.state.no_match == {"q": 2}
    assert call.silence().hung_up == "no_input"
    assert asked().press("7").silence().press("8").silence().press("9").hung_up == "no_match"


@pytest.mark.capability("F6")
def test_silence_and_nonsense_have_their_own_reprompts_and_ask_again() -> None:
    call = asked()
    assert call.silence().said.startswith("Dạ, tôi chưa nghe thấy gì. Hỏi?")
    assert call.press("7").said.startswith("Xin lỗi, tôi chưa hiểu. Hỏi?")


@pytest.mark.capability("F6")
def test_a_question_may_have_its_own_reprompts_tries_and_ways_out() -> None:
    own = '{say: {vi: "Alô?", en: "Hello?"}, to: done}'
    call = asked(no_input=own, tries="2").silence()
    assert call.said.startswith("Alô? Hỏi?")
    assert call.silence().hung_up == "completed"
    assert asked(no_input=own, tries="2").press("7").press("7").hung_up == "no_match"


def test_no_keys_at_all_count_as_silence() -> None:
    assert asked().press("").notes == ["no_input"]


def test_counts_start_anew_when_a_question_is_entered_again() -> None:
    steps = question("yes_no", on="{yes: q, no: done}")
    call = Telephone(compiled(steps)).start().silence().press("7").press("1")
    assert (call.state.no_input, call.state.no_match) == ({}, {})


@pytest.mark.capability("F5")
def test_a_question_after_one_that_lost_its_speech_is_spoken_again() -> None:
    steps = question("yes_no", on="{yes: q, no: done}", tries="5")
    call = Telephone(compiled(steps)).start().hear("mưa").hear("mưa")
    assert call.listens.grammar is None
    assert call.press("1").listens.grammar


def test_star_repeats_the_question_and_counts_as_nothing() -> None:
    call = asked().press("*")
    assert call.said.startswith("Hỏi?")
    assert (call.state.no_input, call.state.no_match) == ({}, {})
    assert call.listens.keys
    assert "*" in call.listens.keys.choices


# --- keys and speech


@pytest.mark.capability("F5")
def test_keys_and_speech_are_listened_to_at_once() -> None:
    call = asked()
    assert call.listens.keys
    assert call.listens.grammar
    assert call.listens.keys.choices[:2] == ("1", "2")
    assert "có" in call.listens.grammar.phrases


@pytest.mark.capability("F5")
def test_a_question_for_keys_only_has_no_grammar_and_says_only_keys() -> None:
    call = asked(listen="keys")
    assert call.listens.grammar is None
    assert "Có thì bấm 1" in call.said


@pytest.mark.capability("F5")
def test_without_a_recogniser_for_the_language_it_is_keys_only() -> None:
    call = Telephone(compiled(question("yes_no")), context={"speech": ["ko"]}).start()
    assert call.listens.grammar is None
    assert call.hear("có").notes == ["ignored"]


@pytest.mark.capability("F5")
def test_after_two_failures_of_speech_the_question_goes_on_by_keys() -> None:
    call = asked(tries="5").hear("mưa", "reject")
    assert call.listens.grammar
    call.hear("nắng")
    assert call.listens.grammar is None
    assert "speech_off" in call.notes
    assert "mời anh chị trả lời bằng phím điện thoại" in call.said
    assert "Có thì bấm 1" in call.said
    assert "mời anh chị trả lời bằng phím điện thoại" not in call.press("7").said
    assert call.hear("có").notes == ["ignored"]
    assert call.press("1").saved == {"answer": True}


@pytest.mark.capability("F5")
@pytest.mark.capability("F13")
def test_two_refused_read_backs_of_speech_are_two_failures_of_speech() -> None:
    call = asked(tries="5").hear("có").press("2")
    assert call.listens.grammar
    assert call.hear("có").press("2").listens.grammar is None


@pytest.mark.capability("F5")
def test_refused_read_backs_of_keys_are_not() -> None:
    assert asked(tries="5", confirm="always").press("1").press("2").press("1").press("2").listens.grammar


@pytest.mark.capability("F5")
def test_wrong_keys_do_not_turn_speech_off() -> None:
    assert asked(tries="5").press("7").press("7").listens.grammar


@pytest.mark.capability("F7")
@pytest.mark.parametrize("barge_in", [True, False])
def test_barge_in_is_allowed_or_not_by_question(barge_in: bool) -> None:
    call = asked(barge_in=str(barge_in).lower())
    assert call.listens.barge_in is barge_in
    assert {action.barge_in for action in call.actions if isinstance(action, Play)} == {barge_in}


def test_own_hints_stand_in_place_of_the_usual_ones() -> None:
    assert asked(hint="none").said == "Hỏi?"
    own = {"hint": '{vi: "Nói hay bấm.", en: "x"}', "hint_keys": '{vi: "Bấm.", en: "x"}'}
    assert asked(**own).said == "Hỏi? Nói hay bấm."
    assert asked(**own, listen="keys").said == "Hỏi? Bấm."


# --- read-back


@pytest.mark.capability("F13")
def test_a_spoken_answer_is_only_saved_after_it_was_confirmed() -> None:
    call = asked().hear("có")
    assert call.saved == {}
    assert call.state.answers == {}
    assert call.said.startswith("Tôi nghe là: có. Đúng thì nói vâng, đúng rồi, hoặc bấm 1")
    call.press("1")
    assert call.saved == {"answer": True}
    answer = call.state.answers["answer"]
    assert (answer.source, answer.heard, answer.confidence, answer.confirmed) == ("speech", "có", 0.9, True)
    assert (answer.step, answer.turn, answer.at) == ("q", 2, AT)


@pytest.mark.capability("F13")
def test_a_spoken_answer_may_be_confirmed_by_voice() -> None:
    assert asked().hear("không").hear("đúng rồi").saved == {"answer": False}


@pytest.mark.capability("F13")
def test_an_uncertain_yes_confirms_nothing() -> None:
    call = asked().hear("có").hear("đúng rồi", "read_back")
    assert call.saved == {}
    assert call.state.pending is not None
    assert call.hear("đúng rồi").saved == {}  # nor does the same yes again
    assert call.press("1").saved == {"answer": True}


@pytest.mark.capability("F13")
def test_a_read_back_is_heard_to_its_end_before_anybody_can_say_yes_to_it() -> None:
    call = asked().hear("có")
    read_back, hint = [action for action in call.actions if isinstance(action, Play)]
    assert (read_back.prompt.text, read_back.barge_in) == ("Tôi nghe là: có.", False)
    assert hint.barge_in


@pytest.mark.capability("F13")
def test_who_was_understood_and_said_no_clear_yes_is_not_told_otherwise_and_loses_no_try() -> None:
    call = asked().hear("có").hear("ừ", "reject")
    assert call.said == (
        "Tôi nghe là: có. Đúng thì bấm 1, chưa đúng thì bấm 2. "
        "Hoặc nói cả câu: tôi trả lời có, hay là: tôi trả lời không."
    )
    assert call.state.no_match == {}


@pytest.mark.capability("F13")
def test_an_answer_may_be_confirmed_in_longer_words_that_mean_the_same() -> None:
    call = asked().hear("có").hear("vâng", "read_back")
    grammar = call.listens.grammar
    assert grammar is not None
    assert (set(grammar.phrases), grammar.certain) == (
        {"tôi trả lời có", "câu trả lời là có", "tôi trả lời không", "câu trả lời là không"},
        True,
    )
    call.hear("tôi trả lời có")
    assert call.saved == {"answer": True}
    assert call.state.answers["answer"].confirmed


@pytest.mark.capability("F13")
def test_longer_words_that_mean_something_else_ask_again() -> None:
    call = asked().hear("có").hear("vâng", "read_back").hear("tôi trả lời không")
    assert call.saved == {}
    assert call.said.startswith("Dạ, xin hỏi lại. Hỏi?")


@pytest.mark.capability("F13")
def test_after_longer_words_in_vain_the_confirmation_goes_by_keys() -> None:
    call = asked().hear("có").hear("vâng", "read_back").hear("tôi trả lời có", "read_back")
    assert call.saved == {}
    assert call.listens.grammar is None
    assert call.state.no_match == {"q": 1}
    assert call.press("1").saved == {"answer": True}


@pytest.mark.capability("F13")
def test_of_an_answer_and_its_yes_one_must_be_certain() -> None:
    first = asked()
    assert first.listens.grammar is not None
    assert first.listens.grammar.certain
    for certain in (True, False):
        grammar = asked().hear("có", certain=certain).listens.grammar
        assert grammar is not None
        assert grammar.certain is not certain
    call = asked().hear("có", certain=True).hear("ừ", "reject")
    assert call.listens.grammar is not None
    assert call.listens.grammar.certain  # longer words that mean yes and no sound alike
    assert call.press("1").state.answers["answer"].certain


@pytest.mark.capability("F13")
@pytest.mark.parametrize("refusal", ["key", "voice"])
def test_a_refused_read_back_asks_again_and_counts_as_no_match(refusal: str) -> None:
    call = asked().hear("có")
    call = call.press("2") if refusal == "key" else call.hear("sai")
    assert call.said.startswith("Dạ, xin hỏi lại. Hỏi?")
    assert call.state.no_match == {"q": 1}
    assert call.state.pending is None
    assert call.press("2").saved == {"answer": False}


@pytest.mark.capability("F13")
def test_a_read_back_met_with_silence_is_repeated_and_then_given_up() -> None:
    call = asked().hear("có").silence()
    assert "Tôi nghe là: có." in call.said
    assert call.silence().silence().hung_up == "no_input"
    assert call.saved == {}
    assert call.state.pending is None


@pytest.mark.capability("F13")
def test_what_was_keyed_is_saved_at_once_unless_always_is_asked_for() -> None:
    assert asked().press("1").saved == {"answer": True}
    call = asked(confirm="always").press("1")
    assert call.saved == {}
    assert call.said.startswith("Anh chị đã bấm: có.")
    assert call.press("1").saved == {"answer": True}
    assert call.state.answers["answer"].source == "keys"


@pytest.mark.capability("F13")
def test_never_saves_a_certain_answer_but_still_reads_back_an_uncertain_one() -> None:
    assert asked(confirm="never").hear("có").saved == {"answer": True}
    call = asked(confirm="never").hear("có", "read_back")
    assert call.saved == {}
    assert call.press("1").saved == {"answer": True}


@pytest.mark.capability("F13")
def test_a_rejected_hypothesis_is_never_taken_even_if_it_is_a_phrase() -> None:
    call = asked(confirm="never").hear("có", "reject")
    assert (call.saved, call.notes) == ({}, ["no_match"])


def test_what_an_answer_implies_is_saved_with_it() -> None:
    call = asked(implies="{no: {cough: false, fever: false}}").press("2")
    assert call.saved == {"answer": False, "cough": False, "fever": False}
    assert asked(implies="{no: {cough: false}}").press("1").saved == {"answer": True}


# --- shortcuts and languages

CHANGE = """
id: change
title: {vi: Đổi, en: Change}
direction: subscript
languages: [vi, en]
steps:
  to_english: {language: "'en'", next: back}
  back: {return: done}
"""


@pytest.mark.capability("F4")
def test_a_shortcut_key_runs_its_subscript_and_asks_the_question_again() -> None:
    script = compiled(question("yes_no"), head=HEAD + 'shortcuts: {"0": change}', change=CHANGE)
    call = Telephone(script).start()
    assert call.press("0").said.startswith("Ask?")
    assert call.state.language == "en"
    assert call.state.stack == ()
    assert call.press("1").saved == {"answer": True}


@pytest.mark.capability("F4")
def test_a_shortcut_during_a_read_back_drops_what_was_heard() -> None:
    script = compiled(question("yes_no"), head=HEAD + 'shortcuts: {"0": change}', change=CHANGE)
    call = Telephone(script).start().hear("có").press("0")
    assert call.state.pending is None
    assert call.saved == {}


CHOOSE = """
id: choose
title: {vi: Đổi, en: Change}
direction: subscript
languages: [vi, en]
steps:
  which:
    ask: choice
    say: {vi: "Tiếng nào?", en: "Which?"}
    choices: [{id: vi, label: {vi: Việt, en: Vietnamese}}, {id: en, label: {vi: Anh, en: English}}]
    keep: wanted
    next: switch
  switch: {language: "values.wanted", next: back}
  back: {return: done}
"""


@pytest.mark.capability("F4")
def test_a_shortcut_key_pressed_twice_is_one_shortcut() -> None:
    script = compiled(question("yes_no"), head=HEAD + 'shortcuts: {"0": choose}', choose=CHOOSE)
    call = Telephone(script).start().press("0").press("0")
    assert "Tiếng nào?" in call.said
    assert call.press("2").said.startswith("Ask?")
    assert call.state.stack == ()


@pytest.mark.capability("F9")
def test_a_way_out_of_the_script_leaves_its_subscripts() -> None:
    inner = """
id: inner
title: {vi: Trong, en: Inner}
direction: subscript
languages: [vi, en]
steps:
  ask: {ask: yes_no, say: {vi: "{params.what}?", en: "Inside?"}, next: back}
  back: {return: done}
"""
    steps = """
  c: {call: inner, with: {what: "'nhà'"}, next: done}
  again: {ask: yes_no, say: {vi: "Lại{params.what}?", en: "Again?"}, on: {yes: c, no: done}}"""
    head = HEAD.replace("no_input: silent", "no_input: again")
    call = Telephone(compiled(steps, head=head, inner=inner)).start().silence().silence().silence()
    assert (call.state.step, call.state.stack, call.state.params) == ("again", (), {})
    assert "Lại?" in call.said
    call.press("1")
    assert len(call.state.stack) == 1
    assert call.press("1").hung_up == "completed"


def test_a_shortcut_key_is_an_ordinary_digit_of_a_number() -> None:
    script = compiled(question("digits"), head=HEAD + 'shortcuts: {"0": change}', change=CHANGE)
    assert Telephone(script).start().press("0").saved == {"answer": "0"}


@pytest.mark.capability("F4")
@pytest.mark.parametrize(("wanted", "spoken"), [("en", "en"), ("ko", "vi"), ("", "vi")])
def test_a_call_begins_in_the_persons_language_if_the_script_has_it(wanted: str, spoken: str) -> None:
    assert start_state(compiled(question("yes_no")), wanted, {}).language == spoken


# --- machines, limits, the end


def test_an_answering_machine_gets_the_machine_step_or_is_hung_up() -> None:
    assert Telephone(compiled(question("yes_no"))).start("machine").actions == (HangUp("machine"),)
    script = compiled(
        question("yes_no") + "\n  m: {end: machine_told, say: {vi: Alô, en: Hello}}", head=HEAD + "machine: m"
    )
    assert Telephone(script).start("machine").hung_up == "machine_told"


@pytest.mark.capability("F3")
def test_a_script_that_loops_without_asking_is_stopped_politely() -> None:
    call = Telephone(compiled('  a: {set: {x: "1"}, next: b}\n  b: {set: {y: "2"}, next: a}')).start()
    assert call.hung_up == "limit"
    assert "tôi xin dừng ở đây" in call.said
    assert [note.data for note in call.step.notes if note.kind == "limit"] == [{"detail": "steps"}]


@pytest.mark.capability("F3")
def test_a_loop_through_an_effect_is_stopped_too() -> None:
    call = Telephone(compiled("  a: {effect: call.opt_out, on: {done: a}}")).start()
    for _ in range(MAX_STEPS_PER_TURN + 1):
        if call.state.status == "ended":
            break
        call.event(EffectDone(AT, "call.opt_out", "done", {}))
    assert call.state.end_reason == "limit"


@pytest.mark.capability("F3")
def test_steps_are_counted_from_one_answer_to_the_next() -> None:
    """A long call of many questions is not a loop."""
    call = Telephone(compiled(question("yes_no", on="{yes: q, no: done}"))).start()
    for _ in range(MAX_STEPS_PER_TURN + 20):
        call.press("1")
    assert call.state.status == "active"
    assert call.state.steps == 1


@pytest.mark.capability("F3")
def test_a_call_of_too_many_turns_is_stopped() -> None:
    script = compiled(question("yes_no"), head=HEAD + "limits: {turns: 3}")
    call = Telephone(script).start().press("*").press("*")
    assert call.state.status == "active"
    assert call.press("*").hung_up == "limit"
    assert "Hỏi?" not in call.said


@pytest.mark.capability("F3")
def test_a_call_that_lasts_too_long_is_stopped_by_the_time_in_its_events() -> None:
    script = compiled(question("yes_no"), head=HEAD + "limits: {minutes: 2}")
    call = Telephone(script).start()
    call.event(KeysPressed("2026-08-10T03:02:00+00:00", "*"))
    assert call.state.status == "active"
    call.event(KeysPressed("2026-08-10T03:02:01+00:00", "*"))
    assert call.hung_up == "limit"


@pytest.mark.capability("F3")
def test_an_answer_given_at_the_limit_is_still_saved() -> None:
    script = compiled(
        question("yes_no", next="q2") + "\n  q2: {ask: yes_no, say: {vi: a, en: b}, next: done}",
        head=HEAD + "limits: {turns: 1}",
    )
    call = Telephone(script).start().press("1")
    assert call.hung_up == "limit"
    assert call.saved == {"answer": True}


def test_a_caller_who_hangs_up_ends_the_call_without_an_action() -> None:
    call = asked().event(CallEnded(AT, "hangup"))
    assert (call.state.status, call.state.end_reason, call.actions) == ("ended", "hangup", ())


def test_a_call_may_end_before_it_began() -> None:
    call = Telephone(compiled(question("yes_no"))).event(CallEnded(AT, "failed"))
    assert call.state.end_reason == "failed"


EVENTS: list[Event] = [
    CallStarted(AT),
    KeysPressed(AT, "1"),
    SpeechHeard(AT, (Hypothesis("có", 1.0),), "accept"),
    SpeechHeard(AT, (), "accept"),
    NothingHeard(AT),
    VoiceMessage(AT, "r", 5.0),
    PromptPlayed(AT),
    EffectDone(AT, "x.y", "done"),
    CallEnded(AT, "hangup"),
    KeysPressed("yesterday", "1"),
]


@pytest.mark.parametrize("event", EVENTS)
def test_after_the_end_nothing_changes_anything(event: Event) -> None:
    call = asked().press("1")
    step = advance(call.script, call.state, event)
    assert step.state == call.state
    assert (step.actions, step.saved, [note.kind for note in step.notes]) == ((), {}, ["ignored"])


@pytest.mark.parametrize("event", [e for e in EVENTS if not isinstance(e, CallStarted | CallEnded)])
def test_before_the_start_nothing_changes_anything(event: Event) -> None:
    state = start_state(compiled(question("yes_no")), "vi", {})
    assert advance(compiled(question("yes_no")), state, event).state == state


@pytest.mark.parametrize(
    "event", [CallStarted(AT), VoiceMessage(AT, "r", 5.0), PromptPlayed(AT), EffectDone(AT, "x.y", "z")]
)
def test_an_event_that_does_not_fit_changes_nothing(event: Event) -> None:
    call = asked()
    step = advance(call.script, call.state, event)
    assert (step.state, step.actions) == (call.state, ())


@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize("kind", sorted(ANSWER_KINDS))
def test_no_event_in_an_impossible_state_raises(event: Event, kind: str) -> None:
    more = {"choices": "[{id: a, label: {vi: a, en: a}}]"} if kind == "choice" else {}
    script = compiled(question(kind, **more))
    state = start_state(script, "vi", {"today": 5, "person": "nobody"})
    for change in (
        {"step": "nowhere"},
        {"step": None},
        {"step": "q", "phase": "confirm"},
        {"step": "q", "phase": "ask:99"},
        {"step": "done", "phase": "?"},
        {"step": "q", "phase": "ask", "language": "xx"},
        {"step": "q", "phase": "ask", "started_at": "2026"},
    ):
        broken: State = replace(state, status="active", **change)
        advance(script, broken, event)
        current_actions(script, broken)


def test_what_the_telephone_should_be_doing_can_be_asked_again() -> None:
    call = asked()
    assert current_actions(call.script, call.state) == call.actions
    call.hear("có")
    assert current_actions(call.script, call.state) == call.actions
    call.press("1")
    assert current_actions(call.script, call.state) == ()


def test_a_recording_is_asked_for_again_after_a_resumption() -> None:
    call = Telephone(compiled(question("voice"))).start()
    assert isinstance(current_actions(call.script, call.state)[-1], Record)


def test_a_turn_ends_with_one_action_that_waits() -> None:
    call = asked()
    assert [type(action) for action in call.actions] == [Play, Play, Listen]


def test_a_value_that_is_missing_is_left_out_and_noted() -> None:
    script = compiled('  hello: {say: {vi: "Chào {person.name}.", en: "Hi."}, next: done}')
    call = Telephone(script, context={"person": {}}).start()
    assert call.said == "Chào ."
    assert "missing_value" in call.notes


# --- going on with a call that was broken off

TWO = question("yes_no", next="q2") + "\n  q2: {ask: yes_no, say: {vi: Hai, en: Two}, save: second, next: done}"


def resumed(steps: str, *keys: str, today: str = CONTEXT["today"]) -> Telephone:
    """A call that goes on with one in which these keys were pressed."""
    first = Telephone(compiled(steps)).start()
    for key in keys:
        first.press(key)
    return taken_up(first, today)


def taken_up(earlier: Telephone, today: str) -> Telephone:
    """The next call, on a day, of one that was broken off."""
    again = Telephone(earlier.script)
    again.state = resume_state(earlier.state, {**CONTEXT, "today": today})
    return again.start()


@pytest.mark.capability("I3")
def test_a_resumed_call_begins_with_the_first_open_question() -> None:
    call = resumed(TWO, "1")
    assert call.state.step == "q2"
    assert call.press("2").saved == {"second": False}
    assert call.state.answers["answer"].value is True


@pytest.mark.capability("I3")
def test_a_resumed_call_follows_the_way_of_the_earlier_answers() -> None:
    assert resumed(question("yes_no", on="{yes: done, no: lost}"), "2").hung_up == "no_match"


@pytest.mark.capability("I3")
def test_what_must_be_asked_in_each_call_is_asked_again() -> None:
    assert resumed(TWO.replace("save: answer", "save: answer\n    each_call: true"), "1").state.step == "q"


TOMORROW = "2026-08-11"
OF_THE_DAY = TWO.replace("save: answer", "save: answer\n    each_day: true")


@pytest.mark.capability("I3")
def test_what_was_true_yesterday_is_asked_again_and_the_rest_is_not() -> None:
    call = resumed(OF_THE_DAY + "\n  q3: {ask: yes_no, say: {vi: c, en: c}, next: done}", "1", today=TOMORROW)
    assert call.state.step == "q"
    assert resumed(TWO, "1", today=TOMORROW).state.step == "q2"


@pytest.mark.capability("I3")
def test_on_the_same_day_nothing_of_the_day_is_asked_again() -> None:
    assert resumed(OF_THE_DAY, "1").state.step == "q2"


@pytest.mark.capability("I3")
def test_what_was_measured_yesterday_is_not_known_today_though_today_it_was_not_measured() -> None:
    steps = question("number", skip_key='"0"', each_day="true", next="s") + (
        '\n  s: {set: {high: "answers.answer != null"}, next: q2}\n'
        "  q2: {ask: yes_no, say: {vi: Hai, en: Two}, next: done}"
    )
    assert resumed(steps, "39").state.values == {"high": True}
    assert resumed(steps, "39", today=TOMORROW).press("0").state.values == {"high": False}


@pytest.mark.capability("I3")
def test_a_call_that_never_came_to_a_question_does_not_make_its_old_answer_one_of_today() -> None:
    first = "  who: {ask: yes_no, say: {vi: Ai, en: Who}, each_call: true, next: q}\n"
    call = resumed(first + OF_THE_DAY, "1", "1", today=TOMORROW)
    assert call.state.step == "who"
    assert taken_up(call, TOMORROW).press("1").state.step == "q"


@pytest.mark.capability("I3")
def test_a_group_is_not_asked_again_when_all_of_it_was_answered() -> None:
    group = "  g: {ask: yes_no, say: {vi: a, en: b}, implies: {no: {c: false, d: false}}, on: {no: q, yes: done}}\n"
    call = resumed(group + question("yes_no"), "2")
    assert call.state.step == "q"
    assert resumed(group + question("yes_no")).state.step == "g"


@pytest.mark.parametrize("before", [5, "answer", None, {"answer": 1}])
def test_nonsense_about_an_earlier_call_is_no_answer(before: object) -> None:
    call = Telephone(compiled(question("yes_no")), context={"answered_before": before}).start()
    assert call.state.step == "q"


@pytest.mark.capability("I3")
def test_a_group_that_was_left_in_the_middle_is_asked_again() -> None:
    group = """
  g: {ask: yes_no, say: {vi: a, en: b}, implies: {no: {c: false, d: false}}, on: {no: q, yes: c}}
  c: {ask: yes_no, say: {vi: a, en: b}, save: c, next: d}
  d: {ask: yes_no, say: {vi: a, en: b}, save: d, next: q}
"""
    call = resumed(group + question("yes_no"), "1", "1")
    assert call.state.step == "g"
    assert call.press("1").state.step == "d"
