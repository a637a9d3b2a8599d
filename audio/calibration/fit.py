"""From recordings that were heard to thresholds, by a stated rule. Pure.

The rule: of the thresholds for accepting on a grid, those with which the most answers are accepted rightly, while false
acceptance stays below a bound. It is two shares, each below the bound: off-list speech accepted, of the off-list
recordings; and another answer than the one given accepted, of the answers. What counts is not the share in the sample
but the upper end of its one-sided 95 % confidence interval (Wilson). If no thresholds hold the bound, none is accepted
by voice: every answer is read back, and confirmed by keys. The threshold for reading back is the highest that turns
away at most one in fifty of the answers understood rightly.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from audio.calibration.samples import Sample
from audio.decision import Evidence, Thresholds, match

NORMAL_95 = 1.6449
"""One-sided 95 % point of the normal distribution."""
MAX_FALSE_ACCEPTANCE = 0.02
TURNED_AWAY = 0.02
NEVER = 1.01
"""No confidence reaches it."""

_CONFIDENCES = (0.7, 0.8, 0.9, 0.95, 0.98, 1.0)
_COVERAGES = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
_SECONDS = (0.9, 0.6, 0.3)
_READ_BACKS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6)


@dataclass(frozen=True, slots=True)
class Heard:
    """A recording, and what there was to decide on; None if nobody was heard to speak."""

    sample: Sample
    evidence: Evidence | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of it: `accept`, `read_back`, `reject` or `unheard`; `right`: it is the answer that was given."""

    decision: str
    right: bool


@dataclass(frozen=True, slots=True)
class Point:
    """What one set of thresholds does to the recordings."""

    thresholds: Thresholds
    accepted: int
    accepted_wrong: int
    off_list_accepted: int

    @property
    def falsely(self) -> int:
        """All that was accepted and should not have been."""
        return self.accepted_wrong + self.off_list_accepted


def judge(heard: Heard, thresholds: Thresholds) -> Verdict:
    """What these thresholds make of it."""
    evidence = heard.evidence
    if evidence is None:
        return Verdict("unheard", False)
    decision = replace(evidence, thresholds=thresholds).decision()
    found = match(evidence.best.text, evidence.phrases, evidence.fillers) if evidence.best else None
    meant = heard.sample.meant_by(found.phrase) if found else None
    return Verdict(decision, meant is not None and meant == heard.sample.given)


def upper_bound(hits: int, of: int) -> float:
    """The upper end of the one-sided 95 % confidence interval of a share, after Wilson; 1 without observations."""
    if not of:
        return 1.0
    share, z2 = hits / of, NORMAL_95**2
    middle = share + z2 / (2 * of)
    spread = NORMAL_95 * math.sqrt(share * (1 - share) / of + z2 / (4 * of * of))
    return (middle + spread) / (1 + z2 / of)


def false_acceptance(accepted_wrong: int, answers: int, off_list_accepted: int, off_list: int) -> float:
    """What the bound is held against: the larger of the two shares, at the upper end of its interval."""
    return max(upper_bound(accepted_wrong, answers), upper_bound(off_list_accepted, off_list))


def needed(bound: float) -> int:
    """How many recordings it takes to show a share below `bound` when not one of them is a hit."""
    return math.ceil(NORMAL_95**2 * (1 - bound) / bound)


def points(all_heard: Sequence[Heard]) -> list[Point]:
    """What every set of thresholds on the grid does."""
    found = []
    for confidence, coverage, second in itertools.product(_CONFIDENCES, _COVERAGES, _SECONDS):
        short = min(1.0, confidence + 0.05)
        found.append(point_of(all_heard, Thresholds(confidence, short, coverage, second)))
    return found


def point_of(all_heard: Sequence[Heard], thresholds: Thresholds) -> Point:
    """What one set of thresholds does."""
    right = wrong = off_list = 0
    for heard in all_heard:
        verdict = judge(heard, thresholds)
        if verdict.decision == "accept":
            right += verdict.right
            wrong += heard.sample.given is not None and not verdict.right
            off_list += heard.sample.given is None
    return Point(thresholds, right, wrong, off_list)


def choose(
    all_heard: Sequence[Heard], candidates: Sequence[Point], bound: float = MAX_FALSE_ACCEPTANCE
) -> tuple[Thresholds, bool]:
    """The thresholds by the rule above; False if no answer can be accepted by voice within the bound."""
    answers = sum(heard.sample.given is not None for heard in all_heard)
    off_list = len(all_heard) - answers
    within = [
        point
        for point in candidates
        if false_acceptance(point.accepted_wrong, answers, point.off_list_accepted, off_list) <= bound
    ]
    best = max(within, key=lambda point: (point.accepted, -point.falsely), default=None)
    found = best.thresholds if best and best.accepted else Thresholds(NEVER, NEVER)
    understood = [heard for heard in all_heard if judge(heard, _lenient(found)).right]
    for read_back in reversed(_READ_BACKS):
        thresholds = replace(found, read_back_confidence=read_back)
        kept = sum(judge(heard, thresholds).decision != "reject" for heard in understood)
        if kept >= (1 - TURNED_AWAY) * len(understood):
            return thresholds, bool(best and best.accepted)
    return _lenient(found), bool(best and best.accepted)


def _lenient(thresholds: Thresholds) -> Thresholds:
    return replace(thresholds, read_back_confidence=0.0)
