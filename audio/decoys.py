"""Words that stand in every grammar beside the answers, so that other speech has something else to be taken for.

Decoys are what people say instead of answering; heard, they reject. Fillers are what people say before answering;
heard beside an answer, they make it read back. Words that are part of an answer of the question are left out.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

DECOYS: Mapping[str, tuple[str, ...]] = {
    "vi": (
        "a lô",
        "ai đấy",
        "ai gọi đấy",
        "cái gì",
        "gì cơ",
        "nói lại đi",
        "nghe không rõ",
        "không biết",
        "không hiểu",
        "không nhớ",
        "chờ một chút",
        "đợi tí",
        "cảm ơn",
        "xin lỗi",
        "bận lắm",
        "hôm nay",
        "ở nhà",
        "bác sĩ",
        "một hai ba",
        "thế nào",
    ),
    "en": (
        "hello",
        "who is this",
        "what",
        "pardon",
        "say again",
        "i don't know",
        "i can't hear you",
        "wait a minute",
        "hold on",
        "thank you",
        "sorry",
        "maybe",
        "i am busy",
        "today",
        "at home",
        "the doctor",
        "one two three",
        "how",
    ),
    "ko": (
        "여보세요",
        "누구세요",
        "뭐라고요",
        "뭐",
        "다시",
        "몰라요",
        "모르겠어요",
        "모르겠습니다",
        "잠깐만요",
        "잠시만요",
        "감사합니다",
        "고맙습니다",
        "죄송합니다",
        "오늘",
        "어제",
        "집에서",
        "병원",
        "의사",
        "날씨",
        "왔어요",
        "살아요",
        "있어요",
        "좋습니다",
        "하나 둘 셋",
    ),
}

FILLERS: Mapping[str, tuple[str, ...]] = {
    "vi": ("à", "ờ", "ừm", "ơ", "thì"),
    "en": ("um", "uh", "er", "well", "oh"),
    "ko": ("음", "아", "그", "저", "어"),
}


def decoys_for(language: str, phrases: Collection[str]) -> tuple[str, ...]:
    """The decoys of a language that are not themselves, and do not begin, an answer."""
    return tuple(d for d in DECOYS.get(language, ()) if not any(f"{p} ".startswith(f"{d} ") for p in phrases))


def fillers_for(language: str, phrases: Collection[str]) -> tuple[str, ...]:
    """The fillers of a language that are no word of any answer."""
    used = {word for phrase in phrases for word in phrase.split()}
    return tuple(filler for filler in FILLERS.get(language, ()) if filler not in used)
