"""What a SIP code means: the same reasons as on every carrier, with the raw code kept."""

from __future__ import annotations

import pytest

from ivr.calls.model import FailureReason
from ivr.carriers.sip.numbers import address_of, caller, number_in
from ivr.carriers.sip.outcomes import (
    GATEWAY_ENDED,
    NO_RINGING,
    NOT_ANSWERED,
    NOT_DIALED,
    STALLED,
    UNWANTED,
    raw_code,
    reason_of,
    ring_outcome,
)

pytestmark = pytest.mark.capability("I1")


@pytest.mark.parametrize(
    ("reason", "meaning", "raw", "room"),
    [
        ("486 Busy Here", FailureReason.BUSY, "486", "busy"),
        ("600 Busy Everywhere", FailureReason.BUSY, "600", "busy"),
        ("603 Decline", FailureReason.REJECTED, "603", "busy"),
        ("403 Forbidden", FailureReason.REJECTED, "403", "busy"),
        ("608 Rejected", FailureReason.REJECTED, "608", "busy"),
        ("408 Request Timeout", FailureReason.NO_ANSWER, "408", "no_answer"),
        ("480 Temporarily Unavailable", FailureReason.NO_ANSWER, "480", "no_answer"),
        ("487 Request Terminated", FailureReason.NO_ANSWER, "487", "no_answer"),
        (NOT_ANSWERED, FailureReason.NO_ANSWER, NOT_ANSWERED, "no_answer"),
        ("404 Not Found", FailureReason.UNREACHABLE, "404", "failed"),
        ("410 Gone", FailureReason.UNREACHABLE, "410", "failed"),
        ("484 Address Incomplete", FailureReason.UNREACHABLE, "484", "failed"),
        ("604", FailureReason.UNREACHABLE, "604", "failed"),
        ("401 Unauthorized", FailureReason.PROVIDER_ERROR, "401", "failed"),
        ("407 Proxy Authentication Required", FailureReason.PROVIDER_ERROR, "407", "failed"),
        ("488 Not Acceptable Here", FailureReason.PROVIDER_ERROR, "488", "failed"),
        ("500 Server Internal Error", FailureReason.PROVIDER_ERROR, "500", "failed"),
        ("503 Service Unavailable", FailureReason.PROVIDER_ERROR, "503", "failed"),
        ("Connection refused [111]", FailureReason.PROVIDER_ERROR, "Connection refused [111]", "failed"),
        ("400 Bad Request", FailureReason.PROVIDER_ERROR, "400", "failed"),
        ("483 Too Many Hops", FailureReason.PROVIDER_ERROR, "483", "failed"),
        (NO_RINGING, FailureReason.PROVIDER_ERROR, NO_RINGING, "failed"),
        (STALLED, FailureReason.LOST, STALLED, "failed"),
        (GATEWAY_ENDED, FailureReason.LOST, GATEWAY_ENDED, "failed"),
        (NOT_DIALED, FailureReason.PROVIDER_ERROR, NOT_DIALED, "failed"),
        (UNWANTED, FailureReason.CANCELED, UNWANTED, "failed"),
        ("", FailureReason.PROVIDER_ERROR, "", "failed"),
    ],
)
def test_an_end_without_an_answer_has_a_reason(reason: str, meaning: FailureReason, raw: str, room: str) -> None:
    assert reason_of(reason) is meaning
    assert raw_code(reason) == raw
    assert ring_outcome(reason) == room


def test_no_reason_phrase_is_kept_for_it_may_name_somebody() -> None:
    assert raw_code("486 +84912345678 is busy") == "486"


@pytest.mark.parametrize(
    ("address", "number"),
    [
        ("sip:+84912345678@10.0.0.1:5060", "+84912345678"),
        ("<sip:0912345678@trunk.example.vn>;tag=x", "+84912345678"),
        ('"Lan" <tel:+84912345678>', "+84912345678"),
        ("sip:%2B84912345678@10.0.0.1", "+84912345678"),
        ("sip:lan@10.0.0.1", ""),
        ("sip:101@10.0.0.1", ""),
        ("sip:+8491@10.0.0.1", ""),
        ("sip:0912345678x@10.0.0.1", ""),
        ("", ""),
        ("rubbish", ""),
    ],
)
def test_only_a_valid_number_is_taken_for_one(address: str, number: str) -> None:
    assert number_in(address) == number


def test_what_the_trunk_asserts_counts_before_what_the_telephone_says() -> None:
    assert caller("sip:+84912345678@x", "<sip:+84912345679@x>") == "+84912345679"
    assert caller("sip:+84912345678@x", "") == "+84912345678"


def test_whoever_is_anonymous_stays_so() -> None:
    assert caller("sip:anonymous@anonymous.invalid", "<sip:+84912345679@x>") == ""


def test_a_number_is_dialed_through_the_trunk() -> None:
    assert address_of("+84912345678", "sip.example.vn:5080") == "sip:+84912345678@sip.example.vn:5080"
