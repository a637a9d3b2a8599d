"""A chain out of the database: two statements, whatever its size."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Uuid, bindparam, case, column, func, select, text
from sqlalchemy.dialects.postgresql import ARRAY

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
    contacts = [_contact(row) for row in rows if row.case_id is None]
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
    seen = case((walk.c.contact_id.is_not(None), within(Contact.area, area)), else_=within(Case.area, area))

    def shown(value: Any) -> ColumnElement[Any]:
        # What the viewer may not see does not leave the database.
        return case((seen, value), else_=None)

    query = (
        select(
            Case.id.label("case_id"),
            Case.disease.label("case_disease"),
            Case.by_rule.label("case_by_rule"),
            Case.by_hand.label("case_by_hand"),
            shown(Case.number).label("number"),
            shown(Case.onset_on).label("onset_on"),
            Contact.id.label("contact_id"),
            Contact.case_id.label("met_case"),
            Contact.source_contact_id.label("met_contact"),
            Contact.became_case_id.label("became"),
            Contact.status,
            Contact.follow_up,
            Contact.by_rule,
            Contact.by_hand,
            shown(Contact.first_exposed_on).label("first_exposed_on"),
            shown(Contact.last_exposed_on).label("last_exposed_on"),
            func.coalesce(Contact.person_id, Case.person_id).label("person_id"),
            func.coalesce(Contact.area, Case.area).label("area"),
            func.coalesce(Contact.reported_at, Case.reported_at).label("reported_at"),
            func.coalesce(shown(Person.name), "").label("name"),
            seen.label("seen"),
        )
        .select_from(walk)
        .outerjoin(Contact, Contact.id == walk.c.contact_id)
        .outerjoin(Case, Case.id == walk.c.case_id)
        .outerjoin(Person, Person.id == func.coalesce(Contact.person_id, Case.person_id))
    )
    return uow.session.execute(query).all()


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
