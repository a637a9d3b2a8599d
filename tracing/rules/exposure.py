"""Whether an encounter makes somebody a contact, by the rule's definition. Pure, and careful: what is not known stays
open."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from tracing.rules.model import Exposure


@dataclass(frozen=True, slots=True)
class Encounter:
    """What is known of a meeting with a source; None is what nobody could say. `masked`: both wore a mask; `touched`:
    skin or body; `closed_room`: the same narrow, closed space; `unprotected_care`: nursed or treated without full
    protection."""

    day: date
    metres: float | None = None
    minutes: int | None = None
    masked: bool | None = None
    touched: bool | None = None
    closed_room: bool | None = None
    unprotected_care: bool | None = None


def is_exposure(
    definition: Exposure, encounter: Encounter, onset: date | None, isolated_on: date | None = None
) -> bool | None:
    """True: an exposure by the definition. False: none. None: too little is known, and a person has to ask.

    `onset` is the day of the source's first symptoms, or of the positive sample without any; `isolated_on` the last
    day on which the source met people. Days are local calendar dates, both ends counted in.
    """
    return _all(
        _in_window(definition, encounter.day, onset, isolated_on),
        _any(
            encounter.touched,
            encounter.unprotected_care,
            _all(_near(definition, encounter), _long(definition, encounter)),
        ),
    )


def _in_window(definition: Exposure, day: date, onset: date | None, isolated_on: date | None) -> bool | None:
    if isolated_on is not None and day > isolated_on:
        return False
    if definition.days_before_onset is None:
        return True
    return None if onset is None else day >= onset - timedelta(days=definition.days_before_onset)


def _near(definition: Exposure, encounter: Encounter) -> bool | None:
    if definition.within_metres is None:
        return encounter.closed_room
    near = None if encounter.metres is None else encounter.metres <= definition.within_metres
    return _any(near, encounter.closed_room)


def _long(definition: Exposure, encounter: Encounter) -> bool | None:
    if definition.at_least_minutes is None:
        return True
    long = None if encounter.minutes is None else encounter.minutes >= definition.at_least_minutes
    bare = None if encounter.masked is None else not encounter.masked
    return _any(long, bare) if definition.masked_only else long


def _all(*known: bool | None) -> bool | None:
    """And, where something may be unknown."""
    return False if False in known else None if None in known else True


def _any(*known: bool | None) -> bool | None:
    """Or, where something may be unknown."""
    return True if True in known else None if None in known else False
