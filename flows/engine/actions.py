"""What the engine asks of the telephone, as frozen values. Carriers render them; none of them names a carrier.

A turn's actions are zero or more `Play`, then exactly one that decides what we wait for: `Listen`, `Record`,
`Bridge`, `Effect` or `HangUp`. Only `Play` alone (no final action) waits for `PromptPlayed`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of a prompt: words to speak, ready to be read aloud in `language`.

    `clip` is the stable name of a fixed piece (`contact-interview/breathing/say/0`), under which a recorded clip
    may replace text to speech; None for a piece made from a value (a name, a date, a number).
    """

    text: str
    clip: str | None = None


@dataclass(frozen=True, slots=True)
class Prompt:
    """What is said, in one language: segments spoken one after another without a gap."""

    language: str
    segments: tuple[Segment, ...]

    @property
    def text(self) -> str:
        """The whole prompt as a person would read it."""
        return "".join(segment.text for segment in self.segments)


@dataclass(frozen=True, slots=True)
class Keys:
    """Which keys answer the question. `choices` are whole answers ("1", "2"); empty means any digits.

    `min_digits`/`max_digits` bound the count; `finish` ends the input early and is not part of it;
    `gap_seconds` is the longest pause between two keys.
    """

    min_digits: int = 1
    max_digits: int = 1
    finish: str = "#"
    choices: tuple[str, ...] = ()
    gap_seconds: float = 3.0


@dataclass(frozen=True, slots=True)
class Grammar:
    """The phrases that answer the question, spoken. `phrases` are whole utterances in `language`, lower case.

    `certain`: it is accepted only if two recognisers hear the same, beyond doubt. `spare`: on a busy machine the second
    one may be spared; then nothing is accepted, and what was heard is read back."""

    language: str
    phrases: tuple[str, ...]
    certain: bool = False
    spare: bool = False


@dataclass(frozen=True, slots=True)
class Play:
    """Say something. `barge_in` lets a key or speech cut it short (only before a Listen)."""

    prompt: Prompt
    barge_in: bool = True


@dataclass(frozen=True, slots=True)
class Listen:
    """Wait for an answer: keys, speech, or both; the first complete one wins. `wait_seconds` runs from the end
    of the prompt; when it passes with nothing, the event is `NothingHeard`."""

    keys: Keys | None
    grammar: Grammar | None
    wait_seconds: float = 6.0
    barge_in: bool = True


@dataclass(frozen=True, slots=True)
class Record:
    """Record a voice message of at most `max_seconds`; `finish` ends it."""

    max_seconds: float = 60.0
    finish: str = "#"


@dataclass(frozen=True, slots=True)
class Bridge:
    """Connect the caller with somebody: `target` is `queue:<entry id>` or `phone:<E.164>`.

    After `ring_seconds` with nobody there it is over. `waiting` is said every `every_seconds` until somebody comes, by
    carriers whose sound is ours; the others let it ring."""

    target: str
    ring_seconds: float = 30.0
    waiting: Prompt | None = None
    every_seconds: float = 20.0


@dataclass(frozen=True, slots=True)
class Effect:
    """Ask the host for something (`telehealth.offer_slots`). Carried out inside the turn's transaction; the
    answer is an `EffectDone` event within the same turn."""

    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class HangUp:
    """End the call. `reason` is for the log: `completed`, `refused`, `wrong_person`, `limit`, …"""

    reason: str = "completed"


Action = Play | Listen | Record | Bridge | Effect | HangUp

_NAMES: dict[type[Any], str] = {
    Play: "play",
    Listen: "listen",
    Record: "record",
    Bridge: "bridge",
    Effect: "effect",
    HangUp: "hang_up",
}


def action_to_json(action: Action) -> dict[str, Any]:
    """The action as a JSON object with its kind, for the call's log."""
    return {"kind": _NAMES[type(action)], **asdict(action)}
