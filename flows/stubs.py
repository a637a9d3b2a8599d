"""What effects answer, and what the host tells, when a script runs without a host: sensible and always the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Stub = Mapping[str, Any] | Sequence[Mapping[str, Any]]
"""`{"outcome": …, "result": {…}}`, or a list of them for one call after another."""

CONTEXT: Mapping[str, Any] = {
    "person": {"name": "Nguyễn Văn An", "birth_year": 1990},
    "department": {
        "vi": "Trung tâm Kiểm soát bệnh tật tỉnh Thanh Hóa",
        "en": "the Thanh Hoa Center for Disease Control",
        "ko": "베트남 타인호아성 질병통제센터",
    },
    "hotline": "+842373850115",
    "today": "2026-01-01",
    "entry": "entry-1",
    "messages_days": 90,
    "later_minutes": 30,
}

MORNING = {
    "vi": "tám giờ ba mươi, thứ Sáu, ngày mùng hai tháng một",
    "en": "Friday, the second of January, at eight thirty in the morning",
    "ko": "일월 이일 금요일 오전 여덟 시 삼십 분",
}
AFTERNOON = {
    "vi": "mười bốn giờ, thứ Sáu, ngày mùng hai tháng một",
    "en": "Friday, the second of January, at two o'clock in the afternoon",
    "ko": "일월 이일 금요일 오후 두 시",
}
SLOTS = ({"id": "slot-1", "spoken": MORNING}, {"id": "slot-2", "spoken": AFTERNOON})
BOOKING = {"appointment": "appointment-1", "when": MORNING, "reference": "KT402917", "spoken": MORNING}
QUEUED = {"position": 1, "entry": "entry-1", "call_back": True}
CALLED = {"on": "2025-12-31", "at": "19:05"}
"""Everything in the shapes that the real ones have: who reads a transcript should hear what callers hear."""

STUBS: Mapping[str, Stub] = {
    "telehealth.offer_slots": {"outcome": "offered", "result": {"slots": list(SLOTS)}},
    "telehealth.book": {"outcome": "booked", "result": BOOKING},
    "telehealth.upcoming": {"outcome": "found", "result": BOOKING},
    "telehealth.move": {"outcome": "moved", "result": BOOKING},
    "telehealth.cancel": {"outcome": "cancelled"},
    "telehealth.queue": {"outcome": "queued", "result": QUEUED},
    "telehealth.urgent": {"outcome": "queued", "result": QUEUED},
    "call.opt_out": {"outcome": "done"},
    "call.did_you_call": {"outcome": "missed", "result": CALLED},
    "call.take_up": {"outcome": "taken"},
    "call.hand_over": {"outcome": "done"},
    "tracing.begin_naming": {"outcome": "taken"},
    "tracing.name_contact": {"outcome": "kept"},
    "tracing.met_on": {"outcome": "noted"},
}


def stub_answer(stub: Stub, index: int, language: str) -> tuple[str, dict[str, Any]]:
    """The outcome and result of the call number `index`; the last of a list answers for good. `when`, which a host
    gives in the call's language, may be told by language."""
    chosen = stub if isinstance(stub, Mapping) else stub[min(index, len(stub) - 1)]
    result = dict(chosen.get("result") or {})
    when = result.get("when")
    if isinstance(when, Mapping):
        result["when"] = when.get(language, "")
    return str(chosen["outcome"]), result
