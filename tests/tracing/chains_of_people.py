"""Chains for the tests of their pictures: by hand, or any at all."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from hypothesis import strategies as st

from tracing.cases.axes import CaseAxes, CaseClassification, ContactAxes, ContactStatus, FollowUpStatus
from tracing.chains.assembling import CaseRow, ContactRow, Meeting, assemble
from tracing.chains.chain import Chain

DAY = date(2026, 11, 2)
AT = datetime(2026, 11, 2, tzinfo=UTC)
DISEASE = "covid-19"


def person(number: int) -> UUID:
    return UUID(int=number + 1)


def case_row(number: int, *, seen: bool = True, stands: bool = True, known: bool = True) -> CaseRow:
    """The case of a person; `known` False: only its number stands on a list."""
    return CaseRow(
        id=UUID(int=10_000 + number),
        person_id=person(number) if known else None,
        name=f"Người {number}" if seen and known else "",
        number=f"BN{number}" if seen else "",
        area="38.380",
        seen=seen,
        axes=CaseAxes(CaseClassification.CONFIRMED if stands else CaseClassification.NOT_A_CASE),
        onset_on=DAY if seen else None,
        reported_at=AT + timedelta(hours=number),
    )


def contact_row(
    number: int,
    source: int,
    *,
    of_contact: UUID | None = None,
    became: int | None = None,
    seen: bool = True,
    row: int = 0,
) -> ContactRow:
    """Person `number` met the case of person `source`, or a contact."""
    return ContactRow(
        id=UUID(int=100_000 + (row or number)),
        person_id=person(number),
        name=f"Người {number}" if seen else "",
        area="38.380",
        seen=seen,
        axes=ContactAxes(ContactStatus.ACTIVE if became is None else ContactStatus.CONVERTED, FollowUpStatus.FOLLOW_UP),
        case_id=None if of_contact else UUID(int=10_000 + source),
        source_contact_id=of_contact,
        became_case_id=None if became is None else UUID(int=10_000 + became),
        first_exposed_on=DAY if seen else None,
        last_exposed_on=DAY if seen else None,
        reported_at=AT + timedelta(hours=number),
    )


@st.composite
def any_chain(draw: st.DrawFn) -> Chain:
    """Up to forty people, of whom anybody may have met anybody: trees, circles, several sources, shared venues."""
    people = draw(st.integers(1, 40))
    links = draw(st.lists(st.tuples(st.integers(0, people - 1), st.integers(0, people - 1)), max_size=people + 10))
    # Most chains are trees: everybody from the second on has met somebody before them.
    links += [(draw(st.integers(0, number - 1)), number) for number in range(1, people)]
    venues = draw(st.lists(st.integers(0, 3), min_size=len(links), max_size=len(links)))
    cases = [case_row(number) for number in range(people)]
    contacts = [
        contact_row(target, source, row=place + 1) for place, (source, target) in enumerate(links) if source != target
    ]
    where = {UUID(int=100_000 + place + 1): venue for place, venue in enumerate(venues)}
    meetings = [
        Meeting(row.id, DAY, UUID(int=900 + where[row.id]) if where[row.id] else None, f"Chợ {where[row.id]}", True)
        for row in contacts
    ]
    return assemble(cases[0].id, DISEASE, cases, contacts, meetings)
