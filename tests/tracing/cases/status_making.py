"""Every event, and every state that any order of events can lead to."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from tracing.cases.axes import CaseClassification, Classification, Outcome
from tracing.cases.events import (
    BecameCase,
    Cancelled,
    CaseClassified,
    CaseDiscarded,
    CaseEvent,
    CaseOpened,
    CaseOverridden,
    Classified,
    ContactEvent,
    Dropped,
    FoundAgain,
    Lost,
    NewExposure,
    OutcomeKnown,
    OverriddenByHand,
    PeriodCompleted,
    Registered,
    Resumed,
    TakenUpAgain,
)
from tracing.cases.refusals import Refusal
from tracing.cases.status import apply, apply_to_case

CONTACT_EVENTS: tuple[ContactEvent, ...] = (
    *(Registered(followed) for followed in (True, False)),
    *(Classified(each) for each in Classification),
    *(OverriddenByHand(each, "seen on camera") for each in (None, *Classification)),
    *(BecameCase(), CaseDiscarded(), Dropped("case disproved"), TakenUpAgain("a mistake")),
    *(NewExposure(followed) for followed in (True, False)),
    *(PeriodCompleted(), Lost(), FoundAgain(), Cancelled("moved away"), Resumed("is back")),
)


CASE_EVENTS: tuple[CaseEvent, ...] = (
    *(CaseOpened(each) for each in CaseClassification),
    *(CaseClassified(each) for each in CaseClassification),
    *(CaseOverridden(each, "chart reviewed") for each in (None, *CaseClassification)),
    *(OutcomeKnown(each) for each in Outcome),
)


def reached(machine: Callable[[Any, Any], Any], events: Iterable[Any]) -> set[Any]:
    """The states of a machine that begins with nothing."""
    found: set[Any] = set()
    waiting: list[Any] = [None]
    while waiting:
        axes = waiting.pop()
        for event in events:
            made = machine(axes, event)
            if not isinstance(made, Refusal) and made not in found:
                found.add(made)
                waiting.append(made)
    return found


CONTACT_STATES = sorted(reached(apply, CONTACT_EVENTS), key=str)
CASE_STATES = sorted(reached(apply_to_case, CASE_EVENTS), key=str)
