"""A case's classification and outcome: every state with every event."""

from __future__ import annotations

from itertools import product

import pytest

from tests.tracing.cases.status_making import CASE_EVENTS as EVENTS
from tests.tracing.cases.status_making import reached
from tracing.cases.axes import CaseAxes, CaseClassification, Outcome
from tracing.cases.events import CaseClassified, CaseOpened, CaseOverridden, OutcomeKnown
from tracing.cases.refusals import Refusal
from tracing.cases.status import apply_to_case

pytestmark = pytest.mark.capability("T2")

SUSPECTED, PROBABLE, CONFIRMED, NOT_A_CASE = CaseClassification
STATES = [
    CaseAxes(by_rule, by_hand, outcome)
    for by_rule, by_hand, outcome in product(CaseClassification, (None, *CaseClassification), Outcome)
    if outcome is Outcome.NONE_YET or CaseAxes(by_rule, by_hand).stands
]
EVERYTHING = list(product(STATES, EVENTS))


def test_events_lead_to_those_states_and_no_others() -> None:
    assert reached(apply_to_case, EVENTS) == set(STATES)


def test_who_is_not_a_case_has_no_outcome_of_it() -> None:
    for axes, event in EVERYTHING:
        made = apply_to_case(axes, event)
        if isinstance(made, CaseAxes):
            assert made.stands or made.outcome is Outcome.NONE_YET, (axes, event)


def test_a_rule_never_takes_back_what_a_test_confirmed() -> None:
    """A negative test after a positive one: they recovered. It does not say that there was no case."""
    for axes, event in EVERYTHING:
        if axes.by_rule is CONFIRMED and isinstance(event, CaseClassified):
            made = apply_to_case(axes, event)
            assert made == axes if event.classification is CONFIRMED else isinstance(made, Refusal)


def test_a_person_can_and_the_rules_view_stays_visible() -> None:
    made = apply_to_case(CaseAxes(CONFIRMED), CaseOverridden(NOT_A_CASE, "another person's sample"))
    assert made == CaseAxes(CONFIRMED, NOT_A_CASE)
    assert isinstance(made, CaseAxes)
    assert not made.stands
    assert apply_to_case(made, CaseOverridden(None, "it was theirs")) == CaseAxes(CONFIRMED)


def test_a_person_gives_a_reason() -> None:
    assert isinstance(apply_to_case(CaseAxes(SUSPECTED), CaseOverridden(CONFIRMED, " ")), Refusal)


def test_an_event_that_comes_twice_changes_nothing_the_second_time() -> None:
    for axes, event in EVERYTHING:
        once = apply_to_case(axes, event)
        if isinstance(once, CaseAxes):
            assert apply_to_case(once, event) == once


def test_a_case_is_opened_once_and_nothing_happens_to_it_before() -> None:
    assert all(isinstance(apply_to_case(axes, CaseOpened()), Refusal) for axes in STATES)
    assert all(isinstance(apply_to_case(None, event), Refusal) for event in EVENTS if not isinstance(event, CaseOpened))


def test_an_outcome_noted_by_mistake_is_taken_back() -> None:
    died = apply_to_case(CaseAxes(PROBABLE), OutcomeKnown(Outcome.DECEASED))
    assert died == CaseAxes(PROBABLE, outcome=Outcome.DECEASED)
    assert isinstance(died, CaseAxes)
    assert apply_to_case(died, OutcomeKnown(Outcome.NONE_YET)) == CaseAxes(PROBABLE)
