"""What to make of what the recogniser heard: accept, read back, or reject. A function of values.

A grammar recogniser always finds one of its words in whatever is said, often with a confidence above 0.9, so
confidence alone decides nothing. Accepting takes a whole phrase of the list, said once, as long as such a phrase
takes, loud enough, and found where the sound is; decoys compete with it inside the recogniser. Where a second
recogniser that knows hundreds of other words was asked as well, it must be sure of the same phrase: then an answer is
certain. Reading back is the usual result; rejecting costs one more try.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

Decision = Literal["accept", "read_back", "reject"]

_MAX_REPEATS = 3
_VOWELS = re.compile(r"[aeiouy]+")


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """What may have been said: words as the recogniser gives them, and its confidence from 0 to 1."""

    text: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Opinion:
    """What a second recogniser found in the same sound, which knows many more words: empty if nothing."""

    text: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Per model; the defaults hold until it is calibrated. Times are seconds; each bound is
    `…_base + …_syllable x syllables of the phrase`."""

    accept_confidence: float = 0.90
    accept_confidence_short: float = 0.97
    """For phrases of one or two syllables, which other speech is most often taken for."""
    accept_coverage: float = 0.50
    """Share of the spoken frames that lie within the words found; the rest was something else."""
    second_confidence: float = 0.60
    """A second recogniser that found the same is sure of it from here on."""
    read_back_confidence: float = 0.30
    min_level: float = -50.0
    """dBFS of the spoken parts; below it, somebody else in the room was speaking."""
    shortest_base: float = 0.02
    shortest_syllable: float = 0.08
    longest_base: float = 0.35
    longest_syllable: float = 0.45
    stretch: float = 1.6
    """Beyond the longest (below the shortest) by this factor, it was not the phrase at all."""


CAREFUL = Thresholds(
    accept_confidence=0.97, accept_confidence_short=0.99, accept_coverage=0.7, read_back_confidence=0.5
)
"""Without calibration, for a model that cannot be told what to listen for."""


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
    coverage: float = 1.0,
    opinion: Opinion | None = None,
) -> Decision:
    """`best` is what was heard, if any word was; `seconds` how long the person spoke (silence at both ends left out),
    `energy` the level of it in dBFS, `coverage` the share of it that lies within words.

    `fillers` are words without meaning ("um"): with them the answer is read back, never accepted. So is it if a second
    `opinion` was asked for and is not the same, for sure; None: nobody asked for one.
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
    certain = best.confidence >= needed and shortest <= seconds <= longest and coverage >= thresholds.accept_coverage
    agreed = opinion is None or (
        match(opinion.text, phrases) == found and opinion.confidence >= thresholds.second_confidence
    )
    return "accept" if found.exact and certain and agreed else "read_back"


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
    coverage: float = 1.0
    opinion: Opinion | None = None

    def decision(self) -> Decision:
        """What `decide` makes of it now."""
        known = (self.best, self.phrases, self.seconds, self.energy, self.thresholds, self.fillers)
        return decide(*known, self.coverage, self.opinion)

    @property
    def certain(self) -> bool:
        """Two recognisers agree on it, and neither left a doubt."""
        return self.opinion is not None and self.decision() == "accept"

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
    coverage: float = 1.0,
    opinion: Opinion | None = None,
) -> Evidence:
    """The evidence for a decision, without the phrases and fillers that play no part in it."""
    words = set(best.text.split()) if best else set()
    held = tuple(sorted(phrase for phrase in phrases if words.issuperset(phrase.split())))
    kept = tuple(sorted(words.intersection(fillers)))
    return Evidence(best, held, seconds, energy, thresholds, kept, round(coverage, 3), opinion)


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
        coverage=data.get("coverage", 1.0),
        opinion=Opinion(**data["opinion"]) if data.get("opinion") else None,
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
