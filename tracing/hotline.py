"""What a citizen hears who dials the hotline."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from core.database import UnitOfWork
from core.settings import Settings
from ivr.carriers.inbound import InboundPlan
from tracing.people import find_by_phone


def hotline_plan(uow: UnitOfWork, number: str, told: Mapping[str, Any], settings: Settings) -> InboundPlan:
    """People share telephones: a number with one person on file tells us the language and the area, never who it is.
    `told` is what every script is told of this installation."""
    today = uow.now().astimezone(ZoneInfo(settings.zone)).date()
    people = find_by_phone(uow, number) if number else []
    person = people[0] if len(people) == 1 else None
    return InboundPlan(
        script="symptom-report",
        language=person.language if person else settings.language,
        context={**told, "today": today.isoformat()},
        area=person.area if person else "",
    )
