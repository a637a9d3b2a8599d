"""What people do with campaigns. The console and the command line share these functions; each is part of the caller's
transaction and raises UserError, with nothing changed, for what cannot be done."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import delete, exists, select
from sqlalchemy.dialects.postgresql import insert

from core.database import UnitOfWork
from core.encryption import current_ring
from core.errors import UserError
from core.ids import new_id
from core.phones import zone_of_number
from ivr.calls.model import Call
from ivr.campaigns.model import Campaign, CampaignArea, CampaignState, DoNotCall, Target
from ivr.campaigns.plan import CampaignPlan, columns_of
from ivr.campaigns.rules import is_standing
from ivr.campaigns.settle import add_do_not_call
from ivr.campaigns.window import known_zone


@dataclass(frozen=True, slots=True)
class NewTarget:
    """Somebody to be called. `context` is what the script may say of them (`person`: name, birth_year; …). `zone` is
    the time zone where they are, if we know it; otherwise their number's, and if that says nothing, the campaign's."""

    phone: str
    language: str
    context: Mapping[str, Any] = field(default_factory=dict)
    person_id: UUID | None = None
    area: str = ""
    zone: str = ""


def create_campaign(
    uow: UnitOfWork,
    plan: CampaignPlan,
    *,
    created_by: UUID | None = None,
    scripts: Collection[str] | None = None,
    carriers: Collection[str] | None = None,
) -> Campaign:
    """A campaign in draft. `scripts` and `carriers` are the names that exist, if the caller knows them."""
    columns = columns_of(plan, uow.now(), scripts, carriers)
    campaign = Campaign(id=new_id(), state=CampaignState.DRAFT, created_by=created_by, created_at=uow.now(), **columns)
    uow.session.add(campaign)
    uow.session.flush()
    return campaign


def add_targets(uow: UnitOfWork, campaign_id: UUID, targets: Iterable[NewTarget]) -> int:
    """Put people on the campaign's list; returns how many were not on it before. Also while it runs."""
    # It cannot finish between this look at it and the commit that shows these people.
    campaign = _campaign(uow, campaign_id, refer=True)
    if campaign.state in (CampaignState.FINISHED, CampaignState.ABORTED):
        raise UserError("The campaign is over.", "Create another one.")
    rows = [
        {
            "id": new_id(),
            "campaign_id": campaign_id,
            "person_id": target.person_id,
            "phone": target.phone,
            "language": target.language or campaign.language,
            "context": dict(target.context),
            "area": target.area,
            "zone": zone_of(campaign, target.zone, target.phone),
            "outcomes": {},
            "added_at": uow.now(),
            "next_at": uow.now(),
        }
        for target in targets
    ]
    if not rows:
        return 0
    note_areas(uow, campaign_id, {(str(row["area"]), str(row["zone"])) for row in rows})
    # Through the connection: lists are long, and nobody needs the objects.
    statement = insert(Target).on_conflict_do_nothing().execution_options(preserve_rowcount=True)
    return uow.session.connection().execute(statement, rows).rowcount


def note_areas(uow: UnitOfWork, campaign_id: UUID, groups: Iterable[tuple[str, str]]) -> None:
    """The campaign has targets in these areas and time zones: they take their turns."""
    rows = [{"campaign_id": campaign_id, "area": area, "zone": zone} for area, zone in sorted(groups)]
    uow.session.execute(insert(CampaignArea).values(rows).on_conflict_do_nothing())


def zone_of(campaign: Campaign, zone: str, phone: str) -> str:
    """The time zone of a target as its row keeps it: empty when it is the campaign's. Raises UserError for a `zone`
    that nobody knows."""
    found = known_zone(zone).key if zone else zone_of_number(phone)
    return "" if found in (None, campaign.zone) else found


def start(uow: UnitOfWork, campaign_id: UUID) -> Campaign:
    """Begin to call. The campaign needs somebody to call and must not be past its last moment."""
    campaign = _campaign(uow, campaign_id)
    _from(campaign, CampaignState.DRAFT)
    if not uow.session.scalar(select(exists().where(Target.campaign_id == campaign_id))):
        raise UserError("The campaign has nobody to call.", "Import a list first.")
    if campaign.last_moment is not None and campaign.last_moment <= uow.now():
        raise UserError("The campaign's last moment has passed.", "Create one with a later moment.")
    campaign.state = CampaignState.RUNNING
    campaign.started_at = uow.now()
    return campaign


def pause(uow: UnitOfWork, campaign_id: UUID) -> Campaign:
    """Dial nobody until `resume`. Calls in progress go on."""
    campaign = _campaign(uow, campaign_id)
    _from(campaign, CampaignState.RUNNING)
    campaign.state = CampaignState.PAUSED
    return campaign


def resume(uow: UnitOfWork, campaign_id: UUID) -> Campaign:
    """Go on after a pause."""
    campaign = _campaign(uow, campaign_id)
    _from(campaign, CampaignState.PAUSED)
    campaign.state = CampaignState.RUNNING
    return campaign


def abort(uow: UnitOfWork, campaign_id: UUID, hang_up: bool = False) -> Campaign:
    """Call nobody any more, for good. Calls in progress go on, unless `hang_up` asks to end them: the campaign's own,
    not that of a citizen who rang us and answers its questions."""
    campaign = _over(uow, campaign_id, CampaignState.ABORTED)
    if hang_up:
        own = (Call.campaign_id == campaign_id, Call.attempt_id.is_not(None))
        for call_id in uow.session.scalars(select(Call.id).where(*own, Call.ended_at.is_(None))):
            uow.send("hang_up", {"call": str(call_id)})
    return campaign


def finish(uow: UnitOfWork, campaign_id: UUID) -> Campaign:
    """Call nobody any more: what was reached is enough. Calls in progress go on and count."""
    return _over(uow, campaign_id, CampaignState.FINISHED)


def bar_number(uow: UnitOfWork, phone: str, reason: str) -> None:
    """Put a number (E.164) on the do-not-call list, for all campaigns, from the next dial on."""
    add_do_not_call(uow, phone, reason)


def unbar_number(uow: UnitOfWork, phone: str) -> bool:
    """Take a number (E.164) off the do-not-call list. False: it was not on it."""
    return bool(uow.session.execute(delete(DoNotCall).where(DoNotCall.phone == phone).returning(DoNotCall.at)).all())


def number_subject(phone: str) -> str:
    """What the audit log calls a number: the same for the same number, and nobody can read it."""
    return f"number:{current_ring().encrypt(phone)}"


def campaign_named(uow: UnitOfWork, name_or_id: str) -> Campaign:
    """The campaign with this id, or the newest with this name. Raises UserError when there is none."""
    try:
        condition = Campaign.id == UUID(name_or_id)
    except ValueError:
        condition = Campaign.name == name_or_id
    campaign = uow.session.scalar(select(Campaign).where(condition).order_by(Campaign.created_at.desc()).limit(1))
    if campaign is None:
        raise UserError(f"There is no campaign {name_or_id!r}.", "See `traceline campaign list`.")
    return campaign


def _campaign(uow: UnitOfWork, campaign_id: UUID, refer: bool = False) -> Campaign:
    """The campaign, locked for a change, or just to `refer` to it."""
    campaign = uow.session.get(
        Campaign, campaign_id, with_for_update={"key_share": True, "read": refer}, populate_existing=True
    )
    if campaign is None:
        raise UserError("There is no such campaign.", "It may have been removed.")
    return campaign


def _from(campaign: Campaign, state: CampaignState) -> None:
    if campaign.state != state:
        raise UserError(f"The campaign is {campaign.state}, not {state}.", "Look at its state again.")


def _over(uow: UnitOfWork, campaign_id: UUID, state: CampaignState) -> Campaign:
    campaign = _campaign(uow, campaign_id)
    if is_standing(campaign):
        raise UserError("These calls are owed to people, and never end.", "Pause them for as long as it must be.")
    if campaign.state in (CampaignState.FINISHED, CampaignState.ABORTED):
        raise UserError(f"The campaign is {campaign.state} already.", "Nothing has been changed.")
    campaign.state = state
    campaign.ended_at = uow.now()
    return campaign
