"""Where the thresholds measured for a model are kept: `<models>/thresholds.<language>.json`, beside the models.

The file names the model by a fingerprint. After another model was installed, what was measured with the former counts
no more, and the careful defaults hold until `traceline models calibrate` has run again.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from audio.decision import Thresholds
from core.errors import UserError

_PARTS = ("am/final.mdl", "conf/model.conf", "graph/HCLr.fst", "graph/Gr.fst", "graph/HCLG.fst", "ivector/final.ie")
_EDGE_BYTES = 64 * 1024


def thresholds_file(folder: Path, language: str) -> Path:
    """The file of a language, whether or not it is there."""
    return folder / f"thresholds.{language}.json"


def fingerprint(model: Path) -> str:
    """Tells models apart without reading gigabytes: names, sizes and both ends of the parts that recognise."""
    digest = hashlib.sha256()
    for part in (model / name for name in _PARTS):
        if part.is_file():
            size = part.stat().st_size
            digest.update(f"{part.name}:{size}:".encode())
            with part.open("rb") as file:
                digest.update(file.read(_EDGE_BYTES))
                file.seek(max(0, size - _EDGE_BYTES))
                digest.update(file.read(_EDGE_BYTES))
    return digest.hexdigest()


def read_thresholds(folder: Path, language: str, model: Path) -> Thresholds | None:
    """What was measured for this very model; None if nothing was. Raises UserError for a file with anything else in
    it."""
    file = thresholds_file(folder, language)
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise UserError(f"{file.name} cannot be read: {error}.", "Delete it, or calibrate again.") from error
    known = {field.name for field in fields(Thresholds)}
    values = data.get("thresholds") if isinstance(data, dict) else None
    if not isinstance(values, dict) or not all(k in known and _is_number(v) for k, v in values.items()):
        raise UserError(
            f"The thresholds in {file.name} may be numbers only, for: {', '.join(sorted(known))}.",
            "Delete it, or calibrate again.",
        )
    if data.get("model") != fingerprint(model):
        return None
    return Thresholds(**{name: float(value) for name, value in values.items()})


def write_thresholds(
    folder: Path, language: str, model: Path, thresholds: Thresholds, measured: Mapping[str, Any]
) -> Path:
    """Keep them, in one step: a process that starts meanwhile reads the old file or the new. `measured` says on what
    they rest. Raises UserError if the folder cannot be written."""
    file = thresholds_file(folder, language)
    data = {"model": fingerprint(model), "thresholds": asdict(thresholds), "measured": measured}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=folder, prefix=".thresholds", delete=False, encoding="utf-8") as new:
            json.dump(data, new, ensure_ascii=False, indent=1)
        os.replace(new.name, file)
    except OSError as error:
        raise UserError(f"{file} cannot be written: {error.strerror}.") from error
    return file


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
