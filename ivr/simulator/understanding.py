"""From words to meaning: which question of which script is being asked, as a listener would know it from what was said.

A listener has only the words. They are matched against the texts of the library's scripts, values standing for
anything; so what is not the script's text, or comes in pieces, is not understood.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any

from audio.speech import readable
from flows.engine.kinds.ask import Ask
from flows.engine.script import Node, Path, Script, Slot, Text

GAP = "\x1f"
"""Stands between two clips."""
READ_BACKS = ("read_back.say_spoken", "read_back.say_short", "read_back.say_keyed")
_WORDS = re.compile(r"\w")


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the library a text stands: `part` is the path of its field in the step (`read_back.say_keyed`)."""

    script: str
    node: Node
    part: str


@dataclass(slots=True)
class Template:
    """A text of one language, as a pattern, and every place that says it."""

    pattern: re.Pattern[str]
    longest: str
    paths: tuple[Path, ...]
    places: list[Place] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Match:
    """A text found in what was heard, with the words in place of its values."""

    template: Template
    start: int
    end: int
    values: tuple[tuple[Path, str], ...]


@dataclass(frozen=True, slots=True)
class Question:
    """A question, or the read-back of an answer (`confirms`), with everything said along with it.

    `offered` are the words for the keys of a menu made while the call runs, `announced` the options that were named,
    `value` what was read back; `speech` says that the prompts invite words, not only keys.
    """

    script: str
    node: Ask
    confirms: bool
    speech: bool
    value: str | None
    offered: Mapping[str, str]
    announced: frozenset[int]


@dataclass(frozen=True, slots=True)
class Heard:
    """What was understood: the question to answer, if any; `complete` is False when some words were of no script."""

    question: Question | None
    complete: bool


class Understanding:
    """The texts of a library, per language."""

    def __init__(self, scripts: Mapping[str, Script]) -> None:
        self._templates: dict[str, dict[str, Template]] = {}
        for script in scripts.values():
            for node in script.steps.values():
                for part, text in texts_of(node):
                    self._learn(Place(script.id, node, part), text)
            for name, text in script.phrases.items():
                self._learn(Place(script.id, next(iter(script.steps.values())), f"phrases.{name}"), text)

    def of(self, clips: Sequence[str], language: str, last: Ask | None, script: str | None) -> Heard:
        """What the clips ask, in order. A read-back that any question may use belongs to the `last` one asked; a text
        of several scripts to the one the person has been hearing."""
        said = GAP.join(clips)
        matches = self._matches(said, language)
        spoken = [match for match in matches if match.template.places]
        question = self._question(spoken, last, script)
        return Heard(question, _covered(said, matches))

    def _learn(self, place: Place, text: Text) -> None:
        for language, pieces in text.pieces.items():
            if not any(not isinstance(piece, Slot) and _WORDS.search(piece.text) for piece in pieces):
                continue
            pattern = f"{GAP}?\\s*".join(_expression(piece) for piece in pieces)
            known = self._templates.setdefault(language, {})
            if pattern not in known:
                paths = tuple(piece.path for piece in pieces if isinstance(piece, Slot))
                longest = max((readable(p.text) for p in pieces if not isinstance(p, Slot)), key=len)
                known[pattern] = Template(re.compile(f"(?:^|(?<={GAP})){pattern}(?={GAP}|$)"), longest, paths)
            known[pattern].places.append(place)

    def _matches(self, said: str, language: str) -> list[Match]:
        found = []
        for template in self._templates.get(language, {}).values():
            if template.longest not in said:
                continue
            for hit in template.pattern.finditer(said):
                values = tuple(zip(template.paths, (group.strip() for group in hit.groups()), strict=True))
                found.append(Match(template, hit.start(), hit.end(), values))
        found.sort(key=lambda match: (match.start, -match.end))
        return found

    def _question(self, matches: list[Match], last: Ask | None, script: str | None) -> Question | None:
        asked: tuple[int, int, Match, Place, bool] | None = None
        for match in matches:
            for place in match.template.places:
                confirms = place.part in READ_BACKS and place.node is last
                if not isinstance(place.node, Ask) or not (confirms or place.part == "say"):
                    continue
                rank = (match.end, place.script == script)
                if asked is None or rank > (asked[0], asked[1]):
                    asked = (match.end, rank[1], match, place, confirms)
        if asked is None:
            return None
        _, _, match, place, confirms = asked
        return _question(match, place, confirms, matches)


def _question(asked: Match, place: Place, confirms: bool, matches: list[Match]) -> Question:
    node = place.node
    assert isinstance(node, Ask)
    offered: dict[str, str] = {}
    announced: set[int] = set()
    speech = node.speech
    for match in matches:
        for part in {other.part for other in match.template.places if other.node is node}:
            names = part.split(".")
            if names[:2] == ["kind", "announce_offer"]:
                offered[names[2]] = dict(match.values).get(("value",), "")
            elif names[:2] == ["kind", "fixed"] and names[-1] == "announce":
                announced.add(int(names[2]))
            elif part in ("keys_only", "kind.hint_keys", "read_back.yes_no.hint_keys"):
                speech = False
    value = dict(asked.values).get(("value",)) if confirms else None
    return Question(place.script, node, confirms, speech, value, offered, frozenset(announced))


def texts_of(value: Any, path: str = "") -> Iterator[tuple[str, Text]]:
    """Every text inside a step with the path of its field."""
    if isinstance(value, Text):
        yield path, value
    elif is_dataclass(value):
        for item in fields(value):
            yield from texts_of(getattr(value, item.name), f"{path}.{item.name}" if path else item.name)
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from texts_of(inner, f"{path}.{key}")
    elif isinstance(value, tuple | list):
        for index, inner in enumerate(value):
            yield from texts_of(inner, f"{path}.{index}")


def _expression(piece: Any) -> str:
    if isinstance(piece, Slot):
        return rf"([^{GAP}]*?\w[^{GAP}]*?)"
    words = readable(piece.text)
    return re.escape(words) if _WORDS.search(words) else f"(?:{re.escape(words)})?"


def _covered(said: str, matches: list[Match]) -> bool:
    """Whether every word belongs to some text."""
    reached = 0
    for match in matches:
        if match.start > reached and _WORDS.search(said[reached : match.start]):
            return False
        reached = max(reached, match.end)
    return not _WORDS.search(said[reached:])
