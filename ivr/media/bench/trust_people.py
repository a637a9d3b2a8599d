"""Who is asked in the measurement of trust: people who answer, and people who say something else. Always the same."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from audio.speech import Voice
from ivr.media.bench.trust_sound import Line, Spoken

ANSWERS: dict[str, dict[str, object]] = {
    "yes_no": {
        **dict.fromkeys(("예", "네", "네 있어요", "있어요", "있습니다", "그렇습니다"), True),
        **dict.fromkeys(("아니요", "아니오", "아뇨", "없어요", "없습니다", "아닙니다"), False),
    },
    "need": {
        "음식": "food",
        "약": "medicine",
        "숙소": "place",
        "장소": "place",
        "필요 없어요": "none",
        "없어요": "none",
    },
    "place": {
        "집": "home",
        "집에서": "home",
        "직장": "work",
        "회사": "work",
        "병원": "health_facility",
        "시장": "shop",
        "가게": "shop",
        "학교": "school",
        "다른 곳": "other",
        "몰라요": "other",
    },
}
"""By kind of question: what is said, and what it means."""

OFF_LIST = tuple((Path(__file__).parent / "library/trust/off-list.ko.txt").read_text(encoding="utf-8").splitlines())
"""Speech that is no answer; none of it is a decoy or a rival, which the recogniser would know. Much sounds like one."""

YES = ("예", "네", "그렇습니다", "네 그렇습니다")
NO = ("아니요", "아뇨", "아닙니다")
LONG = {True: "정말 있습니다", False: "정말 없습니다"}
"""What is said to a yes or no read back once more."""
VOICES = ("ko", "ko+f2", "ko+f4", "ko+m3", "ko+m7", "ko+klatt2")
SPEEDS = (90, 120, 150, 180, 220)
PITCHES = (30, 50, 70)
LINES = (
    Line(),
    Line(gain=-14),
    Line("white", 20),
    Line("white", 10, -6),
    Line("babble", 15),
    Line("clicks", 20, -8),
)


@dataclass(frozen=True, slots=True)
class Caller:
    """`means` is None for somebody who does not answer. To a read-back, `confirms` is said if it is right, `denies` if
    not, and after it one of the `longer` words; `strays` is what those say who do not answer any of that either."""

    kind: str
    means: object
    says: Spoken
    confirms: Spoken
    denies: Spoken
    strays: Spoken | None

    def longer(self, means: bool) -> Spoken:
        return replace(self.says, text=LONG[means])

    @property
    def utterances(self) -> tuple[Spoken, ...]:
        longer = map(self.longer, LONG)
        return (self.says, self.confirms, self.denies, *longer, *([self.strays] if self.strays else []))


def callers() -> list[Caller]:
    """All of them: every wording in every voice on two lines, every other phrase in every voice."""
    return [*_who_answer(random.Random(1)), *_who_stray(random.Random(2))]  # noqa: S311  not secrets


def _who_answer(chance: random.Random) -> Iterator[Caller]:
    for kind, answers in ANSWERS.items():
        for text, means in answers.items():
            for voice in VOICES:
                for line in chance.sample(LINES, 2):
                    yield _caller(chance, kind, means, text, voice, line, strays=False)


def _who_stray(chance: random.Random) -> Iterator[Caller]:
    for text in OFF_LIST:
        for voice in VOICES:
            kind, line = chance.choice(tuple(ANSWERS)), chance.choice(LINES)
            yield _caller(chance, kind, None, text, voice, line, strays=chance.random() < 0.5)


def _caller(chance: random.Random, kind: str, means: object, text: str, voice: str, line: Line, strays: bool) -> Caller:
    """One person keeps one voice and one line."""
    own = Voice(voice, chance.choice(SPEEDS), chance.choice(PITCHES))
    other = chance.choice(OFF_LIST)
    return Caller(
        kind=kind,
        means=means,
        says=Spoken(text, own, line),
        confirms=Spoken(chance.choice(YES), own, line),
        denies=Spoken(chance.choice(NO), own, line),
        strays=Spoken(other, own, line) if strays else None,
    )
