"""Conditions and values of scripts are CEL (Common Expression Language), compiled once by a kept library.

The engine gets a function and never sees the library. An expression may read `answers`, `values`, `params`, `language`
and the call's context; names that were never answered are null, so `answers.fever == true` is always safe to write.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import cel

from flows.engine.script import CONTEXT_NAMES, Expression, Path

MEMBERS = ("answers", "values", "params", "person")
"""Names with members: only the members that are read are handed over."""

ROOTS = tuple(dict.fromkeys((*MEMBERS, "language", *CONTEXT_NAMES)))

FUNCTIONS = frozenset(
    {
        *("size", "contains", "startsWith", "endsWith", "matches", "type", "dyn"),
        *("int", "uint", "double", "string", "bytes", "duration", "timestamp"),
    }
)
_MEMBER = re.compile(rf"(?<![\w.])({'|'.join(MEMBERS)})\s*(?:\.\s*(\w+)|\[\s*['\"](\w+)['\"]\s*\])")
_IN_ORDER = re.compile(
    r"(?P<path>(?<![\w.])[A-Za-z_]\w*(?:\s*\.\s*\w+|\s*\[\s*['\"]\w+['\"]\s*\])*?|\])?\s*\.\s*(?P<macro>map|filter)\s*\("
)
_NAME = re.compile(r"\w+")
_HAS = re.compile(r"(?<![\w.])has\s*\(")


class ExpressionError(ValueError):
    """The expression cannot be used; the text says why."""


def compile_expression(source: str) -> Expression:
    """Compile CEL. Raises ExpressionError for bad syntax and for names or functions that a script does not have."""
    try:
        program = cel.compile(source)
    except ValueError as error:
        first = str(error).split("\n")[0]
        raise ExpressionError(first.split("Syntax error: ")[-1] if "Syntax error" in first else first) from error
    # CEL knows this word as a macro, and does not name it among the functions.
    if any(_is_code(source, match) for match in _HAS.finditer(source)):
        raise ExpressionError("`has` is always true: what was never answered is null; write `answers.x != null`")
    references = program.references()
    needs = _needs(source)
    bound = {match.group(1) for match in re.finditer(r"(?:exists|exists_one|all|map|filter)\s*\(\s*(\w+)\s*,", source)}
    for name in sorted(set(references["variables"]) - bound):
        if name not in ROOTS:
            raise ExpressionError(f"`{name}` is not known; known are {', '.join(ROOTS)}")
    for name in sorted(references["functions"]):
        if name[0].isalpha() and name not in FUNCTIONS:
            raise ExpressionError(f"the function `{name}` does not exist; known are {', '.join(sorted(FUNCTIONS))}")
    walked = tuple(_walked(source))
    whole = {path[0] for path in needs}
    paths = needs | {(name,) for name in references["variables"] if name in ROOTS and name not in whole}

    def evaluate(scope: Mapping[str, Any]) -> tuple[bool, Any]:
        for path in walked:
            if isinstance(_at(scope, path), Mapping):
                return False, f"{'.'.join(path)} holds names and values, which come in any order"
        try:
            value = program.execute(dict(scope))
        except (KeyError, TypeError, ValueError, RuntimeError, ArithmeticError, IndexError) as error:
            return False, f"{type(error).__name__}: {error}"
        return (True, value) if _is_json(value) else (False, f"gives {type(value).__name__}, which is no JSON")

    return Expression(source, tuple(sorted(paths)), evaluate)


def _needs(source: str) -> set[Path]:
    """The members that an expression reads, literals aside (but for the subscripts `answers['x']`)."""
    found: set[Path] = set()
    for match in _MEMBER.finditer(source):
        if _is_code(source, match):
            found.add((match.group(1), match.group(2) or match.group(3)))
    return found


def _walked(source: str) -> Iterator[Path]:
    """The values whose members `map` and `filter` go through one after another. A list has an order, names have none,
    and a call would not be the same when it is made again from its log: so they follow a list or a plain name only."""
    for match in _IN_ORDER.finditer(source):
        if not _is_code(source, match):
            continue
        path = tuple(_NAME.findall(match.group("path") or ""))
        if match.group("path") != "]" and (not path or path[0] not in ROOTS):
            raise ExpressionError(f"`{match.group('macro')}` follows a list, or a name such as values.slots")
        if path:
            yield path


def _at(scope: Mapping[str, Any], path: Path) -> Any:
    found: Any = scope
    for name in path:
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def _is_code(source: str, match: re.Match[str]) -> bool:
    """Whether a match begins outside of literals."""
    before = source[: match.start()]
    return sum(before.count(quote) % 2 for quote in "'\"") == 0


def _is_json(value: Any) -> bool:
    if value is None or isinstance(value, bool | int | float | str):
        return True
    if isinstance(value, list):
        return all(map(_is_json, value))
    return isinstance(value, dict) and all(isinstance(k, str) and _is_json(v) for k, v in value.items())
