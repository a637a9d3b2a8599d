"""A call's transcript, turn by turn, with times and with answers under the labels of the record form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from ivr.calls.log import LogLine
from ivr.calls.transcript import Utterance, transcript


@dataclass(frozen=True, slots=True)
class TurnBlock:
    """What happened in one turn: what the person did, what was made of it, what was said next."""

    turn: int
    at: datetime
    utterances: Sequence[Utterance]


def conversation(lines: Sequence[LogLine]) -> list[TurnBlock]:
    """The readable turns of a call's log. What the carrier reports of itself is left to the facts above."""
    times: dict[int, datetime] = {}
    for line in lines:
        times.setdefault(line.turn, line.at)
    shown = [utterance for utterance in transcript(lines, asides=True) if not _needless(utterance)]
    return [TurnBlock(turn, times[turn], sorted(group, key=_place)) for turn, group in groupby(shown, lambda u: u.turn)]


def _needless(utterance: Utterance) -> bool:
    """What goes without saying: a key cuts a prompt short."""
    return utterance.kind == "status" or (utterance.kind == "cut_short" and utterance.text == "key")


def _place(utterance: Utterance) -> int:
    """What was saved stands behind what the person did, before what was said next, though it is written last."""
    return 0 if utterance.who == "person" or utterance.kind in ("answered", "saved") else 1


def recognised(data: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """The other things that may have been said, after the best."""
    hypotheses: Sequence[Mapping[str, Any]] = data.get("hypotheses", ())
    return hypotheses[1:4]
