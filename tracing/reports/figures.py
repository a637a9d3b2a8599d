"""Every figure of the reports, each defined in one sentence. Pure: what a figure counts is said here, and counted in
`tracing.reports.sources` by the same name.

A figure belongs to the day on which the thing that it counts was reported, planned or dialed, on the department's
clock. So figures of days add up to those of weeks, and figures of communes to those of the province; only the median
does not add up, and is never added.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Source(StrEnum):
    """What a figure counts: one row of the list behind it is one of these."""

    CASES = "cases"
    CONTACTS = "contacts"
    VISITS = "visits"
    CALLS = "calls"
    TARGETS = "targets"


@dataclass(frozen=True, slots=True)
class Words:
    """A text in the languages of the console."""

    vi: str
    en: str

    def said(self, language: str) -> str:
        return self.vi if language == "vi" else self.en


@dataclass(frozen=True, slots=True)
class Figure:
    """`key` names it in addresses; `definition` is one sentence. A `median` is hours, not a count: the list behind it
    holds those of whom it is the median. `of` is the figure that it is a share of."""

    key: str
    source: Source
    title: Words
    definition: Words
    median: bool = False
    of: str = ""


FIGURES = (
    Figure(
        "f0",
        Source.CASES,
        Words("Ca bệnh (F0)", "Cases (F0)"),
        Words(
            "Số ca bệnh được báo cáo trong ngày, trừ những ca đã được xác định không phải ca bệnh.",
            "Cases reported on the day, without those that were found to be no case.",
        ),
    ),
    Figure(
        "contacts",
        Source.CONTACTS,
        Words("Người tiếp xúc", "Contacts"),
        Words(
            "Số người tiếp xúc được báo cáo trong ngày, trừ những người đã loại; "
            "ai tiếp xúc với hai ca được tính hai lần.",
            "Contacts reported on the day, without those that were dropped; who met two cases counts twice.",
        ),
    ),
    Figure(
        "f1",
        Source.CONTACTS,
        Words("F1", "F1"),
        Words(
            "Số người tiếp xúc được báo cáo trong ngày đã gặp trực tiếp một ca bệnh.",
            "Contacts reported on the day who met a case themselves.",
        ),
        of="contacts",
    ),
    Figure(
        "f2",
        Source.CONTACTS,
        Words("F2", "F2"),
        Words(
            "Số người tiếp xúc được báo cáo trong ngày đã gặp một F1.",
            "Contacts reported on the day who met an F1.",
        ),
        of="contacts",
    ),
    Figure(
        "f3",
        Source.CONTACTS,
        Words("F3 trở đi", "F3 and further"),
        Words(
            "Số người tiếp xúc được báo cáo trong ngày ở xa ca bệnh hơn F2.",
            "Contacts reported on the day who are further from a case than F2.",
        ),
        of="contacts",
    ),
    Figure(
        "reached",
        Source.CONTACTS,
        Words("Gọi được trong 24 giờ", "Reached within 24 hours"),
        Words(
            "Số người tiếp xúc được báo cáo trong ngày mà cuộc gọi thành công đầu tiên (chính họ trả lời câu hỏi) "
            "diễn ra không quá 24 giờ sau khi họ được báo cáo.",
            "Contacts reported on the day whose first successful contact call, one in which they themselves answered a "
            "question, came within 24 hours of their being reported.",
        ),
        of="contacts",
    ),
    Figure(
        "not_reached",
        Source.CONTACTS,
        Words("Chưa gọi được", "Not reached yet"),
        Words(
            "Số người tiếp xúc được báo cáo trong ngày mà đến nay chưa có cuộc gọi thành công nào.",
            "Contacts reported on the day with whom no contact call has succeeded so far.",
        ),
        of="contacts",
    ),
    Figure(
        "completed",
        Source.CONTACTS,
        Words("Đã theo dõi xong", "Follow-up completed"),
        Words(
            "Số người tiếp xúc được báo cáo trong ngày đã theo dõi đủ thời hạn.",
            "Contacts reported on the day whose follow-up has been completed.",
        ),
        of="contacts",
    ),
    Figure(
        "lost",
        Source.CONTACTS,
        Words("Mất dấu", "Lost to follow-up"),
        Words(
            "Số người tiếp xúc được báo cáo trong ngày mà không còn liên lạc được để theo dõi.",
            "Contacts reported on the day who are lost to follow-up.",
        ),
        of="contacts",
    ),
    Figure(
        "hours",
        Source.CONTACTS,
        Words("Số giờ đến cuộc gọi đầu (trung vị)", "Hours to the first call (median)"),
        Words(
            "Trung vị số giờ từ lúc ca bệnh được báo cáo đến cuộc gọi thành công đầu tiên với từng người tiếp xúc "
            "được báo cáo trong ngày; người chưa gọi được thì chưa tính.",
            "The median of the hours from a case being reported to the first successful contact call with each of its "
            "contacts reported on the day; contacts who were not reached do not count.",
        ),
        median=True,
    ),
    Figure(
        "due",
        Source.VISITS,
        Words("Lượt theo dõi phải làm", "Follow-up due"),
        Words(
            "Số lượt theo dõi có trong kế hoạch của ngày.",
            "Follow-up visits planned for the day.",
        ),
    ),
    Figure(
        "done",
        Source.VISITS,
        Words("Lượt theo dõi đã làm", "Follow-up done"),
        Words(
            "Số lượt theo dõi của ngày mà ta đã nói chuyện được với người đó, dù họ có hợp tác hay không.",
            "Follow-up visits planned for the day in which we talked with the person, whether or not they cooperated.",
        ),
        of="due",
    ),
    Figure(
        "unavailable",
        Source.VISITS,
        Words("Lượt không gặp được", "Nobody answered"),
        Words(
            "Số lượt theo dõi của ngày mà ta đã gọi hoặc đến nhưng không gặp được người đó.",
            "Follow-up visits planned for the day in which we tried and the person was unavailable.",
        ),
        of="due",
    ),
    Figure(
        "open",
        Source.VISITS,
        Words("Lượt chưa làm", "Follow-up not done"),
        Words(
            "Số lượt theo dõi của ngày chưa có kết quả hoặc đã bỏ qua.",
            "Follow-up visits planned for the day that have no result yet, or were not performed.",
        ),
        of="due",
    ),
    Figure(
        "calls",
        Source.CALLS,
        Words("Cuộc gọi đi", "Calls made"),
        Words(
            "Số cuộc gọi mà hệ thống gọi đi trong ngày, cuộc theo dõi cũng tính.",
            "Calls that we made on the day, those of follow-up among them.",
        ),
    ),
    Figure(
        "answered",
        Source.CALLS,
        Words("Có người nghe máy", "Answered by a person"),
        Words(
            "Số cuộc gọi đi trong ngày được nhấc máy và không phải hộp thư thoại.",
            "Calls that we made on the day that were answered, and not by a machine.",
        ),
        of="calls",
    ),
)
BY_KEY = {figure.key: figure for figure in FIGURES}

DISPOSITION = Words(
    "Số người trong danh sách của chiến dịch theo kết quả đến nay; mỗi người được tính một lần.",
    "People on a campaign's list by how far they have come; everybody counts once.",
)
