"""What follows from the answers is said once, in the form: for the script during the call, and for every correction."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import UserError
from flows.catalogue import Library, SavedCall, load_library
from flows.deriving import is_worse, work_out
from flows.mistakes import ScriptError
from flows.runner import run_text
from flows.saved_calls import run_saved

library = load_library()
CALLS = [call for name, script in sorted(library.scripts.items()) if script.record for call in library.calls(name)]

SHARED = 'derived:\n  warm: "answers.temperature != null && double(answers.temperature) >= 38.0"\n'
FORM = """
id: little
title: {vi: Nhỏ, en: Little}
fields:
  - {name: temperature, type: number, label: {vi: a, en: a}, min: 34, max: 43}
  - {name: note, type: text, label: {vi: a, en: a}}
  - {name: risk, type: choice, label: {vi: a, en: a}, choices: [
      {value: low, label: {vi: a, en: a}}, {value: high, label: {vi: a, en: a}}]}
derived_from: warmth
derived:
  risk: "values.warm == true ? 'high' : 'low'"
"""
SCRIPT = """
id: little
title: {vi: Nhỏ, en: Little}
direction: outbound
languages: [vi]
record: little
ways_out: {no_input: bye, no_match: bye}
steps:
  ask:
    ask: number
    say: {vi: "Bao nhiêu độ?"}
    range: {min: 34, max: 43, decimals: 1}
    save: temperature
    next: assess
  assess:
    set: derived
    next: bye
  bye: {end: completed}
"""


def little(folder: Path, form: str = FORM, shared: str = SHARED) -> Library:
    for name, text in {"little/form": form, "little/script": SCRIPT, "warmth/derived": shared}.items():
        path = folder / f"{name}.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (folder / "phrases.yaml").write_text((library.folder / "phrases.yaml").read_text(encoding="utf-8"))
    return load_library(folder)


@pytest.mark.capability("N14")
@pytest.mark.parametrize("call", CALLS, ids=[f"{call.script}/{call.name}" for call in CALLS])
def test_the_filed_answers_of_every_saved_call_give_the_risk_that_was_filed(call: SavedCall) -> None:
    answers = {name: answer.value for name, answer in run_saved(library, call).state.answers.items()}
    form = library.form(str(library.script(call.script).record))
    said = {name: value for name, value in answers.items() if name not in form.derived}
    filed = {name: answers.get(name) for name in form.by_name if name in form.derived}
    assert work_out(form, said) == {**filed, "flagged": filed["flagged"] is True}


def test_a_script_works_out_and_saves_what_its_form_derives(tmp_path: Path) -> None:
    own = little(tmp_path)
    state = run_text(own, "little", "vi", ["384"]).state
    assert (state.values["warm"], state.values["risk"]) == (True, "high")
    assert (state.answers["risk"].value, state.answers["risk"].source) == ("high", "script")
    assert "warm" not in state.answers


def test_a_revision_holds_the_values_so_that_an_old_call_replays_after_the_form_has_changed(tmp_path: Path) -> None:
    before = little(tmp_path).script("little")
    after = little(tmp_path, shared=SHARED.replace("38.0", "37.5"))
    assert after.script("little").revision != before.revision
    assert after.publish(before.source).revision == before.revision


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("values.warm == true", "values.cold == true"), "`values.cold` is not known in the form `little`"),
        (("values.warm == true", "answers.cough == true"), "`answers.cough` is not known in the form `little`"),
        (("values.warm == true", "person.age > 3"), "`person.age` is not known in the form `little`"),
        (("values.warm == true", "values.warm =="), "little/form.yaml:11"),
        (("derived_from: warmth", "derived_from: frost"), "there is no `frost/derived.yaml`"),
        (("derived_from: warmth\n", "derived: 3\n"), "given twice"),
    ],
)
def test_a_form_that_derives_nonsense_is_refused_with_the_place(
    tmp_path: Path, change: tuple[str, str], told: str
) -> None:
    with pytest.raises(ScriptError) as caught:
        little(tmp_path, FORM.replace(*change))
    assert told in str(caught.value)


def test_a_script_whose_form_derives_nothing_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(ScriptError, match="derives nothing"):
        little(tmp_path, FORM[: FORM.index("derived_from")])


def test_what_cannot_be_worked_out_is_an_error_and_no_low_risk(tmp_path: Path) -> None:
    form = little(tmp_path).form("little")
    assert work_out(form, {}) == {"risk": "low"}
    with pytest.raises(UserError, match="cannot be worked out"):
        work_out(form, {"temperature": "warm"})


def test_choices_stand_from_the_least_to_the_worst() -> None:
    risk, flagged = (library.form("contact_interview").field(name) for name in ("risk", "flagged"))
    assert is_worse(risk, "high", "medium")
    assert is_worse(risk, "low", None)
    assert not is_worse(risk, "medium", "medium")
    assert not is_worse(risk, None, "low")
    assert is_worse(flagged, True, False)
    assert not is_worse(flagged, False, True)
