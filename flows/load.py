"""From files to scripts: YAML, checked against the published schema (`flows/schema.json`) and compiled.

Every mistake is found in one go and raised as one ScriptError with its places.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from flows.compiling import called_subscripts, compile_source
from flows.documents import Document
from flows.engine.script import Script
from flows.mistakes import Mistake, ScriptError

SCHEMA_FILE = Path(__file__).parent / "schema.json"


@cache
def schema() -> dict[str, Any]:
    """The published JSON Schema of scripts, phrases, forms and saved calls."""
    loaded: dict[str, Any] = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
    return loaded


@cache
def _validator(definition: str) -> Draft202012Validator:
    whole = schema()
    return Draft202012Validator({"$ref": f"#/$defs/{definition}", "$defs": whole["$defs"]})


def check(document: Document, definition: str) -> list[Mistake]:
    """The mistakes of a document against one definition of the schema: `script`, `phrases`, `form`,
    `call_file`."""
    found = []
    for error in _validator(definition).iter_errors(document.data):
        for cause in _causes(error):
            where = tuple(str(part) for part in cause.absolute_path)
            found.append(document.mistake(_message(cause), *where, rule="schema"))
    return found


def _causes(error: ValidationError) -> list[ValidationError]:
    """The mistake itself, not the choice it sits in."""
    if error.validator in ("anyOf", "oneOf") and error.context:
        deepest = max(len(inner.absolute_path) for inner in error.context)
        if deepest == len(error.absolute_path):
            return [error]
        return [inner for inner in error.context if len(inner.absolute_path) == deepest][:1]
    return [error]


def _message(error: ValidationError) -> str:
    if error.validator == "additionalProperties":
        return error.message.replace("Additional properties are not allowed", "does not belong here")
    if error.validator in ("anyOf", "oneOf") and isinstance(error.schema, Mapping):
        return str(error.schema.get("$comment", error.message))
    return error.message


def load_script(document: Document, phrases: Document, subscripts: Mapping[str, Document]) -> Script:
    """Compile one script with the subscripts it calls. Raises ScriptError with every mistake of all of them."""
    mistakes = check(document, "script")
    documents = {"phrases": phrases}
    if not isinstance(document.data, Mapping) or _broken_at_top(mistakes):
        raise ScriptError(mistakes)
    documents[document.data["id"]] = document
    needed = _needed(document.data, subscripts)
    for name, subscript in needed.items():
        found = check(subscript, "script")
        mistakes += found
        documents[name] = subscript
        if _broken_at_top(found):
            raise ScriptError(mistakes)
    mistakes += check(phrases, "phrases")
    if any(mistake.file == phrases.file for mistake in mistakes):
        raise ScriptError(mistakes)
    broken = frozenset((name, m.where[1]) for name, d in documents.items() for m in mistakes if m.file == d.file)

    def report(name: str, message: str, where: tuple[str, ...], rule: str) -> None:
        mistakes.append(documents[name].mistake(message, *where, rule=rule))

    source = {
        "script": document.data,
        "subscripts": {name: subscript.data for name, subscript in needed.items()},
        "phrases": phrases.data,
    }
    script = compile_source(source, report, broken)
    if mistakes:
        raise ScriptError(mistakes)
    return script


def script_from_source(source: Mapping[str, Any]) -> Script:
    """Compile a published revision again from its stored `Script.source`. Raises ScriptError if the language of scripts
    has moved on and no longer takes it."""
    documents = {name: Document(f"subscript {name}", data) for name, data in source["subscripts"].items()}
    main = Document(f"revision of {source['script']['id']}", source["script"])
    return load_script(main, Document("phrases", source["phrases"]), documents)


def _broken_at_top(mistakes: list[Mistake]) -> bool:
    return any(len(mistake.where) < 2 or mistake.where[0] != "steps" for mistake in mistakes)


def _needed(spec: Mapping[str, Any], subscripts: Mapping[str, Document]) -> dict[str, Document]:
    """The subscripts a script reaches, directly or through others."""
    found: dict[str, Document] = {}
    waiting = sorted(called_subscripts(spec))
    while waiting:
        name = waiting.pop()
        if name in subscripts and name not in found:
            found[name] = subscripts[name]
            if isinstance(subscripts[name].data, Mapping):
                waiting += sorted(called_subscripts(subscripts[name].data))
    return dict(sorted(found.items()))
