"""Whether a call that waits is still to be made: the dialer asks before each dial (`WANTED`, by kind of campaign).

A status may change in any moment between the list and the dial. Whatever ends a follow-up takes off what waits where it
can (`tracing.followup.stopping`); what it could not hold, and the interviews of lists, end here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Exists, exists, select

from core.database import UnitOfWork
from ivr.campaigns.dialer import StillWanted
from ivr.campaigns.model import Campaign, CampaignKind, CampaignState, Target, TargetState
from tracing.cases.axes import ContactAxes
from tracing.cases.changes import axes_of
from tracing.cases.model import Contact
from tracing.followup.model import FollowUpVisit

CALL = "call"


def wants_follow_up(uow: UnitOfWork, target: Target) -> bool:
    """Its visit is still planned, its person still followed up, and no interview takes its place."""
    visit = uow.session.scalar(select(FollowUpVisit).where(FollowUpVisit.target_id == target.id))
    if visit is None or visit.how != CALL or uow.session.scalar(select(interview_to_come(visit.person_id))):
        return False
    return any(axes.called for axes in _contacts(uow, visit.person_id, visit.disease))


def wants_interview(uow: UnitOfWork, target: Target) -> bool:
    """A list names contacts. Who became a case since, turned out to be none, or is not to be called any more, is not
    interviewed as one; who is no contact at all is called as the list says."""
    contacts = _contacts(uow, target.person_id) if target.person_id is not None else []
    return not contacts or any(axes.interviewed for axes in contacts)


WANTED: Mapping[CampaignKind, StillWanted] = {
    CampaignKind.FOLLOW_UP: wants_follow_up,
    CampaignKind.LIST: wants_interview,
}


def interview_to_come(person_id: Any) -> Exists:
    """Whether a campaign for a list, begun or about to begin, has yet to speak with the person."""
    return (
        exists()
        .where(Target.person_id == person_id, Target.state != TargetState.DONE)
        .where(Campaign.id == Target.campaign_id, Campaign.kind == CampaignKind.LIST)
        .where(Campaign.state.in_((CampaignState.DRAFT, CampaignState.RUNNING)))
    )


def _contacts(uow: UnitOfWork, person_id: UUID, disease: str | None = None) -> Sequence[ContactAxes]:
    query = select(Contact).where(Contact.person_id == person_id)
    if disease is not None:
        query = query.where(Contact.disease == disease)
    return [axes_of(contact) for contact in uow.session.scalars(query.execution_options(populate_existing=True))]
