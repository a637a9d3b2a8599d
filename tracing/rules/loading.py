"""From a file of the rulebook to rules: YAML, checked against the published schema (`schema.json`), compiled, and
checked for what a schema cannot say. Every mistake is found in one go."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from flows.documents import Document, read_document
from flows.engine.script import Expression
from flows.expressions import ExpressionError, compile_expression
from flows.mistakes import ScriptError
from tracing.rules.mistakes import RulebookError, RuleMistake
from tracing.rules.model import (
    Assessment,
    Caveat,
    CountedFrom,
    Course,
    CoursePart,
    DayOne,
    Decision,
    Exposure,
    Extension,
    Factor,
    Infectious,
    Loss,
    Place,
    Practice,
    Rule,
    Sign,
    SymptomGroup,
)
from tracing.rules.situation import NAMES

SCHEMA_FILE = Path(__file__).parent / "schema.json"
_ADVICE = {
    "additionalProperties": "Take it out, or correct its spelling: the schema beside the file lists what there is.",
    "required": "Add it.",
    "enum": "Use one of these.",
    "pattern": "Write it as the schema beside the file shows.",
}
_NEVER = Expression("false", (), lambda scope: (True, False))


@dataclass(slots=True)
class _Reader:
    """One file while it is read: collects mistakes instead of stopping at the first."""

    document: Document
    mistakes: list[RuleMistake] = field(default_factory=list)

    def wrong(self, where: tuple[str, ...], message: str, advice: str) -> None:
        self.mistakes.append(
            RuleMistake(self.document.file, self.document.line(where), self.rule_at(where), message, advice)
        )

    def rule_at(self, where: tuple[str, ...]) -> str:
        """What the rule at a place of the file is called: by its id, or, without one, by its position."""
        if len(where) < 2 or where[0] != "rules":
            return ""
        rule = self.document.data["rules"][int(where[1])]
        return str(rule.get("id") or f"number {int(where[1]) + 1}") if isinstance(rule, Mapping) else ""

    def day(self, text: str, *where: str) -> date:
        try:
            return date.fromisoformat(text)
        except ValueError:
            self.wrong(where, f"{text} is no day of the calendar.", "Write it as YYYY-MM-DD.")
            return date.min

    def expression(self, source: str, root: str, known: frozenset[str], *where: str) -> Expression:
        """A condition that reads only members of `root` that exist."""
        try:
            compiled = compile_expression(source)
        except ExpressionError as error:
            self.wrong(where, f"the condition cannot be used: {error}.", "Correct the CEL expression.")
            return _NEVER
        for path in compiled.needs:
            if path[0] != root:
                self.wrong(where, f"`{path[0]}` means nothing here.", f"Conditions here read `{root}.…`.")
            elif len(path) < 2 or path[1] not in known:
                name = ".".join(path)
                self.wrong(where, f"`{name}` is not known.", f"Known are {', '.join(sorted(known))}.")
        return compiled


def load_rules(path: Path) -> tuple[Rule, ...]:
    """The rules of one file. Raises RulebookError with every mistake in it."""
    try:
        document = read_document(path, path.name)
    except ScriptError as error:
        raise RulebookError(
            RuleMistake(m.file, m.line, "", f"{m.message}.", "Correct the YAML.") for m in error.mistakes
        ) from error
    return rules_from(document)


def rules_from(document: Document) -> tuple[Rule, ...]:
    """The rules of a document; `load_rules` without the file."""
    reader = _Reader(document)
    for error in _validator().iter_errors(document.data):
        where = tuple(str(part) for part in error.absolute_path)
        reader.wrong(where, *_said(error, where))
    if reader.mistakes:
        raise RulebookError(reader.mistakes)
    data = document.data
    if document.file != f"{data['disease']}.yaml":
        reader.wrong(("disease",), f"is for {data['disease']}.", f"Name the file {data['disease']}.yaml.")
    practice = _practice(data["practice"])
    infectious = _infectious(data["infectious"]) if "infectious" in data else None
    assessment = _assessment(reader, data["assessment"], "assessment")
    rules = tuple(
        replace(
            _rule(reader, data["disease"], spec, practice, assessment, str(index)),
            infectious=_infectious(spec["infectious"]) if "infectious" in spec else infectious,
        )
        for index, spec in enumerate(data["rules"])
    )
    if reader.mistakes:
        raise RulebookError(reader.mistakes)
    return rules


@cache
def _validator() -> Draft202012Validator:
    return Draft202012Validator(json.loads(SCHEMA_FILE.read_text(encoding="utf-8")))


def _said(error: ValidationError, where: tuple[str, ...]) -> tuple[str, str]:
    """A schema error in words, and what to do. The schema's own words (`$comment`) are better than the library's."""
    own = error.schema.get("$comment") if isinstance(error.schema, Mapping) else None
    place = "/".join(where[2:] if where[:1] == ("rules",) else where)
    message = f"{own or error.message}."
    return f"{place}: {message}" if place else message, _ADVICE.get(str(error.validator), "Correct it.")


def _caveat(spec: Mapping[str, Any]) -> Caveat:
    return Caveat(spec.get("certain", True), spec.get("note", {}))


def _sign(spec: Mapping[str, Any]) -> Sign:
    return Sign(spec["id"], spec["label"])


def _practice(spec: Mapping[str, Any]) -> Practice:
    extension = Extension(**spec["extension"]) if "extension" in spec else None
    return Practice(spec["calls_per_day"], extension, Loss(**spec["loss"]), _caveat(spec))


def _infectious(spec: Mapping[str, Any]) -> Infectious:
    return Infectious(spec["days_before"], spec["days_after"], spec.get("minutes_after", 0), _caveat(spec))


def _assessment(reader: _Reader, spec: Mapping[str, Any], *where: str) -> Assessment:
    groups = tuple(
        SymptomGroup(group["id"], group["label"], tuple(map(_sign, group["symptoms"]))) for group in spec["symptoms"]
    )
    red_flags = tuple(map(_sign, spec["red_flags"]))
    symptoms = (symptom for group in groups for symptom in group.symptoms)
    asked = frozenset(sign.id for sign in (*symptoms, *red_flags)) | set(spec.get("measured", ()))
    factors = tuple(
        Factor(
            reader.expression(factor["when"], "answers", asked, *where, "factors", str(index), "when"),
            factor["points"],
            factor["why"],
        )
        for index, factor in enumerate(spec["factors"])
    )
    points = [spec["levels"][level] for level in ("red", "high", "medium")]
    if sorted(set(points), reverse=True) != points:
        reader.wrong((*where, "levels"), "the levels do not rise.", "Give red more points than high, high than medium.")
    levels = tuple(zip(points, ("red", "high", "medium"), strict=True))
    return Assessment(groups, red_flags, factors, levels, _caveat(spec))


def _decision(reader: _Reader, spec: Mapping[str, Any], *where: str) -> Decision:
    signed = reader.day(spec["date"], *where, "date") if "date" in spec else None
    return Decision(spec["number"], spec["title"], spec["source"], signed, _caveat(spec))


def _rule(
    reader: _Reader, disease: str, spec: Mapping[str, Any], practice: Practice, assessment: Assessment, index: str
) -> Rule:
    at = ("rules", index)
    decision = _decision(reader, spec["decision"], *at, "decision")
    also = tuple(_decision(reader, each, *at, "also", str(i)) for i, each in enumerate(spec.get("also", ())))
    by_number = {each.number: each for each in (decision, *also)}

    def cited(part: Mapping[str, Any], *where: str) -> Decision:
        number = part.get("decision", decision.number)
        if number not in by_number:
            reader.wrong(
                (*at, *where), f"cites {number}, which the rule does not name.", "Add it to the rule's `also`."
            )
        return by_number.get(number, decision)

    day_one = spec["day_one"]
    first = reader.day(spec["valid_from"], *at, "valid_from")
    last = reader.day(spec["valid_until"], *at, "valid_until") if spec["valid_until"] else None
    if last is not None and last < first:
        reader.wrong((*at, "valid_until"), "ends before it begins.", "Exchange the days, or correct one.")
    facts = tuple(map(_sign, spec.get("facts", ())))
    known = frozenset(NAMES) | {fact.id for fact in facts}
    courses = tuple(
        _course(reader, course, known, cited(course, "courses", str(i)), *at, "courses", str(i))
        for i, course in enumerate(spec["courses"])
    )
    _check_order(reader, courses, *at, "courses")
    return Rule(
        id=spec["id"],
        disease=disease,
        area=spec.get("area", ""),
        valid_from=first,
        valid_until=last,
        decision=decision,
        also=also,
        day_one=DayOne(CountedFrom(day_one["of"]), day_one["counts_as"], _caveat(day_one)),
        exposures={
            int(name.removeprefix("F")): _exposure(part, cited(part, "exposures", name))
            for name, part in spec["exposures"].items()
        },
        facts=facts,
        courses=courses,
        practice=_practice(spec["practice"]) if "practice" in spec else practice,
        assessment=_assessment(reader, spec["assessment"], *at, "assessment") if "assessment" in spec else assessment,
    )


def _exposure(spec: Mapping[str, Any], decision: Decision) -> Exposure:
    numbers = ("within_metres", "at_least_minutes", "masked_only", "days_before_onset")
    return Exposure(
        text=spec["text"],
        decision=decision,
        caveat=_caveat(spec),
        **{name: spec[name] for name in numbers if name in spec},
    )


def _course(reader: _Reader, spec: Mapping[str, Any], known: frozenset[str], decision: Decision, *where: str) -> Course:
    parts = tuple(CoursePart(Place(p["place"]), p["from_day"], p["to_day"]) for p in spec.get("quarantine", ()))
    days = spec["follow_up_days"]
    before = 0
    for i, part in enumerate(parts):
        if part.from_day != before + 1 or part.to_day < part.from_day:
            advice = "Let each part begin the day after the one before it, the first on day 1."
            reader.wrong((*where, "quarantine", str(i)), "the parts of the quarantine leave a gap or overlap.", advice)
        if part.place.confined and i and not parts[i - 1].place.confined:
            advice = "Put self-monitoring at the end."
            reader.wrong((*where, "quarantine", str(i)), "they are let out and confined again.", advice)
        before = part.to_day
    if before > days:
        advice = "Follow people up for at least as long as their quarantine lasts."
        reader.wrong(where, f"{spec['id']}: quarantine lasts {before} days, follow-up {days}.", advice)
    tests = tuple(sorted(spec.get("tests", ())))
    if tests and tests[-1] > days:
        reader.wrong(where, f"{spec['id']}: a test on day {tests[-1]} of {days}.", "Test while people are followed up.")
    when = reader.expression(spec["when"], "person", known, *where, "when") if "when" in spec else None
    return Course(spec["id"], spec["label"], when, days, parts, tests, decision, _caveat(spec))


def _check_order(reader: _Reader, courses: tuple[Course, ...], *where: str) -> None:
    """Everybody gets an answer, and every course can be reached."""
    ids = [course.id for course in courses]
    for twice in sorted({name for name in ids if ids.count(name) > 1}):
        reader.wrong(where, f"the course {twice} is there twice.", "Give each a name of its own.")
    if courses[-1].when is not None:
        reader.wrong(where, "no course is for everybody else.", "Add one without `when` at the end.")
    for i, course in enumerate(courses[:-1]):
        if course.when is None:
            advice = "Give it a condition, or put it at the end."
            reader.wrong((*where, str(i)), f"nobody gets past the course {course.id}.", advice)
