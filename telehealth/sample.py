"""Sample practitioners for a demonstration: always the same, with enough slots in the coming days."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import time
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from sqlalchemy.dialects.postgresql import insert

from core.database import UnitOfWork
from telehealth.model import Practitioner, WeeklyHours

_NAMESPACE = UUID("6d1c8ab4-6a3e-5d0f-9d5c-0f2f6d1f7a10")
_WORKDAYS, _EVERY_DAY = range(5), range(7)
_SESSIONS = ((time(7, 30), time(11, 30)), (time(13, 30), time(17)))
_SLOT_MINUTES = 15

# Name, languages, days with slots.
_PRACTITIONERS = (
    ("BS. Lê Thị Hồng Nhung", ["vi", "en"], _EVERY_DAY),
    ("BS. Nguyễn Văn Thành", ["vi"], _WORKDAYS),
    ("BS. Phạm Quốc Bảo", ["vi", "en"], _EVERY_DAY),
    ("BS. Trịnh Thị Mai", ["vi"], _WORKDAYS),
    ("BS. Hoàng Minh Đức", ["vi", "ko"], _EVERY_DAY),
    ("BS. Kim Ji-woo", ["ko", "en", "vi"], _EVERY_DAY),
)
# Somebody answers the queue at any hour: on duty day and night, without slots.
_ON_CALL = ("BS. Vũ Đình Long (trực)", ["vi", "en"])


def add_sample_practitioners(uow: UnitOfWork, zone: str) -> int:
    """Add them, once; returns how many were added. Their hours are in `zone`."""
    added = 0
    today = uow.now().astimezone(ZoneInfo(zone)).date()
    for name, languages, days in (*_PRACTITIONERS, (*_ON_CALL, ())):
        practitioner_id = uuid5(_NAMESPACE, name)
        new = uow.session.scalar(
            insert(Practitioner)
            .values(id=practitioner_id, name=name, languages=languages, zone=zone, area="", active=True)
            .on_conflict_do_nothing()
            .returning(Practitioner.id)
        )
        if new is None:
            continue
        added += 1
        for weekday, starts, ends, minutes in _shifts(days):
            uow.session.add(
                WeeklyHours(
                    practitioner_id=practitioner_id,
                    weekday=weekday,
                    starts=starts,
                    ends=ends,
                    slot_minutes=minutes,
                    valid_from=today,
                )
            )
    return added


def _shifts(days: Sequence[int]) -> list[tuple[int, time, time, int | None]]:
    if not days:
        return [(day, time(0), time(0), None) for day in _EVERY_DAY]
    return [(day, starts, ends, _SLOT_MINUTES) for day in days for starts, ends in _SESSIONS]
