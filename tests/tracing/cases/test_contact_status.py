"""A contact's three axes: every state with every event."""

from __future__ import annotations

from itertools import product

import pytest

from tests.tracing.cases.status_making import CONTACT_EVENTS as EVENTS
from tests.tracing.cases.status_making import CONTACT_STATES as STATES
from tracing.cases.axes import Classification, ContactAxes, ContactStatus, FollowUpStatus
from tracing.cases.events import (
    BecameCase,
    Cancelled,
    CaseDiscarded,
    Classified,
    ContactEvent,
    Dropped,
    FoundAgain,
    Lost,
    NewExposure,
    OverriddenByHand,
    PeriodCompleted,
    Registered,
    Resumed,
    TakenUpAgain,
)
from tracing.cases.refusals import Refusal
from tracing.cases.status import apply

pytestmark = pytest.mark.capability("T2")

ACTIVE, DROPPED, CONVERTED = ContactStatus
FOLLOW_UP, COMPLETED, CANCELLED, LOST, NO_FOLLOW_UP = FollowUpStatus
UNCONFIRMED, CONFIRMED, NOT_A_CONTACT = Classification
BEGUN = ContactAxes(ACTIVE, FOLLOW_UP)

EVERYTHING = list(product(STATES, EVENTS))


def after(*events: ContactEvent) -> ContactAxes:
    """What events in a row make of somebody; every one has to be taken."""
    axes: ContactAxes | None = None
    for event in events:
        made = apply(axes, event)
        assert isinstance(made, ContactAxes), made
        axes = made
    assert axes is not None
    return axes


# --- what always holds


def test_only_active_contacts_are_ever_called() -> None:
    """A dropped contact is never called, nor one that became a case."""
    assert [axes for axes in STATES if axes.called and axes.status is not ACTIVE] == []


def test_nobody_waits_as_lost_who_does_not_stand() -> None:
    assert [axes for axes in STATES if axes.follow_up is LOST and axes.status is not ACTIVE] == []


def test_who_is_not_a_contact_is_not_active() -> None:
    assert [axes for axes in STATES if axes.classification is NOT_A_CONTACT and axes.status is ACTIVE] == []


def test_the_axes_are_separate() -> None:
    """Whatever the rules forbid aside, every status goes with every follow-up status and classification."""
    seen = {(axes.status, axes.follow_up, axes.classification) for axes in STATES}
    expected = {
        (status, follow_up, classification)
        for status, follow_up, classification in product(ContactStatus, FollowUpStatus, Classification)
        if not (status is ACTIVE and classification is NOT_A_CONTACT)
        and not (status is not ACTIVE and follow_up in (FOLLOW_UP, LOST))
    }
    assert seen == expected


def test_an_event_that_comes_twice_changes_nothing_the_second_time() -> None:
    for axes, event in EVERYTHING:
        once = apply(axes, event)
        if isinstance(once, ContactAxes):
            assert apply(once, event) == once, (axes, event)


def test_every_refusal_says_why_in_both_languages() -> None:
    refusals = [made for axes, event in EVERYTHING if isinstance(made := apply(axes, event), Refusal)]
    refusals += [made for event in EVENTS if isinstance(made := apply(None, event), Refusal)]
    assert refusals
    for refusal in refusals:
        assert {"vi", "en"} == set(refusal.reason)
        assert all(text.endswith(".") for text in refusal.reason.values())


@pytest.mark.capability("T9")
def test_only_a_person_changes_what_a_person_said() -> None:
    for axes, event in EVERYTHING:
        made = apply(axes, event)
        if isinstance(made, ContactAxes) and not isinstance(event, OverriddenByHand):
            assert made.by_hand is axes.by_hand, (axes, event)
        if isinstance(made, ContactAxes) and not isinstance(event, Classified):
            assert made.by_rule is axes.by_rule, (axes, event)


def test_the_status_changes_only_by_events_about_it() -> None:
    """Being lost or completed says nothing of whether somebody is a contact."""
    for axes, event in EVERYTHING:
        if isinstance(event, NewExposure | PeriodCompleted | Lost | FoundAgain | Cancelled | Resumed):
            made = apply(axes, event)
            assert isinstance(made, Refusal) or (made.status, made.classification) == (axes.status, axes.classification)


def test_calls_begin_again_only_by_an_event_that_means_it() -> None:
    for axes, event in EVERYTHING:
        made = apply(axes, event)
        if isinstance(made, ContactAxes) and made.called and not axes.called:
            assert isinstance(event, NewExposure | FoundAgain | Resumed), (axes, event)


# --- the stories


def test_a_contact_begins_active_and_followed_unless_the_rule_asks_for_no_follow_up() -> None:
    assert after(Registered()) == ContactAxes(ACTIVE, FOLLOW_UP, UNCONFIRMED)
    assert after(Registered(followed=False)).follow_up is NO_FOLLOW_UP


def test_nothing_happens_to_somebody_who_is_no_contact_yet() -> None:
    assert all(isinstance(apply(None, event), Refusal) for event in EVENTS if not isinstance(event, Registered))


def test_a_contact_is_registered_once() -> None:
    assert all(isinstance(apply(axes, Registered()), Refusal) for axes in STATES)


@pytest.mark.parametrize("before", [(), (Lost(),)])
@pytest.mark.parametrize(
    ("event", "status"),
    [(BecameCase(), CONVERTED), (Dropped("disproved"), DROPPED), (Classified(NOT_A_CONTACT), DROPPED)],
)
def test_who_becomes_a_case_or_is_dropped_is_not_called_any_more(
    before: tuple[ContactEvent, ...], event: ContactEvent, status: ContactStatus
) -> None:
    made = after(Registered(), *before, event)
    assert (made.status, made.follow_up) == (status, CANCELLED)


def test_a_follow_up_that_was_completed_stays_so_when_the_contact_becomes_a_case() -> None:
    assert after(Registered(), PeriodCompleted(), BecameCase()) == ContactAxes(CONVERTED, COMPLETED)


def test_when_the_case_was_none_the_contact_stands_again_but_a_person_has_to_resume() -> None:
    again = after(Registered(), BecameCase(), CaseDiscarded())
    assert again == ContactAxes(ACTIVE, CANCELLED)
    assert apply(again, Resumed("the test was wrong")) == BEGUN


def test_a_dropped_contact_becomes_no_case_unless_taken_up_again() -> None:
    dropped = after(Registered(), Dropped("disproved"))
    assert isinstance(apply(dropped, BecameCase()), Refusal)
    assert after(Registered(), Dropped("disproved"), TakenUpAgain("not disproved"), BecameCase()).status is CONVERTED


def test_who_is_classified_as_no_contact_is_taken_up_only_after_the_classification_is_changed() -> None:
    none = after(Registered(), Classified(NOT_A_CONTACT))
    assert isinstance(apply(none, TakenUpAgain("was there")), Refusal)
    changed = after(Registered(), Classified(NOT_A_CONTACT), OverriddenByHand(CONFIRMED, "was there"))
    assert (changed.by_rule, changed.by_hand, changed.classification) == (NOT_A_CONTACT, CONFIRMED, CONFIRMED)
    assert changed.status is DROPPED
    assert isinstance(apply(changed, TakenUpAgain("was there")), ContactAxes)


@pytest.mark.capability("T9")
def test_what_a_person_said_stands_against_the_rules_until_taken_back() -> None:
    kept = after(Registered(), OverriddenByHand(CONFIRMED, "camera"), Classified(NOT_A_CONTACT))
    assert (kept.status, kept.classification, kept.by_rule) == (ACTIVE, CONFIRMED, NOT_A_CONTACT)
    back = apply(kept, OverriddenByHand(None, "wrong camera"))
    assert isinstance(back, ContactAxes)
    assert (back.status, back.classification, back.called) == (DROPPED, NOT_A_CONTACT, False)


@pytest.mark.parametrize(
    ("before", "follow_up"),
    [
        ((), FOLLOW_UP),
        ((PeriodCompleted(),), FOLLOW_UP),
        ((Lost(),), FOLLOW_UP),
        ((Cancelled("refuses"),), CANCELLED),
    ],
)
def test_a_new_exposure_begins_again_except_for_whom_a_person_cancelled(
    before: tuple[ContactEvent, ...], follow_up: FollowUpStatus
) -> None:
    assert after(Registered(), *before, NewExposure()).follow_up is follow_up


def test_a_new_exposure_that_the_rule_does_not_follow_changes_nothing() -> None:
    assert after(Registered(followed=False), NewExposure(followed=False)).follow_up is NO_FOLLOW_UP
    assert after(Registered(followed=False), NewExposure()).follow_up is FOLLOW_UP


def test_lost_and_found() -> None:
    assert after(Registered(), Lost()).follow_up is LOST
    assert after(Registered(), Lost(), FoundAgain()) == BEGUN
    assert isinstance(apply(after(Registered(), Lost()), Resumed("tried again")), Refusal)
    assert isinstance(apply(after(Registered(), PeriodCompleted()), Lost()), Refusal)
    assert isinstance(apply(after(Registered(), PeriodCompleted()), FoundAgain()), Refusal)


@pytest.mark.parametrize(
    "event", [Cancelled(" "), Resumed(""), Dropped(""), TakenUpAgain(""), OverriddenByHand(CONFIRMED, "")]
)
def test_what_a_person_decides_needs_a_reason(event: ContactEvent) -> None:
    made = apply(BEGUN, event)
    assert isinstance(made, Refusal)
    assert made.reason["en"] == "Say why."
