"""What can happen in a call, as frozen values. Time arrives only here: the engine has no clock.

Every event has `at`, an aware UTC time in ISO 8601 text, so that an event is plain JSON both ways
(`to_json`, `event_from_json`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """One thing the recogniser may have heard: the text and its confidence from 0 to 1."""

    text: str
    confidence: float


@dataclass(frozen=True, slots=True)
class CallStarted:
    """The person answered (outbound) or we did (inbound)."""

    at: str
    answered_by: Literal["human", "machine", "unknown"] = "unknown"


@dataclass(frozen=True, slots=True)
class KeysPressed:
    """Keys, in the order pressed, without the finish key. `finished` says that the finish key ended them."""

    at: str
    digits: str
    finished: bool = False


@dataclass(frozen=True, slots=True)
class SpeechHeard:
    """Somebody spoke. `decision` is what the recogniser made of it (see `audio.decision`):

    - `accept`: one whole phrase of the list, and no decoy word;
    - `read_back`: a phrase of the list, not certain enough to be kept without asking;
    - `reject`: none of the phrases.

    `certain`: two recognisers heard the same, each beyond doubt.
    """

    at: str
    hypotheses: tuple[Hypothesis, ...]
    decision: Literal["accept", "read_back", "reject"]
    seconds: float = 0.0
    certain: bool = False


@dataclass(frozen=True, slots=True)
class NothingHeard:
    """The time to answer ran out with neither keys nor speech."""

    at: str


@dataclass(frozen=True, slots=True)
class VoiceMessage:
    """A voice message was recorded and stored under `recording_id`."""

    at: str
    recording_id: str
    seconds: float


@dataclass(frozen=True, slots=True)
class PromptPlayed:
    """The prompts of a turn without a question have been played."""

    at: str


@dataclass(frozen=True, slots=True)
class DialEnded:
    """A bridge or transfer is over: `answered`, `busy`, `no_answer`, `failed`."""

    at: str
    outcome: str
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class EffectDone:
    """An effect was carried out. `outcome` is one of those the effect declares; `result` is JSON for the script."""

    at: str
    effect: str
    outcome: str
    result: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CallEnded:
    """The line is gone: `hangup` (by the person), `completed` (by us), `failed`."""

    at: str
    reason: str


Event = (
    CallStarted
    | KeysPressed
    | SpeechHeard
    | NothingHeard
    | VoiceMessage
    | PromptPlayed
    | DialEnded
    | EffectDone
    | CallEnded
)

_KINDS: dict[str, type[Any]] = {
    "call_started": CallStarted,
    "keys_pressed": KeysPressed,
    "speech_heard": SpeechHeard,
    "nothing_heard": NothingHeard,
    "voice_message": VoiceMessage,
    "prompt_played": PromptPlayed,
    "dial_ended": DialEnded,
    "effect_done": EffectDone,
    "call_ended": CallEnded,
}
_NAMES = {cls: name for name, cls in _KINDS.items()}


def event_to_json(event: Event) -> dict[str, Any]:
    """The event as a JSON object with its kind."""
    return {"kind": _NAMES[type(event)], **asdict(event)}


def event_from_json(data: Mapping[str, Any]) -> Event:
    """The inverse of `event_to_json`. Raises ValueError for a kind it does not know."""
    fields = dict(data)
    kind = fields.pop("kind", None)
    cls = _KINDS.get(str(kind))
    if cls is None:
        raise ValueError(f"unknown event kind {kind!r}; known: {', '.join(_KINDS)}")
    if cls is SpeechHeard:
        fields["hypotheses"] = tuple(Hypothesis(**h) for h in fields["hypotheses"])
    event: Event = cls(**fields)
    return event
