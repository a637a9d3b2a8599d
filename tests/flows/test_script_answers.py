"""Each kind of answer: what counts, what does not, how it is read back."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from flows.engine.actions import Record
from flows.engine.answers.registry import ANSWER_KINDS
from flows.engine.events import EffectDone, VoiceMessage
from flows.load import check
from flows.mistakes import ScriptError
from tests.flows.script_making import AT, HEAD, Telephone, compiled, example, question

pytestmark = pytest.mark.capability("F8")
COVERED: dict[str, Callable[..., None]] = {}


def covers(kind: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    def remember(test: Callable[..., None]) -> Callable[..., None]:
        COVERED[kind] = test
        return test

    return remember


def asked(kind: str, **more: str) -> Telephone:
    return Telephone(compiled(question(kind, **more))).start()


@covers("yes_no")
@pytest.mark.parametrize(("key", "value"), [("1", True), ("2", False)])
def test_yes_and_no_are_keys_one_and_two(key: str, value: bool) -> None:
    assert asked("yes_no").press(key).saved == {"answer": value}


@pytest.mark.parametrize(
    ("language", "word", "value"), [("vi", "có", True), ("vi", "KHÔNG", False), ("en", "nope", False)]
)
def test_yes_and_no_are_words_of_the_language(language: str, word: str, value: bool) -> None:
    call = Telephone(compiled(question("yes_no", confirm="never")), language).start().hear(word)
    assert call.saved == {"answer": value}


def test_a_question_may_add_its_own_words_for_yes() -> None:
    call = asked("yes_no", words='{"yes": {vi: [bị rồi]}}', confirm="never")
    assert "bị rồi" in (call.listens.grammar.phrases if call.listens.grammar else ())
    assert call.hear("bị rồi").saved == {"answer": True}


def test_letters_written_apart_are_the_same_word() -> None:
    decomposed = "co\u0301"
    assert asked("yes_no", confirm="never").hear(decomposed).saved == {"answer": True}


OPTIONS = """
      - {id: food, label: {vi: thức ăn, en: food}, words: {vi: [đồ ăn]}}
      - {id: other, key: "7", label: {vi: khác, en: other}}
      - {id: rest, label: {vi: nghỉ, en: rest}}"""


@covers("choice")
@pytest.mark.parametrize(("key", "value"), [("1", "food"), ("7", "other"), ("2", "rest")])
def test_an_option_without_a_key_takes_the_next_free_one(key: str, value: str) -> None:
    assert asked("choice", choices=OPTIONS).press(key).saved == {"answer": value}


def test_options_are_announced_with_their_keys() -> None:
    assert asked("choice", choices=OPTIONS).said == "Hỏi? thức ăn, bấm 1. khác, bấm 7. nghỉ, bấm 2."


def test_own_words_stand_in_place_of_the_label() -> None:
    call = asked("choice", choices=OPTIONS)
    assert call.listens.grammar
    assert call.listens.grammar.phrases == ("đồ ăn", "khác", "nghỉ")


def many(count: int) -> str:
    return "".join(f"\n      - {{id: o{n}, label: {{vi: số {n}, en: number {n}}}}}" for n in range(1, count + 1))


def test_more_than_nine_options_are_read_in_pages() -> None:
    call = asked("choice", choices=many(12))
    assert "số 8, bấm 8" in call.said
    assert "số 9" not in call.said
    call.press("9")
    assert "số 9, bấm 1" in call.said
    assert call.press("4").saved == {"answer": "o12"}


def test_the_last_page_turns_to_the_first() -> None:
    call = asked("choice", choices=many(12)).press("9").press("9")
    assert call.press("1").saved == {"answer": "o1"}


def test_an_option_called_page_is_an_answer_like_any_other() -> None:
    assert asked("choice", choices=OPTIONS.replace("id: food", "id: page")).press("1").saved == {"answer": "page"}


@pytest.mark.parametrize("name", ["skipped", "chosen"])
def test_an_option_may_not_be_called_what_the_engine_means_by_itself(name: str) -> None:
    with pytest.raises(ScriptError, match=f"an option cannot be called {name}"):
        asked("choice", choices=OPTIONS.replace("id: food", f"id: {name}"))


def test_an_answer_of_a_later_page_survives_its_read_back() -> None:
    call = asked("choice", choices=many(12), confirm="always").press("9").press("2")
    assert "số 10" in call.said
    assert call.press("1").saved == {"answer": "o10"}


SLOTS = """
  list: {effect: telehealth.offer_slots, save: offer, on: {offered: q, none: done}}
""" + question(
    "choice",
    choices_from="{path: values.offer.slots, label: spoken}",
    choices='[{id: none, key: "9", label: {vi: không, en: none}}]',
    confirm="always",
)


def offered(*slots: tuple[str, str]) -> Telephone:
    items = [{"id": slot, "spoken": {"vi": words, "en": words}} for slot, words in slots]
    call = Telephone(compiled(SLOTS)).start()
    return call.event(EffectDone(AT, "telehealth.offer_slots", "offered", {"slots": items}))


def test_options_of_the_running_call_are_numbered() -> None:
    call = offered(("a", "8 giờ"), ("b", "9 giờ"))
    assert "8 giờ, bấm 1." in call.said
    assert "9 giờ, bấm 2." in call.said
    assert call.listens.keys
    assert call.listens.keys.choices[:3] == ("1", "2", "9")
    call.press("2")
    assert "Anh chị đã bấm: 9 giờ." in call.said
    assert call.press("1").saved == {"answer": "b"}


def test_a_key_that_is_offered_answers_even_where_it_is_a_shortcut() -> None:
    sub = "id: sub\ntitle: {vi: a, en: a}\ndirection: subscript\nlanguages: [vi, en]\nsteps:\n  x: {return: ok}\n"
    call = Telephone(compiled(SLOTS, head=HEAD + 'shortcuts: {"1": sub}', sub=sub)).start()
    slots = {"slots": [{"id": "a", "spoken": {"vi": "8 giờ", "en": "8"}}]}
    call.event(EffectDone(AT, "telehealth.offer_slots", "offered", slots))
    assert "Anh chị đã bấm: 8 giờ." in call.press("1").said


def test_options_of_the_running_call_are_spoken_by_their_number() -> None:
    call = offered(("a", "8 giờ"), ("b", "9 giờ"))
    assert call.listens.grammar
    assert "số ba" not in call.listens.grammar.phrases
    assert call.hear("số hai").hear("đúng rồi").saved == {"answer": "b"}


def test_a_fixed_option_stands_beside_those_of_the_call() -> None:
    assert offered(("a", "8 giờ")).press("9").press("1").saved == {"answer": "none"}


@pytest.mark.parametrize("slots", ["text", None, 5, [1, 2], [{}]])
def test_a_list_of_another_shape_offers_nothing_and_breaks_nothing(slots: object) -> None:
    call = Telephone(compiled(SLOTS)).start()
    call.event(EffectDone(AT, "telehealth.offer_slots", "offered", {"slots": slots}))
    assert call.press("9").press("1").saved == {"answer": "none"}


@covers("digits")
@pytest.mark.capability("F5")
def test_digits_have_a_least_and_a_greatest_count() -> None:
    call = asked("digits", digits="{min: 2, max: 3}")
    assert call.listens.keys
    assert (call.listens.keys.min_digits, call.listens.keys.max_digits, call.listens.keys.finish) == (2, 3, "#")
    assert call.press("007").saved == {"answer": "007"}


@pytest.mark.parametrize("wrong", ["1", "1234", "1a", "१२"])
def test_too_few_too_many_or_no_digits_are_no_answer(wrong: str) -> None:
    call = asked("digits", digits="{min: 2, max: 3}").press(wrong)
    assert (call.saved, call.notes) == ({}, ["no_match"])


def test_digits_are_read_back_one_by_one() -> None:
    assert "một chín chín không" in asked("digits", digits="{min: 4, max: 4}", confirm="always").press("1990").said


def test_a_skip_key_passes_without_an_answer() -> None:
    call = asked("digits", digits="{min: 4, max: 4}", skip_key='"0"', confirm="always")
    assert call.press("0").saved == {}
    assert call.state.end_reason == "completed"


@covers("number")
@pytest.mark.parametrize(("digits", "value"), [("375", 37.5), ("37", 37.0), ("43", 43.0), ("340", 34.0)])
def test_a_number_is_keyed_without_its_point(digits: str, value: float) -> None:
    assert asked("number", range="{min: 34, max: 43, decimals: 1}").press(digits).saved == {"answer": value}


@pytest.mark.parametrize("digits", ["20", "500", "1", "0"])
def test_a_number_out_of_range_is_no_answer(digits: str) -> None:
    call = asked("number", range="{min: 34, max: 43, decimals: 1}").press(digits)
    assert call.saved == {}
    assert "no_match" in call.notes


def test_a_whole_number_stays_whole() -> None:
    saved = asked("number", range="{min: 1, max: 20}").press("12").saved
    assert saved == {"answer": 12}
    assert isinstance(saved["answer"], int)


@covers("date")
@pytest.mark.parametrize(
    ("digits", "value"),
    [("05082026", "2026-08-05"), ("0508", "2026-08-05"), ("3112", "2025-12-31"), ("1008", "2026-08-10")],
)
def test_a_date_is_keyed_with_or_without_its_year(digits: str, value: str) -> None:
    assert asked("date", within="{before: 365, after: 0}").press(digits).saved == {"answer": value}


@pytest.mark.parametrize("digits", ["3002", "1108", "01012020", "050", "99999999", "00000000", "0113"])
def test_a_date_that_is_none_or_out_of_bounds_is_no_answer(digits: str) -> None:
    call = asked("date", within="{before: 60, after: 0}").press(digits)
    assert (call.saved, call.notes) == ({}, ["no_match"])


@pytest.mark.parametrize(("words", "value"), [("hôm nay", "2026-08-10"), ("hôm kia", "2026-08-08")])
def test_a_date_is_spoken_from_today(words: str, value: str) -> None:
    call = asked("date").hear(words)
    assert call.hear("đúng rồi").saved == {"answer": value}


def test_without_today_a_date_needs_its_year_and_is_not_spoken() -> None:
    call = Telephone(compiled(question("date", within="{before: 60, after: 0}")), context={"today": None}).start()
    assert call.listens.grammar is None
    assert "no_match" in call.press("0508").notes
    assert call.press("05082026").saved == {"answer": "2026-08-05"}


@covers("time")
@pytest.mark.parametrize(("digits", "value"), [("8", "08:00"), ("14", "14:00"), ("930", "09:30"), ("2359", "23:59")])
def test_a_time_is_keyed_on_the_24_hour_clock(digits: str, value: str) -> None:
    assert asked("time").press(digits).saved == {"answer": value}


@pytest.mark.parametrize("digits", ["24", "1260", "99"])
def test_a_time_that_is_none_is_no_answer(digits: str) -> None:
    assert "no_match" in asked("time").press(digits).notes


def test_a_time_is_read_back_in_words() -> None:
    assert "mười bốn giờ ba mươi" in asked("time", confirm="always").press("1430").said


@covers("phone")
@pytest.mark.parametrize(
    ("digits", "value"),
    [("0912345678", "+84912345678"), ("84912345678", "+84912345678"), ("02373850115", "+842373850115")],
)
def test_a_telephone_number_is_kept_as_e164(digits: str, value: str) -> None:
    assert asked("phone").press(digits).saved == {"answer": value}


@pytest.mark.parametrize("digits", ["912345678", "0012345678", "091234567890", "840912345678"])
def test_a_telephone_number_of_another_shape_is_no_answer(digits: str) -> None:
    assert "no_match" in asked("phone").press(digits).notes


def test_a_telephone_number_is_read_back_in_groups() -> None:
    assert "không chín một hai, ba bốn năm, sáu bảy tám" in asked("phone", confirm="always").press("0912345678").said


@covers("voice")
def test_a_voice_message_is_recorded_and_kept_by_its_id() -> None:
    call = asked("voice", message="{max_seconds: 30}")
    assert call.actions[-1] == Record(max_seconds=30.0)
    assert call.event(VoiceMessage(AT, "rec-1", 4.0)).saved == {"answer": "rec-1"}
    assert call.state.answers["answer"].source == "voice"


def test_a_voice_message_too_short_counts_as_silence() -> None:
    call = asked("voice").event(VoiceMessage(AT, "rec-1", 0.2))
    assert call.saved == {}
    assert call.notes == ["no_input"]
    assert isinstance(call.actions[-1], Record)


def test_every_kind_of_answer_is_tested_here() -> None:
    assert set(COVERED) == set(ANSWER_KINDS)


@pytest.mark.parametrize("kind", sorted(ANSWER_KINDS))
def test_every_kind_of_answer_shows_an_example_that_the_schema_takes(kind: str) -> None:
    document = example(ANSWER_KINDS[kind], "q")
    assert check(document, "steps") == []
    assert document.data["q"]["ask"] == kind
