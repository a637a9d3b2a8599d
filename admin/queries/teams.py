"""Teams: who is in them, how much they have to do."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Select, func, or_, select

from admin.policy import Viewer, scoped
from admin.queries.contacts import own_teams
from core.areas import holds, within
from core.database import UnitOfWork
from core.rights import Right
from core.users import User
from tracing.cases.axes import ContactStatus
from tracing.cases.model import Contact
from tracing.teams.assigning import loads
from tracing.teams.model import Team, TeamMember


@dataclass(frozen=True, slots=True)
class TeamRow:
    """A team, its members by name, and how many contacts of the viewer's area it follows up."""

    team: Team
    members: Sequence[User]
    load: int


def list_teams(uow: UnitOfWork, viewer: Viewer) -> list[TeamRow]:
    """The teams that the viewer may know of, active ones first, by name."""
    teams = uow.session.scalars(_known(viewer).order_by(Team.active.desc(), Team.name)).all()
    ids = [team.id for team in teams]
    members, load = _members(uow, ids), loads(uow, ids)
    return [TeamRow(team, members.get(team.id, ()), load.get(team.id, 0)) for team in teams]


def find_team(uow: UnitOfWork, viewer: Viewer, team_id: UUID) -> TeamRow | None:
    """The team, None when there is none or it is not the viewer's to know."""
    team = uow.session.scalar(_known(viewer).where(Team.id == team_id))
    return (
        TeamRow(team, _members(uow, [team_id]).get(team_id, ()), loads(uow, [team_id]).get(team_id, 0))
        if team
        else None
    )


def choices(uow: UnitOfWork, viewer: Viewer, area: str | None = None) -> dict[UUID, str]:
    """The active teams by name; given an area, those who may work on a contact there."""
    teams = uow.session.scalars(_known(viewer).where(Team.active).order_by(Team.name))
    return {team.id: team.name for team in teams if area is None or holds(team.area, area)}


def people_for(uow: UnitOfWork, viewer: Viewer) -> list[User]:
    """Who may be a member: active users of the viewer's area who work on contacts, by name."""
    query = scoped(select(User).where(User.active), User.area, viewer).order_by(User.name)
    return [user for user in uow.session.scalars(query) if Right.CASES_RUN in user.rights]


def count_without_team(uow: UnitOfWork, viewer: Viewer) -> int:
    """How many active contacts of the viewer's area have no team."""
    query = select(func.count()).select_from(Contact)
    query = query.where(Contact.team_id.is_(None), Contact.status == ContactStatus.ACTIVE)
    return uow.session.scalar(scoped(query, Contact.area, viewer)) or 0


def mine(uow: UnitOfWork, viewer: Viewer) -> Mapping[UUID, str]:
    """The viewer's own teams."""
    query = select(Team).where(Team.id.in_(own_teams(viewer)), Team.active).order_by(Team.name)
    return {team.id: team.name for team in uow.session.scalars(query)}


def _known(viewer: Viewer) -> Select[Team]:
    """Teams of the viewer's area, and those that the viewer is a member of."""
    return select(Team).where(or_(within(Team.area, viewer.area), Team.id.in_(own_teams(viewer))))


def _members(uow: UnitOfWork, team_ids: Sequence[UUID]) -> dict[UUID, list[User]]:
    found: dict[UUID, list[User]] = defaultdict(list)
    query = select(TeamMember.team_id, User).join(User, User.id == TeamMember.user_id).order_by(User.name)
    for team_id, user in uow.session.execute(query.where(TeamMember.team_id.in_(team_ids))):
        found[team_id].append(user)
    return found
