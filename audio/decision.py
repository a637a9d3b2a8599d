"""What to make of what the recogniser heard: accept, read back, or reject. A function of values.

A grammar recogniser always finds one of its words in whatever is said, often with a confidence above 0.9, so
confidence alone decides nothing. Accepting takes a whole phrase of the list, said once, as long as such a phrase
takes, and loud enough; decoys compete with it inside the recogniser. Reading back is the usual result; rejecting costs
one more try.
"""

from __future__ import annotations

import json
import math
import re
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Literal

from core.errors import UserError

Decision = Literal["accept", "read_back", "reject"]

THRESHOLDS_FILE = "traceline.json"
"""Thresholds measured for a model stand in this file inside its folder."""

_MAX_REPEATS = 3
_VOWELS = re.compile(r"[aeiouy]+")


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """What may have been said: words as the recogniser gives them, and its confidence from 0 to 1."""

    text: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Per model. Times are seconds; each bound is `…_base + …_syllable x syllables of the phrase`."""

    accept_confidence: float = 0.90
    accept_confidence_short: float = 0.97
    """For phrases of one or two syllables, which other speech is most often taken for."""
    read_back_confidence: float = 0.30
    min_level: float = -50.0
    """dBFS of the spoken parts; below it, somebody else in the room was speaking."""
    shortest_base: float = 0.02
    shortest_syllable: float = 0.08
    longest_base: float = 0.35
    longest_syllable: float = 0.45
    stretch: float = 1.6
    """Beyond the longest (below the shortest) by this factor, it was not the phrase at all."""


@dataclass(frozen=True, slots=True)
class Match:
    """A phrase of the list inside a hypothesis: `exact` if nothing else was said, not even a filler or a repeat."""

    phrase: str
    repeats: int
    exact: bool


def decide(
    best: Hypothesis | None,
    phrases: Collection[str],
    seconds: float,
    energy: float,
    thresholds: Thresholds = Thresholds(),
    fillers: Collection[str] = (),
) -> Decision:
    """`best` is what was heard, if any word was; `seconds` how long the person spoke (silence at both ends left out),
    `energy` the level of it in dBFS.

    `fillers` are words without meaning ("um"): with them the answer is read back, never accepted.
    """
    found = match(best.text, phrases, fillers) if best else None
    if best is None or found is None:
        return "reject"
    if best.confidence < thresholds.read_back_confidence or energy < thresholds.min_level:
        return "reject"
    count = syllables(found.phrase) * found.repeats
    shortest = thresholds.shortest_base + thresholds.shortest_syllable * count
    longest = thresholds.longest_base + thresholds.longest_syllable * count
    if not shortest / thresholds.stretch <= seconds <= longest * thresholds.stretch:
        return "reject"
    needed = thresholds.accept_confidence_short if count <= 2 else thresholds.accept_confidence
    certain = best.confidence >= needed and shortest <= seconds <= longest
    return "accept" if found.exact and certain else "read_back"


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that a decision rests on, kept in the call's log so that it can be made again: the arguments of `decide`, of
    the phrases and fillers only those that the words heard can hold."""

    best: Hypothesis | None
    phrases: tuple[str, ...]
    seconds: float
    energy: float
    thresholds: Thresholds
    fillers: tuple[str, ...]

    def decision(self) -> Decision:
        """What `decide` makes of it now."""
        return decide(self.best, self.phrases, self.seconds, self.energy, self.thresholds, self.fillers)

    def to_json(self) -> dict[str, Any]:
        """As a JSON object. The level of silence, minus infinity, is null."""
        return {**asdict(self), "energy": self.energy if math.isfinite(self.energy) else None}


def evidence_of(
    best: Hypothesis | None,
    phrases: Collection[str],
    seconds: float,
    energy: float,
    thresholds: Thresholds,
    fillers: Collection[str],
) -> Evidence:
    """The evidence for a decision, without the phrases and fillers that play no part in it."""
    words = set(best.text.split()) if best else set()
    held = tuple(sorted(phrase for phrase in phrases if words.issuperset(phrase.split())))
    return Evidence(best, held, seconds, energy, thresholds, tuple(sorted(words.intersection(fillers))))


def evidence_from_json(data: Mapping[str, Any]) -> Evidence:
    """The inverse of `Evidence.to_json`. Thresholds that are no more are left out, new ones have their defaults."""
    known = {field.name for field in fields(Thresholds)}
    return Evidence(
        best=Hypothesis(**data["best"]) if data["best"] else None,
        phrases=tuple(data["phrases"]),
        seconds=data["seconds"],
        energy=-math.inf if data["energy"] is None else data["energy"],
        thresholds=Thresholds(**{name: value for name, value in data["thresholds"].items() if name in known}),
        fillers=tuple(data["fillers"]),
    )


def match(text: str, phrases: Collection[str], fillers: Collection[str] = ()) -> Match | None:
    """The phrase of the list that `text` is, whole, perhaps repeated ("yes yes") or among fillers ("um yes").

    Two different phrases joined, a part of a phrase, or a phrase with other words are no match.
    """
    words = text.split()
    kept = [word for word in words if word not in fillers]
    for repeats in range(1, _MAX_REPEATS + 1):
        size, rest = divmod(len(kept), repeats)
        if rest or not size:
            continue
        once = " ".join(kept[:size])
        if once in phrases and kept == kept[:size] * repeats:
            return Match(once, repeats, exact=repeats == 1 and kept == words)
    return None


def syllables(phrase: str) -> int:
    """About how many syllables a phrase has: Hangul letters, or groups of Latin vowels; at least one a word."""
    total = 0
    for word in phrase.split():
        hangul = sum("가" <= letter <= "힣" for letter in word)
        plain = "".join(c for c in unicodedata.normalize("NFD", word.lower()) if not unicodedata.combining(c))
        total += hangul or max(1, len(_VOWELS.findall(plain.removesuffix("e"))))  # an English e at the end is mute
    return total


def read_thresholds(model: Path) -> Thresholds:
    """The thresholds measured for a model, or the defaults. Raises UserError for a file with anything else in it."""
    file = model / THRESHOLDS_FILE
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Thresholds()
    except (OSError, ValueError) as error:
        raise UserError(f"{file.name} of the model {model.name} cannot be read: {error}.") from error
    known = {field.name for field in fields(Thresholds)}
    if not isinstance(data, dict) or not all(k in known and _is_number(v) for k, v in data.items()):
        raise UserError(f"{file.name} of the model {model.name} may hold only numbers for: {', '.join(sorted(known))}.")
    return Thresholds(**{name: float(value) for name, value in data.items()})


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
