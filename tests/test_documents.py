"""The documents are true: links lead somewhere, commands exist, examples load, and the Vietnamese ones keep up."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from flows.catalogue import Library, load_library
from flows.deriving import read_derived, with_derived
from flows.documents import Document, parse_document
from flows.effects import EFFECTS
from flows.engine.answers.registry import ANSWER_KINDS
from flows.engine.kinds.registry import STEP_KINDS
from flows.forms import Form, form_from
from flows.lint import lint_folder
from flows.lint_effects import effect_findings
from flows.load import check, load_script
from flows.mistakes import ScriptError
from flows.saved_calls import differences, run_saved
from tests.flows.script_making import common_phrases
from traceline import main

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
ALL = sorted([*ROOT.glob("*.md"), *DOCS.glob("*.md")])
GUIDE = DOCS / "write-a-script.md"
TRANSLATED = sorted(DOCS.glob("*.vi.md"))

_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"`([^`\n]+)`")
_COMMAND = re.compile(r"\s*(?:[A-Z_]+=\S+\s+)*(?:\.venv/bin/)?traceline(?: (?P<rest>.*))?")
_WORD = re.compile(r"[a-z][a-z-]*")


def names(paths: list[Path]) -> list[str]:
    return [str(path.relative_to(ROOT)) for path in paths]


def blocks(path: Path, language: str) -> list[str]:
    return [body for kind, body in _FENCE.findall(path.read_text(encoding="utf-8")) if kind == language]


def prose(path: Path) -> str:
    return _FENCE.sub("", path.read_text(encoding="utf-8"))


# --- links


@pytest.mark.parametrize("path", ALL, ids=names(ALL))
def test_links_lead_somewhere(path: Path) -> None:
    broken = []
    for target in _LINK.findall(prose(path)):
        file, _, heading = target.partition("#")
        found = path.parent / file if file else path
        if "://" not in target and (not found.exists() or (heading and heading not in headings(found))):
            broken.append(target)
    assert broken == []


def headings(path: Path) -> set[str]:
    """The names under which a document's headings are linked to."""
    found = re.findall(r"^#+ (.+)$", prose(path), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in found}


# --- commands


def commands_in(path: Path) -> Iterator[str]:
    """What stands behind `traceline` in shell blocks and in code spans."""
    shell = [line for kind in ("sh", "") for body in blocks(path, kind) for line in _lines(body)]
    for text in (*shell, *_SPAN.findall(prose(path))):
        if match := _COMMAND.fullmatch(text):
            yield match["rest"] or ""


def _lines(body: str) -> list[str]:
    return body.replace("\\\n", " ").split("\n")


def what_is_wrong(rest: str) -> str:
    """Why `traceline <rest>` cannot be typed; empty when it can. Values of arguments are not looked at."""
    command: click.Command = main
    for word in shlex.split(rest, comments=True):
        if isinstance(command, click.Group) and not word.startswith("-"):
            if word not in command.commands:
                # In a sentence the command may be left open: `traceline flows …`.
                return f"no command {word!r}" if _WORD.fullmatch(word) else ""
            command = command.commands[word]
        elif word.startswith("--") and word != "--help":
            options = {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}
            if word.partition("=")[0] not in options:
                return f"no option {word}"
    return ""


@pytest.mark.parametrize("path", ALL, ids=names(ALL))
def test_commands_exist(path: Path) -> None:
    wrong = {rest: what_is_wrong(rest) for rest in commands_in(path)}
    assert {f"traceline {rest}": why for rest, why in wrong.items() if why} == {}


def test_a_command_that_does_not_exist_would_be_noticed() -> None:
    assert what_is_wrong("flows jump") == "no command 'jump'"
    assert what_is_wrong("flows lint --hard") == "no option --hard"
    assert what_is_wrong("flows lint --json  # a comment") == ""
    assert "run" in [rest.partition(" ")[0] for rest in commands_in(GUIDE)]


# --- examples


PYTHON = [(path, body) for path in ALL for body in blocks(path, "python")]
PYTHON += [
    (p, body.split("\n", 1)[1])
    for p in ALL
    for sh in blocks(p, "sh")
    for body in re.findall(r"<<'END'\n.*?(?=^END$)", sh, re.M | re.S)
]


@pytest.mark.parametrize(("path", "body"), PYTHON, ids=[f"{path.name}-{n}" for n, (path, _) in enumerate(PYTHON)])
def test_python_can_be_read(path: Path, body: str) -> None:
    ast.parse(body.replace("…", "..."))


@pytest.fixture(scope="module")
def library() -> Library:
    return load_library()


EXAMPLES = [parse_document(body, f"example {n} of {GUIDE.name}") for n, body in enumerate(blocks(GUIDE, "yaml"), 1)]


def steps_of(document: Document) -> bool:
    """Whether an example is a bunch of steps, and no whole file."""
    return not {"steps", "fields", "expect", "phrases"} & set(document.data)


def as_script(steps: str) -> Document:
    """A script of the example's steps; the steps that they lead to and that it does not show, end the call."""
    head = "id: example\ntitle: {vi: Ví dụ, en: Example}\nlanguages: [vi, en]\n"
    head += "ways_out: {no_input: lost, no_match: lost}\n"
    direction = "subscript" if "return:" in steps else "outbound"
    inside = "\n".join(f"  {line}" for line in steps.split("\n"))
    shown = {line.partition(":")[0] for line in steps.split("\n") if line[:1].isalpha()}
    targets = set(re.findall(r"(?:to|next|else|otherwise): (\w+)", steps))
    targets |= {way for on in re.findall(r"on: \{(.*?)\}", steps) for way in re.findall(r": (\w+)", on)}
    ends = "\n".join(f"  {name}: {{end: completed}}" for name in sorted((targets | {"lost"}) - shown))
    return parse_document(f"{head}direction: {direction}\nsteps:\n{inside}\n{ends}\n", "example")


def the_form_that_derives() -> Form:
    document = next(document for document in EXAMPLES if "derived" in document.data)
    form, mistakes = read_derived(form_from(document), document, {})
    assert mistakes == []
    return form


@pytest.mark.parametrize("number", [n for n, document in enumerate(EXAMPLES) if steps_of(document)])
def test_the_steps_of_the_guide_compile(library: Library, number: int) -> None:
    document = with_derived(as_script(blocks(GUIDE, "yaml")[number]), the_form_that_derives())
    try:
        script = load_script(document, common_phrases(), library.documents)
    except ScriptError as error:
        pytest.fail(str(error))
    assert list(effect_findings(script, EFFECTS, library.scripts)) == []


def test_the_whole_script_of_the_guide_can_be_used(library: Library, tmp_path: Path) -> None:
    """The linter finds nothing in it, and the saved call of the guide comes out as it says."""
    texts = dict(zip(("script", "form"), blocks(GUIDE, "yaml"), strict=False))
    calls = [body for body in blocks(GUIDE, "yaml") if "expect:" in body]
    folder = tmp_path / parse_document(texts["script"]).data["id"]
    (folder / "calls").mkdir(parents=True)
    for name, text in texts.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    for number, text in enumerate(calls):
        (folder / "calls" / f"call-{number}.yaml").write_text(text, encoding="utf-8")
    for path in (library.folder / "phrases.yaml", *library.folder.glob("*/script.yaml")):
        if "direction: subscript" in path.read_text() or path.name == "phrases.yaml":
            target = tmp_path / path.relative_to(library.folder)
            target.parent.mkdir(exist_ok=True)
            target.write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    unused = "no script calls this subscript"
    assert [str(found) for found in lint_folder(tmp_path, effects=EFFECTS) if found.message != unused] == []
    own = load_library(tmp_path)
    for call in own.calls(folder.name):
        assert differences(call, run_saved(own, call)) == []
    assert calls, "the guide shows a saved call"


def test_the_other_files_of_the_guide_are_of_the_language() -> None:
    for document in EXAMPLES:
        if "fields" in document.data:
            form_from(document)
        elif "expect" in document.data:
            assert check(document, "call_file") == []
        elif set(document.data) == {"phrases"}:
            assert check(Document("phrases", {**document.data, "words": {}}), "phrases") == []


def test_the_guide_shows_every_kind_of_step_and_answer() -> None:
    shown = [step for document in EXAMPLES for step in (document.data.get("steps") or document.data).values()]
    words = {word for step in shown if isinstance(step, dict) for word in step}
    asked = {step["ask"] for step in shown if isinstance(step, dict) and "ask" in step}
    assert set(STEP_KINDS) - words == set()
    assert set(ANSWER_KINDS) - asked == set()


# --- two languages


def _without_comments(body: str) -> list[str]:
    return [re.sub(r"\s+# .*|^# .*", "", line) for line in body.split("\n")]


@pytest.mark.parametrize("path", TRANSLATED, ids=names(TRANSLATED))
def test_a_vietnamese_document_says_what_the_english_one_says(path: Path) -> None:
    """The same headings, tables and examples, and a link to each other."""
    english = path.with_name(path.name.replace(".vi.md", ".md"))
    for language in ("sh", "yaml"):
        assert [_without_comments(body) for body in blocks(path, language)] == [
            _without_comments(body) for body in blocks(english, language)
        ]
    for sign in (r"^#+ ", r"^\|", r"^(?:-|\d+\.) "):
        counts = [len(re.findall(sign, prose(each), re.MULTILINE)) for each in (path, english)]
        assert counts[0] == counts[1], f"{sign} stands {counts[0]} times here and {counts[1]} times there"
    assert f"]({english.name})" in prose(path)
    assert f"]({path.name})" in prose(english)
