"""What a citizen hears who dials the hotline."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from core.database import UnitOfWork
from core.settings import Settings
from ivr.campaigns.missed_calls import answer_missed_call
from ivr.campaigns.rang_back import last_called
from ivr.carriers.inbound import InboundPlan
from tracing.people.matching import find_by_phone
from tracing.venues.naming import case_of_number

REPORT, RANG_BACK, MISSED_CALL = "symptom-report", "rang-back", "missed-call"


def hotline_plan(
    uow: UnitOfWork, number: str, told: Mapping[str, Any], settings: Settings, dialed: str = ""
) -> InboundPlan:
    """People share telephones: a number with one person on file tells us the language and the area, never who it is.
    `told` is what every script is told of this installation; `dialed` is the number of ours that was rung.

    From a number that we have called, the first thing people want to know is whether that was us; from a case's, whom
    they met may be what they ring about: that script offers both, to everybody alike. A number of ours that
    is for missed calls is never answered: it is called back.
    """
    today = uow.now().astimezone(ZoneInfo(settings.zone)).date()
    people = find_by_phone(uow, number) if number else []
    person = people[0] if len(people) == 1 else None
    language = person.language if person else settings.language
    area = person.area if person else ""
    context = {**told, "today": today.isoformat()}
    if dialed and dialed in settings.missed_numbers:
        answer_missed_call(
            uow,
            number,
            script=MISSED_CALL,
            language=language,
            countries=settings.call_back_regions,
            most_per_hour=settings.missed_calls_per_hour,
            known=bool(people),
            area=area,
        )
        return InboundPlan(script="", reject=True)
    known = number and (last_called(uow, number) is not None or case_of_number(uow, number) is not None)
    return InboundPlan(RANG_BACK if known else REPORT, language, context, area)
