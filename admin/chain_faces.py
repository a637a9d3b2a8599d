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
    "completed": _("follow-up over"),
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
    """The faces of everybody who is shown. `passed` are people who only stand on the way to others; `unfold` gives the
    address that opens the people folded away below somebody."""
    words = {each: str(STANDINGS[each]) for each in Standing}
    write, write_short, where = cache(day), cache(short_day), cache(area)
    brief = {name: str(word) for name, word in _IN_SHORT.items()}
    address = addresses()
    sources = sources_of(chain)
    title_of = _titles(write, sources)
    faces: dict[str, Face] = {}
    shown = set(folded.order)
    for node in chain.nodes:
        if node.key not in shown:
            continue
        name, word = node_name(node), words[node.standing]
        if node.seen:
            note = " · ".join(part for part in _in_short(node, brief, write_short) if part)
            title = title_of(node, word)
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


def _titles(write: Callable[[date], str], sources: Mapping[str, list[Node]]) -> Callable[[Node, str], str]:
    """Gives all that the picture says of somebody, in words: `F1 Nguyễn Văn An, followed up. Met BN123.`"""
    # Translated once and not for each of thousands.
    case, onset = gettext("Case %(number)s."), gettext("First symptoms on %(day)s.")
    met, exposed = gettext("Met %(names)s."), gettext("Last exposure on %(day)s.")

    def title(node: Node, word: str) -> str:
        said = [f"{mark_of(node)} {node_name(node)}, {word}."]
        if node.number and node.name:
            said.append(case % {"number": node.number})
        if node.onset_on:
            said.append(onset % {"day": write(node.onset_on)})
        names = [node_name(source) for source in sources.get(node.key, ()) if node_name(source)]
        if names:
            said.append(met % {"names": ", ".join(names[:3]) + (" …" if len(names) > 3 else "")})
        if node.last_exposed_on:
            said.append(exposed % {"day": write(node.last_exposed_on)})
        return " ".join(said)

    return title
