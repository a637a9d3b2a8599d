"""What Twilio's words for a call's status mean: where the call is, and apart from it why it failed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ivr.calls.model import CallState, FailureReason
from ivr.carriers.twilio_fields import answered_by, status_report
from tests.conftest import NOW
from tests.ivr.carriers.conftest import CALL_SID


def fields(status: str, **more: str) -> dict[str, str]:
    return {"CallSid": CALL_SID, "CallStatus": status, **more}


@pytest.mark.capability("I1")
@pytest.mark.parametrize(
    ("status", "sip", "state", "reason", "raw"),
    [
        ("initiated", "", CallState.QUEUED, None, None),
        ("queued", "", CallState.QUEUED, None, None),
        ("ringing", "", CallState.RINGING, None, None),
        ("in-progress", "", CallState.IN_PROGRESS, None, None),
        ("completed", "200", CallState.COMPLETED, None, None),
        ("busy", "486", CallState.FAILED, FailureReason.BUSY, "busy 486"),
        ("no-answer", "", CallState.FAILED, FailureReason.NO_ANSWER, "no-answer"),
        ("canceled", "487", CallState.FAILED, FailureReason.CANCELED, "canceled 487"),
        ("failed", "", CallState.FAILED, FailureReason.UNREACHABLE, "failed"),
        ("failed", "404", CallState.FAILED, FailureReason.UNREACHABLE, "failed 404"),
        ("failed", "603", CallState.FAILED, FailureReason.REJECTED, "failed 603"),
        ("failed", "503", CallState.FAILED, FailureReason.PROVIDER_ERROR, "failed 503"),
    ],
)
def test_a_status_is_a_state_a_reason_and_twilios_own_word(
    status: str, sip: str, state: CallState, reason: FailureReason | None, raw: str | None
) -> None:
    report = status_report(fields(status, **({"SipResponseCode": sip} if sip else {})), NOW)
    assert (report.state, report.failure_reason, report.raw_code) == (state, reason, raw)
    assert report.provider_ref == CALL_SID


def test_a_late_callback_counts_from_when_it_happened() -> None:
    assert status_report(fields("ringing", Timestamp="Mon, 23 Nov 2026 02:59:30 +0000"), NOW).at == NOW - timedelta(
        seconds=30
    )
    assert status_report(fields("ringing", Timestamp="Mon, 23 Nov 2026 02:59:30"), NOW).at == NOW - timedelta(
        seconds=30
    )


@pytest.mark.parametrize("timestamp", ["", "yesterday", "Mon, 23 Nov 2026 23:00:00 +0000", "Mon, 99 Nov 2026"])
def test_a_time_that_cannot_be_is_now(timestamp: str) -> None:
    assert status_report(fields("ringing", Timestamp=timestamp), NOW).at == NOW


@pytest.mark.capability("I8")
@pytest.mark.parametrize(
    ("value", "who"),
    [
        ("human", "human"),
        ("machine_start", "machine"),
        ("machine_end_beep", "machine"),
        ("machine_end_silence", "machine"),
        ("machine_end_other", "machine"),
        ("fax", "machine"),
        ("unknown", "unknown"),
        ("", "unknown"),
    ],
)
def test_who_answered_is_a_human_a_machine_or_unknown(value: str, who: str) -> None:
    assert answered_by({"AnsweredBy": value}) == who
    assert answered_by({}) == "unknown"
