"""What an event makes of a contact or a case: pure, and the only place that decides it.

`apply` gives the new axes, or a `Refusal` with a reason for people. An event that has been taken changes nothing when
it comes again (jobs are delivered at least once); only registering twice is refused. What always holds
(docs/tracing.md draws it, the tests try every state with every event):

- only active contacts are followed up: dropped and converted ones are never called;
- who is not a contact is not active;
- what a person said stands until a person takes it back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from tracing.cases import refusals
from tracing.cases.axes import (
    CaseAxes,
    CaseClassification,
    Classification,
    ContactAxes,
    ContactStatus,
    FollowUpStatus,
    Outcome,
)
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


def apply(axes: ContactAxes | None, event: ContactEvent) -> ContactAxes | Refusal:
    """What `event` makes of a contact; None is somebody who is no contact yet."""
    if isinstance(event, Registered):
        followed = FollowUpStatus.FOLLOW_UP if event.followed else FollowUpStatus.NO_FOLLOW_UP
        return refusals.REGISTERED_ALREADY if axes is not None else ContactAxes(ContactStatus.ACTIVE, followed)
    if axes is None:
        return refusals.NOT_REGISTERED
    if isinstance(event, OverriddenByHand | Dropped | TakenUpAgain | Cancelled | Resumed) and not event.reason.strip():
        return refusals.NO_REASON
    match event:
        case Classified() | OverriddenByHand():
            return _classified(axes, event)
        case BecameCase() | CaseDiscarded() | Dropped() | TakenUpAgain():
            return _standing(axes, event)
        case _:
            return _followed(axes, event)


def _classified(axes: ContactAxes, event: Classified | OverriddenByHand) -> ContactAxes:
    """The classification changes; an active contact that turns out to be none is dropped."""
    if isinstance(event, Classified):
        axes = replace(axes, by_rule=event.classification)
    else:
        axes = replace(axes, by_hand=event.classification)
    if axes.classification is Classification.NOT_A_CONTACT and axes.status is ContactStatus.ACTIVE:
        return _stop(axes, ContactStatus.DROPPED)
    return axes


def _standing(axes: ContactAxes, event: BecameCase | CaseDiscarded | Dropped | TakenUpAgain) -> ContactAxes | Refusal:
    """Whether the contact stands. Who stops standing is not called any more; who stands again is called only when
    somebody resumes the follow-up."""
    match event, axes.status:
        case BecameCase(), ContactStatus.ACTIVE:
            return _stop(axes, ContactStatus.CONVERTED)
        case BecameCase(), ContactStatus.DROPPED:
            return refusals.DROPPED
        case Dropped(), ContactStatus.ACTIVE:
            return _stop(axes, ContactStatus.DROPPED)
        case (Dropped() | TakenUpAgain(), ContactStatus.CONVERTED):
            return refusals.CONVERTED
        case TakenUpAgain(), ContactStatus.DROPPED:
            if axes.classification is Classification.NOT_A_CONTACT:
                return refusals.NOT_A_CONTACT
            return replace(axes, status=ContactStatus.ACTIVE)
        case CaseDiscarded(), ContactStatus.CONVERTED:
            none = axes.classification is Classification.NOT_A_CONTACT
            return replace(axes, status=ContactStatus.DROPPED if none else ContactStatus.ACTIVE)
        case _:
            return axes


def _followed(
    axes: ContactAxes, event: NewExposure | PeriodCompleted | Lost | FoundAgain | Cancelled | Resumed
) -> ContactAxes | Refusal:
    """Whether somebody calls."""
    if axes.status is not ContactStatus.ACTIVE:
        return refusals.DROPPED if axes.status is ContactStatus.DROPPED else refusals.CONVERTED
    if isinstance(event, NewExposure):
        # Whom a person took off the calls stays off until a person resumes.
        goes_on = event.followed and axes.follow_up is not FollowUpStatus.CANCELLED
        return replace(axes, follow_up=FollowUpStatus.FOLLOW_UP) if goes_on else axes
    move = _MOVES[type(event)]
    if axes.follow_up is move.to:
        return axes
    return replace(axes, follow_up=move.to) if axes.follow_up in move.out_of else move.refusal


def _stop(axes: ContactAxes, status: ContactStatus) -> ContactAxes:
    """The contact stands no more. A follow-up that goes on or waits for somebody lost is cancelled; one that had
    ended stays as it ended."""
    goes_on = axes.follow_up in (FollowUpStatus.FOLLOW_UP, FollowUpStatus.LOST)
    return replace(axes, status=status, follow_up=FollowUpStatus.CANCELLED if goes_on else axes.follow_up)


@dataclass(frozen=True, slots=True)
class _Move:
    """From which follow-up statuses an event leads where, and what it is told elsewhere."""

    out_of: frozenset[FollowUpStatus]
    to: FollowUpStatus
    refusal: Refusal


_MOVES: Mapping[type, _Move] = {
    PeriodCompleted: _Move(frozenset({FollowUpStatus.FOLLOW_UP}), FollowUpStatus.COMPLETED, refusals.NOT_FOLLOWED),
    Lost: _Move(frozenset({FollowUpStatus.FOLLOW_UP}), FollowUpStatus.LOST, refusals.NOT_FOLLOWED),
    Cancelled: _Move(
        frozenset({FollowUpStatus.FOLLOW_UP, FollowUpStatus.LOST}), FollowUpStatus.CANCELLED, refusals.NOT_FOLLOWED
    ),
    FoundAgain: _Move(frozenset({FollowUpStatus.LOST}), FollowUpStatus.FOLLOW_UP, refusals.NOT_LOST),
    Resumed: _Move(
        frozenset({FollowUpStatus.CANCELLED, FollowUpStatus.COMPLETED, FollowUpStatus.NO_FOLLOW_UP}),
        FollowUpStatus.FOLLOW_UP,
        refusals.LOST,
    ),
}


def apply_to_case(axes: CaseAxes | None, event: CaseEvent) -> CaseAxes | Refusal:
    """What `event` makes of a case; None is a case that is not open yet."""
    if isinstance(event, CaseOpened):
        return refusals.OPEN_ALREADY if axes is not None else CaseAxes(by_rule=event.classification)
    if axes is None:
        return refusals.NOT_OPEN
    match event:
        case CaseClassified(classification):
            # A laboratory confirmed it: a later negative test says that somebody recovered, not that there was no case.
            if axes.by_rule is CaseClassification.CONFIRMED and classification is not CaseClassification.CONFIRMED:
                return refusals.CONFIRMED
            return _without_outcome_of_none(replace(axes, by_rule=classification))
        case CaseOverridden(classification, reason):
            if not reason.strip():
                return refusals.NO_REASON
            return _without_outcome_of_none(replace(axes, by_hand=classification))
        case OutcomeKnown(outcome):
            if not axes.stands and outcome is not Outcome.NONE_YET:
                return refusals.NO_CASE
            return replace(axes, outcome=outcome)


def _without_outcome_of_none(axes: CaseAxes) -> CaseAxes:
    """Who is not a case has no outcome of it."""
    return axes if axes.stands else replace(axes, outcome=Outcome.NONE_YET)
