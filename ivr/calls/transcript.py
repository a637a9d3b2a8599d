"""A call as people read it: who said what, which keys, what was heard and what was made of it. Pure.

The same script gives the same transcript on every carrier (N17). Only what carriers report of themselves, the `status`
lines, may differ, and what did not count on a live line, which is told only to those who ask for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from ivr.calls.log import LogLine

Who = Literal["robot", "person", "system"]


@dataclass(frozen=True, slots=True)
class Utterance:
    """One line of a transcript.

    `kind` by who: robot `said`, `recorded`; person `keys`, `spoke`, `silent`, `message`; system `answered`, `saved`,
    `effect`, `bridged`, `dial_ended`, `hung_up`, `line_gone`, `status`. `text` is what was said, pressed or heard, or
    the one word that tells how it went; `data` holds the rest (language, decision, confidence, values).

    Asides: person `key_dropped` (the key; `reason`), `outdone` (words that a key came before), `cut_short` (the prompt,
    by `key` or `speech`); system `speech_failed` (why).
    """

    turn: int
    who: Who
    kind: str
    text: str
    data: Mapping[str, Any] = field(default_factory=dict)


def transcript(lines: Iterable[LogLine], asides: bool = False) -> list[Utterance]:
    """The readable lines of a call's log, in order; with `asides`, also what happened on the line and did not count."""
    return [utterance for line in lines for utterance in _utterances(line, asides)]


def as_text(utterances: Iterable[Utterance]) -> str:
    """The transcript as plain text, one line each, without what carriers report of themselves."""
    return "".join(f"{u.who} {u.kind}: {u.text}\n" for u in utterances if u.kind != "status")


def _utterances(line: LogLine, asides: bool) -> Iterator[Utterance]:
    data = line.data
    if line.kind in ("event", "effect"):
        event = _EVENTS.get(data["kind"])
        if event is not None:
            yield event(line.turn, data)
    elif line.kind == "actions":
        for action in data["actions"]:
            render = _ACTIONS.get(action["kind"])
            if render is not None:
                yield render(line.turn, action)
    elif line.kind == "saved":
        for name, answer in data.items():
            yield Utterance(line.turn, "system", "saved", name, answer)
    elif line.kind == "status":
        yield Utterance(line.turn, "system", "status", data["state"], data)
    elif line.kind == "aside" and asides:
        for aside in data["asides"]:
            tell = _ASIDES.get(aside["kind"])
            if tell is not None:
                yield tell(line.turn, aside)


def _spoke(turn: int, data: Mapping[str, Any]) -> Utterance:
    best: Mapping[str, Any] = data["hypotheses"][0] if data["hypotheses"] else {"text": "", "confidence": 0.0}
    details = {"decision": data["decision"], "confidence": best["confidence"], "hypotheses": data["hypotheses"]}
    return Utterance(turn, "person", "spoke", best["text"], details)


def _said(turn: int, action: Mapping[str, Any]) -> Utterance:
    prompt = action["prompt"]
    text = "".join(segment["text"] for segment in prompt["segments"])
    return Utterance(turn, "robot", "said", text, {"language": prompt["language"]})


def _bridged(turn: int, action: Mapping[str, Any]) -> Utterance:
    # A telephone number is personal data and is shown by those who may show it; the kind of target is enough here.
    return Utterance(turn, "system", "bridged", action["target"].partition(":")[0], {"target": action["target"]})


_EVENTS: dict[str, Callable[[int, Mapping[str, Any]], Utterance]] = {
    "call_started": lambda turn, data: Utterance(turn, "system", "answered", data["answered_by"]),
    "keys_pressed": lambda turn, data: Utterance(turn, "person", "keys", data["digits"]),
    "speech_heard": _spoke,
    "nothing_heard": lambda turn, data: Utterance(turn, "person", "silent", ""),
    "voice_message": lambda turn, data: Utterance(
        turn, "person", "message", f"{data['seconds']:.0f} s", {"recording_id": data["recording_id"]}
    ),
    "dial_ended": lambda turn, data: Utterance(turn, "system", "dial_ended", data["outcome"]),
    "effect_done": lambda turn, data: Utterance(
        turn, "system", "effect", f"{data['effect']} → {data['outcome']}", data.get("result", {})
    ),
    "call_ended": lambda turn, data: Utterance(turn, "system", "line_gone", data["reason"]),
}
_ASIDES: dict[str, Callable[[int, Mapping[str, Any]], Utterance]] = {
    "key_dropped": lambda turn, data: Utterance(turn, "person", "key_dropped", data["key"], {"reason": data["reason"]}),
    "superseded": lambda turn, data: Utterance(turn, "person", "outdone", data["by"]),
    "barge_in": lambda turn, data: Utterance(turn, "person", "cut_short", data["by"], {"after": data["after"]}),
    "speech_failed": lambda turn, data: Utterance(turn, "system", "speech_failed", data["why"]),
}
_ACTIONS: dict[str, Callable[[int, Mapping[str, Any]], Utterance]] = {
    "play": _said,
    "record": lambda turn, action: Utterance(turn, "robot", "recorded", f"{action['max_seconds']:.0f} s"),
    "bridge": _bridged,
    "hang_up": lambda turn, action: Utterance(turn, "system", "hung_up", action["reason"]),
}
