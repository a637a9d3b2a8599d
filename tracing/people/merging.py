"""Two entries of one person become one, and can become two again.

Merging keeps one entry, has everything that points at the other point at it, and fills in what only the other knew. The
journal of that (`PersonMerge.moved`) is what undoing needs: afterwards everything is as it was, and what was added to
the kept person since then stays with them. Merges are undone in reverse: the last that touched a person first.

Locks: both people and the entries that are part of them, in the order of their ids, then calls, attempts and targets,
then the rest. So two merges at once wait for each other. A row that somebody adds to the merged entry in the same
instant is gathered by `gather`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from core.database import Database, UnitOfWork
from core.errors import UserError
from core.ids import new_id
from tracing.cases.model import Contact, Exposure
from tracing.followup.model import FollowUp, FollowUpVisit, Quarantine
from tracing.followup.planning import replan
from tracing.people.calling import join_targets, join_visits, lock_calls
from tracing.people.joining import left_behind, move_all
from tracing.people.journal import Journal, columns_of, take_back
from tracing.people.model import DuplicateCandidate, NotDuplicate, Person, PersonMerge
from tracing.people.pointing import PERSON, pointing_at

_FILLED_IN = ("birth_year", "sex", "address", "area")
_PLANNED = {table.__tablename__ for table in (FollowUp, FollowUpVisit, Quarantine)}
_TIMES = 5  # so often somebody else may change the entries while we wait, before a person has to try again
_GATHERED = timedelta(days=1)  # no transaction takes longer


def merge(uow: UnitOfWork, kept_id: UUID, merged_id: UUID, *, by: UUID, why: Sequence[str] = ()) -> PersonMerge:
    """The entry `merged_id` becomes part of `kept_id`. `why` is what spoke for it, as whoever decided saw it. Doing it
    again gives the merge that stands. Raises UserError, with nothing changed, for an entry that is part of another, and
    for two people of whom somebody said that they are two."""
    kept, merged = _both(uow, kept_id, merged_id)
    standing = _standing(uow, kept_id, merged_id)
    if standing is not None:
        return standing
    for person in (kept, merged):
        if person.merged_into is not None:
            raise UserError("This entry was merged into another already.", "Look at the list of duplicates again.")
    if uow.session.get(NotDuplicate, _pair(kept_id, merged_id)) is not None:
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
        moved={"steps": journal.steps, "known": _carry_over(uow, kept_id, merged_id)},
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
    _both(uow, found.kept_id, found.merged_id)
    uow.session.refresh(found, with_for_update=True)
    if found.undone_at is not None:
        return found
    if latest(uow, found) != found.id:
        raise UserError("This person was merged again later.", "Undo that merge first.")
    lock_calls(uow, (found.kept_id, found.merged_id))
    _gather(uow, found, found.kept_id)
    since = added_since(uow, found)
    diseases = _diseases(uow, (found.kept_id, found.merged_id))
    take_back(uow, found.moved["steps"])
    uow.session.expire_all()
    for low, high in found.moved["known"]:
        uow.session.execute(delete(NotDuplicate).where(NotDuplicate.low_id == low, NotDuplicate.high_id == high))
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


def not_the_same(uow: UnitOfWork, one: UUID, other: UUID, *, by: UUID) -> None:
    """Remember that these are two people. Doing it again changes nothing."""
    for person in _both(uow, one, other):
        if person.merged_into is not None:
            raise UserError("This entry was merged into another already.", "Look at the list of duplicates again.")
    low, high = _pair(one, other)
    said = insert(NotDuplicate).values(low_id=low, high_id=high, by=by, at=uow.now())
    uow.session.execute(said.on_conflict_do_nothing())
    uow.session.execute(
        delete(DuplicateCandidate).where(DuplicateCandidate.low_id == low, DuplicateCandidate.high_id == high)
    )


def take_back_not_the_same(uow: UnitOfWork, one: UUID, other: UUID) -> bool:
    """Forget it again: the two may be found once more. False when nobody had said so."""
    _both(uow, one, other)
    low, high = _pair(one, other)
    gone = delete(NotDuplicate).where(NotDuplicate.low_id == low, NotDuplicate.high_id == high)
    return bool(uow.session.execute(gone.returning(NotDuplicate.low_id)).all())


def standing_entry(uow: UnitOfWork, person_id: UUID) -> UUID:
    """The entry that stands for this one: itself, or the one that it was merged into."""
    found = uow.session.scalar(select(Person.merged_into).where(Person.id == person_id))
    return found or person_id


def gather(database: Database) -> int:
    """Bring to the people who stand what was added to merged entries by transactions that did not know of the merge
    yet; returns how many merges had such rows. For the scheduler."""
    with database.unit() as uow:
        standing = PersonMerge.undone_at.is_(None), PersonMerge.at > uow.now() - _GATHERED
        recent = uow.session.scalars(select(PersonMerge).where(*standing).order_by(PersonMerge.id)).all()
        strayed = [merge.id for merge in recent if _strays(uow, merge)]
    for merge_id in strayed:
        with database.unit() as uow:
            found = uow.session.get_one(PersonMerge, merge_id)
            root = standing_entry(uow, found.merged_id)
            _both(uow, root, found.merged_id)
            uow.session.refresh(found, with_for_update=True)
            if found.undone_at is None and standing_entry(uow, found.merged_id) == root:
                lock_calls(uow, (root, found.merged_id))
                _gather(uow, found, root)
                _replan(uow, {root}, _diseases(uow, (root,)))
    return len(strayed)


def _strays(uow: UnitOfWork, merge: PersonMerge) -> bool:
    left = left_behind(Journal(uow, merge.moved["steps"]))
    return any(
        (table, str(row)) not in left
        for table, column in pointing_at(PERSON)
        for row in uow.session.scalars(
            select(columns_of(table)["id"]).where(columns_of(table)[column] == merge.merged_id)
        )
    )


def _gather(uow: UnitOfWork, merge: PersonMerge, root: UUID) -> None:
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


def _both(uow: UnitOfWork, one: UUID, other: UUID) -> tuple[Person, Person]:
    """The two, locked with the entries that are part of them in the order of their ids. Who only refers to one of them
    does not wait."""
    if one == other:
        raise UserError("These are one entry, not two.", "Choose two.")
    family = or_(Person.id.in_((one, other)), Person.merged_into.in_((one, other)))
    query = select(Person).where(family).order_by(Person.id).execution_options(populate_existing=True)
    for _ in range(_TIMES):
        hold = uow.session.begin_nested()
        locked = {person.id: person for person in uow.session.scalars(query.with_for_update(key_share=True))}
        if {person.id for person in uow.session.scalars(query)} == set(locked):
            hold.commit()
            break
        hold.rollback()  # lets go of the locks: others were merged while we waited
    else:
        raise UserError("This person is being merged just now.", "Try again in a minute.")
    found = {person: locked[person] for person in (one, other) if person in locked}
    if len(found) < 2:
        raise UserError("There is no such person.", "Look at the list again.")
    return found[one], found[other]


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


def _carry_over(uow: UnitOfWork, kept_id: UUID, merged_id: UUID) -> list[list[str]]:
    """Who is not the merged entry is not the kept one either; gives the pairs that nobody had said before."""
    others = uow.session.execute(
        select(NotDuplicate).where(or_(NotDuplicate.low_id == merged_id, NotDuplicate.high_id == merged_id))
    ).scalars()
    made = []
    for said in others.all():
        low, high = _pair(kept_id, said.high_id if said.low_id == merged_id else said.low_id)
        row = insert(NotDuplicate).values(low_id=low, high_id=high, by=said.by, at=said.at).on_conflict_do_nothing()
        if uow.session.execute(row.returning(NotDuplicate.low_id)).all():
            made.append([str(low), str(high)])
    return made


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


def _diseases(uow: UnitOfWork, people: Sequence[UUID]) -> list[str]:
    return sorted(uow.session.scalars(select(Contact.disease).where(Contact.person_id.in_(people)).distinct()))


def _replan(uow: UnitOfWork, people: set[UUID], diseases: Sequence[str]) -> None:
    for disease in diseases:
        for person_id in sorted(people):
            replan(uow, person_id, disease)


def _pair(one: UUID, other: UUID) -> tuple[UUID, UUID]:
    return (one, other) if one < other else (other, one)


def _of(person_id: UUID) -> ColumnElement[bool]:
    return or_(DuplicateCandidate.low_id == person_id, DuplicateCandidate.high_id == person_id)
