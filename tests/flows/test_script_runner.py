"""The text runner and the commands: a call without a telephone, and a run kept as a regression test."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from core.errors import UserError
from flows.catalogue import LIBRARY, Library, load_library
from flows.commands import commands, flows, run_command
from flows.lint import LintTools
from flows.load import schema
from flows.runner import run_text
from flows.saved_calls import differences, run_saved, save_call

pytestmark = pytest.mark.capability("F11")
WELL = ["1", "1990", *["2"] * 6, "368", "1", "4"]


@pytest.fixture(scope="module")
def library() -> Library:
    return load_library()


@pytest.fixture
def own(tmp_path: Path) -> Library:
    shutil.copytree(LIBRARY, tmp_path / "library")
    return load_library(tmp_path / "library")


def invoke(command: Any, *arguments: str) -> Any:
    return CliRunner().invoke(command, arguments)


def test_a_run_prints_what_both_sides_say() -> None:
    text = invoke(run_command, "daily-follow-up", "--lang", "en", "--answers", "1").output
    assert "< Am I speaking with Nguyễn Văn An?" in text
    assert "> 1" in text
    assert "> (hangs up)" in text


def test_a_run_is_json_too(library: Library) -> None:
    data = json.loads(json.dumps(run_text(library, "daily-follow-up", "vi", WELL).to_json()))
    assert (data["end"], data["language"]) == ("completed", "vi")
    assert data["answers"]["temperature"]["value"] == 36.8
    assert data["answers"]["temperature"]["source"] == "keys"
    assert data["revision"] == library.script("daily-follow-up").revision


def test_words_outside_the_question_are_something_else_that_was_said(library: Library) -> None:
    notes = [note.kind for note in run_text(library, "daily-follow-up", "vi", ["cái gì"]).notes]
    assert "no_match" in notes


def test_an_effect_answers_one_thing_after_another(library: Library) -> None:
    slots = {"outcome": "offered", "result": {"slots": [{"id": "s", "spoken": {"vi": "8 giờ"}}]}}
    effects = {"telehealth.offer_slots": [slots, {"outcome": "none"}], "telehealth.book": {"outcome": "taken"}}
    answers = ["1", "1990", "2", "1", *["2"] * 4, "0#", "4", "1", "1"]
    ran = run_text(library, "daily-follow-up", "vi", answers, effects=effects)
    assert ran.effects == [
        "telehealth.offer_slots",
        "telehealth.book",
        "telehealth.offer_slots",
        "telehealth.queue",
    ]


def test_a_script_that_is_not_there_is_named(library: Library) -> None:
    with pytest.raises(UserError, match="There is no script nothing"):
        run_text(library, "nothing", "vi", [])


def test_a_run_can_be_saved_and_run_again_as_a_test(own: Library) -> None:
    ran = run_text(own, "daily-follow-up", "vi", WELL)
    path = save_call(own, "mine", ran, "vi", WELL)
    assert path.name == "mine.yaml"
    saved = next(call for call in own.calls("daily-follow-up") if call.name == "mine")
    assert differences(saved, run_saved(own, saved)) == []
    with pytest.raises(UserError, match="There is a saved call mine already"):
        save_call(own, "mine", ran, "vi", WELL)


@pytest.mark.parametrize("name", ["../escape", "", "a b", "ừ"])
def test_a_saved_call_has_a_name_that_is_a_file(own: Library, name: str) -> None:
    with pytest.raises(UserError, match="cannot be the name"):
        save_call(own, name, run_text(own, "daily-follow-up", "vi", WELL), "vi", WELL)


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("end", "refused", "the end: expected 'refused', found 'completed'"),
        ("language", "ko", "the language"),
        ("effects", ["call.opt_out"], "the effects"),
        ("answers", {}, "the answers"),
        ("values", {"risk": "red"}, "the value risk"),
        ("sources", {"fever": "speech"}, "the source of fever"),
        ("says", ["cấp cứu tại nhà"], "it never says 'cấp cứu tại nhà'"),
        ("never_says", ["miễn phí"], "it says 'miễn phí'"),
    ],
)
def test_a_saved_call_that_comes_out_otherwise_says_how(own: Library, key: str, value: object, told: str) -> None:
    saved = next(call for call in own.calls("daily-follow-up") if call.name == "well")
    saved.document.data["expect"][key] = value
    found = differences(saved, run_saved(own, saved))
    assert len(found) == 1
    assert told in found[0]


def test_answers_that_were_not_used_are_a_difference(own: Library) -> None:
    saved = next(call for call in own.calls("daily-follow-up") if call.name == "well")
    saved.document.data["answers"].append("1")
    assert "1 answer(s) were not used" in differences(saved, run_saved(own, saved))[0]


def test_the_commands_are_named_as_people_type_them() -> None:
    assert {command.name for command in commands} == {"flows", "run"}


def test_run_prints_the_call_and_the_answers() -> None:
    result = invoke(run_command, "daily-follow-up", "--lang", "vi", "--answers", ",".join(WELL))
    assert result.exit_code == 0
    assert "# hangs up: completed" in result.output
    assert "temperature = 36.8 (keys)" in result.output


def test_run_prints_one_json_object() -> None:
    result = invoke(run_command, "daily-follow-up", "--machine", "--answers", "", "--json")
    assert json.loads(result.output)["end"] == "machine"


def test_run_asks_when_no_answers_are_given() -> None:
    result = CliRunner().invoke(run_command, ["daily-follow-up", "--lang", "en"], input="9\n")
    assert "# hangs up: opted_out" in result.output
    assert result.exit_code == 0, "it ends with the call, and asks nothing more"


def test_run_saves_and_runs_a_saved_call(own: Library) -> None:
    folder = ["--library", str(own.folder)]
    result = invoke(run_command, "daily-follow-up", "--answers", "9", "--save", "stop", *folder)
    assert "Saved as" in result.output
    again = invoke(run_command, "daily-follow-up", "--call", "stop", *folder)
    assert again.exit_code == 0
    path = own.folder / "daily-follow-up" / "calls" / "stop.yaml"
    path.write_text(path.read_text().replace("opted_out", "completed"))
    differs = invoke(run_command, "daily-follow-up", "--call", "stop", *folder)
    assert differs.exit_code == 1
    assert "DIFFERS: the end" in differs.output


def test_run_names_the_saved_calls_when_one_is_not_there() -> None:
    error = invoke(run_command, "daily-follow-up", "--call", "nothing").exception
    assert isinstance(error, UserError)
    assert "well" in error.hint


def test_flows_test_runs_every_saved_call(own: Library) -> None:
    assert invoke(flows, "test", "--library", str(own.folder)).exit_code == 0
    path = own.folder / "daily-follow-up" / "calls" / "well.yaml"
    path.write_text(path.read_text().replace("36.8", "36.9"))
    result = invoke(flows, "test", "--library", str(own.folder))
    assert result.exit_code == 1
    assert "FAIL daily-follow-up/well" in result.output
    assert "ok   daily-follow-up/machine" in result.output


@pytest.mark.capability("F12")
def test_flows_lint_ends_with_one_when_there_is_something_to_mend(own: Library) -> None:
    assert invoke(flows, "lint", "--library", str(own.folder)).exit_code == 0
    path = own.folder / "daily-follow-up" / "script.yaml"
    path.write_text(path.read_text() + "\n  island: {end: lost}\n")
    result = invoke(flows, "lint", "--library", str(own.folder))
    assert result.exit_code == 1
    assert "daily-follow-up/script.yaml" in result.output
    assert "[unreachable_step]" in result.output
    rows = json.loads(invoke(flows, "lint", "--json", "--library", str(own.folder)).output)
    assert rows[0]["where"] == ["steps", "island"]


@pytest.mark.capability("F12")
def test_flows_lint_asks_the_models_and_the_recordings_it_is_lent() -> None:
    tools = LintTools(knows=lambda language, word: word != "음식", recordings=lambda clip, language: None)
    result = CliRunner().invoke(flows, ["lint"], obj=tools)
    assert result.exit_code == 1
    assert "does not know `음식`" in result.output
    broken = LintTools(recordings=lambda clip, language: "is empty" if clip.endswith("goodbye/say/0") else None)
    assert "[prompt_audio]" in CliRunner().invoke(flows, ["lint"], obj=broken).output


@pytest.mark.capability("F1")
def test_flows_schema_prints_the_schema() -> None:
    assert json.loads(invoke(flows, "schema").output) == schema()
