"""Only what Twilio signed is let in. The signatures here are made by hand, as Twilio's page describes them."""

from __future__ import annotations

import base64
import hashlib
import hmac

import pytest
from werkzeug.datastructures import MultiDict

from core.settings import Settings, read_settings
from ivr.carriers.twilio_signature import Signatures

TOKEN = "12345"
FORM = MultiDict(
    [("CallSid", "CA1"), ("Digits", "1"), ("StatusCallbackEvent", "ringing"), ("StatusCallbackEvent", "x")]
)
SIGNED_FORM = "CallSidCA1Digits1StatusCallbackEventringingStatusCallbackEventx"


def sign(text: str, token: str = TOKEN) -> str:
    return base64.b64encode(hmac.new(token.encode(), text.encode(), hashlib.sha1).digest()).decode()


@pytest.fixture
def signatures() -> Signatures:
    return Signatures(_settings(TOKEN))


def _settings(token: str) -> Settings:
    return read_settings(
        public_url="https://hotline.example.vn/", public_media_url="wss://media.example.vn", twilio_auth_token=token
    )


@pytest.mark.capability("I9")
def test_a_form_signed_over_the_public_address_is_accepted(signatures: Signatures) -> None:
    signature = sign("https://hotline.example.vn/twilio/turn/1/2?played=1" + SIGNED_FORM)
    assert signatures.form("/twilio/turn/1/2?played=1", FORM, signature)


@pytest.mark.capability("I9")
@pytest.mark.parametrize(
    "signature",
    [
        "",
        "é",
        sign("https://hotline.example.vn/twilio/turn/1/2" + SIGNED_FORM, "another token"),
        sign("https://hotline.example.vn/twilio/turn/1/3" + SIGNED_FORM),
        sign("https://elsewhere.example.vn/twilio/turn/1/2" + SIGNED_FORM),
        sign("https://hotline.example.vn/twilio/turn/1/2" + SIGNED_FORM.replace("Digits1", "Digits2")),
        sign("https://hotline.example.vn/twilio/turn/1/2"),
    ],
)
def test_a_forged_form_is_refused(signatures: Signatures, signature: str) -> None:
    assert not signatures.form("/twilio/turn/1/2", FORM, signature)


def test_the_upgrade_of_a_stream_is_signed_over_the_media_address(signatures: Signatures) -> None:
    assert signatures.websocket("/twilio/stream", sign("wss://media.example.vn/twilio/stream"))
    assert not signatures.websocket("/twilio/stream", sign("https://hotline.example.vn/twilio/stream"))


def test_without_a_token_nothing_is_accepted() -> None:
    address = "https://hotline.example.vn/twilio/voice/1"
    assert not Signatures(_settings("")).form("/twilio/voice/1", MultiDict(), sign(address, ""))
