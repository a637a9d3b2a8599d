"""A list as it can be brought in: what its file says, and what is on file against it."""

from __future__ import annotations

from datetime import date
from typing import BinaryIO

from core.database import UnitOfWork
from tracing.areas.places import load_gazetteer
from tracing.lists.columns import NOTHING_ASSIGNED, Assigned
from tracing.lists.sheet import Sheet, read_contacts
from tracing.lists.source_cases import wrong_sources


def read_list(
    uow: UnitOfWork, file: BinaryIO, today: date, disease: str, mapping: Assigned = NOTHING_ASSIGNED, inside: str = ""
) -> Sheet:
    """The list in `file`, as `read_contacts` has it; the rows whose source case takes no contacts are wrong too."""
    gazetteer = load_gazetteer(uow)
    sheet = read_contacts(file, gazetteer, today, mapping, inside)
    refused = wrong_sources(uow, disease, sheet.rows)
    if not refused:
        return sheet
    file.seek(0)
    return read_contacts(file, gazetteer, today, mapping, inside, refused)  # for the cells of these rows
