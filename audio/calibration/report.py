"""What thresholds do to labelled recordings, per kind of question."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

from audio.calibration.fit import Heard, judge, upper_bound
from audio.decision import Thresholds

ALL = "all"


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one kind of question. Shares are of the answers; `understood` is accuracy: the right phrase was found,
    whatever was made of it."""

    kind: str
    answers: int
    understood: float
    accepted: float
    read_back: float
    rejected: float
    accepted_wrong: int
    accepted_wrong_at_most: float
    """Upper end of the 95 % interval, of the answers."""
    off_list: int
    off_list_read_back: int
    off_list_accepted: int
    off_list_accepted_at_most: float
    """Upper end of the 95 % interval, of the off-list recordings."""
    off_list_accepted_by_one: int
    """Had no second recogniser been asked: as for the yes to an answer that was certain itself."""


def figures(all_heard: Iterable[Heard], thresholds: Thresholds) -> list[Figures]:
    """Per kind, and of all of them last."""
    by_kind: dict[str, list[Heard]] = {}
    for heard in all_heard:
        by_kind.setdefault(heard.sample.kind, []).append(heard)
    several = {**by_kind, ALL: [heard for kind in by_kind.values() for heard in kind]}
    return [_of(kind, heard, thresholds) for kind, heard in several.items()]


def _of(kind: str, all_heard: list[Heard], thresholds: Thresholds) -> Figures:
    answers: Counter[str] = Counter()
    off_list: Counter[str] = Counter()
    understood = wrong = by_one = 0
    for heard in all_heard:
        verdict = judge(heard, thresholds)
        given = heard.sample.given is not None
        (answers if given else off_list)[verdict.decision] += 1
        understood += given and verdict.right
        wrong += given and verdict.decision == "accept" and not verdict.right
        by_one += not given and judge(_without_opinion(heard), thresholds).decision == "accept"
    count, strays = answers.total(), off_list.total()
    return Figures(
        kind=kind,
        answers=count,
        understood=_share(understood, count),
        accepted=_share(answers["accept"], count),
        read_back=_share(answers["read_back"], count),
        rejected=_share(answers["reject"] + answers["unheard"], count),
        accepted_wrong=wrong,
        accepted_wrong_at_most=round(upper_bound(wrong, count), 4),
        off_list=strays,
        off_list_read_back=off_list["read_back"],
        off_list_accepted=off_list["accept"],
        off_list_accepted_at_most=round(upper_bound(off_list["accept"], strays), 4),
        off_list_accepted_by_one=by_one,
    )


def _without_opinion(heard: Heard) -> Heard:
    return replace(heard, evidence=replace(heard.evidence, opinion=None)) if heard.evidence is not None else heard


def _share(part: int, whole: int) -> float:
    return round(part / whole, 3) if whole else 0.0
