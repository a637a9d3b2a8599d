"""The department's doctors in a rehearsal: their real hours and what is really taken of them, and nothing is booked.

Which doctors are asked, in what order slots are offered, how far ahead and how soon, are telehealth's own rules
(`practitioners.preferred`, `slots`); what a database guards in reality is kept in memory here.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import Range

from core.areas import holds
from core.database import UnitOfWork
from ivr.rehearsal.doctors import Caller, Met, NoDoctors, OpenDoctors
from telehealth.holds import scarce
from telehealth.model import LIVE, Appointment
from telehealth.practitioners import Doctor, doctors, preferred
from telehealth.slots import HORIZON, NOTICE, Candidate, Slot, free_slots, in_order, on_duty, slots_from
from telehealth.wording import local_time, spoken_time, spoken_times

_OFFERED = 3
_COMES_AFTER = 5.0
"""Seconds until a doctor who is free takes somebody who waits on the line."""
_TALK = timedelta(minutes=8)
"""How long a doctor is taken by somebody who is called back."""
_ON_THE_LINE = timedelta(minutes=6)
"""How long somebody may still wait on the line, and is not called back."""
_LOOK = timedelta(minutes=10)
_QUEUE = "queue:"


@dataclass(slots=True)
class _Entry:
    """A place in the queue for a doctor's voice."""

    at: datetime
    area: str
    red: bool
    looked: datetime  # so far no doctor has been free for them
    met_at: datetime | None = None
    talks: timedelta = _TALK


@dataclass(slots=True)
class RehearsedDoctors:
    """The doctors of one rehearsal, who forget it when it is over. `zone` is the department's: days and hours of the
    report are on its clocks."""

    roster: Sequence[Doctor]
    taken: Mapping[UUID, Sequence[Slot]]
    zone: str
    booked: dict[UUID, list[Slot]] = field(default_factory=lambda: defaultdict(list))
    held: dict[int, dict[str, Candidate]] = field(default_factory=dict)
    entries: list[_Entry] = field(default_factory=list)
    waiting: list[_Entry] = field(default_factory=list)
    asked: int = 0
    nothing_left: list[datetime] = field(default_factory=list)
    bookings: list[datetime] = field(default_factory=list)
    free_at: dict[UUID, datetime] = field(default_factory=dict)

    def perform(
        self, effect: str, arguments: Mapping[str, Any], caller: Caller, now: datetime
    ) -> tuple[str, Mapping[str, Any]] | None:
        if effect == "telehealth.offer_slots":
            return self._offer(caller, now)
        if effect == "telehealth.book":
            return self._book(str(arguments.get("slot")), caller, now)
        if effect in ("telehealth.queue", "telehealth.urgent"):
            return self._enter(effect == "telehealth.urgent", caller, now)
        if effect == "telehealth.upcoming":
            return "none", {}
        return ("refused", {}) if effect.startswith("telehealth.") else None

    def meet(self, target: str, now: datetime, ring_seconds: float, talk_seconds: float) -> Met:
        if not target.startswith(_QUEUE):
            return Met("answered", _COMES_AFTER, talk_seconds)  # a telephone of the department's
        place = target.removeprefix(_QUEUE)
        if not (place.isdecimal() and int(place) < len(self.entries)):
            return Met("no_answer", ring_seconds)
        self._call_back(now)
        entry = self.entries[int(place)]
        found = self._first_free(entry, now, now + timedelta(seconds=ring_seconds))
        if found is None:
            return Met("no_answer", ring_seconds)
        doctor, at = found
        entry.met_at, entry.talks = at, timedelta(seconds=talk_seconds)
        self.free_at[doctor.id] = at + entry.talks
        return Met("answered", (at - now).total_seconds(), talk_seconds)

    def hung_up(self, caller: Caller) -> None:
        self.held.pop(caller.number, None)

    def summary(self, until: datetime) -> dict[str, Any] | None:
        self._call_back(until + HORIZON)
        waits = sorted((entry.met_at - entry.at).total_seconds() for entry in self.entries if entry.met_at is not None)
        short = len(self.nothing_left)
        return {
            "doctors": len(self.roster),
            "asked": self.asked,
            "booked": len(self.bookings),
            "found_none": short,
            "gone_at": self._local(self.nothing_left[0]) if self.nothing_left else None,
            "found_none_by_day": dict(sorted(Counter(self._local(at)[:10] for at in self.nothing_left).items())),
            "booked_by_day": dict(sorted(Counter(self._local(at)[:10] for at in self.bookings).items())),
            "doctors_short": -(-short // self._slots_of_one(until)) if short else 0,
            "queued": len(self.entries),
            "red_flags": sum(entry.red for entry in self.entries),
            "met": len(waits),
            "median_wait_seconds": round(waits[len(waits) // 2]) if waits else None,
            "longest_wait_seconds": round(waits[-1]) if waits else None,
            "doctors_at_once": _most_at_once(self.entries),
        }

    # --- appointments

    def _offer(self, caller: Caller, now: datetime) -> tuple[str, Mapping[str, Any]]:
        heard = self.held.pop(caller.number, {})
        self.asked += not heard
        before = {(practitioner, slot.starts) for practitioner, slot in heard.values()}
        for choice in preferred(self.roster, caller.language, caller.area):
            offers = self._offers(choice, now, before, caller.calls)
            if offers:
                by_id = {doctor.id: doctor for doctor in choice}
                self.held[caller.number] = {f"{number}": offer for number, offer in enumerate(offers)}
                return "offered", {"slots": [_said(str(n), by_id[who], slot) for n, (who, slot) in enumerate(offers)]}
        self.nothing_left.append(now)
        return "none", {}

    def _offers(
        self, choice: Sequence[Doctor], now: datetime, before: set[tuple[UUID, datetime]], calls: int
    ) -> list[Candidate]:
        held = defaultdict(list)
        for offers in self.held.values():
            for practitioner, slot in offers.values():
                held[practitioner].append(slot)
        free: dict[UUID, list[Slot]] = {}
        load: dict[UUID, int] = {}
        slots = 0
        for doctor in choice:
            all_slots = slots_from(doctor.hours, doctor.zone, now + NOTICE, now + HORIZON)
            slots += len(all_slots)
            busy = [*self.taken.get(doctor.id, ()), *self.booked[doctor.id], *held[doctor.id]]
            load[doctor.id] = sum(now + NOTICE <= piece.starts < now + HORIZON for piece in busy)
            free[doctor.id] = free_slots(all_slots, busy)
        wanted = 1 if scarce(slots - sum(load.values()), calls) else _OFFERED
        rounds = in_order(free, load)
        return _earliest(rounds, wanted, before, new=True) or _earliest(rounds, wanted, before, new=False)

    def _book(self, slot: str, caller: Caller, now: datetime) -> tuple[str, Mapping[str, Any]]:
        offer = self.held.get(caller.number, {}).get(slot)
        if offer is None:
            return "refused", {}
        practitioner, chosen = offer
        self.booked[practitioner].append(chosen)
        self.bookings.append(now)
        self.held.pop(caller.number)
        zone = next(doctor.zone for doctor in self.roster if doctor.id == practitioner)
        return "booked", {
            "appointment": f"{len(self.bookings)}",
            "when": spoken_time(chosen.starts, zone, caller.language),
            "at": local_time(chosen.starts, zone),
            "reference": f"{len(self.bookings):06d}",
            "spoken": spoken_times(chosen.starts, zone),
        }

    def _slots_of_one(self, until: datetime) -> int:
        """How many slots a doctor has within the days in which they are offered, on average; at least one."""
        slots = [len(slots_from(each.hours, each.zone, until - HORIZON, until)) for each in self.roster]
        return max(1, sum(slots) // max(1, sum(count > 0 for count in slots)))

    # --- the queue

    def _enter(self, red: bool, caller: Caller, now: datetime) -> tuple[str, Mapping[str, Any]]:
        self._call_back(now)
        entry = _Entry(now, caller.area, red, now + _ON_THE_LINE)
        self.entries.append(entry)
        self.waiting.append(entry)
        somebody = any(
            doctor.on_duty(now) and (red or caller.area == "" or holds(doctor.area, caller.area))
            for doctor in self.roster
        )
        result = {"position": 1, "entry": str(len(self.entries) - 1), "call_back": True}
        return "queued" if somebody else "no_doctor", result

    def _first_free(self, entry: _Entry, since: datetime, until: datetime) -> tuple[Doctor, datetime] | None:
        """The doctor on duty who is free first between the two moments."""
        found: tuple[datetime, int, Doctor] | None = None
        for number, doctor in enumerate(self.roster):
            at = max(since, self.free_at.get(doctor.id, since)) + timedelta(seconds=_COMES_AFTER)
            serves = entry.red or entry.area == "" or holds(doctor.area, entry.area)
            if serves and at < until and on_duty(doctor.hours, doctor.zone, at):
                found = min(found or (at, number, doctor), (at, number, doctor), key=lambda each: each[:2])
        return None if found is None else (found[2], found[0])

    def _call_back(self, until: datetime) -> None:
        """Whoever did not meet a doctor on the line is called back by the first who is free, the urgent first."""
        for entry in sorted(self.waiting, key=lambda entry: (not entry.red, entry.at)):
            while entry.met_at is None and entry.looked < until:
                looked = min(entry.looked + _LOOK, until)
                met = self._first_free(entry, entry.looked, looked)
                entry.looked = looked
                if met is not None:
                    entry.met_at = met[1]
                    self.free_at[met[0].id] = met[1] + entry.talks
        self.waiting = [entry for entry in self.waiting if entry.met_at is None]

    def _local(self, moment: datetime) -> str:
        return moment.astimezone(ZoneInfo(self.zone)).isoformat(timespec="minutes")


def read_doctors(uow: UnitOfWork, zone: str, begins: datetime, until: datetime) -> OpenDoctors:
    """The doctors as they are now, with what is taken of them in this time; without any, nobody. Only reads."""
    roster = doctors(uow)
    if not roster:
        return NoDoctors
    taken: dict[UUID, list[Slot]] = defaultdict(list)
    rows = uow.session.execute(
        select(Appointment.practitioner_id, Appointment.during).where(
            Appointment.state.in_(LIVE), Appointment.during.overlaps(Range(begins, until + HORIZON))
        )
    )
    for practitioner, during in rows:
        if during.lower is not None and during.upper is not None:
            taken[practitioner].append(Slot(during.lower, during.upper))
    for pieces in taken.values():
        pieces.sort()
    return lambda: RehearsedDoctors(roster, taken, zone)


def _said(number: str, doctor: Doctor, slot: Slot) -> dict[str, Any]:
    return {
        "id": number,
        "spoken": spoken_times(slot.starts, doctor.zone),
        "when": local_time(slot.starts, doctor.zone),
    }


def _earliest(
    rounds: Sequence[Sequence[Candidate]], wanted: int, heard: set[tuple[UUID, datetime]], *, new: bool
) -> list[Candidate]:
    """The first `wanted` of the rounds, no time twice: what the caller has not heard (`new`), or what they have."""
    found: dict[datetime, Candidate] = {}
    for candidate in _of(rounds):
        practitioner, slot = candidate
        if ((practitioner, slot.starts) in heard) is not new and slot.starts not in found:
            found[slot.starts] = candidate
            if len(found) == wanted:
                break
    return [found[starts] for starts in sorted(found)]


def _of(rounds: Sequence[Sequence[Candidate]]) -> Iterator[Candidate]:
    for candidates in rounds:
        yield from candidates


def _most_at_once(entries: Sequence[_Entry]) -> int:
    """How many doctors would be talking at once if nobody had to wait."""
    changes = sorted([(entry.at, 1) for entry in entries] + [(entry.at + entry.talks, -1) for entry in entries])
    most = now = 0
    for _, change in changes:
        now += change
        most = max(most, now)
    return most
