"""Twilio's webhook signature, from its published rule: https://www.twilio.com/docs/usage/security#validating-requests."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable


def sign(auth_token: str, url: str, form: Iterable[tuple[str, str]] = ()) -> str:
    """The value of `X-Twilio-Signature`: HMAC-SHA1, keyed by the auth token, of the full URL followed by every form
    field, name then value, sorted by name and then by value; base64. A GET and a websocket upgrade have no form."""
    text = url + "".join(name + value for name, value in sorted(set(form)))
    return base64.b64encode(hmac.new(auth_token.encode(), text.encode(), hashlib.sha1).digest()).decode()
