"""What scripts may ask of tracing, carried out inside the turn's transaction.

| effect | arguments | outcomes |
|---|---|---|
| `tracing.name_contact` | phone | `kept`, `again`, `own`, `unusable`, `enough`, `nobody` (is no case) |
| `tracing.met_on` | phone, days_ago | `noted` |
| `tracing.begin_naming` | | `taken` (`name-contacts` takes the call over), `none` (no case has this number) |
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from uuid import UUID

from ivr.calls.effects import EffectRequest, EffectResult, GoOn, Handler
from ivr.campaigns.rang_back import GREETED
from tracing.cases.model import Case
from tracing.people.model import Person
from tracing.venues.naming import case_of_number, case_of_person, name_contact, note_day

SCRIPT = "name-contacts"
"""The script in which a case tells whom they met."""

CASE = "case"
"""The name in a call's context of the case that it is about; scripts cannot read it."""


def named(request: EffectRequest) -> EffectResult:
    """The receipt of the turn sees to it that this happens once, however often the network repeats the turn."""
    case = _case(request)
    if case is None:
        return EffectResult("nobody")
    uow, call = request.uow, request.call
    person = uow.session.get(Person, call.person_id) if call.person_id else None
    own = {number for number in (call.remote_number, person.phone if person else "") if number}
    keyed = str(request.arguments["phone"])
    return EffectResult(name_contact(uow, case, keyed, own, call.id, call.next_turn))


def met_on(request: EffectRequest) -> EffectResult:
    case, call = _case(request), request.call
    if case is not None:
        day = _today(request) - timedelta(days=int(request.arguments["days_ago"]))
        note_day(request.uow, case, str(request.arguments["phone"]), day, call.id)
    return EffectResult("noted")


def begin_naming(request: EffectRequest) -> EffectResult:
    """Whoever dials in from the number of a case may tell whom they met. Who is speaking, the script asks first."""
    call = request.call
    found = case_of_number(request.uow, call.remote_number) if call.remote_number else None
    if found is None:
        return EffectResult("none")
    case, person = found
    call.person_id, call.area = person.id, person.area
    return EffectResult("taken", go_on=GoOn(SCRIPT, {**call.context, **context_of(case, person), GREETED: True}))


def context_of(case: Case, person: Person) -> dict[str, object]:
    """What a call of the script is told of the case."""
    return {"person": {"name": person.name, "birth_year": person.birth_year}, CASE: str(case.id)}


def _case(request: EffectRequest) -> Case | None:
    call = request.call
    told = call.context.get(CASE)
    return case_of_person(request.uow, call.person_id, UUID(str(told)) if told else None) if call.person_id else None


def _today(request: EffectRequest) -> date:
    """The day as the call was told it, on the department's clock."""
    told = request.call.context.get("today")
    return date.fromisoformat(str(told)) if told else request.uow.now().date()


EFFECTS: Mapping[str, Handler] = {
    "tracing.name_contact": named,
    "tracing.met_on": met_on,
    "tracing.begin_naming": begin_naming,
}
"""For the composition root to register."""
