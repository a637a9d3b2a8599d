"""The linter: each rule finds its mistake, and nothing where there is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.catalogue import LIBRARY, EffectSpec
from flows.lint import Knows, Recordings, lint_folder
from flows.mistakes import Mistake
from tests.flows.script_making import HEAD, TAIL, question

pytestmark = pytest.mark.capability("F12")
EFFECTS = (
    EffectSpec("telehealth.book", {"slot": "string"}, ("booked", "taken")),
    EffectSpec("call.hand_over", {"script": "script"}, ("done",)),
)
FORM = """
id: small
title: {vi: a, en: a}
fields:
  - {name: answer, type: yes_no, label: {vi: a, en: a}, health: true}
  - {name: plain, type: yes_no, label: {vi: a, en: a}}
"""


INBOUND = HEAD.replace("outbound", "inbound")


class Folder:
    """A library in a folder: one script, and subscripts."""

    def __init__(self, path: Path) -> None:
        self.path = path
        (path / "phrases.yaml").write_text((LIBRARY / "phrases.yaml").read_text())

    def write(self, name: str, text: str, file: str = "script.yaml") -> None:
        (self.path / name).mkdir(exist_ok=True)
        (self.path / name / file).write_text(text)

    def lint(
        self,
        steps: str,
        head: str = HEAD,
        knows: Knows | None = None,
        recordings: Recordings | None = None,
        **subscripts: str,
    ) -> list[Mistake]:
        self.write("small", f"{head}\nsteps:\n{steps}\n{TAIL}")
        for name, text in subscripts.items():
            self.write(name, text)
        return lint_folder(self.path, effects=EFFECTS, knows=knows, recordings=recordings)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def rules(found: list[Mistake]) -> list[tuple[str, str]]:
    return [(mistake.rule, "/".join(mistake.where[1:])) for mistake in found]


def test_a_sound_script_has_no_findings(folder: Folder) -> None:
    assert folder.lint(question("yes_no")) == []


def test_a_step_nobody_leads_to_is_found(folder: Folder) -> None:
    found = folder.lint(question("yes_no") + "\n  island: {say: {vi: a, en: b}, next: done}")
    assert rules(found) == [("unreachable_step", "island")]
    assert found[0].line == 14
    assert found[0].file == "small/script.yaml"


def test_steps_that_never_come_to_an_end_are_found(folder: Folder) -> None:
    loop = '  c: {set: {x: "1"}, next: d}\n  d: {set: {y: "1"}, next: c}\n'
    steps = '  b: {branch: [{when: "1 == 1", to: c}], else: q}\n' + loop
    assert rules(folder.lint(steps + question("yes_no"))) == [("missing_exit", "c"), ("missing_exit", "d")]


def test_mistakes_of_the_compiler_are_findings_too(folder: Folder) -> None:
    found = folder.lint('  a: {say: {vi: "Chào."}, next: q}\n' + question("yes_no", on="{yes: done}"))
    assert rules(found) == [("missing_language", "a/say"), ("script", "q/on")]


def test_a_key_of_an_answer_that_is_also_a_shortcut_is_found(folder: Folder) -> None:
    sub = "id: sub\ntitle: {vi: a, en: a}\ndirection: subscript\nlanguages: [vi, en]\nsteps:\n  x: {return: ok}\n"
    found = folder.lint(question("yes_no"), HEAD + 'shortcuts: {"2": sub}', sub=sub)
    assert rules(found) == [("key_used_twice", "q")]


RETURNING = "id: sub\ntitle: {vi: a, en: a}\ndirection: subscript\nlanguages: [vi, en]\nsteps:\n  x: {return: ok}\n"
MANY = "".join(f"\n      - {{id: o{n}, label: {{vi: số {n}, en: number {n}}}}}" for n in range(1, 13))


@pytest.mark.parametrize(
    ("key", "menu"), [("1", 'choices_from: "{path: values.list}"'), ("9", f"choices: {MANY}")], ids=["offer", "page"]
)
def test_a_key_of_an_offer_or_of_the_next_page_that_is_also_a_shortcut_is_found(
    folder: Folder, key: str, menu: str
) -> None:
    name, _, value = menu.partition(": ")
    steps = '  list: {set: {list: "[]"}, next: q}\n' + question("choice", **{name: value.strip('"')})
    found = folder.lint(steps, HEAD + f'shortcuts: {{"{key}": sub}}', sub=RETURNING)
    assert ("key_used_twice", "q") in rules(found)


def test_a_word_the_model_does_not_know_is_found(folder: Folder) -> None:
    def knows(language: str, word: str) -> bool | None:
        return word != "bị" if language == "vi" else None

    steps = question("yes_no", words='{"yes": {vi: [tôi bị rồi], en: [bị]}}')
    found = folder.lint(steps, knows=knows)
    assert rules(found) == [("unknown_word", "q")]
    assert "`bị` in `tôi bị rồi`" in found[0].message


def common_words(folder: Folder, **words: str) -> None:
    """Change common words of the library."""
    lines = (LIBRARY / "phrases.yaml").read_text().splitlines()
    for name, vietnamese in words.items():
        at = lines.index(f"  {name}:")
        lines[at + 1] = f"    vi: [{vietnamese}]"
    (folder.path / "phrases.yaml").write_text("\n".join(lines))


@pytest.mark.capability("N1")
@pytest.mark.parametrize(
    ("words", "told"),
    [
        ({"confirm_yes": "vâng, đúng"}, "`đúng` (yes) is the beginning or the end of `không đúng` (no, vi)"),
        ({"confirm_yes": "vâng, phải"}, "`phải` (yes) is the beginning or the end of `không phải` (no, vi)"),
        ({"confirm_no": "không, vâng nhầm"}, "`vâng` (yes) is the beginning or the end of `vâng nhầm` (no, vi)"),
        (
            {"long_yes": "tôi trả lời không sai"},
            "`tôi trả lời không` (no) is the beginning or the end of `tôi trả lời không sai`",
        ),
        ({"long_yes": "vâng có"}, "`vâng có` (vi) confirms an answer in longer words"),
        ({"long_yes": "dạ vâng"}, "`dạ vâng` (vi) confirms an answer in longer words"),
    ],
)
def test_words_that_confirm_and_are_half_of_words_that_deny_are_found(
    folder: Folder, words: dict[str, str], told: str
) -> None:
    common_words(folder, **words)
    found = folder.lint(question("yes_no"))
    assert {mistake.rule for mistake in found} == {"half_an_answer"}
    assert told in " ".join(mistake.message for mistake in found)


@pytest.mark.capability("N1")
def test_the_words_of_an_answer_may_end_alike_for_it_is_read_back(folder: Folder) -> None:
    assert folder.lint(question("yes_no", words='{"no": {vi: [không bị có]}}')) == []


@pytest.mark.capability("F13")
def test_an_answer_saved_from_speech_without_being_read_back_is_found(folder: Folder) -> None:
    assert rules(folder.lint(question("yes_no", confirm="never"))) == [("unconfirmed_answer", "q")]
    assert folder.lint(question("yes_no", confirm="never", listen="keys")) == []


def test_words_of_a_question_by_keys_are_not_checked(folder: Folder) -> None:
    assert folder.lint(question("digits"), knows=lambda language, word: False) == []


BOOK = "  b: {effect: telehealth.book, with: {slot: \"'a'\"}, on: {booked: q, taken: q}}\n"


@pytest.mark.parametrize(
    ("change", "rule", "told"),
    [
        (("telehealth.book", "telehealth.bok"), "unknown_effect", "there is no effect `telehealth.bok`"),
        (("with: {slot: \"'a'\"}, ", ""), "wrong_arguments", "needs the argument `slot`"),
        (("slot:", "slt: \"'b'\", slot:"), "wrong_arguments", "takes no argument `slt`"),
        (("\"'a'\"", '"5"'), "wrong_arguments", "is no string"),
        (("booked:", "boked:"), "wrong_outcome", "never gives `boked`"),
        ((", taken: q", ""), "missing_exit", "the outcome `taken`"),
    ],
)
def test_a_wrong_call_of_an_effect_is_found(folder: Folder, change: tuple[str, str], rule: str, told: str) -> None:
    assert folder.lint(BOOK + question("yes_no"), INBOUND) == []
    found = folder.lint(BOOK.replace(*change) + question("yes_no"), INBOUND)
    assert (rule, "b") in rules(found)
    assert told in " ".join(mistake.message for mistake in found)


HAND_OVER = "  b: {effect: call.hand_over, with: {script: \"'small'\"}, on: {done: q}}\n"


def test_a_script_that_nobody_has_is_found_before_a_call_is_handed_over_to_it(folder: Folder) -> None:
    assert folder.lint(HAND_OVER + question("yes_no"), INBOUND) == []
    found = folder.lint(HAND_OVER.replace("small", "smal") + question("yes_no"), INBOUND)
    assert rules(found) == [("unknown_script", "b")]
    assert "there is no script 'smal'; there are small" in found[0].message


def test_a_script_that_only_the_call_knows_is_no_finding(folder: Folder) -> None:
    assert folder.lint(HAND_OVER.replace("'small'", "language") + question("yes_no"), INBOUND) == []


def test_otherwise_provides_for_every_outcome(folder: Folder) -> None:
    assert folder.lint(BOOK.replace(", taken: q}", "}, otherwise: q") + question("yes_no"), INBOUND) == []


def test_a_recording_that_is_missing_or_unreadable_is_found(folder: Folder) -> None:
    def recordings(clip: str, language: str) -> str | None:
        return "is not a WAV file" if (clip, language) == ("small/q/say/0", "en") else None

    found = folder.lint(question("yes_no"), recordings=recordings)
    assert rules(found) == [("prompt_audio", "q")]
    assert "small/q/say/0 (en): is not a WAV file" in found[0].message


def test_every_fixed_piece_is_looked_for_among_the_recordings(folder: Folder) -> None:
    asked: set[str] = set()
    folder.lint(question("yes_no"), recordings=lambda clip, language: asked.add(f"{clip} {language}"))
    assert {"small/q/say/0 vi", "small/q/say/0 en", "common/no_input/say/0 vi", "common/limit/say/0 en"} <= asked
    assert "common/read_back/say/0 vi" in asked


@pytest.mark.parametrize(
    ("step", "name"),
    [
        ('  a: {say: {vi: "{values.nothing}", en: b}, next: q}\n', "values.nothing"),
        ('  a: {set: {x: "answers.nobody == true"}, next: q}\n', "answers.nobody"),
        ("  a: {set: {x: \"values['odd'] == 1\"}, next: q}\n", "values.odd"),
    ],
)
def test_a_name_that_nothing_writes_is_found(folder: Folder, step: str, name: str) -> None:
    found = folder.lint(step + question("yes_no"))
    assert rules(found) == [("unknown_value", "a")]
    assert f"`{name}` is read here" in found[0].message


def test_a_list_of_choices_that_nothing_writes_is_found(folder: Folder) -> None:
    found = folder.lint(question("choice", choices_from="{path: values.offer.slots}"))
    assert rules(found) == [("unknown_value", "q")]


SUB = """
id: sub
title: {vi: a, en: a}
direction: subscript
languages: [vi, en]
steps:
  x: {branch: [{when: "params.p == 1", to: good}], else: bad}
  good: {return: good}
  bad: {return: bad}
"""


@pytest.mark.parametrize(
    ("call", "rule", "told"),
    [
        ("{call: sub, next: q}", "wrong_arguments", "needs the parameter `p`"),
        ('{call: sub, with: {p: "1", r: "2"}, next: q}', "wrong_arguments", "does not use the parameter `r`"),
        ('{call: sub, with: {p: "1"}, on: {good: q}}', "missing_exit", "may return `bad`"),
        ('{call: sub, with: {p: "1"}, on: {good: q, bad: q, odd: q}}', "wrong_outcome", "never returns `odd`"),
    ],
)
def test_a_wrong_call_of_a_subscript_is_found(folder: Folder, call: str, rule: str, told: str) -> None:
    assert folder.lint('  c: {call: sub, with: {p: "1"}, next: q}\n' + question("yes_no"), sub=SUB) == []
    found = folder.lint(f"  c: {call}\n" + question("yes_no"), sub=SUB)
    assert rules(found) == [(rule, "c")]
    assert told in found[0].message


def test_a_subscript_nobody_calls_is_found(folder: Folder) -> None:
    found = folder.lint(question("yes_no"), sub=SUB)
    assert [(mistake.rule, mistake.file) for mistake in found] == [("unreachable_step", "sub/script.yaml")]


def test_a_step_of_a_subscript_that_is_never_reached_is_found_in_its_own_file(folder: Folder) -> None:
    call = '  c: {call: sub, with: {p: "1"}, next: q}\n'
    found = folder.lint(call + question("yes_no"), sub=SUB + "  island: {return: good}\n")
    assert [(m.rule, m.file, m.where[1]) for m in found] == [("unreachable_step", "sub/script.yaml", "island")]


WHO = "  who: {ask: yes_no, say: {vi: a, en: b}, on: {yes: known, no: done}}\n  known: {say: {vi: a, en: b}, next: q}\n"


@pytest.mark.capability("I8")
def test_a_question_about_health_before_identity_is_found(folder: Folder) -> None:
    folder.write("small", FORM, "form.yaml")
    head = HEAD + "record: small\n"
    assert folder.lint(WHO + question("yes_no"), head + "identified: known") == []
    assert rules(folder.lint(WHO + question("yes_no"), head)) == [("health_before_identity", "")]
    early = WHO.replace("no: done", "no: q")
    assert rules(folder.lint(early + question("yes_no"), head + "identified: known")) == [
        ("health_before_identity", "q")
    ]
    assert rules(folder.lint(WHO + question("yes_no"), head + "identified: known\nmachine: q")) == [
        ("health_before_identity", "q")
    ]
    assert folder.lint(early + question("yes_no"), INBOUND + "record: small\nidentified: known") == []


@pytest.mark.capability("I8")
@pytest.mark.parametrize(
    "early",
    [
        '  early: {say: {vi: "{answers.answer}", en: "b"}, next: who}\n',
        '  early: {branch: [{when: "answers.answer == true", to: done}], else: who}\n',
    ],
)
def test_an_answer_about_health_that_is_spoken_or_weighed_before_identity_is_found(folder: Folder, early: str) -> None:
    """A call that goes on with an earlier one brings its answers along."""
    folder.write("small", FORM, "form.yaml")
    head = HEAD + "record: small\nidentified: known"
    assert rules(folder.lint(early + WHO + question("yes_no"), head)) == [("health_before_identity", "early")]


def test_a_doctor_arranged_before_identity_is_found(folder: Folder) -> None:
    folder.write("small", FORM, "form.yaml")
    head = HEAD + "record: small\nidentified: known"
    found = folder.lint(BOOK.replace("booked: q", "booked: who") + WHO + question("yes_no"), head)
    assert ("health_before_identity", "b") in rules(found)


def test_a_saved_call_with_mistakes_is_found(folder: Folder) -> None:
    folder.write("small", question("yes_no"))
    (folder.path / "small" / "calls").mkdir()
    (folder.path / "small" / "calls" / "bad.yaml").write_text("answer: [1]")
    found = folder.lint(question("yes_no"))
    assert {(mistake.rule, mistake.file) for mistake in found} == {("schema", "small/calls/bad.yaml")}
