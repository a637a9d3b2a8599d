"""Rows that were added to a merged entry by a transaction that did not know of the merge yet."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select

from core.database import Database, UnitOfWork
from tracing.people.joining import left_behind
from tracing.people.journal import Journal, columns_of
from tracing.people.locking import lock_calls, lock_people
from tracing.people.merging import gather, plan_anew, standing_entry
from tracing.people.model import PersonMerge
from tracing.people.pointing import PERSON, pointing_at

_GATHERED = timedelta(days=1)  # no transaction takes longer


def bring_strays(database: Database) -> int:
    """Bring to the people who stand what was added to merged entries by transactions that did not know of the merge
    yet; returns how many merges had such rows. For the scheduler."""
    with database.unit() as uow:
        standing = PersonMerge.undone_at.is_(None), PersonMerge.at > uow.now() - _GATHERED
        recent = uow.session.scalars(select(PersonMerge).where(*standing).order_by(PersonMerge.id)).all()
        strayed = _strayed(uow, recent)
    for merge_id in strayed:
        with database.unit() as uow:
            found = uow.session.get_one(PersonMerge, merge_id)
            root = standing_entry(uow, found.merged_id)
            lock_people(uow, root, found.merged_id)
            uow.session.refresh(found, with_for_update=True)
            if found.undone_at is None and standing_entry(uow, found.merged_id) == root:
                lock_calls(uow, (root, found.merged_id))
                gather(uow, found, root)
                plan_anew(uow, root)
    return len(strayed)


def _strayed(uow: UnitOfWork, merges: Sequence[PersonMerge]) -> list[UUID]:
    """Those whose merged entry has rows that were not left with it: one question to each table."""
    left = {merge.merged_id: left_behind(Journal(uow, merge.moved["steps"])) for merge in merges}
    strayed = set()
    for table, column in pointing_at(PERSON):
        columns = columns_of(table)
        rows = uow.session.execute(select(columns[column], columns["id"]).where(columns[column].in_(left)))
        strayed |= {person for person, row in rows if (table, str(row)) not in left[person]}
    return [merge.id for merge in merges if merge.merged_id in strayed]
