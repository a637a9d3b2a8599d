"""The made-up province in an empty database: standing things, ten years, today."""

from __future__ import annotations

from admin.bench.columns import COLUMNS
from admin.bench.heap import heap
from admin.bench.today import add_today
from admin.bench.years import CAMPAIGN_OF, REVISION, Years
from core.bench import show_progress
from core.database import Database, UnitOfWork
from ivr.calls.model import ScriptRevision
from ivr.campaigns.plan import CampaignPlan
from ivr.campaigns.service import create_campaign
from ivr.campaigns.standing import prepare_standing
from tracing.areas.places import seed_areas

_SEED = 20_261_122


def fill(database: Database, people: int, seed: int = _SEED) -> dict[str, int]:
    """Ten years of a province; gives how many rows of each kind there are."""
    with database.unit() as uow:
        campaigns = _prepare(uow, max(people // CAMPAIGN_OF, 2))
    with heap(database, COLUMNS) as rows:
        years = Years(rows, database.clock.now(), "38", campaigns, seed)
        for written in years.write(people):
            show_progress(f"{written:,} of {people:,} people")
    with database.unit() as uow:
        add_today(uow)
    return rows.written


def _prepare(uow: UnitOfWork, campaigns: int) -> list[str]:
    """Areas, standing campaigns, and lists that were called one after another; the last ones are still going on."""
    seed_areas(uow, "38")
    prepare_standing(uow, "bench", "Asia/Ho_Chi_Minh")
    uow.session.add(ScriptRevision(revision=REVISION, script="contact-interview", source="{}", created_at=uow.now()))
    made = []
    for number in range(campaigns):
        plan = CampaignPlan(name=f"Danh sách {number + 1}", script="contact-interview", carrier="twilio")
        campaign = create_campaign(uow, plan)
        campaign.state = "running" if number >= campaigns - 3 else "finished"
        campaign.started_at = campaign.created_at
        campaign.ended_at = None if campaign.state == "running" else campaign.created_at
        made.append(str(campaign.id))
    return made
