"""What came of it: per person, what they meant and how their calls went; the demo compares it with what was saved."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.errors import UserError
from flows.engine.script import Script
from flows.forms import Form
from ivr.simulator.call import FINAL, SimCall
from ivr.simulator.mind import Memory
from ivr.simulator.network import Network, Talk
from ivr.simulator.people import needs_doctor
from ivr.simulator.plan import GIVEN


def report(network: Network, scripts: Mapping[str, Script], forms: Mapping[str, Form]) -> dict[str, Any]:
    """The report as JSON: `people`, `troubles`, and totals."""
    by_phone: dict[str, list[Talk]] = {}
    for talk in network.talks:
        by_phone.setdefault(talk.person.phone, []).append(talk)
    people = []
    for phone, person in network.people.items():
        talks = by_phone.get(phone, [])
        people.append(
            {
                "phone": phone,
                "name": person.name,
                "birth_year": person.birth_year,
                "language": person.language,
                "habit": person.habit,
                "calls": [_call(call) for call in network.calls.values() if phone in (call.to, call.from_)],
                "talks": [_talk(talk, scripts, forms) for talk in talks],
                "expects_doctor": any(needs_doctor(talk.mind.memory.meant) for talk in talks),
            }
        )
    memories = [talk.mind.memory for talk in network.talks]
    return {
        "people": people,
        "calls": len(network.calls),
        "running": sum(call.status not in FINAL for call in network.calls.values()),
        "spoken": sum(memory.spoken for memory in memories),
        "keyed": sum(memory.keyed for memory in memories),
        "not_understood": sum(memory.not_understood for memory in memories),
        "callbacks": network.callbacks.sent,
        "troubles": [{"call": item.call, "kind": item.kind, "what": item.what} for item in network.troubles],
    }


def _call(call: SimCall) -> dict[str, Any]:
    return {
        "sid": call.sid,
        "direction": call.direction,
        "status": call.status,
        "answered_by": call.answered_by,
        "ended_from": call.ended_from,
        "seconds": call.duration,
        "streams": call.streams,
        "turns": call.turns,
    }


def _talk(talk: Talk, scripts: Mapping[str, Script], forms: Mapping[str, Form]) -> dict[str, Any]:
    memory = talk.mind.memory
    return {
        "call": talk.call.sid,
        "script": memory.script,
        "meant": typed(memory, memory.meant, scripts, forms),
        "unsettled": typed(memory, talk.mind.unsettled(), scripts, forms),
        "sources": memory.sources,
        "asked": memory.asked,
        "spoken": memory.spoken,
        "keyed": memory.keyed,
        "corrected": memory.corrected,
        "not_understood": memory.not_understood,
        "puzzled_by": memory.puzzled_by,
    }


def typed(
    memory: Memory, meant: Mapping[str, Any], scripts: Mapping[str, Script], forms: Mapping[str, Form]
) -> dict[str, Any]:
    """What was meant, as the record's form keeps it. What the form would refuse stays as it is, so that it shows."""
    script = scripts.get(memory.script or "")
    form = forms.get(script.record or "") if script else None
    if form is None:
        return {name: value for name, value in meant.items() if not name.endswith(GIVEN)}
    values = {}
    for name, value in meant.items():
        if name.endswith(GIVEN) and name not in form.by_name:
            continue
        try:
            values[name] = form.by_name[name].accept(value) if name in form.by_name else value
        except UserError:
            values[name] = value
    return values
