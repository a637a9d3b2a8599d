"""The rows of a list that could not be used, as a list again: each with what is wrong beside it. Who corrects the cells
can bring the file as it is, for the columns that were added mean nothing to an import."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tracing.lists.columns import column_of
from tracing.lists.findings import Findings
from tracing.lists.writing import Cell

# The row as the file counts it, where, what is wrong, what to do.
_ADDED = {
    "vi": ("Dòng trong tệp gốc", "Ô sai", "Lỗi", "Cách sửa"),
    "en": ("Row of the file", "Wrong cell", "What is wrong", "What to do"),
}


def wrong_rows(findings: Findings, language: str) -> tuple[list[str], Iterator[Sequence[Cell]]]:
    """Header and rows, in the order of the file."""
    added = _ADDED.get(language, _ADDED["en"])
    assert not any(column_of(name) for name in added)
    width = max([len(findings.header), *(len(cells) for cells in findings.wrong.values())], default=0)
    header = [*findings.header, *[""] * (width - len(findings.header)), *added]
    return header, _rows(findings, width, language)


def _rows(findings: Findings, width: int, language: str) -> Iterator[Sequence[Cell]]:
    for number, cells in findings.wrong.items():
        errors = [error for error in findings.errors if error.row == int(number)]
        yield [
            *cells,
            *[""] * (width - len(cells)),
            int(number),
            "; ".join(dict.fromkeys(error.label(language) for error in errors if error.column)),
            " ".join(error.message(language) for error in errors),
            " ".join(error.hint(language) for error in errors),
        ]
