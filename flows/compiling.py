"""A checked document becomes a `Script`: step by step, collecting every mistake on the way."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any

from flows.engine.kinds.registry import STEP_KINDS, kind_of
from flows.engine.limits import MAX_CALL_MINUTES, MAX_TURNS_PER_CALL
from flows.engine.script import Expression, Limits, Node, Script, Text
from flows.expressions import ExpressionError, compile_expression
from flows.templates import TemplateError, compile_text

Report = Callable[[str, str, tuple[str, ...], str], None]
"""Takes (document, message, where, rule): a mistake in one of the documents `script id` or `phrases`."""

ENGINE_PHRASES = ("limit", "trouble")
NOTHING = Text({}, {})


def revision_of(source: Mapping[str, Any]) -> str:
    """The SHA-256 of the content, independent of comments and layout. The order of keys counts: a script begins with
    its first step, and `say_each` speaks its languages in their order."""
    canonical = json.dumps(source, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def compile_source(
    source: Mapping[str, Any], report: Report, broken: frozenset[tuple[str, str]] = frozenset()
) -> Script:
    """Compile `{"script": …, "subscripts": {id: …}, "phrases": …}`, already checked against the schema. `broken` are
    (document, step) that failed the check and are left out. After any report the result must not be used."""
    spec = source["script"]
    builder = _Builder(spec, spec, source, report)
    nodes = builder.nodes(broken)
    builder.check_ways_out()
    for subscript_id, subscript in _called(source).items():
        inner = _Builder(subscript, spec, source, report)
        nodes |= inner.nodes(broken)
        inner.check_ways_out()
        for language in spec["languages"]:
            if language not in subscript["languages"]:
                message = f"the subscript `{subscript_id}` does not speak `{language}`"
                report(spec["id"], message, ("languages",), "missing_language")
    limits = spec.get("limits") or {}
    return Script(
        id=spec["id"],
        revision=revision_of(source),
        direction=spec["direction"],
        languages=tuple(spec["languages"]),
        title=spec["title"],
        start=builder.entry(spec.get("start"), "start") or next(iter(spec["steps"])),
        steps=nodes,
        record=spec.get("record"),
        machine=builder.entry(spec.get("machine"), "machine"),
        identified=builder.entry(spec.get("identified"), "identified"),
        shortcuts={
            key: builder.subscript(name, "shortcuts", key) for key, name in (spec.get("shortcuts") or {}).items()
        },
        phrases={name: builder.phrase(name) for name in ENGINE_PHRASES},
        limits=Limits(limits.get("turns", MAX_TURNS_PER_CALL), limits.get("minutes", MAX_CALL_MINUTES)),
        hang_ups=_hang_ups({"": spec, **{f"{name}/": called for name, called in _called(source).items()}}),
        source=source,
    )


def _hang_ups(specs: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """The steps at which a caller may hang up and has come to an end of the script all the same. `specs` are scripts by
    what stands before the names of their steps."""
    return {
        f"{prefix}{name}": str(step["hang_up"])
        for prefix, spec in specs.items()
        for name, step in spec["steps"].items()
        if isinstance(step, Mapping) and "hang_up" in step
    }


def called_subscripts(spec: Mapping[str, Any]) -> set[str]:
    """The ids of the subscripts that a script names itself."""
    steps = spec.get("steps") or {}
    named = {step["call"] for step in steps.values() if isinstance(step, Mapping) and isinstance(step.get("call"), str)}
    return named | {name for name in (spec.get("shortcuts") or {}).values() if isinstance(name, str)}


def _called(source: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
    return source.get("subscripts") or {}


class _Builder:
    """What the kinds of steps and answers need to compile themselves, see `flows.engine.script.Builder`."""

    def __init__(
        self, spec: Mapping[str, Any], root: Mapping[str, Any], source: Mapping[str, Any], report: Report
    ) -> None:
        self.spec = spec
        self.root = root
        self.source = source
        self.report = report
        self.languages = tuple(root["languages"])
        self.prefix = "" if spec is root else f"{spec['id']}/"
        self.step: str | None = None

    def nodes(self, broken: frozenset[tuple[str, str]]) -> dict[str, Node]:
        found: dict[str, Node] = {}
        for name, step in self.spec["steps"].items():
            if (self.spec["id"], name) in broken:
                continue
            self.step = name
            kind = kind_of(step)
            if kind:
                found[self.prefix + name] = STEP_KINDS[kind].compile(self, self.prefix + name, step)
        self.step = None
        return found

    def mistake(self, message: str, *where: str, rule: str = "script") -> None:
        around = ("steps", self.step) if self.step is not None else ()
        self.report(self.spec["id"], message, (*around, *where), rule)

    # --- texts

    def said(self, spec: Mapping[str, Any]) -> Text:
        if "say_each" in spec:
            return self.text(spec["say_each"], "say_each", each=True)
        return self.text(spec.get("say"), "say")

    def text(self, value: Any, *where: str, each: bool = False) -> Text:
        clip = "/".join((self.spec["id"], self.step or "script", *where))
        return self._compiled(value, clip, {}, each, where)

    def optional_text(self, value: Any, *where: str) -> Text | None:
        return None if value is None else self.text(value, *where)

    def phrase(self, name: str, part: str = "", **fixed: Mapping[str, str]) -> Text:
        """A common phrase, or the script's own words for it."""
        own = (self.root.get("phrases") or {}).get(name)
        found = own or (self.source["phrases"].get("phrases") or {}).get(name)
        if found is None:
            self.report("phrases", f"the common phrase `{name}` is missing", ("phrases",), "script")
            return NOTHING
        owner = f"{self.root['id']}/phrases" if own else "common"
        clip = f"{self.spec['id']}/{self.step}/{part}" if part else f"{owner}/{name}/say"
        document = self.root["id"] if own else "phrases"
        return self._compiled(found, clip, fixed, False, ("phrases", name), document)

    def words(self, value: Any, *where: str) -> Mapping[str, tuple[str, ...]]:
        return {language: tuple(words) for language, words in value.items() if language in self.languages}

    def common_words(self, name: str) -> Mapping[str, tuple[str, ...]]:
        found = (self.source["phrases"].get("words") or {}).get(name)
        if found is None:
            self.report("phrases", f"the common words `{name}` are missing", ("words",), "script")
            return {}
        for language in self.languages:
            if not found.get(language):
                self.report("phrases", f"has no words in `{language}`", ("words", name), "missing_language")
        return {language: tuple(found.get(language, ())) for language in self.languages}

    def _compiled(
        self,
        value: Any,
        clip: str,
        fixed: Mapping[str, Mapping[str, str]],
        each: bool,
        where: tuple[str, ...],
        document: str | None = None,
    ) -> Text:
        if document is None:
            around = ("steps", self.step) if self.step is not None else ()
            where, document = (*around, *where), self.spec["id"]
        if not isinstance(value, Mapping):
            self.report(document, "has no text", where, "missing_language")
            return NOTHING
        for language in self.languages:
            if not value.get(language):
                self.report(document, f"has no text in `{language}`", where, "missing_language")
        try:
            wanted = {language: value[language] for language in self.languages if value.get(language)}
            return compile_text(wanted, clip, fixed, each)
        except TemplateError as error:
            self.report(document, str(error), where, "script")
            return NOTHING

    # --- names

    def expression(self, source: Any, *where: str) -> Expression:
        try:
            return compile_expression(source)
        except ExpressionError as error:
            self.mistake(f"`{source}`: {error}", *where)
            return Expression(str(source), (), lambda scope: (False, "not compiled"))

    def target(self, name: Any, *where: str) -> str:
        if name not in self.spec["steps"]:
            self.mistake(f"there is no step `{name}`", *where, rule="missing_step")
        return f"{self.prefix}{name}"

    def entry(self, name: Any, where: str) -> str | None:
        """A step that the script names at its top, if it does."""
        return None if name is None else self.target(name, where)

    def check_ways_out(self) -> None:
        for name, step in (self.spec.get("ways_out") or {}).items():
            self.target(step, "ways_out", name)

    def way_out(self, name: str) -> str | None:
        own = (self.spec.get("ways_out") or {}).get(name)
        if own is not None:
            return f"{self.prefix}{own}"
        outer = (self.root.get("ways_out") or {}).get(name)
        if outer is None:
            self.mistake(
                f"`{name}` has no way out: give `{name}: {{to: …}}` or the script's `ways_out`", rule="missing_exit"
            )
        return outer

    def subscript(self, name: Any, *where: str) -> str:
        subscript = _called(self.source).get(name)
        if subscript is None:
            self.mistake(f"there is no script `{name}`", *where, rule="missing_step")
            return ""
        if subscript["direction"] != "subscript":
            self.mistake(f"`{name}` is no subscript: its direction is {subscript['direction']}", *where)
        start = subscript.get("start") or next(iter(subscript["steps"]))
        return f"{name}/{start}"
