"""The messages of Twilio Media Streams, pure: text in, frozen values out, and back.

Source: https://www.twilio.com/docs/voice/media-streams/websocket-messages. Sound is base64 µ-law at 8 kHz; numbers are
written as strings. An event we do not know is `Other`: Twilio may add some.
"""

from __future__ import annotations

import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from core.errors import UserError

LONGEST_MESSAGE = 65_536
"""Bytes. A frame of 20 ms takes 350; whoever sends more than this is not Twilio."""
KEYS = frozenset("0123456789*#ABCD")


class BadMessage(UserError):
    """A message that is none of Twilio's. The stream is closed; the call goes on by keys."""


@dataclass(frozen=True, slots=True)
class Connected:
    """The websocket is open; `Started` follows."""


@dataclass(frozen=True, slots=True)
class Started:
    """The stream begins. `call_id` is our own id of the call, from the custom parameter `call`."""

    stream_sid: str
    call_sid: str
    call_id: str


@dataclass(frozen=True, slots=True)
class Media:
    """Sound from the caller: µ-law bytes, and the milliseconds from the start of the stream to their beginning."""

    payload: bytes
    timestamp_ms: int


@dataclass(frozen=True, slots=True)
class Dtmf:
    """A key was pressed."""

    digit: str


@dataclass(frozen=True, slots=True)
class Mark:
    """Everything we sent before this mark has been played, or was cleared."""

    name: str


@dataclass(frozen=True, slots=True)
class Stopped:
    """The stream or the call has ended."""


@dataclass(frozen=True, slots=True)
class Other:
    """An event that means nothing to us."""

    event: str


Message = Connected | Started | Media | Dtmf | Mark | Stopped | Other


def parse_message(text: str | bytes) -> Message:
    """One message of Twilio's. Raises BadMessage, and nothing else, for what is none."""
    if len(text) > LONGEST_MESSAGE:
        raise BadMessage(f"The stream sent a message of {len(text)} characters.", "A frame of 20 ms takes about 350.")
    try:
        data = orjson.loads(text)
        event = data["event"]
        parse = _PARSERS.get(event)
        return Other(str(event)) if parse is None else parse(data)
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        # What is missing or of another type surfaces as one of these; the text may hold sound, so it is not shown.
        raise BadMessage(f"The stream sent a message that cannot be read ({type(error).__name__}).") from error


def media_message(stream_sid: str, ulaw: bytes) -> str:
    """Sound to be played: µ-law bytes of any length."""
    payload = binascii.b2a_base64(ulaw, newline=False).decode()
    return f'{{"event":"media","streamSid":"{stream_sid}","media":{{"payload":"{payload}"}}}}'


def mark_message(stream_sid: str, name: str) -> str:
    """A mark: it comes back when everything before it has been played."""
    return orjson.dumps({"event": "mark", "streamSid": stream_sid, "mark": {"name": name}}).decode()


def clear_message(stream_sid: str) -> str:
    """Throw away what has been sent and not yet played; its marks come back at once."""
    return orjson.dumps({"event": "clear", "streamSid": stream_sid}).decode()


def _started(data: Mapping[str, Any]) -> Started:
    start = data["start"]
    sound = start["mediaFormat"]
    if (sound["encoding"], int(sound["sampleRate"]), int(sound["channels"])) != ("audio/x-mulaw", 8000, 1):
        raise ValueError("sound is not µ-law at 8 kHz")
    stream_sid = _text(start["streamSid"])
    if not stream_sid.isalnum():  # it is written back into every message
        raise ValueError("stream sid")
    return Started(stream_sid, _text(start["callSid"]), _text(start.get("customParameters", {}).get("call", "")))


def _media(data: Mapping[str, Any]) -> Media:
    media = data["media"]
    return Media(binascii.a2b_base64(media["payload"], strict_mode=True), int(media["timestamp"]))


def _dtmf(data: Mapping[str, Any]) -> Dtmf:
    digit = data["dtmf"]["digit"]
    if digit not in KEYS:
        raise ValueError("no key of a telephone")
    return Dtmf(digit)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(type(value).__name__)
    return value


_PARSERS: Mapping[str, Callable[[Mapping[str, Any]], Message]] = {
    "connected": lambda data: Connected(),
    "start": _started,
    "media": _media,
    "dtmf": _dtmf,
    "mark": lambda data: Mark(_text(data["mark"]["name"])),
    "stop": lambda data: Stopped(),
}
