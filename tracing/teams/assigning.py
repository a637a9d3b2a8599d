"""Contacts get a team: by rule as soon as they are known, and by hand when somebody knows better.

Rows are locked in one order: the lock of assigning, then contacts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from sqlalchemy import ColumnElement, false, func, insert, or_, select, text, update

from core.areas import holds, within
from core.database import UnitOfWork
from core.errors import UserError
from core.ids import new_id
from tracing.cases.axes import ContactStatus, FollowUpStatus
from tracing.cases.model import Contact, ContactChange
from tracing.teams.choosing import Candidate, nearest
from tracing.teams.model import Team

BATCH = 2000
NEAREST = "nearest_team"
"""The reason in the history of a contact whom the rule gave to a team."""
DEACTIVATED = "team_deactivated"
"""The reason in the history of a contact whose team is no more."""
# Two who assign at once would both take a team for the least loaded.
_ONE_AT_A_TIME = text("SELECT pg_try_advisory_xact_lock(hashtext('tracing.teams.assign'))")


def assign_new(uow: UnitOfWork, limit: int = BATCH) -> int:
    """Give at most `limit` active contacts without a team to the nearest, least loaded one (`choosing.nearest`).

    Returns how many got one. Those whom no team's area holds wait until there is a team for them.

    May run as often as one likes; while another does it, nothing happens.
    """
    teams = _candidates(uow)
    if not teams or not uow.session.scalar(_ONE_AT_A_TIME):
        return 0
    waiting = uow.session.execute(
        select(Contact.id, Contact.area)
        .where(_WITHOUT_TEAM, _reached(teams.values()))
        .order_by(Contact.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    if not waiting:
        return 0
    teams = _with_loads(uow, teams)
    changes: list[tuple[UUID, Candidate]] = []
    for contact_id, area in waiting:
        if (team := nearest(teams.values(), area)) is not None:
            teams[team.id] = replace(team, load=team.load + 1)
            changes.append((contact_id, team))
    _write(uow, changes)
    return len(changes)


def reassign(uow: UnitOfWork, contact_id: UUID, team_id: UUID | None, *, by: UUID, why: str) -> bool:
    """Give a contact to another team, or to none (then the rule chooses again); False when they have it already.

    Raises UserError without a reason, for a team that is not active, and for one whose area does not hold the contact.
    """
    if not why.strip():
        raise UserError("There is no reason.", "Say why the team changes; whoever reads the history needs it.")
    contact = uow.session.scalars(
        select(Contact).where(Contact.id == contact_id).with_for_update().execution_options(populate_existing=True)
    ).one()
    team = uow.session.get(Team, team_id) if team_id else None
    if team_id is not None and (team is None or not team.active):
        raise UserError("This team does not work any more.", "Choose one that is active.")
    if team is not None and not holds(team.area, contact.area):
        raise UserError("This team works in another area and would not see the contact.", "Choose a nearer team.")
    if contact.team_id == team_id:
        return False
    before = uow.session.get(Team, contact.team_id) if contact.team_id else None
    contact.team_id = team_id
    uow.session.add(
        ContactChange(
            contact_id=contact_id,
            what="team",
            before=before.name if before else None,
            after=team.name if team else None,
            why=why.strip(),
            by=by,
            at=uow.now(),
        )
    )
    return True


def release(uow: UnitOfWork, team: Team, by: UUID) -> int:
    """A team stops working: its active contacts go back to be assigned again, with a line of history each."""
    freed = (
        update(Contact)
        .where(Contact.team_id == team.id, Contact.status == ContactStatus.ACTIVE)
        .values(team_id=None)
        .returning(Contact.id)
    )
    ids = uow.session.scalars(freed.execution_options(synchronize_session=False)).all()
    _note(uow, [(contact_id, team.name, None) for contact_id in ids], DEACTIVATED, by)
    return len(ids)


_WITHOUT_TEAM = Contact.team_id.is_(None) & (Contact.status == ContactStatus.ACTIVE)


def _candidates(uow: UnitOfWork) -> dict[UUID, Candidate]:
    rows = uow.session.execute(select(Team.id, Team.name, Team.area).where(Team.active))
    return {row.id: Candidate(row.id, row.name, row.area, 0) for row in rows}


def _with_loads(uow: UnitOfWork, teams: Mapping[UUID, Candidate]) -> dict[UUID, Candidate]:
    found = loads(uow, list(teams))
    return {team_id: replace(team, load=found.get(team_id, 0)) for team_id, team in teams.items()}


def loads(uow: UnitOfWork, team_ids: Sequence[UUID]) -> dict[UUID, int]:
    """How many contacts each of these teams follows up."""
    counted = (
        select(Contact.team_id, func.count())
        .where(Contact.team_id.in_(team_ids), Contact.follow_up == FollowUpStatus.FOLLOW_UP)
        .group_by(Contact.team_id)
    )
    return {team_id: count for team_id, count in uow.session.execute(counted) if team_id is not None}


def _reached(teams: Iterable[Candidate]) -> ColumnElement[bool]:
    """Contacts in the area of any team: those whom nobody can take must not stand before the others for ever."""
    areas = {team.area for team in teams}
    return or_(false(), *(within(Contact.area, area) for area in sorted(areas)))


def _write(uow: UnitOfWork, changes: Sequence[tuple[UUID, Candidate]]) -> None:
    if changes:
        uow.session.execute(update(Contact), [{"id": contact_id, "team_id": team.id} for contact_id, team in changes])
        _note(uow, [(contact_id, None, team.name) for contact_id, team in changes], NEAREST, None)


def _note(uow: UnitOfWork, changes: Sequence[tuple[UUID, str | None, str | None]], why: str, by: UUID | None) -> None:
    rows = [
        {
            "id": new_id(),
            "contact_id": contact_id,
            "what": "team",
            "before": before,
            "after": after,
            "why": why,
            "by": by,
            "at": uow.now(),
        }
        for contact_id, before, after in changes
    ]
    if rows:
        uow.session.execute(insert(ContactChange), rows)
