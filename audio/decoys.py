"""Words that stand in every grammar beside the answers, so that other speech has something else to be taken for.

Decoys are what people say instead of answering; heard, they reject. Fillers are what people say before answering;
heard beside an answer, they make it read back. Words that are part of an answer of the question are left out.

Words that sound like yes or no are no decoys: "내일" took away more answers ("네") than mistakes. They are rivals:
words of daily life (`words/rivals.<language>.txt`), known only to the second recogniser that must agree before an
answer is certain. In the first one's grammar they would take away most answers that are now read back.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cache
from pathlib import Path

_WORDS = Path(__file__).parent / "words"

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
        "ở đâu",
        "bao giờ",
        "tại sao",
        "để sau",
        "ngày mai",
        "điện thoại",
        "tiền",
        "tên gì",
        "nhầm số rồi",
        "không mua đâu",
        "đang lái xe",
        "gọi lại sau",
        "trời ơi",
        "chị ơi",
        "anh ơi",
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
        "where",
        "when",
        "why",
        "later",
        "tomorrow",
        "telephone",
        "money",
        "name",
        "wrong number",
        "not interested",
        "i am driving",
        "call me back",
        "oh my god",
        "listen",
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
        "살아요",
        "좋습니다",
        "하나 둘 셋",
        "누구",
        "어디",
        "언제",
        "왜",
        "무슨",
        "말씀",
        "지금",
        "나중에",
        "바빠요",
        "끊어요",
        "전화",
        "돈",
        "한국",
        "사람",
        "선생님",
        "글쎄요",
        "괜찮아요",
        "안 들려요",
        "필요 없어요",
        "아파요",
        "조금",
        "그런데",
        "제가",
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


def rivals_for(language: str, phrases: Collection[str]) -> tuple[str, ...]:
    """What stands beside the answers in the grammar of a second opinion: decoys, and words of daily life that are no
    word of any answer."""
    used = {word for phrase in phrases for word in phrase.split()}
    return (*decoys_for(language, phrases), *(word for word in _rivals(language) if word not in used))


@cache
def _rivals(language: str) -> tuple[str, ...]:
    file = _WORDS / f"rivals.{language}.txt"
    return tuple(file.read_text(encoding="utf-8").split()) if file.is_file() else ()
