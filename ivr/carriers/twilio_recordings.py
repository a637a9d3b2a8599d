"""Recordings at Twilio: fetched with our credentials, then deleted there.

Source: https://www.twilio.com/docs/voice/api/recording. A recording's sound is at its own address with `.wav`; it may
answer 404 for some seconds after the call.
"""

from __future__ import annotations

from http import HTTPStatus

import requests

from core.errors import Permanent, Retryable
from core.settings import Settings
from ivr.messages.provider import NotThere

TIMEOUTS = (5.0, 30.0)
"""Seconds for connecting, and for each wait for more."""
CHUNK_BYTES = 64 * 1024
MAX_BYTES = 20_000_000
"""Twenty minutes of telephone sound; scripts allow far less."""
_PASSING = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS)
"""Refusals of the account rather than of the recording: they end when somebody has put the account right."""


class TwilioRecordings:
    """The recordings of our account."""

    def __init__(self, settings: Settings) -> None:
        account = settings.twilio_account_sid
        self._address = f"{settings.twilio_api_url.rstrip('/')}/2010-04-01/Accounts/{account}/Recordings"
        self._credentials = (account, settings.twilio_auth_token)

    def fetch(self, recording: str) -> bytes:
        """The sound as a WAV file. Raises NotThere, Retryable, Permanent."""
        status, content = self._ask("GET", f"{recording}.wav")
        if status == HTTPStatus.NOT_FOUND:
            raise NotThere("Twilio has no such recording, or not yet.")
        return content

    def delete(self, recording: str) -> None:
        """Delete a recording. Raises Retryable, Permanent."""
        self._ask("DELETE", f"{recording}.json")

    def _ask(self, method: str, name: str) -> tuple[int, bytes]:
        """Status and content of an answer that is good, or 404."""
        address = f"{self._address}/{name}"
        try:
            # Read as it comes, so that an endless answer ends at the limit.
            with requests.request(method, address, auth=self._credentials, timeout=TIMEOUTS, stream=True) as response:
                status, content = response.status_code, b""
                for part in response.iter_content(CHUNK_BYTES):
                    content += part
                    if len(content) > MAX_BYTES:
                        raise Permanent(f"The recording at Twilio is larger than {MAX_BYTES // 1_000_000} MB.")
        except requests.RequestException as error:
            raise Retryable("Twilio cannot be reached.", "Check the network and TRACELINE_TWILIO_API_URL.") from error
        if status < HTTPStatus.BAD_REQUEST or status == HTTPStatus.NOT_FOUND:
            return status, content
        if status in _PASSING or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise Retryable(f"Twilio answered {status}.", "Check the account's credentials; it is tried again.")
        raise Permanent(f"Twilio refused: HTTP {status}.")
