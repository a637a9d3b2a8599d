"""The day's work of follow-up: whom to look at first, who is due today, who was forgotten, whom nobody reaches.

Every list joins the visits of a few days, which have indexes of their own, with those who are followed up just now: it
costs what the day's work costs, however many contacts there were before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import CTE, ColumnElement, and_, func, literal, select, true, union_all
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import aliased

from admin.policy import Viewer
from admin.queries.contacts import own_teams
from admin.queries.paging import AnySelect, Page, page_of
from core.areas import within
from core.database import UnitOfWork
from tracing.cases.axes import FollowUpStatus
from tracing.cases.model import Contact
from tracing.followup.model import FollowUp, FollowUpVisit
from tracing.followup.visits import VisitOutcome
from tracing.people.model import Person
from tracing.teams.model import Team

ILL, DUE, OVERDUE, UNREACHED = "ill", "due", "overdue", "unreached"
LISTS = (ILL, DUE, OVERDUE, UNREACHED)
"""The lists of the page, the most urgent first."""
# Visits that nobody made are settled within a day; what is older than this is history.
_OVERDUE_DAYS = 14
_REACHED = [outcome for outcome in VisitOutcome if outcome.reached]


@dataclass(frozen=True, slots=True)
class DueFilter:
    """Whose work it is; empty means everybody's in the viewer's area. `mine`: of the viewer's own teams."""

    disease: str = ""
    area: str = ""
    team_id: UUID | None = None
    without_team: bool = False
    mine: bool = False


@dataclass(frozen=True, slots=True)
class DueRow:
    """Somebody under follow-up. `day`: of the visit that puts them here; `missed_days`: on how many days in a row
    nobody reached them."""

    visit_id: UUID
    contact_id: UUID
    person_id: UUID
    name: str
    birth_year: int | None
    phone: str
    disease: str
    generation: int
    area: str
    team: str | None
    day: date
    result: str | None
    symptoms: Sequence[str]
    last_day: date | None
    missed_days: int


def list_due(
    uow: UnitOfWork, viewer: Viewer, wanted: DueFilter, which: str, today: date, before: str | None = None
) -> Page[DueRow]:
    """One of `LISTS`, a person once. First who is on the page, then what is shown of them: the day's thousands are not
    looked up for the sake of fifty."""
    contact, visit = _followed(viewer, wanted), aliased(FollowUpVisit, _newest(which, wanted, today).subquery())
    chosen: AnySelect = select(visit.id, contact.c.id).join(contact, _theirs(contact, visit))
    page = page_of(uow, chosen, visit.id, before, lambda row: (row[0], row[1]))
    rows = _rows(uow, dict(page.rows))
    return Page([rows[visit_id] for visit_id, _ in page.rows], page.older)


def _rows(uow: UnitOfWork, contacts: Mapping[UUID, UUID]) -> dict[UUID, DueRow]:
    """What is shown, by visit; `contacts` is the contact by which each person is followed up."""
    query: AnySelect = (
        select(
            FollowUpVisit.id,
            Contact.id,
            Person.id,
            Person.name,
            Person.birth_year,
            Person.phone,
            FollowUpVisit.disease,
            Contact.generation,
            Contact.area,
            Team.name,
            FollowUpVisit.day,
            FollowUpVisit.result,
            FollowUpVisit.symptoms,
            FollowUp.last_day,
            _missed_days(),
        )
        .select_from(FollowUpVisit)
        .join(Contact, (Contact.person_id == FollowUpVisit.person_id) & Contact.id.in_(contacts.values()))
        .join(Person, Person.id == FollowUpVisit.person_id)
        .outerjoin(Team, Team.id == Contact.team_id)
        .outerjoin(
            FollowUp,
            (FollowUp.person_id == FollowUpVisit.person_id)
            & (FollowUp.disease == FollowUpVisit.disease)
            & FollowUp.superseded_at.is_(None),
        )
        .where(FollowUpVisit.id.in_(contacts), FollowUpVisit.disease == Contact.disease)
    )
    return {row[0]: DueRow(*row) for row in uow.session.execute(query)}


def count_due(uow: UnitOfWork, viewer: Viewer, wanted: DueFilter, today: date) -> Mapping[str, int]:
    """How many people are on each of the lists."""
    contact = _followed(viewer, wanted)
    people = union_all(
        *(
            select(literal(which).label("which"), FollowUpVisit.person_id, FollowUpVisit.disease).where(
                _which(which, today), _of(wanted)
            )
            for which in LISTS
        )
    ).subquery()
    counted = (
        select(people.c.which, func.count(func.distinct(contact.c.id)).label("people"))
        .join(contact, (contact.c.person_id == people.c.person_id) & (contact.c.disease == people.c.disease))
        .group_by(people.c.which)
    )
    found = {row.which: row.people for row in uow.session.execute(counted)}
    return dict.fromkeys(LISTS, 0) | found


@dataclass(frozen=True, slots=True)
class TeamDay:
    """A team's visits of today: still open, talked, in vain. No team: `name` is None."""

    team_id: UUID | None
    name: str | None
    open: int
    talked: int
    missed: int


def days_of_teams(uow: UnitOfWork, viewer: Viewer, wanted: DueFilter, today: date) -> list[TeamDay]:
    """Today's visits by team, by name; those without a team last."""
    contact = _followed(viewer, wanted)
    result = FollowUpVisit.result
    query = (
        select(
            contact.c.team_id,
            Team.name,
            func.count().filter(result.is_(None)),
            func.count().filter(result == VisitOutcome.COOPERATIVE),
            func.count().filter(result.is_not(None), result != VisitOutcome.COOPERATIVE),
        )
        .select_from(FollowUpVisit)
        .join(contact, _theirs(contact))
        .outerjoin(Team, Team.id == contact.c.team_id)
        .where(FollowUpVisit.day == today, _of(wanted))
        .group_by(contact.c.team_id, Team.name)
        .order_by(Team.name.nulls_last())
    )
    return [TeamDay(*row) for row in uow.session.execute(query)]


def _followed(viewer: Viewer, wanted: DueFilter) -> CTE:
    """Everybody wanted who is followed up, with the contact that stands for them: who is a contact of several cases is
    one person with one follow-up. Materialised, so that it is read once from its index and then hashed: looked up for
    each visit it took ten times as long."""
    key = (Contact.person_id, Contact.disease)
    query = (
        select(*key, Contact.id, Contact.area, Contact.team_id, Contact.generation)
        .ext(distinct_on(*key))
        .where(Contact.follow_up == FollowUpStatus.FOLLOW_UP, within(Contact.area, viewer.area))
    )
    if wanted.disease:
        query = query.where(Contact.disease == wanted.disease)
    if wanted.area:
        query = query.where(within(Contact.area, wanted.area))
    if wanted.team_id:
        query = query.where(Contact.team_id == wanted.team_id)
    if wanted.without_team:
        query = query.where(Contact.team_id.is_(None))
    if wanted.mine:
        query = query.where(Contact.team_id.in_(own_teams(viewer)))
    return query.order_by(*key, Contact.id).cte("followed").prefix_with("MATERIALIZED")


def _theirs(contact: CTE, visit: Any = FollowUpVisit) -> ColumnElement[bool]:
    return and_(contact.c.person_id == visit.person_id, contact.c.disease == visit.disease)


def _newest(which: str, wanted: DueFilter, today: date) -> AnySelect:
    """The newest visit of each person that puts them on a list."""
    visit = aliased(FollowUpVisit)
    key = (visit.person_id, visit.disease)
    query = select(visit).ext(distinct_on(*key)).where(_which(which, today, visit), _of(wanted, visit))
    return query.order_by(*key, visit.day.desc(), visit.nth.desc())


def _which(which: str, today: date, visit: Any = FollowUpVisit) -> ColumnElement[bool]:
    lately = visit.day.between(today - timedelta(days=1), today)
    conditions: Mapping[str, ColumnElement[bool]] = {
        ILL: lately & (visit.symptoms != []),
        DUE: (visit.day == today) & visit.result.is_(None),
        OVERDUE: visit.day.between(today - timedelta(days=_OVERDUE_DAYS), today - timedelta(days=1))
        & visit.result.is_(None),
        UNREACHED: lately & (visit.result == VisitOutcome.UNAVAILABLE),
    }
    return conditions[which]


def _of(wanted: DueFilter, visit: Any = FollowUpVisit) -> ColumnElement[bool]:
    return visit.disease == wanted.disease if wanted.disease else true()


def _missed_days() -> ColumnElement[int]:
    """On how many days since somebody last talked with them nobody reached them."""
    tried, talked = aliased(FollowUpVisit), aliased(FollowUpVisit)
    reached = (
        select(func.coalesce(func.max(talked.day), date(1900, 1, 1)))
        .where(talked.person_id == FollowUpVisit.person_id, talked.disease == FollowUpVisit.disease)
        .where(talked.result.in_(_REACHED))
        .correlate(FollowUpVisit)
        .scalar_subquery()
    )
    return (
        select(func.count(func.distinct(tried.day)))
        .where(tried.person_id == FollowUpVisit.person_id, tried.disease == FollowUpVisit.disease)
        .where(tried.result == VisitOutcome.UNAVAILABLE, tried.day > reached)
        .correlate(FollowUpVisit)
        .scalar_subquery()
    )
