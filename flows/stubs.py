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
}

SLOTS = (
    {
        "id": "slot-1",
        "spoken": {"vi": "8 giờ 30 sáng ngày mai", "en": "8:30 tomorrow morning", "ko": "내일 오전 8시 30분"},
    },
    {"id": "slot-2", "spoken": {"vi": "14 giờ ngày mai", "en": "2 PM tomorrow", "ko": "내일 오후 2시"}},
)

STUBS: Mapping[str, Stub] = {
    "telehealth.offer_slots": {"outcome": "offered", "result": {"slots": list(SLOTS)}},
    "telehealth.book": {
        "outcome": "booked",
        "result": {
            "when": {"vi": "8 giờ 30 sáng ngày mai", "en": "8:30 tomorrow morning", "ko": "내일 오전 8시 30분"},
            "reference": "12 34",
        },
    },
    "telehealth.queue": {"outcome": "queued", "result": {"position": 1}},
    "telehealth.urgent": {"outcome": "queued", "result": {"position": 1}},
    "call.opt_out": {"outcome": "done"},
    "call.callback": {"outcome": "done"},
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
