"""The list of perhaps duplicate people, found in the background.

`search` is a tick. It takes a batch of people in the order of their ids and compares each with whoever `resembling`
finds for them; so one batch costs the same however many people there are. One pass follows the people who are added;
another goes round over all of them, a batch at a time, for birth years are filled in and names corrected, and what no
longer resembles leaves the list.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import delete, or_, select, tuple_
from sqlalchemy.dialects.postgresql import insert

from core.database import Database, UnitOfWork
from tracing.people.model import DuplicateCandidate, DuplicateSearch, NotDuplicate, Person
from tracing.people.resemblance import Described, resembling_many

BATCH = 500
NEW, ROUND = "new", "round"
_MOST_NEW = 20  # batches of new people in one tick: a list of 10,000


def search(database: Database) -> int:
    """Go on with both passes; returns how many people were compared. Safe to run in many places at once, and to be
    killed: what was not finished is done again."""
    compared = 0
    for _ in range(_MOST_NEW):
        done = _go_on(database, NEW)
        compared += done
        if done < BATCH:
            break
    return compared + _go_on(database, ROUND)


def _go_on(database: Database, name: str) -> int:
    with database.unit() as uow:
        begin = insert(DuplicateSearch).values(name=name, at=uow.now()).on_conflict_do_nothing()
        uow.session.execute(begin)
        query = select(DuplicateSearch).where(DuplicateSearch.name == name).with_for_update(skip_locked=True)
        where = uow.session.scalars(query).first()
        if where is None:
            return 0  # another process is at it
        people = select(Person).where(Person.merged_into.is_(None)).order_by(Person.id).limit(BATCH)
        if where.after is not None:
            people = people.where(Person.id > where.after)
        batch = uow.session.scalars(people).all()
        find_for(uow, batch)
        if batch:
            where.after, where.at = batch[-1].id, uow.now()
        if name == ROUND and len(batch) < BATCH:
            where.after = None  # and from the beginning again
        return len(batch)


def find_for(uow: UnitOfWork, people: Sequence[Person]) -> None:
    """Bring the list up to date for these people: what resembles them now, and nothing else."""
    if not people:
        return
    asked = [Described(one.phone, one.name, one.birth_year, one.area, one.sex) for one in people]
    rows: dict[tuple[UUID, UUID], dict[str, Any]] = {}
    for person, found in zip(people, resembling_many(uow, asked), strict=True):
        for other in found:
            if other.id != person.id:
                low, high = sorted((person.id, other.id))
                row = {
                    "low_id": low,
                    "high_id": high,
                    "degree": int(other.degree),
                    "points": other.likeness.points,
                    "signs": [str(sign) for sign in other.likeness.signs],
                    "found_at": uow.now(),
                }
                if (low, high) not in rows or rows[low, high]["points"] < row["points"]:
                    rows[low, high] = row
    for pair in _known_as_two(uow, rows):
        del rows[pair]
    ids = [person.id for person in people]
    of_these = or_(DuplicateCandidate.low_id.in_(ids), DuplicateCandidate.high_id.in_(ids))
    pair_of = tuple_(DuplicateCandidate.low_id, DuplicateCandidate.high_id)
    columns = select(DuplicateCandidate.low_id, DuplicateCandidate.high_id)
    there = {(low, high) for low, high in uow.session.execute(columns.where(of_these))}
    gone = sorted(there - rows.keys())
    if gone:
        uow.session.execute(delete(DuplicateCandidate).where(pair_of.in_(gone)))
    if rows:
        added = insert(DuplicateCandidate).values([rows[pair] for pair in sorted(rows)])
        told = {name: added.excluded[name] for name in ("degree", "points", "signs")}
        uow.session.execute(
            added.on_conflict_do_update(
                index_elements=["low_id", "high_id"], set_=told, where=DuplicateCandidate.signs != added.excluded.signs
            )
        )


def _known_as_two(uow: UnitOfWork, pairs: Collection[tuple[UUID, UUID]]) -> set[tuple[UUID, UUID]]:
    if not pairs:
        return set()
    low, high = NotDuplicate.low_id, NotDuplicate.high_id
    return {
        (one, other)
        for one, other in uow.session.execute(select(low, high).where(tuple_(low, high).in_(sorted(pairs))))
    }
