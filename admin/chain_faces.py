"""How the people of a chain are written in its pictures and its table: words, addresses and legends."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any
from uuid import UUID

from flask import url_for
from flask_babel import format_date, get_locale, gettext
from flask_babel import lazy_gettext as _

from admin.formats import area, day
from tracing.cases.generations import label
from tracing.chains.chain import Chain, Node, Standing
from tracing.chains.drawing import Face
from tracing.chains.folding import Folded
from tracing.chains.tree import MORE

STANDINGS = {
    "case": _("confirmed case"),
    "suspected": _("suspected or probable case"),
    "not_a_case": _("not a case"),
    "followed": _("followed up"),
    "completed": _("follow-up completed"),
    "lost": _("lost to follow-up"),
    "not_followed": _("no follow-up"),
    "dropped": _("dropped"),
    "outside": _("outside your area"),
}
# On a card there is room for little more than a date beside it.
_IN_SHORT = {
    "suspected": _("suspected"),
    "not_a_case": _("not a case"),
    "followed": _("followed up"),
    "completed": _("completed"),
    "lost": _("lost"),
    "not_followed": _("no follow-up"),
    "dropped": _("dropped"),
}
TONES = {"case": "bad", "suspected": "warn", "followed": "info", "completed": "good", "lost": "warn"}
# What the marks of a timeline are, in the order of a legend.
MARKS = {
    "exposed": _("exposure"),
    "onset": _("first symptoms"),
    "positive": _("test: positive"),
    "negative": _("test: negative"),
    "pending": _("test: no clear result yet"),
    "followed_days": _("follow-up"),
    "centralised": _("quarantine in a centre"),
    "home": _("quarantine at home"),
    "self_monitoring": _("watching their own health"),
    "reached": _("called, talked"),
    "missed": _("called, nobody answered"),
}
_NOBODY = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Legend:
    """What a sign of a picture means."""

    look: str
    word: str


def legend(view: str, chain: Chain) -> list[Legend]:
    """The signs that stand in this picture, and what they mean."""
    if view == "timeline":
        return [Legend(look, str(word)) for look, word in MARKS.items()]
    there = {node.standing for node in chain.nodes}
    found = [Legend(look, str(word)) for look, word in STANDINGS.items() if look in there]
    if view == "network" and chain.venues:
        found.append(Legend("venue", str(gettext("a place several were exposed at"))))
    return found


def faces_of(chain: Chain, folded: Folded, passed: Collection[str], unfold: Callable[[str], str]) -> Mapping[str, Face]:
    """Everybody's face. `passed` are people who only stand on the way to others; `unfold` gives the address that opens
    the people folded away below somebody."""
    words = {each: str(STANDINGS[each]) for each in Standing}
    write, write_short, where = cache(day), cache(short_day), cache(area)
    brief = {name: str(word) for name, word in _IN_SHORT.items()}
    address = addresses()
    sources = sources_of(chain)
    faces: dict[str, Face] = {}
    for node in chain.nodes:
        name, word = node_name(node), words[node.standing]
        if node.seen:
            note = " · ".join(part for part in _in_short(node, brief, write_short) if part)
            title = _title(node, name, word, write, sources.get(node.key, []))
        else:
            note = where(node.area) if node.area else word
            title = f"{mark_of(node)}, {word}: {where(node.area)}" if node.area else f"{mark_of(node)}, {word}"
        faces[node.key] = Face(
            look=node.standing,
            mark=mark_of(node),
            name=name,
            note=note,
            title=title,
            href=address(node),
            dim=node.key in passed,
            focus=node.key == chain.focus,
        )
    venue = _begins("venues.venue", "venue_id")
    for place in chain.venues:
        faces[place.key] = Face("venue", "", place.name, "", place.name, f"{venue}{place.id}" if place.seen else "")
    for key, count in folded.hidden.items():
        title = gettext("%(n)s more below %(name)s: open them", n=count, name=faces[key].name)
        faces[MORE + key] = Face("more", "", f"+ {count}", "", str(title), unfold(key))
    return faces


def short_day(value: date) -> str:
    """A day without its year: `3/11`."""
    return str(format_date(value, "d/M" if str(get_locale()) == "vi" else "d MMM"))


def mark_of(node: Node) -> str:
    """`F1`; a dash for who is reached from no case any more."""
    return "–" if node.generation is None else label(node.generation)


def node_name(node: Node) -> str:
    """The name, or the number of a case of which nothing else is known; nothing for people outside the area."""
    return node.name or node.number


def addresses() -> Callable[[Node], str]:
    """The page of a node: the case they are, else the contact. Addresses are put together here and not asked for one
    by one, since a chain has thousands."""
    case, contact = _begins("cases.case", "case_id"), _begins("contacts.contact", "contact_id")

    def address(node: Node) -> str:
        if node.case_id is not None:
            return f"{case}{node.case_id}"
        return f"{contact}{node.contact_id}" if node.contact_id is not None else ""

    return address


def sources_of(chain: Chain) -> Mapping[str, list[Node]]:
    """Whom everybody met, those whom the viewer may see."""
    nodes = {node.key: node for node in chain.nodes}
    found: dict[str, list[Node]] = defaultdict(list)
    for edge in chain.edges:
        if nodes[edge.target].seen:
            found[edge.target].append(nodes[edge.source])
    return found


def _begins(endpoint: str, name: str) -> str:
    values: dict[str, Any] = {name: _NOBODY}
    return url_for(endpoint, **values).removesuffix(str(_NOBODY))


def _in_short(node: Node, words: Mapping[str, str], write: Callable[[date], str]) -> tuple[str, str]:
    """A confirmed case by its number, anybody else by what they are, and the day that matters."""
    word = words.get(node.standing) or (node.number if node.name else "")
    return word, write(node.since) if node.since else ""


def _title(node: Node, name: str, word: str, write: Callable[[date], str], sources: list[Node]) -> str:
    """All that the picture says of somebody, in words: `F1 Nguyễn Văn An, followed up. Met BN123 on 3/11/2026.`"""
    said = [f"{mark_of(node)} {name}, {word}."]
    if node.number and node.name:
        said.append(gettext("Case %(number)s.", number=node.number))
    if node.onset_on:
        said.append(gettext("First symptoms on %(day)s.", day=write(node.onset_on)))
    met = [node_name(source) for source in sources if node_name(source)]
    if met:
        said.append(gettext("Met %(names)s.", names=", ".join(met[:3]) + (" …" if len(met) > 3 else "")))
    if node.last_exposed_on:
        said.append(gettext("Last exposure on %(day)s.", day=write(node.last_exposed_on)))
    return " ".join(map(str, said))
