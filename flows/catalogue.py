"""What there is: the library of scripts and forms in a folder, and the effects that scripts may ask for.

A library folder holds `phrases.yaml` (what every script says alike) and one folder per script: `script.yaml`,
`form.yaml` (unless it is a subscript) and `calls/*.yaml` (its saved test calls). `derived.yaml` holds values that
several forms derive alike.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.errors import UserError
from flows.deriving import read_derived, with_derived
from flows.documents import Document, read_document
from flows.engine.script import Script
from flows.forms import Form, form_from
from flows.load import check, load_script, script_from_source
from flows.mistakes import Mistake, ScriptError

LIBRARY = Path(__file__).parent / "library"
"""The scripts that come with Traceline."""


@dataclass(frozen=True, slots=True)
class EffectSpec:
    """An effect that the host carries out: its arguments (name → `string`, `integer`, `number`, `boolean`, or `script`,
    the id of one) and every outcome it may have."""

    name: str
    arguments: Mapping[str, str] = field(default_factory=dict)
    outcomes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SavedCall:
    """A saved test call: who answers what, what effects answer, and what must come of it."""

    script: str
    name: str
    document: Document


@dataclass(slots=True)
class Library:
    """Scripts by id (their current revision) and by revision, and forms by id."""

    folder: Path
    scripts: dict[str, Script] = field(default_factory=dict)
    revisions: dict[str, Script] = field(default_factory=dict)
    forms: dict[str, Form] = field(default_factory=dict)
    documents: dict[str, Document] = field(default_factory=dict)

    def script(self, script_id: str) -> Script:
        """The current revision of a script. Raises UserError for an id that is not there."""
        found = self.scripts.get(script_id)
        if found is None:
            known = ", ".join(self.scripts) or "none"
            raise UserError(f"There is no script {script_id}.", f"Scripts in {self.folder}: {known}.")
        return found

    def revision(self, revision: str) -> Script:
        """The script of a revision, current or published before. Raises UserError if it is not known here."""
        found = self.revisions.get(revision)
        if found is None:
            raise UserError(f"The revision {revision[:12]} is not known.", "Publish its stored source with `publish`.")
        return found

    def publish(self, source: Mapping[str, Any]) -> Script:
        """Make a stored revision known (`Script.source`), for calls that are still on it. The current one stays."""
        script = script_from_source(source)
        return self.revisions.setdefault(script.revision, script)

    def form(self, name: str) -> Form:
        """A record form. Raises UserError for one that is not there."""
        found = self.forms.get(name)
        if found is None:
            raise UserError(f"There is no record form {name}.", f"Forms: {', '.join(self.forms) or 'none'}.")
        return found

    def calls(self, script_id: str) -> list[SavedCall]:
        """The saved test calls of a script."""
        paths = sorted((self.folder / script_id / "calls").glob("*.yaml"))
        return [SavedCall(script_id, path.stem, read_document(path, _shown(path, self.folder))) for path in paths]


def load_library(folder: Path = LIBRARY) -> Library:
    """Read, check and compile everything in a folder. Raises ScriptError with every mistake of every file."""
    library = Library(folder)
    mistakes: list[Mistake] = []

    def read(path: Path) -> Document | None:
        try:
            return read_document(path, _shown(path, folder))
        except ScriptError as error:
            mistakes.extend(error.mistakes)
            return None

    phrases = read(folder / "phrases.yaml")
    for path in sorted(folder.glob("*/script.yaml")):
        document = read(path)
        if document is not None and isinstance(document.data, Mapping):
            script_id = str(document.data.get("id"))
            if script_id != path.parent.name:
                mistakes.append(document.mistake(f"the id is `{script_id}`, but the folder `{path.parent.name}`", "id"))
            library.documents[script_id] = document
    _read_forms(library, read, mistakes)
    if phrases is not None:
        _compile(library, phrases, mistakes)
    if mistakes:
        raise ScriptError(mistakes)
    return library


def _read_forms(library: Library, read: Callable[[Path], Document | None], mistakes: list[Mistake]) -> None:
    shared: dict[str, Document] = {}
    for path in sorted(library.folder.glob("*/derived.yaml")):
        document = read(path)
        if document is not None:
            wrong = check(document, "derived_file")
            mistakes.extend(wrong)
            shared.update({} if wrong else {path.parent.name: document})
    for path in sorted(library.folder.glob("*/form.yaml")):
        document = read(path)
        if document is None:
            continue
        try:
            form = form_from(document)
        except ScriptError as error:
            mistakes.extend(error.mistakes)
        else:
            library.forms[form.id], wrong = read_derived(form, document, shared)
            mistakes.extend(wrong)


def _compile(library: Library, phrases: Document, mistakes: list[Mistake]) -> None:
    for script_id, document in library.documents.items():
        if document.data.get("direction") == "subscript":
            continue
        form = library.forms.get(str(document.data.get("record")))
        try:
            script = load_script(with_derived(document, form), phrases, library.documents)
        except ScriptError as error:
            mistakes.extend(error.mistakes)
            continue
        mistakes.extend(_against_form(script, library.forms, document))
        library.scripts[script_id] = script
        library.revisions[script.revision] = script


def _against_form(script: Script, forms: Mapping[str, Form], document: Document) -> list[Mistake]:
    """A script saves only into fields that its form has."""
    if script.record is None:
        return []
    form = forms.get(script.record)
    if form is None:
        return [document.mistake(f"there is no record form `{script.record}`", "record")]
    return [
        document.mistake(f"saves `{path[8:]}`, which the form `{form.id}` does not have", "steps", name)
        for name, node in script.steps.items()
        for path in node.writes()
        if path.startswith("answers.") and path[8:] not in form.by_name
    ]


def _shown(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix()
