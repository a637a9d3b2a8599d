"""A chain as SVG. Pure: the same chain, in the same words, gives the same bytes.

The caller brings the words and addresses (`Face`); what stands in a database is escaped by the template. A drawing has
no script and no inline style, so it can stand in a page; `standing_alone` puts the styles into it for a file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from tracing.chains.geometry import Box, Line, Plan
from tracing.chains.timeline import LEFT, TOP, Life, TimelinePlan
from tracing.chains.tree import MORE

_HERE = Path(__file__).parent / "templates"
STYLE = _HERE / "picture.css"
_PAPER = (
    "svg{--ground:#f5f6f4;--card:#fff;--ink:#1d2623;--faint:#5b6762;--line:#dde2df;--accent:#0f6b63;background:#fff;"
    "font:16px system-ui,'Segoe UI',Roboto,'Noto Sans','DejaVu Sans',sans-serif}"
)
_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
RADII = {"case": 13.0, "suspected": 11.0, "venue": 11.0}
_RADIUS = 7.0


@dataclass(frozen=True, slots=True)
class Face:
    """A node as it is drawn: `look` chooses colour and shape, `mark` is the generation, `name` and `note` are the lines
    on it, `title` what a screen reader says and the pointer shows. No `href`: a node that leads nowhere."""

    look: str
    mark: str
    name: str
    note: str
    title: str
    href: str = ""
    dim: bool = False
    focus: bool = False


@dataclass(frozen=True, slots=True)
class Sheet:
    """What is drawn: the layout, everybody's face by key, and what the whole is called."""

    plan: Plan
    faces: Mapping[str, Face]
    title: str


@dataclass(frozen=True, slots=True)
class AxisWords:
    """What is written on the axis of a timeline: a word for each day that it marks, and for today."""

    days: Mapping[date, str]
    today: str


def draw_tree(sheet: Sheet) -> Markup:
    """The tree as an SVG element."""
    return _drawn(
        "tree.svg",
        sheet,
        lines=" ".join(_bend(*tree_ends(line, sheet.plan.boxes)) for line in sheet.plan.lines if not line.extra),
        extra=" ".join(_bend(*tree_ends(line, sheet.plan.boxes)) for line in sheet.plan.lines if line.extra),
    )


def tree_ends(line: Line, boxes: Mapping[str, Box]) -> tuple[float, float, float, float]:
    """From the right side of the source to the left side of the target."""
    source, target = boxes[line.source], boxes[line.target]
    return source.x + source.width / 2, source.y, target.x - target.width / 2, target.y


def _bend(x: float, y: float, to_x: float, to_y: float) -> str:
    middle = (x + to_x) / 2
    return f"M{x:g} {y:g}C{middle:g} {y:g} {middle:g} {to_y:g} {to_x:g} {to_y:g}"


def draw_network(sheet: Sheet) -> Markup:
    """The network as an SVG element; where there are many, only cases and venues carry their names."""
    strong = [line for line in sheet.plan.lines if not line.extra and sheet.faces[line.target].look in RADII]
    weak = [line for line in sheet.plan.lines if not line.extra and sheet.faces[line.target].look not in RADII]
    return _drawn(
        "network.svg",
        sheet,
        strong=" ".join(_straight(line, sheet.plan.boxes) for line in strong),
        weak=" ".join(_straight(line, sheet.plan.boxes) for line in weak),
        extra=" ".join(_arc(line, sheet.plan.boxes) for line in sheet.plan.lines if line.extra),
        radius=lambda face: RADII.get(face.look, _RADIUS),
        many=len(sheet.plan.boxes) > FEW_NAMES,
    )


FEW_NAMES = 60
"""A network of so many nodes has room for everybody's name."""


def rooms(faces: Mapping[str, Face]) -> dict[str, float]:
    """The room that each node of a network needs: its symbol, and its name where names are shown."""
    if len(faces) <= FEW_NAMES:
        return dict.fromkeys(faces, 44.0)
    named = 40.0 if len(faces) <= _SOME else 28.0
    return {key: named if face.look in RADII else _RADIUS * 1.6 for key, face in faces.items()}


_SOME = 500  # there is room around a name; of more, one sees the whole and not the names


def _straight(line: Line, boxes: Mapping[str, Box]) -> str:
    source, target = boxes[line.source], boxes[line.target]
    return f"M{source.x:g} {source.y:g}L{target.x:g} {target.y:g}"


def _arc(line: Line, boxes: Mapping[str, Box]) -> str:
    source, target = boxes[line.source], boxes[line.target]
    # Off the straight line by an eighth of it, so that it is not taken for one of the others.
    x = (source.x + target.x) / 2 - (target.y - source.y) / 8
    y = (source.y + target.y) / 2 + (target.x - source.x) / 8
    return f"M{source.x:g} {source.y:g}Q{x:g} {y:g} {target.x:g} {target.y:g}"


def draw_timeline(sheet: Sheet, lives: Mapping[str, Life], today: date, words: AxisWords) -> Markup:
    """The timeline as an SVG element."""
    plan = sheet.plan
    if not isinstance(plan, TimelinePlan):
        raise TypeError("a timeline is drawn from the plan of a timeline")
    shown = today if plan.calendar.first <= today <= plan.calendar.last else None
    marks = _marks(plan, lives)
    return _drawn("timeline.svg", sheet, words=words, left=LEFT, top=TOP, today=shown, **marks)


def _marks(plan: TimelinePlan, lives: Mapping[str, Life]) -> dict[str, str]:
    """The marks of all lines as the paths of each kind: a handful of elements, however many people there are."""
    paths: dict[str, list[str]] = {
        name: []
        for name in (
            *("followed", "centralised", "home", "self_monitoring", "exposed", "onset"),
            *("positive", "negative", "pending", "reached", "missed"),
        )
    }
    calendar = plan.calendar
    middle = cache(calendar.middle)  # thousands of people share some dozens of days
    for key, life in lives.items():
        if key not in plan.boxes:
            continue
        y = plan.boxes[key].y
        if life.followed:
            paths["followed"].append(_bar(*calendar.span(*life.followed), y - 9, 18))
        for first, last, place in life.apart:
            paths[_PLACES.get(place, "home")].append(_bar(*calendar.span(first, last), y - 5, 10))
        for day, reached in life.calls:
            paths["reached" if reached else "missed"].append(_tick(middle(day), y))
        paths["exposed"] += [_diamond(middle(day), y) for day in life.exposures]
        for day, result in life.tests:
            paths[result if result in ("positive", "negative") else "pending"].append(_ring(middle(day), y))
        if life.onset:
            paths["onset"].append(_triangle(middle(life.onset), y))
    return {name: " ".join(parts) for name, parts in paths.items()}


_PLACES = {"centralised": "centralised", "centre": "centralised", "home": "home", "self_monitoring": "self_monitoring"}


def _bar(x: float, width: float, y: float, height: float) -> str:
    return f"M{x:g} {y:g}h{width:g}v{height:g}h{-width:g}z"


def _diamond(x: float, y: float) -> str:
    return f"M{x:g} {y - 6:g}l6 6l-6 6l-6 -6z"


def _triangle(x: float, y: float) -> str:
    return f"M{x:g} {y - 7:g}l7 13h-14z"


def _ring(x: float, y: float) -> str:
    return f"M{x - 5:g} {y:g}a5 5 0 1 0 10 0a5 5 0 1 0 -10 0z"


def _tick(x: float, y: float) -> str:
    return f"M{x:g} {y + 6:g}v6"


def symbol(look: str) -> Markup:
    """The sign of a look, around the middle, for a legend."""
    return Markup('<path class="{} key" d="{}"/>').format(*_SIGNS[look])


_SIGNS = {
    "followed_days": ("followed", "M-8 -8h16v16h-16z"),
    "centralised": ("centralised", "M-8 -5h16v10h-16z"),
    "home": ("home", "M-8 -5h16v10h-16z"),
    "self_monitoring": ("self_monitoring", "M-8 -5h16v10h-16z"),
    "exposed": ("exposed", _diamond(0, 0)),
    "onset": ("onset", _triangle(0, 0)),
    "positive": ("test positive", _ring(0, 0)),
    "negative": ("test negative", _ring(0, 0)),
    "pending": ("test pending", _ring(0, 0)),
    "reached": ("call reached", _tick(0, -9)),
    "missed": ("call missed", _tick(0, -9)),
    "venue": ("dot", "M0 -7l7 7l-7 7l-7 -7z"),
    "lost": ("dot", "M0 -7l7 12h-14z"),
    "dropped": ("dot", "M-4 -4l8 8m0 -8l-8 8"),
    "not_a_case": ("dot", "M-4 -4l8 8m0 -8l-8 8"),
    **dict.fromkeys(
        ("case", "suspected", "followed", "completed", "not_followed", "outside"),
        ("dot", "M-6 0a6 6 0 1 0 12 0a6 6 0 1 0 -12 0z"),
    ),
}


def standing_alone(sheet: Sheet, drawing: Markup, kind: str, legend: Sequence[tuple[str, str]]) -> str:
    """The drawing as a file of its own: its styles inside, its title and the legend, as (look, word), above it."""
    width, x, y = max(sheet.plan.width, 640.0), 26.0, 54.0
    placed = []
    for look, word in legend:
        wide = 44 + 7.2 * len(word)
        if x > 26 and x + wide > width:
            x, y = 26.0, y + 24
        placed.append((round(x, 1), y, look, word))
        x += wide
    style = Markup(_PAPER + STYLE.read_text(encoding="utf-8"))  # noqa: S704  (our own file)
    return (
        _environment()
        .get_template("file.svg")
        .render(
            kind=kind,
            width=width,
            height=sheet.plan.height + y + 20,
            top=y + 20,
            title=sheet.title,
            legend=placed,
            style=style,
            plan=sheet.plan,
            drawing=drawing,
            symbol=symbol,
        )
    )


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_HERE), autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined
    )
    environment.filters["clean"] = lambda text: _NO_XML.sub("\ufffd", text)
    environment.filters["short"] = lambda text, most: text if len(text) <= most else text[: most - 1].rstrip() + "…"
    # What people are called by stands last in a Vietnamese name.
    environment.filters["called"] = lambda text: " ".join(text.split()[-2:])
    environment.globals["MORE"] = MORE
    return environment


def _drawn(template: str, sheet: Sheet, **values: object) -> Markup:
    drawn = (
        _environment().get_template(template).render(plan=sheet.plan, faces=sheet.faces, title=sheet.title, **values)
    )
    return Markup(drawn)  # noqa: S704  (the template escapes)
