"""What a change about one person means for those they met: generations, and contacts of somebody who is none.

Generations are those of `tracing.cases.generations`, over people: whoever has a case that stands is F0, whoever they
met F1. A contact that a list names with a case keeps the generation that the list gives.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from uuid import UUID

from sqlalchemy import Uuid, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import aliased

from core.database import UnitOfWork
from tracing.cases.axes import CaseClassification, ContactStatus
from tracing.cases.changes import happen_if_possible
from tracing.cases.events import Dropped
from tracing.cases.generations import generations
from tracing.cases.model import Case, Contact

Node = tuple[str, UUID] | tuple[str, UUID, int]

NOBODYS = "the person they met is no case and no contact any more"


def people_below(uow: UnitOfWork, people: Collection[UUID], disease: str) -> set[UUID]:
    """These people and all who are contacts of theirs, of their contacts, and so on."""
    theirs = Contact.person_id == func.any(bindparam("people", list(people), ARRAY(Uuid)))  # of a long list, many
    found = select(Contact.person_id).where(theirs).cte("below", recursive=True)
    source = aliased(Contact)
    below = (
        select(Contact.person_id)
        .join(source, source.id == Contact.source_contact_id)
        .join(found, found.c.person_id == source.person_id)
        .where(Contact.disease == disease)
    )
    return set(people) | set(uow.session.scalars(select(found.union(below).c.person_id)))


def cases_of(uow: UnitOfWork, people: Collection[UUID], disease: str) -> set[UUID]:
    """Those of these people who have a case that stands."""
    standing = func.coalesce(Case.by_hand, Case.by_rule) != CaseClassification.NOT_A_CASE
    query = select(Case.person_id).where(Case.person_id.in_(people), Case.disease == disease, standing)
    return {person for person in uow.session.scalars(query) if person is not None}


def renumber(uow: UnitOfWork, contacts: Sequence[Contact], disease: str) -> set[UUID]:
    """Give the contacts of people whose sources changed the generation they have now, and drop those whose source is
    nobody's contact any more. `contacts` are all of `people_below` (locked); returns whose changed."""
    if all(contact.source_contact_id is None for contact in contacts):
        return set()
    by_id = {contact.id: contact for contact in contacts}
    sources = _sources(uow, {contact.source_contact_id for contact in contacts} - by_id.keys()) | by_id
    people = {contact.person_id for contact in sources.values()}
    cases = cases_of(uow, people, disease)
    nodes = [("person", person) for person in cases]
    links = [link for contact in contacts if _counts(contact) for link in _links(contact, sources)]
    outer = [contact for contact in sources.values() if contact.id not in by_id and _counts(contact)]
    links += [link for contact in outer for link in _ladder(("outside", contact.id), contact)]
    roots = [source for source, _ in links if source[0] != "person"]
    found: Mapping[Node, int] = generations([*nodes, *(root for root in roots if root[0] == "root")], links)
    changed = set()
    for contact in contacts:
        if contact.source_contact_id is None or not _counts(contact):
            continue
        above = found.get(("person", sources[contact.source_contact_id].person_id))
        if above is None:
            if happen_if_possible(uow, contact, Dropped(NOBODYS), by=None, why=NOBODYS):
                changed.add(contact.person_id)
        elif contact.generation != above + 1:
            contact.generation = above + 1
            changed.add(contact.person_id)
    return changed


def _counts(contact: Contact) -> bool:
    return contact.status != ContactStatus.DROPPED


def _sources(uow: UnitOfWork, ids: Iterable[UUID | None]) -> dict[UUID, Contact]:
    wanted = [each for each in ids if each is not None]
    found = uow.session.scalars(select(Contact).where(Contact.id.in_(wanted))) if wanted else ()
    return {contact.id: contact for contact in found}


def _links(contact: Contact, sources: Mapping[UUID, Contact]) -> Iterator[tuple[Node, Node]]:
    """Who met whom: the source's person, or a case or an unknown source as many steps away as the list says."""
    if contact.source_contact_id is not None:
        yield ("person", sources[contact.source_contact_id].person_id), ("person", contact.person_id)
    else:
        yield from _ladder(("step", contact.id), contact)


def _ladder(name: tuple[str, UUID], contact: Contact) -> Iterator[tuple[Node, Node]]:
    steps: list[Node] = [("root", contact.id)]
    steps += [(*name, step) for step in range(1, contact.generation)]
    steps.append(("person", contact.person_id))
    yield from pairwise(steps)
