"""Which test shows which capability: collected from the tests themselves, held against the list in the documents."""

from __future__ import annotations

import contextlib
import io
import re
from collections import defaultdict
from pathlib import Path
from typing import Any

_ROW = re.compile(r"^\| ([A-Z]\d+) \| (.+?) \|", re.MULTILINE)


def listed(document: str) -> dict[str, str]:
    """The rows of the list: id and what must hold."""
    return {match[1]: match[2] for match in _ROW.finditer(document)}


def shown(tests: Path) -> dict[str, list[str]]:
    """The tests by the capability id they are marked with. Collects, runs nothing."""
    import pytest

    class Collector:
        def __init__(self) -> None:
            self.found: dict[str, list[str]] = defaultdict(list)

        def pytest_collection_modifyitems(self, items: list[Any]) -> None:
            for item in items:
                for mark in item.iter_markers("capability"):
                    for capability in mark.args:
                        self.found[capability].append(item.nodeid)

    collector = Collector()
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        status = pytest.main(["--collect-only", "-q", str(tests)], plugins=[collector])
    if status not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        raise RuntimeError(f"The tests cannot be collected:\n{output.getvalue()}")
    return dict(collector.found)
