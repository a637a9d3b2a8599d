"""What stands in lists that go out, in Vietnamese and English: headers, and what each value is called."""

from __future__ import annotations

from collections.abc import Mapping

WORDS: Mapping[str, Mapping[str, Mapping[str, str]]] = {
    "columns": {
        "number": {"vi": "STT", "en": "No."},
        "case": {"vi": "Mã số ca", "en": "Number of the case"},
        "name": {"vi": "Họ và tên", "en": "Full name"},
        "birth": {"vi": "Năm sinh", "en": "Birth year"},
        "sex": {"vi": "Giới tính", "en": "Sex"},
        "phone": {"vi": "Số điện thoại", "en": "Phone number"},
        "address": {"vi": "Địa chỉ", "en": "Address"},
        "area": {"vi": "Mã địa bàn", "en": "Area code"},
        "residence": {"vi": "Nơi cư trú (xã, huyện, tỉnh)", "en": "Residence"},
        "exposed": {"vi": "Ngày tiếp xúc cuối cùng", "en": "Last contact date"},
        "place": {"vi": "Nơi tiếp xúc", "en": "Exposure place"},
        "source_case": {"vi": "Mã ca bệnh (F0)", "en": "Source case"},
        "source_contact": {"vi": "Tiếp xúc qua (F1)", "en": "Met through (F1)"},
        "generation": {"vi": "Loại (F1/F2)", "en": "Type (F1/F2)"},
        "follow_up": {"vi": "Tình trạng theo dõi", "en": "Follow-up"},
        "classification": {"vi": "Kết luận", "en": "Classification"},
        "onset": {"vi": "Ngày khởi phát", "en": "Onset"},
        "sampled": {"vi": "Ngày lấy mẫu", "en": "Sampled"},
        "confirmed": {"vi": "Ngày xác định", "en": "Confirmed"},
        "result": {"vi": "Kết quả xét nghiệm", "en": "Test result"},
        "outcome": {"vi": "Kết quả điều trị", "en": "Outcome"},
        "reported": {"vi": "Ngày báo cáo", "en": "Reported"},
    },
    "sex": {
        "male": {"vi": "Nam", "en": "male"},
        "female": {"vi": "Nữ", "en": "female"},
        "other": {"vi": "Khác", "en": "other"},
    },
    "case": {
        "suspected": {"vi": "Nghi ngờ", "en": "suspected"},
        "probable": {"vi": "Có thể", "en": "probable"},
        "confirmed": {"vi": "Xác định", "en": "confirmed"},
    },
    "outcome": {
        "none_yet": {"vi": "Đang điều trị", "en": "under treatment"},
        "recovered": {"vi": "Khỏi bệnh", "en": "recovered"},
        "deceased": {"vi": "Tử vong", "en": "deceased"},
        "unknown": {"vi": "Không rõ", "en": "unknown"},
    },
    "contact": {
        "unconfirmed": {"vi": "Chưa xác minh", "en": "unconfirmed"},
        "confirmed": {"vi": "Đã xác minh", "en": "confirmed"},
        "not_a_contact": {"vi": "Không tiếp xúc", "en": "not a contact"},
    },
    "follow_up": {
        "follow_up": {"vi": "Đang theo dõi", "en": "followed up"},
        "completed": {"vi": "Đã hết thời gian theo dõi", "en": "completed"},
        "cancelled": {"vi": "Đã ngừng theo dõi", "en": "cancelled"},
        "lost": {"vi": "Mất liên lạc", "en": "lost"},
        "no_follow_up": {"vi": "Không cần theo dõi", "en": "no follow-up"},
    },
    "result": {
        "pending": {"vi": "Chưa có kết quả", "en": "pending"},
        "positive": {"vi": "Dương tính", "en": "positive"},
        "negative": {"vi": "Âm tính", "en": "negative"},
        "unclear": {"vi": "Không rõ", "en": "unclear"},
    },
}


def word(kind: str, value: str | None, language: str) -> str:
    """What a value is called; one that has no word goes by itself, and nothing is nothing."""
    if not value:
        return ""
    words = WORDS[kind].get(value)
    return words.get(language, words["en"]) if words else value
