"""The linter: what compiles and is a mistake all the same.

Rules that need something from outside take it as a value: the effects of the host, whether an installed model knows a
word, whether the recording of a clip can be played. What is not given is not checked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from flows.catalogue import EffectSpec, Library, load_library
from flows.engine.kinds.ask import Ask
from flows.engine.script import Script
from flows.lint_effects import effect_findings
from flows.lint_paths import path_findings
from flows.lint_values import value_findings
from flows.lint_words import word_findings
from flows.load import check
from flows.mistakes import Mistake, ScriptError
from flows.prompts import pieces_of

Knows = Callable[[str, str], bool | None]
"""(language, word) → whether the installed model knows it; None when there is no model for the language."""

Recordings = Callable[[str, str], str | None]
"""(clip, language) → what is wrong with its recording; None when all is well, or nothing needs to be recorded."""


@dataclass(frozen=True, slots=True)
class LintTools:
    """What the composition root lends the command `flows lint` (as the `obj` of its context): the installed models and
    the recordings of the department."""

    knows: Knows | None = None
    recordings: Recordings | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to mend: the rule it breaks, the step (`""` for the whole script) and the sentence for the author."""

    rule: str
    script: str
    step: str
    message: str


def lint(
    library: Library,
    *,
    effects: Sequence[EffectSpec] | None = None,
    knows: Knows | None = None,
    recordings: Recordings | None = None,
) -> list[Mistake]:
    """Every finding about the scripts of a library, with its place in its file, sorted."""
    found: set[Mistake] = set()
    for script in library.scripts.values():
        for finding in _findings(library, script, effects, knows, recordings):
            found.add(_located(library, finding))
        for call in library.calls(script.id):
            found.update(check(call.document, "call_file"))
    for finding in _unused(library):
        found.add(_located(library, finding))
    return sorted(found)


def lint_folder(
    folder: Path,
    *,
    effects: Sequence[EffectSpec] | None = None,
    knows: Knows | None = None,
    recordings: Recordings | None = None,
) -> list[Mistake]:
    """As `lint`, for a folder: what does not even compile is reported the same way."""
    try:
        library = load_library(folder)
    except ScriptError as error:
        return list(error.mistakes)
    return lint(library, effects=effects, knows=knows, recordings=recordings)


def _findings(
    library: Library,
    script: Script,
    effects: Sequence[EffectSpec] | None,
    knows: Knows | None,
    recordings: Recordings | None,
) -> Iterator[Finding]:
    form = library.forms.get(script.record or "")
    health = {field.name for field in form.fields if field.health} if form else set()
    for rule, step, message in (
        *path_findings(script, health),
        *value_findings(script),
        *(effect_findings(script, effects, library.scripts) if effects is not None else ()),
        *(_words(script, knows) if knows else ()),
        *_shadowed(script),
        *word_findings(script),
    ):
        yield Finding(rule, script.id, step, message)
    if recordings:
        for piece in pieces_of(script):
            problem = recordings(piece.clip, piece.language)
            if problem:
                message = f"the recording {piece.clip} ({piece.language}): {problem}"
                yield Finding("prompt_audio", script.id, piece.step, message)


def _words(script: Script, knows: Knows) -> Iterator[tuple[str, str, str]]:
    """A word outside the model's vocabulary would be dropped from the grammar without a sound."""
    for name, node in script.steps.items():
        if not isinstance(node, Ask) or not node.speech:
            continue
        phrases = [*node.kind.phrases(), *node.kind.long_phrases(), *node.read_back.yes_no.phrases()]
        for language, phrase, _ in phrases:
            if language not in script.languages:
                continue
            for word in phrase.split():
                if knows(language, word) is False:
                    yield "unknown_word", name, f"the model for `{language}` does not know `{word}` in `{phrase}`"


def _shadowed(script: Script) -> Iterator[tuple[str, str, str]]:
    for name, node in script.steps.items():
        if isinstance(node, Ask):
            for key in script.shortcuts:
                if key in node.kind.key_choices():
                    yield "key_used_twice", name, f"key {key} is an answer here and a shortcut of the whole script"


def _unused(library: Library) -> Iterator[Finding]:
    """Steps of subscripts that no script can reach, and subscripts that nobody calls."""
    reached: dict[str, bool] = {}
    for script in library.scripts.values():
        unreachable = {
            step for rule, step, _ in path_findings(script, set(), subscripts=True) if rule == "unreachable_step"
        }
        for name in script.steps:
            if "/" in name:
                reached[name] = reached.get(name, False) or name not in unreachable
    for name, is_reached in reached.items():
        if not is_reached:
            yield Finding("unreachable_step", name.split("/")[0], name, "no step leads here")
    called = {name.split("/")[0] for name in reached}
    for script_id, document in library.documents.items():
        if document.data["direction"] == "subscript" and script_id not in called:
            yield Finding("unreachable_step", script_id, "", "no script calls this subscript")


def _located(library: Library, finding: Finding) -> Mistake:
    owner, _, step = finding.step.rpartition("/")
    document = library.documents[owner or finding.script]
    where: tuple[str, ...] = ("steps", step) if step else ()
    return document.mistake(finding.message, *where, rule=finding.rule)
