"""From rows of cases, contacts and exposures to a chain of people. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from uuid import UUID

from tracing.cases.axes import CaseAxes, ContactAxes, ContactStatus
from tracing.cases.generations import generations
from tracing.chains.chain import (
    MOST,
    Chain,
    Edge,
    Node,
    Standing,
    Venue,
    Visit,
    standing_of_case,
    standing_of_contacts,
)


@dataclass(frozen=True, slots=True)
class CaseRow:
    """A case. `seen`: it is in the viewer's area; where it is not, `name` and `number` are empty."""

    id: UUID
    person_id: UUID | None
    name: str
    number: str
    area: str
    seen: bool
    axes: CaseAxes
    onset_on: date | None
    reported_at: datetime


@dataclass(frozen=True, slots=True)
class ContactRow:
    """A contact, with whom they met and what they became. `generation` is what a list says of somebody whose case it
    names, and not who was between."""

    id: UUID
    person_id: UUID
    name: str
    area: str
    seen: bool
    axes: ContactAxes
    case_id: UUID | None
    source_contact_id: UUID | None
    became_case_id: UUID | None
    first_exposed_on: date | None
    last_exposed_on: date | None
    reported_at: datetime
    generation: int = 1


@dataclass(frozen=True, slots=True)
class Meeting:
    """An exposure of a contact that the viewer may see."""

    contact_id: UUID
    day: date
    venue_id: UUID | None
    venue: str
    venue_seen: bool


def key_of(letter: str, identifier: UUID) -> str:
    """A short name of somebody for addresses: the random end of the identifier."""
    return letter + identifier.hex[-12:]


def assemble(
    focus: UUID,
    disease: str,
    cases: Sequence[CaseRow],
    contacts: Sequence[ContactRow],
    meetings: Iterable[Meeting] = (),
    *,
    cut: bool = False,
    most: int = MOST,
) -> Chain:
    """The chain of the case `focus`, which is among `cases`. Links to somebody who is not among the rows are left out;
    more than `most` people are cut to the nearest, those in the same distance by the time they were reported."""
    whose = _people_of(cases, contacts)
    reported = _first_reports(whose, cases, contacts)
    links = _links(whose, contacts)
    near = _nearest(whose[focus], links, reported)
    kept = dict.fromkeys(near[:most])
    days: dict[UUID, list[date]] = defaultdict(list)
    meetings = sorted(meetings, key=lambda each: (each.day, each.contact_id, each.venue_id or focus))
    for meeting in meetings:
        days[meeting.contact_id].append(meeting.day)
    nodes = _nodes(whose, cases, contacts, links)
    people = sorted(kept, key=lambda key: (reported[key], key))
    edges: dict[tuple[str, str], set[date]] = {}
    for contact, pair in links.items():
        if pair[0] in kept and pair[1] in kept:
            edges.setdefault(pair, set()).update(days.get(contact, ()))
    at, place = {key: n for n, key in enumerate(people)}, {row.id: row for row in contacts}
    visits = [
        Visit(key_of("v", each.venue_id), whose[each.contact_id], links.get(each.contact_id, (None, ""))[0], each.day)
        for each in meetings
        if each.venue_id is not None and each.contact_id in place and whose[each.contact_id] in kept
    ]
    venues = _shared_venues(meetings, visits)
    return Chain(
        focus=whose[focus],
        disease=disease,
        nodes=tuple(nodes[key] for key in people),
        edges=tuple(
            Edge(source, target, tuple(sorted(edges[source, target])))
            for source, target in sorted(edges, key=lambda pair: (at[pair[0]], at[pair[1]]))
        ),
        venues=venues,
        visits=tuple(visit for visit in visits if visit.venue in {venue.key for venue in venues}),
        cut=cut or len(near) > most,
    )


def _people_of(cases: Sequence[CaseRow], contacts: Sequence[ContactRow]) -> dict[UUID, str]:
    """The key of the person behind every case and contact. A case that has no person is whoever became it."""
    whose = {row.id: key_of("p", row.person_id) for row in contacts}
    became = {row.became_case_id: whose[row.id] for row in contacts if row.became_case_id}
    for row in cases:
        known = key_of("p", row.person_id) if row.person_id else became.get(row.id)
        whose[row.id] = known or key_of("c", row.id)
    return whose


def _first_reports(
    whose: Mapping[UUID, str], cases: Sequence[CaseRow], contacts: Sequence[ContactRow]
) -> dict[str, datetime]:
    first: dict[str, datetime] = {}
    rows: list[CaseRow | ContactRow] = [*cases, *contacts]
    for row in rows:
        key = whose[row.id]
        first[key] = min(row.reported_at, first.get(key, row.reported_at))
    return first


def _links(whose: Mapping[UUID, str], contacts: Sequence[ContactRow]) -> dict[UUID, tuple[str, str]]:
    """By contact: who met whom, (source, contact). Nobody is their own source."""
    found = {}
    for row in contacts:
        source = whose.get(row.case_id or row.source_contact_id or row.id)
        if source is not None and source != whose[row.id]:
            found[row.id] = (source, whose[row.id])
    return found


def _steps(links: Mapping[UUID, tuple[str, str]], contacts: Iterable[ContactRow]) -> Iterator[tuple[str, str]]:
    """The links, with as many people between a case and its F2 as the list says, though nobody knows who they are."""
    for row in contacts:
        if row.id in links:
            source, contact = links[row.id]
            unknown = range(1, row.generation) if row.case_id is not None else ()
            yield from pairwise([source, *(f"{row.id}/{step}" for step in unknown), contact])


def _nearest(focus: str, links: Mapping[UUID, tuple[str, str]], reported: Mapping[str, datetime]) -> list[str]:
    """Everybody, the nearest to `focus` first."""
    beside: dict[str, set[str]] = defaultdict(set)
    for source, target in links.values():
        beside[source].add(target)
        beside[target].add(source)
    steps, now = {focus: 0}, [focus]
    while now:
        # Each ring in an order of its own, so that whoever is cut does not depend on the order of the rows.
        ring = {other for key in now for other in beside[key] if other not in steps}
        now = sorted(ring, key=lambda key: (reported[key], key))
        steps |= dict.fromkeys(now, len(steps))
    return list(steps)


def _nodes(
    whose: Mapping[UUID, str],
    cases: Sequence[CaseRow],
    contacts: Sequence[ContactRow],
    links: Mapping[UUID, tuple[str, str]],
) -> dict[str, Node]:
    standing = [whose[row.id] for row in cases if row.axes.stands]
    reached = generations(standing, _steps(links, contacts))
    as_case: dict[str, list[CaseRow]] = defaultdict(list)
    as_contact: dict[str, list[ContactRow]] = defaultdict(list)
    for case in sorted(cases, key=lambda row: (row.reported_at, row.id)):
        as_case[whose[case.id]].append(case)
    for contact in sorted(contacts, key=lambda row: (row.reported_at, row.id)):
        as_contact[whose[contact.id]].append(contact)
    keys = dict.fromkeys((*as_case, *as_contact))
    return {key: _node(key, reached.get(key), as_case[key], as_contact[key]) for key in keys}


def _node(key: str, generation: int | None, cases: list[CaseRow], contacts: list[ContactRow]) -> Node:
    """One person, of what the viewer may see of them."""
    known, met = [row for row in cases if row.seen], [row for row in contacts if row.seen]
    if not known and not met:
        return Node(key, generation, Standing.OUTSIDE, (cases or contacts)[-1].area)
    rows: list[CaseRow | ContactRow] = [*known, *met]
    case = next((row for row in reversed(known) if row.axes.stands), known[-1] if known else None)
    days = [row.first_exposed_on for row in met if row.first_exposed_on]
    last = [row.last_exposed_on for row in met if row.last_exposed_on]
    return Node(
        key=key,
        generation=generation,
        standing=_standing(case, met),
        area=rows[-1].area,
        name=next((row.name for row in rows if row.name), ""),
        number=case.number if case else "",
        person_id=next((row.person_id for row in rows if row.person_id), None),
        case_id=case.id if case else None,
        contact_id=met[-1].id if met else None,
        active=any(row.axes.status is ContactStatus.ACTIVE for row in met),
        onset_on=case.onset_on if case else None,
        first_exposed_on=min(days, default=None),
        last_exposed_on=max(last, default=None),
    )


def _standing(case: CaseRow | None, met: Sequence[ContactRow]) -> Standing:
    """Whoever is a case is one first; who turned out to be none is a contact again, if they still are one."""
    if case is not None and (case.axes.stands or not any(row.axes.status is ContactStatus.ACTIVE for row in met)):
        return standing_of_case(case.axes)
    return standing_of_contacts([row.axes for row in met])


def _shared_venues(meetings: Iterable[Meeting], visits: Iterable[Visit]) -> tuple[Venue, ...]:
    people: dict[str, set[str]] = defaultdict(set)
    for visit in visits:
        people[visit.venue].add(visit.person)
    found: dict[str, Venue] = {}
    for each in meetings:
        if each.venue_id is not None:
            key = key_of("v", each.venue_id)
            if len(people[key]) > 1:
                found.setdefault(key, Venue(key, each.venue_id, each.venue, each.venue_seen))
    return tuple(found.values())
