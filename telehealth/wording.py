"""How an appointment's time is said, in each language: in the practitioner's zone, with the weekday."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from flows.engine.spoken import speak

LANGUAGES = ("vi", "en", "ko")

_WEEKDAYS = {
    "vi": ("thứ Hai", "thứ Ba", "thứ Tư", "thứ Năm", "thứ Sáu", "thứ Bảy", "Chủ nhật"),
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    "ko": ("월요일", "화요일", "수요일", "목요일", "금요일", "토요일", "일요일"),
}
_FORMS = {
    "vi": "{time}, {weekday}, {date}",
    "en": "{weekday}, {date}, at {time}",
    "ko": "{date} {weekday} {time}",
}


def local_time(moment: datetime, zone: str) -> str:
    """ISO 8601 in the zone, so that its date and time are the ones people there mean."""
    return moment.astimezone(ZoneInfo(zone)).isoformat()


def spoken_time(moment: datetime, zone: str, language: str) -> str:
    """`mười bốn giờ ba mươi, thứ Ba, ngày mười lăm tháng tám`; a language that we do not speak gets English."""
    known = language if language in _FORMS else "en"
    local = local_time(moment, zone)
    weekday = _WEEKDAYS[known][datetime.fromisoformat(local).weekday()]
    return _FORMS[known].format(time=speak(local, "time", known), weekday=weekday, date=speak(local, "date", known))


def spoken_times(moment: datetime, zone: str) -> dict[str, str]:
    """The time in all languages."""
    return {language: spoken_time(moment, zone, language) for language in LANGUAGES}
