"""Why an event cannot happen to a contact or a case, and what could be done instead, for people to read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Refusal:
    """The event changes nothing. `reason` is in Vietnamese and English."""

    reason: Mapping[str, str]


REGISTERED_ALREADY = Refusal(
    {
        "vi": "Người này đã là người tiếp xúc. Hãy ghi một lần tiếp xúc mới.",
        "en": "They are a contact already. Add a new exposure.",
    }
)
NOT_REGISTERED = Refusal(
    {
        "vi": "Người này chưa là người tiếp xúc. Hãy đưa vào danh sách trước.",
        "en": "They are no contact yet. Register them first.",
    }
)
NO_REASON = Refusal({"vi": "Hãy ghi lý do.", "en": "Say why."})
DROPPED = Refusal(
    {
        "vi": "Người này đã được loại khỏi danh sách tiếp xúc và không được gọi. Hãy đưa trở lại danh sách trước.",
        "en": "This contact was dropped and is not called. Take them up again first.",
    }
)
CONVERTED = Refusal(
    {
        "vi": "Người này đã thành ca bệnh và không được theo dõi như người tiếp xúc nữa. Hãy ghi vào ca bệnh.",
        "en": "They became a case, and are not followed as a contact any more. Note it with the case.",
    }
)
NOT_A_CONTACT = Refusal(
    {
        "vi": "Người này được phân loại là không phải người tiếp xúc. Hãy sửa phân loại trước.",
        "en": "They are classified as not a contact. Change the classification first.",
    }
)
NOT_FOLLOWED = Refusal(
    {
        "vi": "Không ai đang theo dõi người này, nên không có gì để kết thúc.",
        "en": "Nobody follows them up, so there is nothing to end.",
    }
)
NOT_LOST = Refusal(
    {
        "vi": "Người này không bị mất dấu. Muốn theo dõi lại, hãy chọn theo dõi tiếp.",
        "en": "They were not lost. To follow them up again, resume.",
    }
)
LOST = Refusal(
    {
        "vi": "Người này đang bị mất dấu. Khi liên lạc được, hãy ghi là đã tìm thấy.",
        "en": "They are lost. When somebody reaches them, note that they were found.",
    }
)
OPEN_ALREADY = Refusal({"vi": "Ca bệnh này đã được mở.", "en": "This case is open already."})
NOT_OPEN = Refusal(
    {"vi": "Chưa có ca bệnh này. Hãy mở ca bệnh trước.", "en": "There is no such case yet. Open it first."}
)
CONFIRMED = Refusal(
    {
        "vi": "Ca bệnh đã được xét nghiệm xác định. Chỉ người phụ trách mới được sửa, kèm lý do.",
        "en": "A test confirmed this case. Only a person can change that, with a reason.",
    }
)
NO_CASE = Refusal(
    {"vi": "Đây không phải ca bệnh nên không có kết cục.", "en": "This is not a case, so it has no outcome."}
)
