"""Saved test calls: `calls/*.yaml` beside a script. Each is run like a real call, and its expectations are compared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from core.errors import UserError
from flows.catalogue import Library, SavedCall
from flows.load import check
from flows.mistakes import ScriptError
from flows.runner import Transcript, run_text


def run_saved(library: Library, call: SavedCall, **options: Any) -> Transcript:
    """Run a saved call. Raises ScriptError when its file has mistakes."""
    mistakes = check(call.document, "call_file")
    if mistakes:
        raise ScriptError(mistakes)
    data = call.document.data
    return run_text(
        library,
        call.script,
        data.get("language", ""),
        data["answers"],
        data.get("context"),
        data.get("effects"),
        data.get("answered_by", "human"),
        **options,
    )


def differences(call: SavedCall, transcript: Transcript) -> list[str]:
    """What came out otherwise than the saved call expects, one sentence each."""
    expected: Mapping[str, Any] = call.document.data.get("expect") or {}
    state = transcript.state
    said = "\n".join(line.text for line in transcript.lines if line.who == "robot")
    found = list(_differing("the end", expected.get("end"), state.end_reason))
    found += _differing("the language", expected.get("language"), state.language)
    found += _differing("the effects", expected.get("effects"), transcript.effects)
    answers = {name: answer.value for name, answer in state.answers.items()}
    found += _differing("the answers", expected.get("answers"), answers)
    for name, value in (expected.get("values") or {}).items():
        found += _differing(f"the value {name}", value, state.values.get(name))
    for name, source in (expected.get("sources") or {}).items():
        answer = state.answers.get(name)
        found += _differing(f"the source of {name}", source, answer.source if answer else None)
    found += [f"it never says {text!r}" for text in expected.get("says") or () if text not in said]
    found += [f"it says {text!r}" for text in expected.get("never_says") or () if text in said]
    if transcript.unused:
        found.append(f"{transcript.unused} answer(s) were not used: the call ended before")
    return found


def save_call(
    library: Library,
    name: str,
    transcript: Transcript,
    language: str,
    answers: Sequence[str],
    answered_by: str = "human",
) -> Path:
    """Write a run as a saved test call that expects what came out. Raises UserError if there is one of that name."""
    path = library.folder / transcript.script / "calls" / f"{name}.yaml"
    if not name.replace("-", "").isalnum() or not name.isascii():
        raise UserError(f"{name!r} cannot be the name of a saved call.", "Use letters, digits and hyphens.")
    if path.exists():
        raise UserError(f"There is a saved call {name} already.", "Choose another name, or delete the file first.")
    state = transcript.state
    data: dict[str, Any] = {
        "language": language or state.language,
        "answered_by": answered_by,
        "answers": list(answers),
        "expect": {
            "end": state.end_reason,
            "language": state.language,
            "answers": {key: answer.value for key, answer in state.answers.items()},
            "effects": transcript.effects,
        },
    }
    path.parent.mkdir(exist_ok=True)
    path.write_text(yaml.safe_dump(data, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return path


def _differing(what: str, expected: Any, found: Any) -> Iterator[str]:
    if expected is not None and expected != found:
        yield f"{what}: expected {expected!r}, found {found!r}"
