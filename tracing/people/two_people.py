"""What is remembered of two entries that somebody found to be two people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy import delete, or_, select
from sqlalchemy.dialects.postgresql import insert

from core.database import UnitOfWork
from core.errors import UserError
from tracing.people.locking import lock_people
from tracing.people.model import DuplicateCandidate, NotDuplicate


def not_the_same(uow: UnitOfWork, one: UUID, other: UUID, *, by: UUID) -> None:
    """Remember that these are two people. Doing it again changes nothing."""
    for person in lock_people(uow, one, other):
        if person.merged_into is not None:
            raise UserError("This entry was merged into another already.", "Look at the list of duplicates again.")
    low, high = pair_of(one, other)
    said = insert(NotDuplicate).values(low_id=low, high_id=high, by=by, at=uow.now())
    uow.session.execute(said.on_conflict_do_nothing())
    uow.session.execute(
        delete(DuplicateCandidate).where(DuplicateCandidate.low_id == low, DuplicateCandidate.high_id == high)
    )


def take_back_not_the_same(uow: UnitOfWork, one: UUID, other: UUID) -> bool:
    """Forget it again: the two may be found once more. False when nobody had said so."""
    lock_people(uow, one, other)
    low, high = pair_of(one, other)
    gone = delete(NotDuplicate).where(NotDuplicate.low_id == low, NotDuplicate.high_id == high)
    return bool(uow.session.execute(gone.returning(NotDuplicate.low_id)).all())


def are_two(uow: UnitOfWork, one: UUID, other: UUID) -> bool:
    """Whether somebody said so."""
    return uow.session.get(NotDuplicate, pair_of(one, other)) is not None


def carry_over(uow: UnitOfWork, kept_id: UUID, merged_id: UUID) -> list[list[str]]:
    """Who is not the merged entry is not the kept one either; gives the pairs that nobody had said before."""
    others = uow.session.execute(
        select(NotDuplicate).where(or_(NotDuplicate.low_id == merged_id, NotDuplicate.high_id == merged_id))
    ).scalars()
    made = []
    for said in others.all():
        low, high = pair_of(kept_id, said.high_id if said.low_id == merged_id else said.low_id)
        row = insert(NotDuplicate).values(low_id=low, high_id=high, by=said.by, at=said.at).on_conflict_do_nothing()
        if uow.session.execute(row.returning(NotDuplicate.low_id)).all():
            made.append([str(low), str(high)])
    return made


def forget(uow: UnitOfWork, pairs: Iterable[Sequence[str]]) -> None:
    """Take back what `carry_over` said."""
    for low, high in pairs:
        uow.session.execute(delete(NotDuplicate).where(NotDuplicate.low_id == low, NotDuplicate.high_id == high))


def pair_of(one: UUID, other: UUID) -> tuple[UUID, UUID]:
    """The two in the order in which pairs are kept."""
    return (one, other) if one < other else (other, one)
