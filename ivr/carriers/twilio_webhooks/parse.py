"""What a turn's request says happened. Pure. Source: https://www.twilio.com/docs/voice/twiml/gather#request-parameters."""

from __future__ import annotations

import re

from flows.engine.events import DialEnded, Event, KeysPressed, NothingHeard, PromptPlayed, VoiceMessage
from ivr.carriers.twilio_fields import BadRequest, Fields

_KEYS = re.compile(r"[0-9*#A-D]{0,200}")
_RECORDING = re.compile(r"RE[0-9a-fA-F]{32}")
_DIAL_OUTCOMES = {"completed": "answered", "answered": "answered", "busy": "busy", "no-answer": "no_answer"}

WAITS = ("keys", "prompt", "message", "dial")
"""What a turn's address says it waits for (`?wait=`): Twilio posts the same fields whatever went before."""


def event_of(wait: str, fields: Fields, at: str) -> Event:
    """The event. Raises BadRequest for an address or fields that we did not give and Twilio would not send."""
    if wait not in WAITS:
        raise BadRequest("The address does not say what the turn waits for.")
    if wait == "prompt":
        return PromptPlayed(at)
    if wait == "dial":
        outcome = _DIAL_OUTCOMES.get(fields.get("DialCallStatus", ""), "failed")
        return DialEnded(at, outcome, _seconds(fields, "DialCallDuration"))
    if wait == "message" and fields.get("RecordingSid"):
        return VoiceMessage(at, _recording(fields), _seconds(fields, "RecordingDuration"))
    if wait == "keys" and fields.get("Digits"):
        return KeysPressed(at, _keys(fields["Digits"]), finished=bool(fields.get("FinishedOnKey")))
    return NothingHeard(at)


def _keys(digits: str) -> str:
    if not _KEYS.fullmatch(digits):
        raise BadRequest("The request holds keys that no telephone has.")
    return digits


def _recording(fields: Fields) -> str:
    if not _RECORDING.fullmatch(fields["RecordingSid"]):
        raise BadRequest("The request names no recording.")
    return fields["RecordingSid"]


def _seconds(fields: Fields, name: str) -> float:
    value = fields.get(name, "")
    return float(value) if value.isdecimal() and value.isascii() else 0.0
