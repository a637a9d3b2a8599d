"""What a rehearsal needs of doctors: telehealth stands above this package, so the composition root hands it in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody on the line: the place on the list, and the language and area that a doctor is looked for in. `calls` go
    on at that moment, this one included."""

    number: int
    language: str
    area: str
    calls: int = 1


@dataclass(frozen=True, slots=True)
class Met:
    """How a wait on the line for a doctor ends: `outcome` of the script's bridge, after so many seconds of waiting and
    of talk."""

    outcome: str
    waited: float
    talked: float = 0.0


class Doctors(Protocol):
    """The department's doctors during one rehearsal, which books nothing in reality."""

    def perform(
        self, effect: str, arguments: Mapping[str, Any], caller: Caller, now: datetime
    ) -> tuple[str, Mapping[str, Any]] | None:
        """What comes of an effect, as its outcome and result; None when it is none of theirs."""

    def meet(self, target: str, now: datetime, ring_seconds: float, talk_seconds: float) -> Met:
        """Somebody waits on the line at `target`, a place in the queue."""

    def hung_up(self, caller: Caller) -> None:
        """The caller's call is over: what was held for it is free again."""

    def summary(self, until: datetime) -> dict[str, Any] | None:
        """What the report says of appointments and the queue, as JSON; None when there are no doctors to speak of."""


OpenDoctors = Callable[[], Doctors]
"""Makes the doctors anew, as they are before the rehearsal begins."""


class NoDoctors:
    """An installation without doctors: nothing to offer, nobody on duty."""

    def perform(
        self, effect: str, arguments: Mapping[str, Any], caller: Caller, now: datetime
    ) -> tuple[str, Mapping[str, Any]] | None:
        answers = {
            "telehealth.offer_slots": "none",
            "telehealth.upcoming": "none",
            "telehealth.queue": "no_doctor",
            "telehealth.urgent": "no_doctor",
        }
        outcome = answers.get(effect, "refused" if effect.startswith("telehealth.") else None)
        return None if outcome is None else (outcome, {"position": 1, "entry": "", "call_back": True})

    def meet(self, target: str, now: datetime, ring_seconds: float, talk_seconds: float) -> Met:
        return Met("no_answer", ring_seconds)

    def hung_up(self, caller: Caller) -> None:
        """Nothing was held."""

    def summary(self, until: datetime) -> dict[str, Any] | None:
        return None
