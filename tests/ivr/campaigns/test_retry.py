"""What follows an attempt: another one, later each time, or an end."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core.errors import UserError
from ivr.calls.model import CallState, FailureReason
from ivr.campaigns.retry import Again, Done, RetryPlan, decide, make_delays, parse_delays
from ivr.campaigns.words import RETRIED_OUTCOMES, Disposition, Outcome, furthest, outcome_of

PLAN = RetryPlan(make_delays({"busy": "2m, 15m", "no_answer": "1h, 1d", "breakoff": "5m", "lost": "2m"}), 4)


@pytest.mark.capability("I2")
def test_delays_are_read_as_people_write_them() -> None:
    assert parse_delays("2m, 15m, 1h, 1d") == [120, 900, 3600, 86400]
    assert parse_delays(" 30s,2H ") == [30, 7200]
    assert parse_delays("") == []


@pytest.mark.parametrize("text", ["soon", "2", "m", "0m", "-1h", "1.5h", "2m,,1h", "2m;1h", "31d", "1w", "99999m"])
def test_delays_that_mean_nothing_are_refused(text: str) -> None:
    with pytest.raises(UserError, match="is not a delay"):
        parse_delays(text)


def test_a_plan_without_end_is_refused() -> None:
    with pytest.raises(UserError, match="too many"):
        parse_delays(", ".join(["1m"] * 21))


@pytest.mark.parametrize("outcome", ["completed", "refused", "not_dialed", "besetzt"])
def test_only_outcomes_that_can_be_retried_have_delays(outcome: str) -> None:
    with pytest.raises(UserError, match="no outcome that is retried"):
        make_delays({outcome: "1h"})


@pytest.mark.capability("I2")
def test_each_outcome_waits_by_its_own_list() -> None:
    assert decide("busy", Disposition.QUEUED, {"busy": 1}, PLAN) == Again(timedelta(minutes=2))
    assert decide("busy", Disposition.QUEUED, {"busy": 2}, PLAN) == Again(timedelta(minutes=15))
    # The list of another outcome starts at its own beginning.
    assert decide("no_answer", Disposition.QUEUED, {"busy": 2, "no_answer": 1}, PLAN) == Again(timedelta(hours=1))


@pytest.mark.capability("I2", "I12")
@pytest.mark.parametrize(
    ("outcome", "reached", "counts", "disposition"),
    [
        ("busy", Disposition.QUEUED, {"busy": 3}, Disposition.UNRESPONSIVE),  # its list is used up
        ("busy", Disposition.QUEUED, {"no_answer": 3, "busy": 1}, Disposition.UNRESPONSIVE),  # the cap is reached
        ("rejected", Disposition.QUEUED, {"rejected": 1}, Disposition.FAILED),  # no list at all
        ("failed", Disposition.QUEUED, {"failed": 1}, Disposition.FAILED),
        ("wrong_person", Disposition.CONTACTED, {"wrong_person": 1}, Disposition.INELIGIBLE),
        ("breakoff", Disposition.CONTACTED, {"breakoff": 2}, Disposition.BREAKOFF),
        ("no_answer", Disposition.PARTIAL, {"breakoff": 1, "no_answer": 3}, Disposition.BREAKOFF),
        ("completed", Disposition.PARTIAL, {"completed": 1}, Disposition.COMPLETED),
        ("refused", Disposition.CONTACTED, {"refused": 1}, Disposition.REFUSED),
        ("ineligible", Disposition.CONTACTED, {"ineligible": 1}, Disposition.INELIGIBLE),
    ],
)
def test_every_target_comes_to_an_end(
    outcome: str, reached: Disposition, counts: dict[str, int], disposition: Disposition
) -> None:
    assert decide(outcome, reached, counts, PLAN) == Done(disposition)


@pytest.mark.capability("I2")
@pytest.mark.parametrize("outcome", sorted(RETRIED_OUTCOMES))
def test_no_outcome_is_retried_beyond_the_cap(outcome: str) -> None:
    endless = RetryPlan({outcome: [60] * 20}, 3)
    counts: dict[str, int] = {}
    for attempt in range(1, 10):
        counts[outcome] = attempt
        if isinstance(decide(outcome, Disposition.QUEUED, counts, endless), Done):
            break
    assert attempt == 3


@pytest.mark.capability("I1")
@pytest.mark.parametrize(
    ("state", "failure", "end_reason", "answered_by", "outcome"),
    [
        (CallState.FAILED, FailureReason.BUSY, "failed", None, Outcome.BUSY),
        (CallState.FAILED, FailureReason.NO_ANSWER, "failed", None, Outcome.NO_ANSWER),
        (CallState.FAILED, FailureReason.LOST, "failed", None, Outcome.LOST),
        (CallState.FAILED, FailureReason.PROVIDER_ERROR, "failed", None, Outcome.FAILED),
        (CallState.COMPLETED, None, "completed", "human", Outcome.COMPLETED),
        (CallState.COMPLETED, None, "red_flag", "human", Outcome.COMPLETED),
        (CallState.COMPLETED, None, "opted_out", "human", Outcome.REFUSED),
        (CallState.COMPLETED, None, "hangup", "human", Outcome.BREAKOFF),
        (CallState.COMPLETED, None, "no_input", "human", Outcome.BREAKOFF),
        (CallState.COMPLETED, None, "wrong_person", "unknown", Outcome.WRONG_PERSON),
        (CallState.COMPLETED, None, "machine", "machine", Outcome.MACHINE),
        (CallState.COMPLETED, None, "completed", "machine", Outcome.MACHINE),  # a machine completes no interview
        (CallState.FAILED, FailureReason.LOST, "completed", "human", Outcome.COMPLETED),  # lost after the script's end
    ],
)
def test_the_outcome_of_an_attempt_follows_from_its_call(
    state: CallState, failure: FailureReason | None, end_reason: str, answered_by: str | None, outcome: Outcome
) -> None:
    assert outcome_of(state, failure, end_reason, answered_by) is outcome


def test_every_failure_of_a_call_has_an_outcome() -> None:
    for failure in FailureReason:
        outcome = outcome_of(CallState.FAILED, failure, "failed", None)
        assert outcome in RETRIED_OUTCOMES or (failure, outcome) == (FailureReason.NOT_DIALED, Outcome.NOT_DIALED)


@pytest.mark.capability("I12")
def test_a_later_attempt_takes_nothing_back() -> None:
    assert furthest("partial", Disposition.QUEUED) is Disposition.PARTIAL
    assert furthest("queued", Disposition.STARTED) is Disposition.STARTED
    assert furthest("completed", Disposition.QUEUED) is Disposition.COMPLETED
