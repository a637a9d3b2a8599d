"""Teams are made, changed and staffed."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from core.areas import holds
from core.database import UnitOfWork
from core.errors import UserError
from core.ids import new_id
from core.rights import Right
from core.users import User
from tracing.people.names import tidy
from tracing.teams.assigning import release
from tracing.teams.model import Team, TeamMember


def make_team(uow: UnitOfWork, name: str, area: str) -> Team:
    """A new team. Raises UserError without a name, or when another team has it."""
    name, team_id = _named(name), new_id()
    row = insert(Team).values(id=team_id, name=name, area=area, active=True, created_at=uow.now())
    if uow.session.scalar(row.on_conflict_do_nothing(index_elements=[Team.name]).returning(Team.id)) is None:
        raise _taken(name)
    return uow.session.get_one(Team, team_id)


def change_team(uow: UnitOfWork, team_id: UUID, *, name: str, area: str, active: bool, by: UUID) -> Team:
    """Rename a team, move it, end or take up its work. The contacts of one that ends its work are assigned again."""
    team = _locked(uow, team_id)
    name = _named(name)
    if uow.session.scalar(select(Team.id).where(Team.name == name, Team.id != team_id)) is not None:
        raise _taken(name)
    if team.active and not active:
        release(uow, team, by)
    team.name, team.area, team.active = name, area, active
    return team


def set_members(uow: UnitOfWork, team_id: UUID, user_ids: Collection[UUID]) -> None:
    """These users are the team from now on. Raises UserError for one who may not work on contacts, or works in an area
    apart from the team's."""
    team = _locked(uow, team_id)
    users = uow.session.scalars(select(User).where(User.id.in_(user_ids)).order_by(User.login)).all()
    for user in users:
        if not user.active or Right.CASES_RUN not in user.rights:
            raise UserError(f"{user.name} may not work on contacts.", "Choose a tracer or a supervisor who is active.")
        if not holds(user.area, team.area) and not holds(team.area, user.area):
            raise UserError(
                f"{user.name} works in another area and would not see the team's contacts.",
                "Choose somebody of the team's area, or change the area of the user first.",
            )
    uow.session.execute(delete(TeamMember).where(TeamMember.team_id == team_id))
    uow.session.add_all(TeamMember(team_id=team_id, user_id=user.id) for user in users)


def _locked(uow: UnitOfWork, team_id: UUID) -> Team:
    query = select(Team).where(Team.id == team_id).with_for_update().execution_options(populate_existing=True)
    team = uow.session.scalar(query)
    if team is None:
        raise UserError("There is no such team.", "Load the page again.")
    return team


def _named(name: str) -> str:
    name = tidy(name)
    if not name:
        raise UserError("The team has no name.", "Give it one that people know it by.")
    return name


def _taken(name: str) -> UserError:
    return UserError(f"There is a team called {name} already.", "Give this one another name.")
