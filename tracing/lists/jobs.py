"""Lists in the background: checked and imported by the slow worker, taken up again when it dies, forgotten in time.

An import is one transaction, so a worker that is killed leaves nothing. Each job holds an advisory lock of its import
for as long as it lives: two of it are one, and the sweep sees by it whether anybody is still at work. The import's row
is not locked meanwhile, or nobody could tell how far it is.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update

from core.database import Database, UnitOfWork
from core.errors import UserError
from tracing.lists import service
from tracing.lists.findings import examine
from tracing.lists.model import ListImport, ListState

log = logging.getLogger(__name__)

SILENT_AFTER = timedelta(seconds=30)
KEPT = timedelta(days=7)
"""A list that nobody decides about is dropped after this, and rows that were left out are forgotten."""
_TELL_EVERY = 0.5


@dataclass(frozen=True, slots=True)
class ListJobs:
    """What the jobs of an installation need: its database, its time zone, the language of people of whom nobody says
    one."""

    database: Database
    zone: str
    language: str

    def check(self, payload: Mapping[str, Any]) -> None:
        """Check the list that `payload` names, unless it is being checked, has been, or was dropped."""
        list_id = UUID(payload["list"])
        if not self._alive(list_id, ListState.CHECKING):
            return
        with self.database.unit() as uow:
            row = self._mine(uow, list_id, ListState.CHECKING)
            if row is None:
                return
            mapping = row.mapping
            sheet = service.read(uow, row, self.zone)
            self._alive(list_id, ListState.CHECKING, len(sheet.rows))
            findings = examine(uow, sheet, row.area)
            row = service.locked(uow, list_id)
            if row.state == ListState.CHECKING and row.mapping == mapping:
                service.keep_findings(row, findings, len(sheet.rows))
        log.info("event=list_checked list=%s", list_id)

    def bring(self, payload: Mapping[str, Any]) -> None:
        """Import the list that `payload` names, unless that is being done, has been, or was called off."""
        list_id = UUID(payload["list"])
        if not self._alive(list_id, ListState.IMPORTING):
            return
        try:
            self._bring(list_id)
        except UserError as error:
            with self.database.unit() as uow:
                row = service.locked(uow, list_id)
                if row.state == ListState.IMPORTING:
                    row.state, row.result = ListState.FAILED, {"problem": [error.message, error.hint]}

    def _bring(self, list_id: UUID) -> None:
        with self.database.unit() as uow:
            row = self._mine(uow, list_id, ListState.IMPORTING)
            if row is None:
                return
            told = time.monotonic()

            def tell(rows: int) -> None:
                nonlocal told
                if time.monotonic() - told >= _TELL_EVERY:
                    told = time.monotonic()
                    self._alive(list_id, ListState.IMPORTING, rows)

            result = service.bring_in(uow, row, self.zone, self.language, tell)
            row = service.locked(uow, list_id)
            service.done(row, result, uow.now())
        log.info("event=list_imported list=%s rows=%s", list_id, result.rows)

    def sweep(self) -> int:
        """Have done again what a worker left undone when it died, and forget what has waited for too long; returns how
        many."""
        with self.database.unit() as uow:
            silent = select(ListImport.id).where(
                ListImport.state.in_((ListState.CHECKING, ListState.IMPORTING)),
                ListImport.alive_at < uow.now() - SILENT_AFTER,
            )
            left = [list_id for list_id in uow.session.scalars(silent) if self._take_up(uow, list_id)]
            waiting = (ListState.COLUMNS, ListState.CHECKING, ListState.CHECKED, ListState.FAILED, ListState.DONE)
            old = select(ListImport).where(
                ListImport.key.is_not(None),
                ListImport.state.in_(waiting),
                ListImport.created_at < uow.now() - KEPT,
            )
            forgotten = uow.session.scalars(old.with_for_update(skip_locked=True)).all()
            for row in forgotten:
                if row.state != ListState.DONE:
                    row.state, row.ended_at = ListState.DROPPED, uow.now()
                service.forget(row)
        return len(left) + len(forgotten)

    def _take_up(self, uow: UnitOfWork, list_id: UUID) -> bool:
        if not _lock(uow, list_id):
            return False
        row = service.locked(uow, list_id)
        if row.alive_at is None or row.state not in (ListState.CHECKING, ListState.IMPORTING):
            return False
        row.alive_at = None
        if row.state == ListState.CHECKING:
            service.send_check(uow, row)
        else:
            service.send_import(uow, row)
        return True

    def _mine(self, uow: UnitOfWork, list_id: UUID, state: ListState) -> ListImport | None:
        """The import, when it stands in this state and nobody else is at it."""
        if not _lock(uow, list_id):
            return None
        row = uow.session.get(ListImport, list_id, populate_existing=True)
        return row if row is not None and row.state == state else None

    def _alive(self, list_id: UUID, state: ListState, rows: int | None = None) -> bool:
        """Tell, in a transaction of its own, that somebody is at work and how far; False when it is not wanted."""
        with self.database.unit() as uow:
            told: dict[str, Any] = {"alive_at": uow.now()} | ({} if rows is None else {"rows_done": rows})
            if state == ListState.CHECKING:
                told.pop("rows_done", None)
                told |= {} if rows is None else {"rows": rows}
            wanted = (ListImport.id == list_id, ListImport.state == state)
            return bool(
                uow.session.execute(update(ListImport).where(*wanted).values(told).returning(ListImport.id)).all()
            )


def _lock(uow: UnitOfWork, list_id: UUID) -> bool:
    """The import's advisory lock, until the end of the transaction; False when somebody has it."""
    number = func.hashtextextended(f"tracing.lists.{list_id}", 0)
    return bool(uow.session.scalar(select(func.pg_try_advisory_xact_lock(number))))
