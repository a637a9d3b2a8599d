"""The missed-call trigger (I13): somebody rings a number of ours once and hangs up, and we call back at our cost.

Anybody can make a number ring us, with anybody's number as the caller's. So it is bounded whom that lets us call, how
often, and at which hours.
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from datetime import datetime, time, timedelta

from sqlalchemy import func, select

from core.database import UnitOfWork
from core.phones import is_ordinary
from ivr.campaigns.callbacks import call_back
from ivr.campaigns.model import Campaign, CampaignKind, Target, TargetState
from ivr.campaigns.service import zone_of
from ivr.campaigns.settle import is_do_not_call
from ivr.campaigns.standing import standing_campaign
from ivr.campaigns.window import make_window, next_allowed

log = logging.getLogger(__name__)

MOST_PER_DAY = 3
"""Calls back to one number within 24 hours."""
# Who has one of these coming needs no other. A call of follow-up is for later, and for one person of the telephone.
_OWED = (CampaignKind.CALL_BACK, CampaignKind.MISSED_CALL)
# Nobody waits by the telephone for longer.
_WORTH_IT = timedelta(hours=1)
# When a number that we do not know may be rung, on its own clocks. Who is on file may be ill, and is called at once.
_DAY = time(7), time(21)


def answer_missed_call(
    uow: UnitOfWork,
    number: str,
    *,
    script: str,
    language: str,
    countries: Collection[str],
    most_per_hour: int,
    known: bool = False,
    area: str = "",
) -> bool:
    """Call this number (E.164; empty when withheld) back with the script; at night only when it is `known` to us,
    otherwise in the morning. False, and nothing done, when it may not be called: it is withheld, of no ordinary
    telephone in one of these countries ("VN"), on the do-not-call list, is owed a call already, has been called back
    often enough for a day, or so many numbers have been for an hour."""
    why_not = _no_ordinary_number(number, countries) or _enough(uow, number, most_per_hour)
    if why_not:
        log.info("event=missed_call_not_answered why=%s", why_not)
        return False
    moment = uow.now() if known else _by_day(uow, number)
    call_back(
        uow,
        script=script,
        phone=number,
        language=language,
        context={},
        area=area,
        not_before=moment,
        not_after=moment + _WORTH_IT,
        kind=CampaignKind.MISSED_CALL,
    )
    if _within_the_hour(uow) >= most_per_hour:  # once, with the call that fills it
        log.warning("event=missed_calls_full per_hour=%d", most_per_hour)
    return True


def _by_day(uow: UnitOfWork, number: str) -> datetime:
    campaign = standing_campaign(uow, CampaignKind.MISSED_CALL)
    zone = zone_of(campaign, "", number) or campaign.zone
    return next_allowed(uow.now(), make_window(zone, *_DAY, range(7)))


def _no_ordinary_number(number: str, countries: Collection[str]) -> str:
    if not number:
        return "withheld"
    return "" if is_ordinary(number, countries) else "no_ordinary_telephone"


def _enough(uow: UnitOfWork, number: str, most_per_hour: int) -> str:
    # Of two calls from one number at the same moment the second waits here, and finds what the first one left.
    campaign = standing_campaign(uow, CampaignKind.MISSED_CALL)
    uow.session.get_one(Campaign, campaign.id, with_for_update={"key_share": True})
    if is_do_not_call(uow, number):
        return "do_not_call"
    owed = (
        select(func.count())
        .select_from(Target)
        .join(Campaign, Campaign.id == Target.campaign_id)
        .where(Target.phone == number, Campaign.kind.in_(_OWED))
    )
    if uow.session.scalar(owed.where(Target.state != TargetState.DONE)):
        return "owed_already"
    today = owed.where(Campaign.id == campaign.id, Target.added_at > uow.now() - timedelta(days=1))
    if (uow.session.scalar(today) or 0) >= MOST_PER_DAY:
        return "often_enough"
    return "full" if _within_the_hour(uow) >= most_per_hour else ""


def _within_the_hour(uow: UnitOfWork) -> int:
    """How many missed calls, whosever, were promised an answer within the last hour."""
    campaign = standing_campaign(uow, CampaignKind.MISSED_CALL)
    recent = (Target.script.is_not(None), Target.added_at > uow.now() - timedelta(hours=1))
    counted = select(func.count()).select_from(Target).where(Target.campaign_id == campaign.id, *recent)
    return uow.session.scalar(counted) or 0
