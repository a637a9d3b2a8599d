"""TwiML that gives a call's sound to the media process, shared by the carriers of Twilio.

Source: https://www.twilio.com/docs/voice/twiml/stream.
"""

from __future__ import annotations

from uuid import UUID

from twilio.twiml.voice_response import Connect, VoiceResponse


def connect_stream(response: VoiceResponse, media: str, call_id: UUID) -> None:
    """Open a Media Stream at `media`, our websocket address. What stands behind it in the TwiML is done once the stream
    has ended, or could not be had."""
    connect = Connect()
    connect.stream(url=f"{media}/twilio/stream").parameter(name="call", value=str(call_id))
    response.append(connect)
