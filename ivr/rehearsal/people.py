"""Simulated people as a campaign meets them: what their telephones do, and what they are like in a call. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from ivr.calls.model import FailureReason
from ivr.rehearsal.assumptions import Assumptions
from ivr.rehearsal.chance import Chance
from ivr.simulator.network import BUSY_AFTER, MACHINE_PICKS_UP_AFTER
from ivr.simulator.people import SimPerson

FEVERISH = 38.6
_FAILS_AFTER, _REJECTS_AFTER = 2.0, 6.0


@dataclass(frozen=True, slots=True)
class Ringing:
    """What comes of a dial after so many seconds: a failure, or somebody who picks up: `human` or `machine`."""

    seconds: float
    failure: FailureReason | None = None
    answered_by: str = ""
    stranger: bool = False


class People:
    """Everybody of one rehearsal, as seeded draws: nobody is kept in memory."""

    def __init__(self, chance: Chance, assumed: Assumptions) -> None:
        self._chance = chance
        self._assumed = assumed

    def ring(self, phone: str, dial: int, now: datetime, zone: ZoneInfo, ring_seconds: float) -> Ringing:
        """What the telephone does when it is dialed for the `dial`th time, at `now`, where its clocks are `zone`."""
        chance, assumed = self._chance, self._assumed
        trouble = chance.one_of(_with_rest(assumed.network), phone, "network", dial)
        if trouble:
            return Ringing(_FAILS_AFTER, _TROUBLE[trouble])
        kind = chance.one_of(_with_rest(assumed.numbers), phone, "kind")
        if kind == "dead":
            return Ringing(_FAILS_AFTER, FailureReason.UNREACHABLE)
        local = now.astimezone(zone)
        share = 0.0 if kind == "never_answer" else assumed.picks_up(local.weekday(), local.hour)
        if chance.draw(phone, "picks up", dial) < share:
            rings = chance.between(*assumed.seconds["rings"], phone, "rings", dial)
            if rings <= ring_seconds:
                return Ringing(rings, answered_by="human", stranger=kind == "strangers")
        word = chance.one_of(_with_rest(assumed.not_picked_up), phone, "not picked up", dial)
        if word == "machine" and ring_seconds > MACHINE_PICKS_UP_AFTER:
            return Ringing(MACHINE_PICKS_UP_AFTER, answered_by="machine")
        after, failure = _MISSED.get(word, (ring_seconds, FailureReason.NO_ANSWER))
        return Ringing(after, failure)

    def person(self, number: int, call: int, language: str, stranger: bool) -> Person:
        """Who speaks in the `call`th call with the person at this place of the list."""
        chance, assumed = self._chance, self._assumed
        truth: dict[str, Any] = {
            name: chance.draw(number, "true", name) < share for name, share in assumed.true_of.items()
        }
        for name, (low, high) in assumed.numbers_given.items():
            if low == int(low) and high == int(high):
                truth[name] = chance.whole(int(low), int(high), number, "number", name)
            else:
                truth[name] = round(chance.between(low, high, number, "number", name), 1)
        if truth.get("fever") and "temperature" in truth:
            truth["temperature"] = FEVERISH
        born = year_of_birth(chance, number)
        if chance.draw(number, "wrong year", call) < assumed.wrong_year_of_birth:
            born += 1
        truth["birth_year"] = str(born)
        behaviour = chance.one_of(_with_rest(assumed.behaves), number, "behaves", call)
        speaks = chance.draw(number, "speaks") < assumed.speaks.get(language, 0.0)
        sim = SimPerson(f"{number}", "", born, language, seed=chance.whole(0, 2**31, number, "seed"), intent=truth)
        return Person(number, call, sim, truth, behaviour, speaks, stranger)

    def answer(self, person: Person, names: Iterator[str], asked_before: int) -> Any:
        """What the person answers in this call to a question that goes by one of these names; None when the assumptions
        say nothing of it. Asked again, the person gives the answer that is expected of the right one."""
        for name in names:
            weights = self._assumed.answers.get(name)
            if weights is None:
                continue
            if name == "who" and person.stranger:
                return "other"
            if name == "is_near" and person.stranger:
                return "wrong"
            if asked_before:
                return _typed(next(iter(weights)))
            return _typed(self._chance.one_of(weights, person.number, "answers", name, person.call))
        return None


@dataclass(slots=True)
class Person:
    """Somebody in one call. `truth` is what `sim` answers from, by field or by question."""

    number: int
    call: int
    sim: SimPerson
    truth: dict[str, Any]
    behaviour: str
    speaks: bool
    stranger: bool


def year_of_birth(chance: Chance, number: int) -> int:
    """The year on file of somebody who does not exist."""
    return chance.whole(1940, 2006, number, "born")


_TROUBLE = {"failed": FailureReason.PROVIDER_ERROR, "lost": FailureReason.LOST}
_MISSED = {
    "busy": (BUSY_AFTER, FailureReason.BUSY),
    "rejected": (_REJECTS_AFTER, FailureReason.REJECTED),
}


def _with_rest(shares: Mapping[str, float]) -> dict[str, float]:
    return {**shares, "": max(0.0, 1 - sum(shares.values()))}


def _typed(word: str) -> Any:
    return {"true": True, "false": False}.get(word, word)
