"""The simulator signs by the published rule; the oracle is the validator in Twilio's own library."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator

from ivr.simulator.signature import sign

TOKEN = "12345"
ORACLE = RequestValidator(TOKEN)


@pytest.mark.parametrize(
    ("url", "form"),
    [
        ("https://example.org/twilio/turn/1?a=b", {"CallSid": "CA1", "Digits": "1", "To": "+84912000001"}),
        ("http://127.0.0.1:8000/twilio/status/x", {"CallStatus": "completed", "From": "Trần Thị Lan"}),
        ("https://example.org/", {}),
    ],
)
def test_a_form_is_signed_as_the_library_checks_it(url, form):
    assert ORACLE.validate(url, form, sign(TOKEN, url, form.items()))
    assert not ORACLE.validate(url, {**form, "Digits": "2"}, sign(TOKEN, url, form.items()))
    assert not ORACLE.validate(url, form, sign("another", url, form.items()))


def test_a_websocket_is_signed_over_its_address():
    url = "wss://example.org/twilio/stream"
    assert ORACLE.validate(url, {}, sign(TOKEN, url))
    assert not ORACLE.validate(url.replace("stream", "other"), {}, sign(TOKEN, url))


@given(st.dictionaries(st.text(min_size=1, max_size=8), st.text(max_size=8), max_size=6))
def test_any_fields_are_signed_as_the_library_does(form):
    url = "https://example.org/x"
    assert sign(TOKEN, url, form.items()) == ORACLE.compute_signature(url, form)
