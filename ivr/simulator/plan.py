"""What a person means to answer to a question, and which keys or words say it. Pure."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from audio.speech import VOICES, readable
from flows.engine.answers.base import SKIPPED
from flows.engine.answers.choice import TURN_PAGE, Choice
from flows.engine.answers.day import DAYS_AGO, Day
from flows.engine.answers.digits import Digits
from flows.engine.answers.keyed import Keyed
from flows.engine.answers.number import Number
from flows.engine.answers.phone import Phone
from flows.engine.answers.time_of_day import TimeOfDay
from flows.engine.answers.voice import Voice
from flows.engine.answers.yes_no import YesNo
from flows.engine.kinds.ask import Ask
from flows.engine.spoken import speak
from ivr.simulator.people import SimPerson
from ivr.simulator.understanding import Question

FINISH = "#"
GIVEN = "_given"
NOTHING: Any = object()


@dataclass(frozen=True, slots=True)
class Intention:
    """One answer: what is meant, how the read-back must sound, the keys, and the phrases that say it (maybe none).

    `meant` are the record's fields that the answer fills. `turns_page` asks for more options and answers nothing.
    """

    keys: str
    phrases: tuple[str, ...] = ()
    sounds: str = ""
    meant: Mapping[str, Any] = field(default_factory=dict)
    message: str = ""
    turns_page: bool = False


def intend(question: Question, person: SimPerson, today: date) -> Intention | None:
    """What the person answers; None when the question cannot be answered by this person at all."""
    node, kind = question.node, question.node.kind
    if isinstance(kind, YesNo):
        value = _yes_no(node, kind, person)
        outcome = "yes" if value else "no"
        phrases = _phrases(kind.meanings, person.language, outcome)
        words = speak(value, "", person.language)
        return Intention("1" if value else "2", phrases, words, _meant(node, outcome, value))
    if isinstance(kind, Choice):
        return _choose(question, kind, person)
    if isinstance(kind, Day):
        return _day(node, kind, person, today)
    if isinstance(kind, Keyed):
        return _keyed(node, kind, person)
    if isinstance(kind, Voice):
        return Intention("", message=str(_intent(node, person, MESSAGES.get(person.language, MESSAGES["vi"]))))
    return None


MESSAGES: Mapping[str, str] = {
    "vi": "Tôi cần người gọi lại cho tôi. Xin cảm ơn.",
    "en": "Please call me back. Thank you.",
    "ko": "다시 전화해 주세요. 감사합니다.",
}


def wrong_key(question: Question, shortcuts: Mapping[str, str]) -> str | None:
    """A key that is no answer to a question of single keys; None for questions of digits."""
    if not isinstance(question.node.kind, YesNo | Choice):
        return None
    taken = {*question.node.kind.key_choices(), *question.offered, *shortcuts, TURN_PAGE}
    return next((key for key in "87654" if key not in taken), None)


def same_words(one: str, other: str) -> bool:
    """Whether two texts sound alike."""
    return readable(one).casefold().strip(" .,!?") == readable(other).casefold().strip(" .,!?")


def _names(node: Ask) -> list[str]:
    local = node.name.rpartition("/")[2]
    return [name for name in (node.name, local, node.save, node.keep) if name]


def _intent(node: Ask, person: SimPerson, default: Any) -> Any:
    for name in _names(node):
        if name in person.intent:
            return person.intent[name]
    return default


def _chance(node: Ask, person: SimPerson) -> random.Random:
    return random.Random(f"{person.seed}/{node.save or node.keep or node.name}")  # noqa: S311  (repeatable, no secret)


def _meant(node: Ask, outcome: str, value: Any) -> dict[str, Any]:
    """The fields that the answer fills: its own, those it implies, and `<name>_given` for what a script keeps and files
    only once it knows who is speaking (the report leaves it away when the record has no such field)."""
    meant = dict(node.implies.get(outcome, {}))
    if node.keep:
        meant[f"{node.keep}{GIVEN}"] = int(value) if str(value).isdecimal() else value
    if node.save:
        meant[node.save] = value
    return meant


def _yes_no(node: Ask, kind: YesNo, person: SimPerson) -> bool:
    """What is true; a question about a group of things is answered by what is true of each of them."""
    default = False
    if not node.save:
        for outcome, implied in node.implies.items():
            if all(person.intent.get(name, False) == value for name, value in implied.items()):
                default = outcome == "yes"
                break
        else:
            default = "no" in node.implies
    return bool(_intent(node, person, default))


def _phrases(meanings: Mapping[str, Mapping[str, str]], language: str, outcome: str) -> tuple[str, ...]:
    return tuple(phrase for phrase, means in meanings.get(language, {}).items() if means == outcome)


def _choose(question: Question, kind: Choice, person: SimPerson) -> Intention:
    node, language = question.node, person.language
    ids = [option.id for option in kind.fixed]
    offered = sorted(question.offered)
    # Whoever asks which language we want is always told the same.
    default: Any = language if language in ids and set(ids) <= set(VOICES) else NOTHING
    wanted = _intent(node, person, default)
    if wanted is NOTHING and offered:
        key = offered[0]
        ordinal = kind.ordinals[0].get(language, ())
        return Intention(key, tuple(word.casefold() for word in ordinal), question.offered[key])
    if wanted not in ids:
        wanted = _chance(node, person).choice(ids)
    option = kind.fixed[ids.index(wanted)]
    if len(kind.pages) > 1 and question.announced and ids.index(wanted) not in question.announced:
        return Intention(TURN_PAGE, turns_page=True)
    phrases = _phrases(kind.meanings, language, wanted)
    return Intention(option.key, phrases, option.label.get(language, wanted), _meant(node, wanted, wanted))


def _day(node: Ask, kind: Day, person: SimPerson, today: date) -> Intention:
    """A date is keyed as ddmmyyyy. An intent is an ISO date, or how many days ago."""
    wanted = _intent(node, person, None)
    if isinstance(wanted, str):
        day = date.fromisoformat(wanted)
    else:
        longest = min(kind.before if kind.before is not None else 10, 10)
        ago = wanted if isinstance(wanted, int) else _chance(node, person).randint(min(1, longest), max(longest, 1))
        day = today - timedelta(days=ago)
    word = next((word for word, ago in DAYS_AGO.items() if today - timedelta(days=ago) == day), "")
    phrases = _phrases(kind.meanings, person.language, word)
    value = day.isoformat()
    return Intention(f"{day:%d%m%Y}", phrases, speak(value, "date", person.language), _meant(node, "answered", value))


def _keyed(node: Ask, kind: Keyed, person: SimPerson) -> Intention:
    keys, value, say_as = _keys_of(node, kind, person)
    if value is None:
        return Intention(keys + FINISH, meant=dict(node.implies.get(SKIPPED, {})))
    finish = FINISH if len(keys) < kind.max_digits else ""
    return Intention(keys + finish, (), speak(value, say_as, person.language), _meant(node, "answered", value))


def _keys_of(node: Ask, kind: Keyed, person: SimPerson) -> tuple[str, Any, str]:
    """(keys, value, how it is said); the value None for an answer that is skipped."""
    chance = _chance(node, person)
    if isinstance(kind, Number):
        whole = chance.randint(int(kind.low), min(int(kind.high), int(kind.low) + 5))
        value = _intent(node, person, round(whole + 0.5, 1) if kind.decimals else whole)
        keys = str(round(value * 10**kind.decimals)) if kind.decimals else str(value)
        return keys, (float(value) if kind.decimals else int(value)), "number"
    if isinstance(kind, Phone):
        value = str(_intent(node, person, person.phone))
        return "0" + value.removeprefix("+84"), value, "phone"
    if isinstance(kind, TimeOfDay):
        value = str(_intent(node, person, f"{chance.randint(8, 17):02d}:00"))
        return value.replace(":", ""), value, "time"
    if not isinstance(kind, Digits):
        return kind.skip_key, None, ""
    born = str(person.birth_year) if any("birth_year" in name for name in _names(node)) else None
    wanted = _intent(node, person, born)
    if wanted is None and kind.skip_key:
        return kind.skip_key, None, ""
    if wanted is None:
        wanted = "".join(chance.choice("123456789") for _ in range(kind.min_digits))
    return str(wanted), str(wanted), "digits"
