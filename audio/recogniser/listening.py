"""One answer being listened to: sound goes in as it arrives, what was heard comes out at the end."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from audio import codec
from audio.decision import Decision, Evidence, Hypothesis, Opinion, Thresholds, evidence_of, match
from audio.decoys import fillers_for
from audio.recogniser.grammar import plain
from audio.recogniser.link import WorkerLink
from audio.utterance import spoken, spoken_frames

BATCH_BYTES = 5 * codec.PCM_FRAME
"""Sound is sent 100 ms at a time: a fifth of the system calls, and none of the delay, for `finish` sends the rest."""
FINISH_SECONDS = 1.5

Words = list[dict[str, Any]]
"""As Vosk gives them: `word`, `conf`, `start` and `end` in seconds of what was fed."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What came of it. `hypotheses` is empty if no word was found; a text that is an answer is the phrase itself.

    `seconds` is how long the person spoke; `evidence` is what the decision rests on, for the call's log.
    """

    hypotheses: tuple[Hypothesis, ...]
    decision: Decision
    seconds: float
    evidence: Evidence | None = None

    @property
    def certain(self) -> bool:
        """Two recognisers agree on it, and neither left a doubt."""
        return self.evidence is not None and self.evidence.certain


class Listening:
    """A session on a worker. `feed` never waits; `finish` or `cancel` ends it, once. With `certain`, a second
    recogniser hears the same sound, and both must agree before an answer is accepted. `doubting`: it is spared, and
    nothing is accepted."""

    def __init__(
        self,
        link: WorkerLink,
        language: str,
        phrases: Sequence[str],
        thresholds: Thresholds,
        certain: bool = False,
        doubting: bool = False,
    ) -> None:
        self._link = link
        self._number = link.begin()
        self._phrases = {plain(phrase): phrase for phrase in phrases}
        self._fillers = fillers_for(language, self._phrases.keys())
        self._thresholds = thresholds
        self._pending = bytearray()
        self._levels: list[int] = []
        self._open = True
        self._opened = link.expect("opened", self._number)
        open_ = {"op": "open", "id": self._number, "language": language, "phrases": list(self._phrases)}
        self._failed = not link.send({**open_, "certain": certain, "doubting": doubting})

    @property
    def failed(self) -> bool:
        """Whether nothing will come of this any more: the worker died, or fell too far behind."""
        return self._failed or not self._link.alive

    def feed(self, pcm: bytes) -> None:
        """16-bit samples at 8 kHz, whole frames. Never waits; after a failure, or the end, it does nothing."""
        if self.failed or not self._open:
            return
        self._levels += [codec.rms(frame) for frame in codec.frames(pcm)]
        self._pending += pcm
        if len(self._pending) >= BATCH_BYTES:
            self._flush()

    async def finish(self, timeout: float = FINISH_SECONDS) -> Heard | None:  # noqa: ASYNC109  a rule of the product
        """The result; None if speech failed (worker gone, hung, too slow, no phrase it knows): go on by keys."""
        if self._open:
            self._flush()
        if self.failed or not self._open or not self._link.send({"op": "finish", "id": self._number}):
            self.cancel()
            return None
        result = self._link.expect("result", self._number)
        try:
            async with asyncio.timeout(timeout):
                opened, reply = await self._opened, await result
        except TimeoutError:
            self._link.timed_out()
            return None
        finally:
            self._leave()
        if opened is None or reply is None or reply["words"] is None:
            return None
        return self._heard(reply["words"], reply["opinion"], opened["unknown"])

    def cancel(self) -> None:
        """Forget it: the answer came by keys, or the call ended."""
        if self._open:
            self._link.send({"op": "cancel", "id": self._number})
            self._leave()

    def _flush(self) -> None:
        if self._pending and not self.failed:
            self._failed |= not self._link.send({"op": "feed", "id": self._number}, bytes(self._pending))
            self._pending.clear()

    def _leave(self) -> None:
        self._open = False
        self._link.forget(self._number)

    def _heard(self, words: Words, opinion: Words | None, unknown: list[str]) -> Heard:
        usable = self._phrases.keys() - set(unknown)
        evidence = weigh(words, opinion, self._levels, usable, self._thresholds, self._fillers)
        best, seconds = evidence.best, evidence.seconds
        return Heard((self._named(best),) if best is not None else (), evidence.decision(), seconds, evidence)

    def _named(self, hypothesis: Hypothesis) -> Hypothesis:
        """Give back the question's own phrase, without fillers or repeats."""
        found = match(hypothesis.text, self._phrases.keys(), self._fillers)
        return Hypothesis(self._phrases[found.phrase], hypothesis.confidence) if found else hypothesis


def weigh(
    words: Words,
    opinion: Words | None,
    levels: Sequence[int],
    phrases: Collection[str],
    thresholds: Thresholds,
    fillers: Collection[str],
) -> Evidence:
    """What there is to decide on: the words found, what a second recogniser found in the same sound, and the level of
    each 20 ms frame that they were given."""
    seconds, energy = spoken(levels)
    best = Hypothesis(_text(words), _confidence(words)) if words else None
    second = Opinion(_text(opinion), _confidence(opinion)) if opinion is not None else None
    share = coverage(words, levels)
    return evidence_of(best, phrases, seconds, energy, thresholds, fillers, share, second)


def coverage(words: Words, levels: Sequence[int]) -> float:
    """The share of the spoken frames that lie within words, from 0 to 1."""
    loud = [(index + 0.5) * codec.FRAME_MS / 1000 for index in spoken_frames(levels)]
    covered = sum(any(word["start"] <= at <= word["end"] for word in words) for at in loud)
    return covered / len(loud) if loud else 0.0


def _text(words: Words) -> str:
    return " ".join(word["word"] for word in words)


def _confidence(words: Words) -> float:
    return min((float(word["conf"]) for word in words), default=0.0)
