"""The line protocol: a websocket at `/line` of the media process, for a browser's softphone and the SIP gateway alike.

Sound travels as binary messages, both ways: G.711 µ-law at 8 kHz, whole frames of 20 ms (160 bytes); the telephone
sends one frame each 20 ms, we may send many at once, which the telephone queues and plays in time. Everything else is a
text message, a JSON object with its `type`:

| from the telephone | |
|---|---|
| `start` {token} | the first message; the token is a ticket (`ivr.lines.tickets`) |
| `digit` {key} | one key: `0`–`9`, `*`, `#`, `A`–`D` |
| `mark` {name} | everything queued before this mark has been heard, or was cleared |
| `failed` {outcome} | a telephone that was to be rung for a room: `busy`, `no_answer`, `failed`. No sound follows |
| `hangup` {} | the person is gone; the connection is closed next |

| to the telephone | |
|---|---|
| `mark` {name} | send it back once everything queued before it has been heard |
| `clear` {} | throw away what is queued; its marks are sent back at once |
| `caption` {who, kind, text, …} | what is said, heard and decided, to be read along; if the ticket asks for it |

We close with 1000 when the call is over: hang up; with 1008 when what was sent is none of this, or the ticket lets
nobody in. Any other close, or none, means that only the sound is lost: connect again with a new ticket, and the call
goes on where it stood. A line is up once something has come from us.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

import orjson

from audio.codec import ULAW_FRAME

PATH = "/line"
LONGEST_MESSAGE = 64 * 1024
CALL_OVER = 1000

RingOutcome = Literal["busy", "no_answer", "failed"]
_KEY = re.compile(r"[0-9*#A-D]")
_NAME = re.compile(r"[\w.:-]{1,64}", re.ASCII)


class BadLineMessage(ValueError):
    """What came is no message of this protocol. `str` says why, without what was sent."""


@dataclass(frozen=True, slots=True)
class Start:
    token: str


@dataclass(frozen=True, slots=True)
class Sound:
    """Whole frames of µ-law. From a telephone: exactly one."""

    ulaw: bytes


@dataclass(frozen=True, slots=True)
class Key:
    key: str


@dataclass(frozen=True, slots=True)
class Mark:
    name: str


@dataclass(frozen=True, slots=True)
class RingFailed:
    outcome: RingOutcome


@dataclass(frozen=True, slots=True)
class HungUp:
    pass


@dataclass(frozen=True, slots=True)
class Clear:
    pass


@dataclass(frozen=True, slots=True)
class Caption:
    """`who`: robot, person, system; `kind` and `text` as in `ivr.calls.transcript`; `data` holds the rest."""

    who: str
    kind: str
    text: str
    data: dict[str, Any] = field(default_factory=dict)


FromTelephone = Start | Sound | Key | Mark | RingFailed | HungUp
ToTelephone = Sound | Mark | Clear | Caption


def parse_from_telephone(message: str | bytes) -> FromTelephone:
    """What a telephone sent. Raises BadLineMessage."""
    if isinstance(message, bytes):
        if len(message) != ULAW_FRAME:
            raise BadLineMessage(f"A frame of sound has {ULAW_FRAME} bytes, not {len(message)}.")
        return Sound(message)
    data = _object(message)
    match data.get("type"):
        case "start":
            return Start(_text(data, "token"))
        case "digit":
            return Key(_matching(data, "key", _KEY))
        case "mark":
            return Mark(_matching(data, "name", _NAME))
        case "failed":
            outcome = _text(data, "outcome")
            if outcome not in get_args(RingOutcome):
                raise BadLineMessage("The outcome of ringing is none that is known.")
            return RingFailed(outcome)  # type: ignore[arg-type]
        case "hangup":
            return HungUp()
    raise BadLineMessage("The type of the message is none that a telephone sends.")


def parse_to_telephone(message: str | bytes) -> ToTelephone:
    """What the media process sent. Raises BadLineMessage."""
    if isinstance(message, bytes):
        if not message or len(message) % ULAW_FRAME:
            raise BadLineMessage(f"Sound comes in whole frames of {ULAW_FRAME} bytes, not {len(message)} bytes.")
        return Sound(message)
    data = _object(message)
    match data.get("type"):
        case "mark":
            return Mark(_matching(data, "name", _NAME))
        case "clear":
            return Clear()
        case "caption":
            rest = {name: value for name, value in data.items() if name not in ("type", "who", "kind", "text")}
            return Caption(_text(data, "who"), _text(data, "kind"), _text(data, "text"), rest)
    raise BadLineMessage("The type of the message is none that the media process sends.")


def render(message: FromTelephone | ToTelephone) -> str | bytes:
    """The message as it travels: text or binary."""
    match message:
        case Sound(ulaw):
            return ulaw
        case Start(token):
            return _json(type="start", token=token)
        case Key(key):
            return _json(type="digit", key=key)
        case Mark(name):
            return _json(type="mark", name=name)
        case RingFailed(outcome):
            return _json(type="failed", outcome=outcome)
        case HungUp():
            return _json(type="hangup")
        case Clear():
            return _json(type="clear")
        case Caption(who, kind, text, data):
            return _json(**{**data, "type": "caption", "who": who, "kind": kind, "text": text})


def _json(**fields: Any) -> str:
    return orjson.dumps(fields).decode()


def _object(message: str) -> dict[str, Any]:
    try:
        data = orjson.loads(message)
    except orjson.JSONDecodeError as error:
        raise BadLineMessage("The message is not JSON.") from error
    if not isinstance(data, dict):
        raise BadLineMessage("The message is not a JSON object.")
    return data


def _text(data: dict[str, Any], name: str) -> str:
    value = data.get(name)
    if not isinstance(value, str):
        raise BadLineMessage(f"The message has no {name}.")
    return value


def _matching(data: dict[str, Any], name: str, pattern: re.Pattern[str]) -> str:
    value = _text(data, name)
    if pattern.fullmatch(value) is None:
        raise BadLineMessage(f"The message has no {name} that can be used.")
    return value
