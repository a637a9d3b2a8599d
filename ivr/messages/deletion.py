"""Deletion on the day, and the proof of it.

To delete a message is to destroy its key, its sound and its transcript in one transaction, with a line in the audit
log, which the database lets nobody change. The row stays, with its dates and the fingerprint of what was there.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, Subquery, and_, func, or_, select

from core.audit import AuditEntry, write_audit
from core.database import Database, UnitOfWork
from ivr.messages.model import Kind, VoiceMessageRow
from ivr.messages.provider import FORGET

log = logging.getLogger(__name__)

DELETED = "message.deleted"
"""The action in the audit log."""
BATCH = 500


def delete_due(database: Database, days: int, answers_days: int = 0) -> int:
    """Delete every message and every spoken answer whose day has come; returns how many. `days` and `answers_days` are
    what is set today: they are deleted on the day they were promised, or earlier when the time has been shortened since
    (answers are not kept at all when it is 0), never later."""
    deleted, full = 0, True
    while full:
        with database.unit() as uow:
            rows = uow.session.scalars(
                select(VoiceMessageRow)
                .where(VoiceMessageRow.deleted_at.is_(None), _due(uow.now(), days, answers_days))
                .order_by(VoiceMessageRow.delete_after)
                .limit(BATCH)
                .with_for_update(skip_locked=True)
            ).all()
            for row in rows:
                delete(uow, row, "due")
        deleted += len(rows)
        full = len(rows) == BATCH
    return deleted


def delete(uow: UnitOfWork, row: VoiceMessageRow, why: str, login: str = "") -> None:
    """Delete a locked message, now. `why` is `due` or `erased`, `login` whoever asked for it."""
    row.deleted_at = uow.now()
    row.sound = row.key = row.transcript = None
    if row.provider_ref is not None and row.forgotten_at is None:
        uow.send(FORGET, {"recording": row.provider_ref})
    detail = {"why": why, "due": row.delete_after.isoformat(), "sha256": row.sha256, "seconds": row.seconds}
    write_audit(uow, DELETED, subject_of(row.id), login=login, detail=detail)
    log.info("event=message_deleted message=%s why=%s", row.id, why)


def subject_of(message: UUID) -> str:
    """The message in the audit log."""
    return f"message:{message}"


@dataclass(frozen=True, slots=True)
class Proof:
    """One deleted message: when it was due, when it was deleted, the fingerprint (SHA-256) of its sound, and what of it
    is found in the database now. `left` is empty when nothing is."""

    message: UUID
    audit_line: int
    due: datetime
    deleted_at: datetime
    sha256: str | None
    left: tuple[str, ...]


def proofs(uow: UnitOfWork, since: datetime | None = None, limit: int | None = None) -> Sequence[Proof]:
    """Every deletion that the audit log tells of, newest first, each held against what is in the database now."""
    lines = select(AuditEntry).where(AuditEntry.action == DELETED).order_by(AuditEntry.id.desc()).limit(limit)
    if since is not None:
        lines = lines.where(AuditEntry.at >= since)
    entries = uow.session.scalars(lines).all()
    found = _found(uow, lines.subquery())
    ids = [UUID(entry.subject.partition(":")[2]) for entry in entries]
    return [
        Proof(
            message=message,
            audit_line=entry.id,
            due=datetime.fromisoformat(entry.detail["due"]),
            deleted_at=entry.at,
            sha256=entry.detail["sha256"],
            left=found.left(message, entry.detail["sha256"]),
        )
        for message, entry in zip(ids, entries, strict=True)
    ]


def overdue(uow: UnitOfWork, days: int, answers_days: int = 0, slack: timedelta = timedelta(hours=1)) -> int:
    """How many are still there although their day has come; `days` and `answers_days` as in `delete_due`."""
    late = VoiceMessageRow.deleted_at.is_(None), _due(uow.now() - slack, days, answers_days)
    return uow.session.scalar(select(func.count()).where(*late)) or 0


def _due(now: datetime, days: int, answers_days: int) -> ColumnElement[bool]:
    kept = {Kind.MESSAGE: days, Kind.ANSWER: answers_days}
    too_old = [
        and_(VoiceMessageRow.kind == kind, VoiceMessageRow.created_at <= now - timedelta(days=longest))
        for kind, longest in kept.items()
    ]
    return or_(VoiceMessageRow.delete_after <= now, *too_old)


@dataclass(frozen=True, slots=True)
class _Found:
    """What is there of messages that should be gone: columns by message, and sounds that other rows hold."""

    columns: dict[UUID, tuple[str, ...]]
    sounds: frozenset[str]

    def left(self, message: UUID, sha256: str | None) -> tuple[str, ...]:
        same = ("the same sound under another message",) if sha256 in self.sounds else ()
        return self.columns.get(message, ()) + same


def _found(uow: UnitOfWork, lines: Subquery) -> _Found:
    """Looked up by these lines of the audit log, in the database: there may be more than a statement has room for."""
    parts = {
        "sound": VoiceMessageRow.sound.is_not(None),
        "key": VoiceMessageRow.key.is_not(None),
        "transcript": VoiceMessageRow.transcript.is_not(None),
        "recording at the carrier": and_(
            VoiceMessageRow.provider_ref.is_not(None), VoiceMessageRow.forgotten_at.is_(None)
        ),
    }
    its_line = lines.c.subject == func.concat("message:", VoiceMessageRow.id)
    rows = uow.session.execute(
        select(VoiceMessageRow.id, *parts.values()).join(lines, its_line).where(or_(*parts.values()))
    ).all()
    columns = {row[0]: tuple(name for name, there in zip(parts, row[1:], strict=True) if there) for row in rows}
    gone = select(lines.c.id).where(its_line).correlate(VoiceMessageRow).exists()
    alive = VoiceMessageRow.sound.is_not(None), ~gone
    same = select(VoiceMessageRow.sha256).join(lines, lines.c.detail["sha256"].astext == VoiceMessageRow.sha256)
    return _Found(columns, frozenset(sound for sound in uow.session.scalars(same.where(*alive)) if sound))
