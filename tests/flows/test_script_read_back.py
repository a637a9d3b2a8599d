"""How an answer is made sure of: read-back, certainty, refusals."""

from __future__ import annotations

import pytest

from flows.engine.actions import Play
from tests.flows.script_making import AT, Telephone, compiled, question


def asked(**more: str) -> Telephone:
    return Telephone(compiled(question("yes_no", **more))).start()


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
