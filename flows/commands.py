"""The commands of scripts: `traceline flows …` and `traceline run`. The composition root adds them to `traceline`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal

import click

from core.errors import UserError
from flows.catalogue import LIBRARY, SavedCall, load_library
from flows.effects import EFFECTS
from flows.lint import LintTools, lint_folder
from flows.load import schema
from flows.runner import Line, Transcript, run_text, split_answers
from flows.saved_calls import differences, run_saved, save_call

_FOLDER = click.option("--library", "folder", type=click.Path(path_type=Path, file_okay=False), default=LIBRARY)


@click.group()
def flows() -> None:
    """Scripts of calls: check them, test them, print their schema."""


@flows.command("lint")
@_FOLDER
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
def lint_command(folder: Path, as_json: bool) -> None:
    """Check every script, form and saved call of a library. Ends with 1 if there is anything to mend."""
    tools = click.get_current_context().find_object(LintTools) or LintTools()
    found = lint_folder(folder, effects=EFFECTS, knows=tools.knows, recordings=tools.recordings)
    if as_json:
        rows = [
            {"rule": m.rule, "file": m.file, "line": m.line, "where": list(m.where), "message": m.message}
            for m in found
        ]
        click.echo(json.dumps(rows, ensure_ascii=False))
    else:
        for mistake in found:
            click.echo(f"{mistake} [{mistake.rule}]")
        click.echo(f"{len(found)} finding(s) in {folder}")
    if found:
        raise SystemExit(1)


@flows.command("schema")
def schema_command() -> None:
    """Print the JSON Schema of scripts."""
    click.echo(json.dumps(schema(), ensure_ascii=False, indent=2))


@flows.command("test")
@_FOLDER
@click.argument("script", required=False)
def test_command(folder: Path, script: str | None) -> None:
    """Run the saved test calls of one script, or of all. Ends with 1 if any comes out otherwise than expected."""
    library = load_library(folder)
    failed = 0
    for script_id in [library.script(script).id] if script else sorted(library.scripts):
        for call in library.calls(script_id):
            wrong = differences(call, run_saved(library, call))
            failed += bool(wrong)
            click.echo(f"{'FAIL' if wrong else 'ok  '} {script_id}/{call.name}")
            for sentence in wrong:
                click.echo(f"     {sentence}")
    if failed:
        raise SystemExit(1)


@click.command("run")
@click.argument("script")
@click.option("--lang", default="", help="Language of the call; default: the script's first.")
@click.option("--answers", help="Keys and words, separated by commas; - is silence. Without it you are asked.")
@click.option("--call", "call_name", help="Run this saved call and compare.")
@click.option("--machine", is_flag=True, help="An answering machine picks up.")
@click.option("--json", "as_json", is_flag=True, help="Print the outcome as JSON.")
@click.option("--save", "save_name", help="Save the run as a test call of this name.")
@_FOLDER
def run_command(
    script: str,
    lang: str,
    answers: str | None,
    call_name: str | None,
    machine: bool,
    as_json: bool,
    save_name: str | None,
    folder: Path,
) -> None:
    """Run a script without a telephone."""
    library = load_library(folder)
    show = None if as_json else _show
    if call_name:
        saved = {call.name: call for call in library.calls(library.script(script).id)}
        if call_name not in saved:
            raise UserError(f"There is no saved call {call_name}.", f"There are {', '.join(saved) or 'none'}.")
        transcript = run_saved(library, saved[call_name], show=show)
        _report(transcript, as_json, saved[call_name])
        return
    given: list[str] = []
    source: Iterable[str] = split_answers(answers) if answers is not None else _asked()
    answered_by: Literal["machine", "human"] = "machine" if machine else "human"
    transcript = run_text(library, script, lang, _noting(source, given), answered_by=answered_by, show=show)
    _report(transcript, as_json, None)
    if save_name:
        path = save_call(library, save_name, transcript, lang, given, answered_by)
        click.echo(f"Saved as {path}", err=True)


def _asked() -> Iterator[str]:
    while True:
        yield click.prompt(">", prompt_suffix=" ", default="-", show_default=False)


def _noting(source: Iterable[str], given: list[str]) -> Iterator[str]:
    for answer in source:
        given.append(answer)
        yield answer


def _show(line: Line) -> None:
    marks = {"robot": "<", "caller": ">", "system": "#"}
    click.echo(f"{marks[line.who]} {line.text}")


def _report(transcript: Transcript, as_json: bool, call: SavedCall | None) -> None:
    wrong = differences(call, transcript) if call else []
    if as_json:
        click.echo(json.dumps({**transcript.to_json(), "differences": wrong}, ensure_ascii=False))
    else:
        for name, answer in transcript.state.answers.items():
            click.echo(f"  {name} = {json.dumps(answer.value, ensure_ascii=False)} ({answer.source})")
        for sentence in wrong:
            click.echo(f"DIFFERS: {sentence}")
    if wrong:
        raise SystemExit(1)


commands: list[click.Command] = [flows, run_command]
