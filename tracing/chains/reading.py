"""A chain out of the database: two statements, whatever its size."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Uuid, bindparam, case, column, func, select, text, true
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.sql.selectable import LateralFromClause

from core.areas import within
from core.database import UnitOfWork
from tracing.cases.axes import (
    CaseAxes,
    CaseClassification,
    Classification,
    ContactAxes,
    ContactStatus,
    FollowUpStatus,
    Outcome,
)
from tracing.cases.model import Case, Contact, Exposure
from tracing.chains.assembling import CaseRow, ContactRow, Meeting, assemble
from tracing.chains.chain import MOST, Chain
from tracing.people.model import Person
from tracing.venues.model import Venue

SAME_OUTBREAK = timedelta(days=90)
"""What is known of one person belongs together when it was reported within this time. Without it, whoever meets cases
year after year (a nurse) would join all outbreaks into one."""

# Plain SQL: a recursive statement may name itself only once, so all steps from one row stand in one lateral part.
# UNION drops rows that came before, so circles end; rows come nearest first, and the limit ends the search.
_WALK = """
WITH RECURSIVE step (case_id, contact_id) AS (
  SELECT CAST(:focus AS uuid), CAST(NULL AS uuid)
  UNION
  SELECT next.case_id, next.contact_id FROM step CROSS JOIN LATERAL (
    SELECT CAST(NULL AS uuid) AS case_id, id AS contact_id FROM contact WHERE case_id = step.case_id
    UNION ALL
    SELECT NULL, id FROM contact WHERE became_case_id = step.case_id
    UNION ALL
    SELECT NULL, other.id FROM disease_case AS own
      JOIN contact AS other ON other.person_id = own.person_id AND other.disease = own.disease
        AND other.reported_at BETWEEN own.reported_at - :near AND own.reported_at + :near
      WHERE own.id = step.case_id
    UNION ALL
    SELECT NULL, id FROM contact WHERE source_contact_id = step.contact_id
    UNION ALL
    SELECT link.case_id, link.contact_id FROM contact AS own
      CROSS JOIN LATERAL (VALUES (own.case_id, NULL), (own.became_case_id, NULL), (NULL, own.source_contact_id))
        AS link (case_id, contact_id)
      WHERE own.id = step.contact_id AND (link.case_id IS NOT NULL OR link.contact_id IS NOT NULL)
    UNION ALL
    SELECT NULL, other.id FROM contact AS own
      JOIN contact AS other ON other.person_id = own.person_id AND other.disease = own.disease
        AND other.reported_at BETWEEN own.reported_at - :near AND own.reported_at + :near
      WHERE own.id = step.contact_id
    UNION ALL
    SELECT other.id, NULL FROM contact AS own
      JOIN disease_case AS other ON other.person_id = own.person_id AND other.disease = own.disease
        AND other.reported_at BETWEEN own.reported_at - :near AND own.reported_at + :near
      WHERE own.id = step.contact_id
  ) AS next
)
SELECT case_id, contact_id FROM step LIMIT :rows
"""


def read_chain(uow: UnitOfWork, case_id: UUID, area: str, most: int = MOST) -> Chain | None:
    """Everybody connected with a case, as a user of `area` may see them; None when there is no such case there.

    Contacts, their contacts, the cases they became and theirs, back to where the case came from, and the other contacts
    and cases of the same people. Nobody is connected by a venue alone.
    """
    rows = _rows(uow, case_id, area, 2 * most + 1)
    cases = [_case(row) for row in rows if row.case_id is not None]
    contacts = [_contact(row) for row in rows if row.contact_id is not None]
    focus = next((row for row in cases if row.id == case_id), None)
    if focus is None or not focus.seen:
        return None
    disease = next(row.case_disease for row in rows if row.case_id == case_id)
    meetings = _meetings(uow, [row.id for row in contacts if row.seen], area)
    return assemble(case_id, disease, cases, contacts, meetings, cut=len(rows) > 2 * most, most=most)


def _rows(uow: UnitOfWork, case_id: UUID, area: str, most: int) -> Sequence[Any]:
    walk = (
        text(_WALK)
        .bindparams(focus=case_id, near=SAME_OUTBREAK, rows=most)
        .columns(column("case_id", Uuid), column("contact_id", Uuid))
        .cte("walk")
    )
    # Each looked up by its key: OFFSET keeps the planner from joining with whole tables, which it does as soon as it
    # takes the walk for a long one.
    contact = _by_key(Contact, walk.c.contact_id, seen=within(Contact.area, area))
    found = _by_key(Case, walk.c.case_id, seen=within(Case.area, area))
    whose = func.coalesce(contact.c.person_id, found.c.person_id)
    person = _by_key(Person, whose)
    seen = func.coalesce(contact.c.seen, found.c.seen)

    def shown(value: Any) -> ColumnElement[Any]:
        # What the viewer may not see does not leave the database.
        return case((seen, value), else_=None)

    query = (
        select(
            found.c.id.label("case_id"),
            found.c.disease.label("case_disease"),
            found.c.by_rule.label("case_by_rule"),
            found.c.by_hand.label("case_by_hand"),
            shown(found.c.number).label("number"),
            shown(found.c.onset_on).label("onset_on"),
            contact.c.id.label("contact_id"),
            contact.c.case_id.label("met_case"),
            contact.c.source_contact_id.label("met_contact"),
            contact.c.became_case_id.label("became"),
            contact.c.generation,
            contact.c.status,
            contact.c.follow_up,
            contact.c.by_rule,
            contact.c.by_hand,
            shown(contact.c.first_exposed_on).label("first_exposed_on"),
            shown(contact.c.last_exposed_on).label("last_exposed_on"),
            whose.label("person_id"),
            func.coalesce(contact.c.area, found.c.area).label("area"),
            func.coalesce(contact.c.reported_at, found.c.reported_at).label("reported_at"),
            func.coalesce(shown(person.c.name), "").label("name"),
            seen.label("seen"),
        )
        .select_from(walk)
        .outerjoin(contact, true())
        .outerjoin(found, true())
        .outerjoin(person, true())
    )
    return uow.session.execute(query).all()


def _by_key(table: type[Any], key: ColumnElement[Any], **more: ColumnElement[Any]) -> LateralFromClause:
    """The row of a table with this key, in a join."""
    columns = [column for column in table.__table__.columns if column.name not in _NOT_READ]
    named = [value.label(name) for name, value in more.items()]
    return select(*columns, *named).where(table.id == key).offset(0).lateral()


_NOT_READ = ("phone", "name_search", "address", "facts")


def _case(row: Any) -> CaseRow:
    return CaseRow(
        id=row.case_id,
        person_id=row.person_id,
        name=row.name,
        number=row.number or "",
        area=row.area,
        seen=row.seen,
        axes=CaseAxes(
            CaseClassification(row.case_by_rule),
            CaseClassification(row.case_by_hand) if row.case_by_hand else None,
            Outcome.NONE_YET,
        ),
        onset_on=row.onset_on,
        reported_at=row.reported_at,
    )


def _contact(row: Any) -> ContactRow:
    return ContactRow(
        id=row.contact_id,
        person_id=row.person_id,
        name=row.name,
        area=row.area,
        seen=row.seen,
        axes=ContactAxes(
            ContactStatus(row.status),
            FollowUpStatus(row.follow_up),
            Classification(row.by_rule),
            Classification(row.by_hand) if row.by_hand else None,
        ),
        case_id=row.met_case,
        source_contact_id=row.met_contact,
        became_case_id=row.became,
        first_exposed_on=row.first_exposed_on,
        last_exposed_on=row.last_exposed_on,
        reported_at=row.reported_at,
        generation=row.generation,
    )


def _meetings(uow: UnitOfWork, contacts: Sequence[UUID], area: str) -> list[Meeting]:
    """How these contacts met their sources."""
    found = uow.session.execute(
        select(
            Exposure.contact_id,
            Exposure.day,
            Exposure.venue_id,
            func.coalesce(Venue.name, ""),
            func.coalesce(within(Venue.area, area), False),
        )
        .outerjoin(Venue, Venue.id == Exposure.venue_id)
        .where(Exposure.contact_id == func.any(bindparam("contacts", list(contacts), ARRAY(Uuid))))
    )
    return [Meeting(*row) for row in found]
