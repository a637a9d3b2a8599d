"""The missed-call trigger (I13): somebody rings a number of ours once and hangs up, and we call back at our cost.

Anybody can make a number ring us, with anybody's number as the caller's. So it is bounded whom that lets us call.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any

import phonenumbers
from sqlalchemy import func, select

from core.database import UnitOfWork
from ivr.campaigns.callbacks import call_back
from ivr.campaigns.model import Campaign, CampaignKind, Target, TargetState
from ivr.campaigns.settle import is_do_not_call
from ivr.campaigns.standing import standing_campaign

log = logging.getLogger(__name__)

MOST_PER_DAY = 3
"""Calls back to one number within 24 hours."""
# Nobody waits by the telephone for longer.
_WORTH_IT = timedelta(hours=1)
_ORDINARY = frozenset(
    {
        phonenumbers.PhoneNumberType.MOBILE,
        phonenumbers.PhoneNumberType.FIXED_LINE,
        phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE,
    }
)


def answer_missed_call(
    uow: UnitOfWork,
    number: str,
    *,
    script: str,
    language: str,
    context: Mapping[str, Any],
    countries: Collection[str],
    area: str = "",
) -> bool:
    """Call this number (E.164; empty when withheld) back with the script. False, and nothing done, when it may not be
    called: it is withheld, of no ordinary telephone in one of these countries ("VN"), on the do-not-call list, is owed
    a call already, or has been called back often enough for a day."""
    why_not = _no_ordinary_number(number, countries) or _enough(uow, number)
    if why_not:
        log.info("event=missed_call_not_answered why=%s", why_not)
        return False
    call_back(
        uow,
        script=script,
        phone=number,
        language=language,
        context=context,
        area=area,
        not_after=uow.now() + _WORTH_IT,
        kind=CampaignKind.MISSED_CALL,
    )
    return True


def _no_ordinary_number(number: str, countries: Collection[str]) -> str:
    if not number:
        return "withheld"
    parsed = phonenumbers.parse(number)
    if phonenumbers.region_code_for_number(parsed) not in countries:
        return "country"
    return "" if phonenumbers.number_type(parsed) in _ORDINARY else "no_ordinary_telephone"


def _enough(uow: UnitOfWork, number: str) -> str:
    # Of two calls from one number at the same moment the second waits here, and finds what the first one left.
    campaign = standing_campaign(uow, CampaignKind.MISSED_CALL)
    uow.session.get_one(Campaign, campaign.id, with_for_update={"key_share": True})
    if is_do_not_call(uow, number):
        return "do_not_call"
    owed = (
        select(func.count())
        .select_from(Target)
        .join(Campaign, Campaign.id == Target.campaign_id)
        .where(Target.phone == number, Campaign.kind != CampaignKind.LIST)
    )
    if uow.session.scalar(owed.where(Target.state != TargetState.DONE)):
        return "owed_already"
    today = owed.where(Campaign.id == campaign.id, Target.added_at > uow.now() - timedelta(days=1))
    return "often_enough" if (uow.session.scalar(today) or 0) >= MOST_PER_DAY else ""
