"""One answer being listened to: sound goes in as it arrives, what was heard comes out at the end."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from audio import codec
from audio.decision import Decision, Evidence, Hypothesis, Thresholds, evidence_of, match
from audio.decoys import fillers_for
from audio.recogniser.grammar import plain
from audio.recogniser.link import WorkerLink

BATCH_BYTES = 5 * codec.PCM_FRAME
"""Sound is sent 100 ms at a time: a fifth of the system calls, and none of the delay, for `finish` sends the rest."""
FINISH_SECONDS = 1.5
SPOKEN_BELOW_LOUDEST = 0.1
"""A frame counts as spoken above a tenth (-20 dB) of the loudest frame's level."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What came of it. `hypotheses` is empty if no word was found; a text that is an answer is the phrase itself.

    `seconds` is how long the person spoke; `evidence` is what the decision rests on, for the call's log.
    """

    hypotheses: tuple[Hypothesis, ...]
    decision: Decision
    seconds: float
    evidence: Evidence | None = None


class Listening:
    """A session on a worker. `feed` never waits; `finish` or `cancel` ends it, once."""

    def __init__(self, link: WorkerLink, language: str, phrases: Sequence[str], thresholds: Thresholds) -> None:
        self._link = link
        self._number = link.number()
        self._phrases = {plain(phrase): phrase for phrase in phrases}
        self._fillers = fillers_for(language, self._phrases.keys())
        self._thresholds = thresholds
        self._pending = bytearray()
        self._levels: list[int] = []
        self._open = True
        link.sessions.add(self._number)
        self._opened = link.expect("opened", self._number)
        header = {"op": "open", "id": self._number, "language": language, "phrases": list(self._phrases)}
        self._failed = not link.send(header)

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
        return self._heard(reply["words"], opened["unknown"])

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
        self._link.sessions.discard(self._number)

    def _heard(self, words: list[dict[str, Any]], unknown: list[str]) -> Heard:
        usable = self._phrases.keys() - set(unknown)
        seconds, energy = spoken(self._levels)
        best = None
        if words:
            text = " ".join(word["word"] for word in words)
            best = Hypothesis(text, min(float(word["conf"]) for word in words))
        evidence = evidence_of(best, usable, seconds, energy, self._thresholds, self._fillers)
        return Heard((self._named(best),) if best is not None else (), evidence.decision(), seconds, evidence)

    def _named(self, hypothesis: Hypothesis) -> Hypothesis:
        """Give back the question's own phrase, without fillers or repeats."""
        found = match(hypothesis.text, self._phrases.keys(), self._fillers)
        return Hypothesis(self._phrases[found.phrase], hypothesis.confidence) if found else hypothesis


def spoken(levels: Sequence[int]) -> tuple[float, float]:
    """From the level of each 20 ms frame: seconds from the first spoken frame to the last, and their level in dBFS."""
    floor = max(levels, default=0) * SPOKEN_BELOW_LOUDEST
    loud = [index for index, level in enumerate(levels) if level > floor]
    if not loud:
        return 0.0, -math.inf
    power = sum(levels[index] ** 2 for index in loud) / len(loud)
    return (loud[-1] - loud[0] + 1) * codec.FRAME_MS / 1000, 20 * math.log10(math.sqrt(power) / 32768)
