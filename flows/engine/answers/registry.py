"""Every kind of answer by the word after `ask:`. A new kind is a file beside this one and a line here."""

from __future__ import annotations

from flows.engine.answers.base import AnswerKind
from flows.engine.answers.choice import Choice
from flows.engine.answers.day import Day
from flows.engine.answers.digits import Digits
from flows.engine.answers.number import Number
from flows.engine.answers.phone import Phone
from flows.engine.answers.time_of_day import TimeOfDay
from flows.engine.answers.voice import Voice
from flows.engine.answers.yes_no import YesNo

ANSWER_KINDS: dict[str, type[AnswerKind]] = {
    kind.key: kind for kind in (YesNo, Choice, Digits, Number, Day, TimeOfDay, Phone, Voice)
}
