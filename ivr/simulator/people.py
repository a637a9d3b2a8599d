"""Simulated people: who they are, what is true of them, and how they behave on the telephone. Seeded, plain JSON."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from typing import Any

from audio.speech import VOICES, Voice
from core.errors import UserError


class Habit(StrEnum):
    """How a person behaves when the telephone rings."""

    KEYS = "keys"
    VOICE = "voice"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    MACHINE = "machine"
    WRONG_KEYS = "wrong_keys"
    SILENCE = "silence"
    HANGS_UP = "hangs_up"
    WRONG_PERSON = "wrong_person"
    RED_FLAG = "red_flag"
    SLOW = "slow"
    IMPATIENT = "impatient"


MIX: Mapping[Habit, int] = {
    Habit.KEYS: 18,
    Habit.VOICE: 10,
    Habit.RED_FLAG: 6,
    Habit.NO_ANSWER: 5,
    Habit.BUSY: 4,
    Habit.MACHINE: 4,
    Habit.WRONG_KEYS: 3,
    Habit.SILENCE: 3,
    Habit.HANGS_UP: 3,
    Habit.WRONG_PERSON: 2,
    Habit.SLOW: 1,
    Habit.IMPATIENT: 1,
}
"""How many of sixty people have which habit; other counts keep the shares."""

VOICE_VARIANTS = ("", "+f1", "+f2", "+f3", "+m1", "+m3", "+m5")
"""Speakers of the text to speech."""

NAMES: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "vi": (
        ("Nguyễn Văn", "Trần Thị", "Lê Thị", "Phạm Văn", "Hoàng Thị", "Vũ Đình", "Bùi Thị", "Đỗ Văn", "Đặng Thị"),
        ("An", "Bình", "Chi", "Dũng", "Giang", "Hà", "Hương", "Khánh", "Lan", "Minh", "Nga", "Phúc", "Quang", "Tuấn"),
    ),
    "en": (("John", "Mary", "Peter", "Anna", "David", "Susan"), ("Smith", "Brown", "Taylor", "Wilson", "Clark")),
    "ko": (("김", "이", "박", "최", "정", "강"), ("민준", "서연", "지호", "하은", "도윤", "수빈")),
}

MILD = ("cough", "sore_throat", "runny_nose", "headache", "fatigue", "muscle_ache", "nausea", "diarrhoea")
"""Symptoms of which one or two alone need no doctor."""
GRAVE = ("red_flag", "fever", "short_of_breath", "loss_of_taste_smell")
"""Symptoms of which any one needs a doctor."""
WILLING: Mapping[str, Any] = {"who": "self", "ready": "now", "consent": True}
"""What people answer who are the right person and ready to talk, by step."""
STRANGER: Mapping[str, Any] = {"who": "other", "is_near": "wrong"}


def needs_doctor(truth: Mapping[str, Any]) -> bool:
    """Whether answers, by field, call for a doctor: a grave symptom, three symptoms, or any of them near a case."""
    mild = sum(truth.get(name) is True for name in MILD)
    if any(truth.get(name) is True for name in GRAVE) or float(truth.get("temperature") or 0) >= 38:
        return True
    return mild >= 3 or (mild > 0 and truth.get("near_case") is True)


@dataclass(frozen=True, slots=True)
class SimPerson:
    """One person. `intent` is what is true, by record field or by step name; what it leaves out follows from `seed`.

    `answers_after` are seconds of ringing; `hangs_up_after` questions the person answers before hanging up;
    `recovers_after` calls that are missed before a busy or absent person answers by keys. One who speaks does so for
    `speaks_up_to` answers (None: for all) and keys the others. With `dictated` the person understands nothing and does
    these things in order, one at each prompt: keys, `say:words`, `hang_up`, nothing ("").
    """

    phone: str
    name: str
    birth_year: int
    language: str = "vi"
    habit: Habit = Habit.KEYS
    seed: int = 0
    intent: Mapping[str, Any] = field(default_factory=dict)
    answers_after: float = 4.0
    hangs_up_after: int = 2
    recovers_after: int | None = None
    speaks_up_to: int | None = None
    dictated: tuple[str, ...] | None = None
    voice: str = ""
    words_per_minute: int = 150
    pitch: int = 50

    @property
    def speaker(self) -> Voice:
        """The voice in which the person speaks. Raises UserError for a language without one."""
        base = VOICES.get(self.language)
        if base is None:
            raise UserError(f"There is no voice for the language {self.language!r}.", "Use keys, or another language.")
        return Voice(f"{base.name}{self.voice}", self.words_per_minute, self.pitch)

    def to_json(self) -> dict[str, Any]:
        """The person as a JSON object."""
        return asdict(self) | {"dictated": list(self.dictated) if self.dictated is not None else None}


def person_from_json(data: Mapping[str, Any]) -> SimPerson:
    """The inverse of `SimPerson.to_json`. Raises UserError for fields or habits that do not exist."""
    unknown = sorted(set(data) - {item.name for item in fields(SimPerson)})
    if unknown:
        raise UserError(f"A simulated person has no {', '.join(unknown)}.")
    values = dict(data)
    try:
        values["habit"] = Habit(values.get("habit", Habit.KEYS))
        if values.get("dictated") is not None:
            values["dictated"] = tuple(values["dictated"])
        return SimPerson(**values)
    except (TypeError, ValueError) as error:
        raise UserError(f"This is no simulated person: {error}.", f"Habits: {', '.join(Habit)}.") from error


def make_people(
    seed: int,
    count: int,
    *,
    languages: Sequence[str] = ("vi", "en", "ko"),
    spoken: Sequence[str] = ("ko",),
    mix: Mapping[Habit, int] = MIX,
) -> list[SimPerson]:
    """`count` people with habits in the shares of `mix`, different numbers, names and voices; the same seed makes the
    same people. Those who speak do so in one of the languages `spoken` (those with a recogniser); without any, they use
    keys. Raises UserError for a mix of nothing."""
    if sum(mix.values()) <= 0 or count < 0 or count > 100_000:
        raise UserError("People need a count up to 100000 and a mix of at least one habit.")
    chance = random.Random(f"people/{seed}")  # noqa: S311  (repeatable people, nothing secret)
    habits = _habits(count, mix)
    chance.shuffle(habits)
    numbers = chance.sample(range(1_000_000), count)
    return [_person(chance, habit, number, languages, spoken) for habit, number in zip(habits, numbers, strict=True)]


def _habits(count: int, mix: Mapping[Habit, int]) -> list[Habit]:
    """The habits of `count` people: whole shares first, then the largest remainders."""
    total = sum(mix.values())
    whole = {habit: count * weight // total for habit, weight in mix.items()}
    remainders = sorted(mix, key=lambda habit: (-(count * mix[habit] % total), list(mix).index(habit)))
    for habit in remainders[: count - sum(whole.values())]:
        whole[habit] += 1
    return [habit for habit, number in whole.items() for _ in range(number)]


def _person(
    chance: random.Random,
    habit: Habit,
    number: int,
    languages: Sequence[str],
    spoken: Sequence[str],
) -> SimPerson:
    if habit is Habit.VOICE and not spoken:
        habit = Habit.KEYS
    language = chance.choice(list(spoken)) if habit is Habit.VOICE else _language(chance, languages)
    family, given = NAMES.get(language, NAMES["vi"])
    name = chance.choice(family) + ("" if language == "ko" else " ") + chance.choice(given)
    return SimPerson(
        phone=f"+84912{number:06d}",
        name=name,
        birth_year=chance.randint(1940, 2006),
        language=language,
        habit=habit,
        seed=chance.randrange(2**31),
        intent=_truth(chance, habit),
        answers_after=round(chance.uniform(2.0, 9.0), 1),
        hangs_up_after=chance.randint(1, 4),
        voice=chance.choice(VOICE_VARIANTS),
        words_per_minute=chance.randint(130, 170),
        pitch=chance.randint(35, 65),
    )


def _language(chance: random.Random, languages: Sequence[str]) -> str:
    """The first language is the common one."""
    return languages[0] if chance.random() < 0.7 else chance.choice(list(languages))


def _truth(chance: random.Random, habit: Habit) -> dict[str, Any]:
    """What is true of a person, by field or step."""
    truth: dict[str, Any] = {**(STRANGER if habit is Habit.WRONG_PERSON else WILLING)}
    ill = chance.random()
    if habit is Habit.RED_FLAG:
        truth["red_flag" if chance.random() < 0.5 else chance.choice(GRAVE[1:])] = (
            True  # half of them: call a doctor now
        )
    if habit is Habit.RED_FLAG or ill < 0.4:
        truth |= dict.fromkeys(chance.sample(MILD, chance.randint(1, 2)), True)
    truth["exposure_date"] = chance.randint(1, 12)
    truth["household_size"] = chance.randint(1, 7)
    truth["temperature"] = 38.6 if truth.get("fever") else round(chance.uniform(36.2, 37.3), 1)
    truth["isolating"] = chance.random() < 0.6
    return truth
