"""How a question is asked: silence and nonsense, keys and speech, shortcuts, languages."""

from __future__ import annotations

import pytest

from flows.engine.actions import Play
from flows.engine.advance import start_state
from tests.flows.script_making import HEAD, Telephone, compiled, question


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
