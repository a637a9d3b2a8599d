"""The table of settings in the documents is that of the code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from core.settings import Settings, environment, read_settings

DOCS = Path(__file__).parents[2] / "docs"
_ROW = re.compile(r"^\| `((?:TRACELINE_)?[A-Z_]+)` \| (?:`([^`]*)`)? ?\| (.+) \|$", re.MULTILINE)


def variables() -> dict[str, str]:
    """Field by variable."""
    told = environment(read_settings(models=Path("a"), recordings=Path("b"), lines=1, sip_for_callers=1))
    return dict(zip(told, Settings.model_fields, strict=True))


@pytest.mark.parametrize("document", ["install.md", "install.vi.md"])
def test_every_setting_stands_in_the_table_with_its_default(document: str) -> None:
    rows = _ROW.findall((DOCS / document).read_text(encoding="utf-8"))
    defaults = {name: Settings.model_fields[field].default for name, field in variables().items()}
    assert {name: default for name, default, _ in rows} == {
        name: "" if default is None else str(default) for name, default in defaults.items()
    }


def test_the_meaning_is_that_of_the_code() -> None:
    meanings = {name: meaning.replace("`", "") for name, _, meaning in _ROW.findall((DOCS / "install.md").read_text())}
    for name, field in variables().items():
        assert Settings.model_fields[field].description in (None, meanings[name])
