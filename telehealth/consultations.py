"""What a doctor writes down after a talk: the note and what was agreed."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import or_, select

from core.database import UnitOfWork
from core.errors import UserError
from telehealth import queue
from telehealth.model import Consultation, ConsultationOutcome, QueueEntry

LONGEST_NOTE = 4000


def conclude(uow: UnitOfWork, entry_id: UUID, practitioner_id: UUID, *, outcome: str, note: str) -> Consultation:
    """Write the note and close the place in the queue. Raises UserError without an outcome, for a note that is too
    long, and when the place is not this doctor's; one that went back by itself still is until somebody takes it."""
    if outcome not in list(ConsultationOutcome):
        raise UserError("A consultation needs an outcome.", "Choose one of the list.")
    text = note.strip()
    if len(text) > LONGEST_NOTE:
        raise UserError(f"The note has {len(text)} characters.", f"At most {LONGEST_NOTE} can be kept.")
    queue.done(uow, entry_id, practitioner_id)
    written = Consultation(
        entry_id=entry_id, practitioner_id=practitioner_id, outcome=outcome, note=text, created_at=uow.now()
    )
    uow.session.add(written)
    uow.session.flush()
    return written


def earlier(uow: UnitOfWork, entry: QueueEntry, most: int = 10) -> Sequence[tuple[Consultation, QueueEntry]]:
    """The consultations of this place, and of the same person's other places, newest first. A caller whom nobody knows
    has no other places: people share telephones."""
    same = QueueEntry.id == entry.id
    if entry.person_id is not None:
        same = or_(same, QueueEntry.person_id == entry.person_id)
    rows = uow.session.execute(
        select(Consultation, QueueEntry)
        .join(QueueEntry, QueueEntry.id == Consultation.entry_id)
        .where(same)
        .order_by(Consultation.created_at.desc())
        .limit(most)
    )
    return [(consultation, place) for consultation, place in rows]
