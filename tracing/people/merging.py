"""Two entries of one person become one, and can become two again.

Merging keeps one entry, has everything that points at the other point at it, and fills in what only the other knew. The
journal of that (`PersonMerge.moved`) is what undoing needs: afterwards everything is as it was, and what was added to
the kept person since then stays with them. Merges are undone in reverse: the last that touched a person first.

Locks: both people and the entries that are part of them, in the order of their ids, then calls, attempts and targets,
then the rest. So two merges at once wait for each other. A row that somebody adds to the merged entry in the same
instant is gathered by `tracing.people.straying`.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, or_, select, update

from core.database import UnitOfWork
from core.errors import UserError
from core.ids import new_id
from tracing.cases.model import Contact, Exposure
from tracing.followup.model import FollowUp, FollowUpVisit, Quarantine
from tracing.followup.planning import replan
from tracing.people.calling import join_targets, join_visits
from tracing.people.joining import move_all
from tracing.people.journal import Journal, columns_of, take_back
from tracing.people.locking import lock_calls, lock_people
from tracing.people.model import DuplicateCandidate, Person, PersonMerge
from tracing.people.pointing import PERSON, pointing_at
from tracing.people.two_people import are_two, carry_over, forget

_FILLED_IN = ("name", "birth_year", "sex", "address", "area")
_PLANNED = {table.__tablename__ for table in (FollowUp, FollowUpVisit, Quarantine)}


def merge(uow: UnitOfWork, kept_id: UUID, merged_id: UUID, *, by: UUID, why: Sequence[str] = ()) -> PersonMerge:
    """The entry `merged_id` becomes part of `kept_id`. `why` is what spoke for it, as whoever decided saw it. Doing it
    again gives the merge that stands. Raises UserError, with nothing changed, for an entry that is part of another, and
    for two people of whom somebody said that they are two."""
    kept, merged = lock_people(uow, kept_id, merged_id)
    standing = _standing(uow, kept_id, merged_id)
    if standing is not None:
        return standing
    for person in (kept, merged):
        if person.merged_into is not None:
            raise UserError("This entry was merged into another already.", "Look at the list of duplicates again.")
    if are_two(uow, kept_id, merged_id):
        raise UserError(
            "Somebody found that these are two people.", "Take that back first, if you know that they are one."
        )
    lock_calls(uow, (kept_id, merged_id))
    journal = Journal(uow)
    diseases = _diseases(uow, (kept_id, merged_id))
    _hand_over(uow, journal, merged_id, kept_id)
    _fill_in(uow, journal, kept_id, merged_id)
    journal.change(PERSON, merged_id, {"merged_into": kept_id})
    made = PersonMerge(
        id=new_id(),
        kept_id=kept_id,
        merged_id=merged_id,
        why=list(why),
        moved={"steps": journal.steps, "known": carry_over(uow, kept_id, merged_id)},
        by=by,
        at=uow.now(),
    )
    uow.session.add(made)
    uow.session.execute(delete(DuplicateCandidate).where(_of(merged_id)))
    _replan(uow, {kept_id}, diseases)
    return made


def undo(uow: UnitOfWork, merge_id: UUID, *, by: UUID) -> PersonMerge:
    """Make two of the person again, as they were. Doing it again changes nothing. Raises UserError when a later merge
    of the person stands: that one is undone first."""
    found = uow.session.get(PersonMerge, merge_id)
    if found is None:
        raise UserError("There is no such merge.", "Look at the person's page again.")
    lock_people(uow, found.kept_id, found.merged_id)
    uow.session.refresh(found, with_for_update=True)
    if found.undone_at is not None:
        return found
    if latest(uow, found) != found.id:
        raise UserError("This person was merged again later.", "Undo that merge first.")
    lock_calls(uow, (found.kept_id, found.merged_id))
    gather(uow, found, found.kept_id)
    since = added_since(uow, found)
    diseases = _diseases(uow, (found.kept_id, found.merged_id))
    take_back(uow, found.moved["steps"])
    uow.session.expire_all()
    forget(uow, found.moved["known"])
    _recount_exposures(uow, found)
    found.moved = {**found.moved, "since": since}
    found.undone_by, found.undone_at = by, uow.now()
    _replan(uow, {found.kept_id, found.merged_id}, diseases)
    return found


def latest(uow: UnitOfWork, merge: PersonMerge) -> UUID | None:
    """The merge that stands and was the last to touch the person who was kept: the one that can be undone."""
    touching = or_(PersonMerge.kept_id == merge.kept_id, PersonMerge.merged_id == merge.kept_id)
    standing = select(PersonMerge.id).where(touching, PersonMerge.undone_at.is_(None))
    return uow.session.scalars(standing.order_by(PersonMerge.id.desc()).limit(1)).first()


def added_since(uow: UnitOfWork, merge: PersonMerge) -> dict[str, int]:
    """How many rows of each table were added to the kept person after the merge: they stay with that person. Not those
    of follow-up, which is planned anew for both."""
    moved = [UUID(row) for step in merge.moved["steps"] for row in step.get("ids", ())]
    counts = {}
    for table, column in pointing_at(PERSON):
        if table in _PLANNED:
            continue
        # Identifiers are ordered by time: those after the merge's own were made after it.
        columns = columns_of(table)
        new = select(func.count()).where(columns[column] == merge.kept_id, columns["id"] > merge.id)
        count = uow.session.scalars(new.where(columns["id"].not_in(moved))).one()
        if count:
            counts[table] = count
    return counts


def standing_entry(uow: UnitOfWork, person_id: UUID) -> UUID:
    """The entry that stands for this one: itself, or the one that it was merged into."""
    found = uow.session.scalar(select(Person.merged_into).where(Person.id == person_id))
    return found or person_id


def gather(uow: UnitOfWork, merge: PersonMerge, root: UUID) -> None:
    """Bring what was added to the merged entry to `root`, as part of the merge. The caller has locked people and
    calls."""
    journal = Journal(uow, merge.moved["steps"])
    _hand_over(uow, journal, merge.merged_id, root)
    merge.moved = {**merge.moved, "steps": journal.steps}


def _hand_over(uow: UnitOfWork, journal: Journal, goes: UUID, stays: UUID) -> None:
    uow.session.flush()
    _close_plans(uow, journal, goes, stays)
    join_visits(uow, journal, goes, stays)
    join_targets(uow, journal, goes, stays)
    move_all(uow, journal, PERSON, goes, stays)
    uow.session.expire_all()


def _standing(uow: UnitOfWork, kept_id: UUID, merged_id: UUID) -> PersonMerge | None:
    """The merge of just these two, if it stands."""
    query = select(PersonMerge).where(
        PersonMerge.merged_id == merged_id, PersonMerge.kept_id == kept_id, PersonMerge.undone_at.is_(None)
    )
    return uow.session.scalars(query).one_or_none()


def _close_plans(uow: UnitOfWork, journal: Journal, goes: UUID, stays: UUID) -> None:
    """A person has one period and one quarantine of a disease: those of the entry that goes are closed, and planning
    anew takes everything into account."""
    for table in (FollowUp, Quarantine):
        theirs = select(table.disease).where(table.person_id == stays, table.superseded_at.is_(None))
        open_too = select(table.id).where(
            table.person_id == goes, table.superseded_at.is_(None), table.disease.in_(theirs)
        )
        for row in uow.session.scalars(open_too.order_by(table.id)).all():
            journal.change(table.__tablename__, row, {"superseded_at": uow.now()})


def _fill_in(uow: UnitOfWork, journal: Journal, kept_id: UUID, merged_id: UUID) -> None:
    """What only the merged entry knew."""
    kept, merged = journal.read(PERSON, kept_id), journal.read(PERSON, merged_id)
    journal.change(PERSON, kept_id, {name: merged[name] for name in _FILLED_IN if merged[name] and not kept[name]})
    uow.session.expire_all()


def _recount_exposures(uow: UnitOfWork, merge: PersonMerge) -> None:
    """Contacts that were one for a while are exposed from their own first to their own last day again, those added
    since included."""
    joined = {step["id"] for step in merge.moved["steps"] if step["do"] == "change" and step["table"] == "contact"}
    days = (
        select(Exposure.contact_id, func.min(Exposure.day).label("first"), func.max(Exposure.day).label("last"))
        .where(Exposure.contact_id.in_([UUID(contact) for contact in joined]))
        .group_by(Exposure.contact_id)
        .subquery()
    )
    uow.session.execute(
        update(Contact)
        .where(Contact.id == days.c.contact_id)
        .values(first_exposed_on=days.c.first, last_exposed_on=days.c.last),
        execution_options={"synchronize_session": False},
    )


def plan_anew(uow: UnitOfWork, person_id: UUID) -> None:
    """Plan the follow-up of this person for every disease."""
    _replan(uow, {person_id}, _diseases(uow, (person_id,)))


def _diseases(uow: UnitOfWork, people: Sequence[UUID]) -> list[str]:
    return sorted(uow.session.scalars(select(Contact.disease).where(Contact.person_id.in_(people)).distinct()))


def _replan(uow: UnitOfWork, people: set[UUID], diseases: Sequence[str]) -> None:
    for disease in diseases:
        for person_id in sorted(people):
            replan(uow, person_id, disease)


def _of(person_id: UUID) -> ColumnElement[bool]:
    return or_(DuplicateCandidate.low_id == person_id, DuplicateCandidate.high_id == person_id)
