"""Twilio's signature on what it sends us: HMAC-SHA1 over the public address and the form fields.

Source: https://www.twilio.com/docs/usage/security#validating-requests. Behind a proxy the public address counts, so it
comes from the settings and never from the request's own Host header.
"""

from __future__ import annotations

import logging

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue
from twilio.request_validator import RequestValidator
from werkzeug.datastructures import MultiDict

from core.settings import Settings

log = logging.getLogger(__name__)


class Signatures:
    """Checks signatures with the account's token. Without a token nothing is accepted."""

    def __init__(self, settings: Settings) -> None:
        self._validator = RequestValidator(settings.twilio_auth_token)
        self._web = settings.public_url.rstrip("/")
        self._media = settings.public_media_url.rstrip("/")
        self._usable = bool(settings.twilio_auth_token)

    def form(self, path: str, fields: MultiDict[str, str], signature: str) -> bool:
        """A request with form fields. `path` begins with a slash and holds the query, as it came."""
        return self._valid(self._web + path, fields, signature)

    def websocket(self, path: str, signature: str) -> bool:
        """The upgrade of a Media Stream. It has no fields."""
        return self._valid(self._media + path, MultiDict(), signature)

    def _valid(self, address: str, fields: MultiDict[str, str], signature: str) -> bool:
        return self._usable and bool(self._validator.validate(address, fields, signature))


def guard(blueprint: Blueprint, signatures: Signatures) -> None:
    """Refuse every request to the blueprint that Twilio did not sign: 403, and a line in the log (I9)."""

    def check() -> ResponseReturnValue | None:
        query = request.query_string.decode("ascii", "replace")
        path = f"{request.path}?{query}" if query else request.path
        given = request.headers.get("X-Twilio-Signature", "")
        if signatures.form(path, request.form, given):
            return None
        log.warning("event=webhook_forged endpoint=%s signed=%s", request.endpoint, bool(given))
        return Response("The signature is not Twilio's.\n", 403, mimetype="text/plain")

    blueprint.before_request(check)
