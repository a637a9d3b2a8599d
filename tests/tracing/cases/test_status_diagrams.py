"""The diagrams in docs/tracing.md show what the machines do, no arrow more and none less."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from tests.tracing.cases.status_making import CASE_EVENTS, CASE_STATES, CONTACT_EVENTS, CONTACT_STATES
from tracing.cases.axes import CaseAxes, ContactAxes
from tracing.cases.status import apply, apply_to_case

TEXT = (Path(__file__).parents[3] / "docs" / "tracing.md").read_text(encoding="utf-8")
DIAGRAMS = re.findall(r"^```mermaid\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
Arrows = set[tuple[str, str, str]]


def drawn(diagram: str) -> Arrows:
    """(from, to, event) of every arrow."""
    arrows = re.findall(r"^\s*(\S+) --> (\w+): (.+)$", diagram, re.MULTILINE)
    return {(before, after, event) for before, after, events in arrows for event in events.split(", ")}


def done(machine: Callable[[Any, Any], Any], states: Iterable[Any], events: Iterable[Any], axis: str) -> Arrows:
    """The same of a machine, looked at along one axis."""
    found: Arrows = set()
    for axes in (None, *states):
        for event in events:
            made = machine(axes, event)
            if not isinstance(made, ContactAxes | CaseAxes):
                continue
            before = str(getattr(axes, axis)) if axes is not None else "[*]"
            if before != str(getattr(made, axis)):
                found.add((before, str(getattr(made, axis)), type(event).__name__))
    return found


@pytest.mark.parametrize(("number", "axis"), [(0, "status"), (1, "follow_up")])
def test_the_diagrams_of_contacts_show_what_happens(number: int, axis: str) -> None:
    machine = done(apply, CONTACT_STATES, CONTACT_EVENTS, axis)
    assert drawn(DIAGRAMS[number]) == machine


def test_the_diagram_of_cases_shows_what_happens() -> None:
    machine = done(apply_to_case, CASE_STATES, CASE_EVENTS, "classification")
    assert drawn(DIAGRAMS[2]) == machine
