"""YAML files with the line of every value, so that a mistake can be shown where it was made.

YAML 1.2 booleans only: `yes`, `no` and `on` are words here, as scripts need them to be. A key given twice is a mistake.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from flows.mistakes import Mistake, ScriptError, Where


class _Loader(yaml.SafeLoader):
    """The safe loader without YAML 1.1's wider ideas of booleans and without dates, which are text here."""


_Loader.yaml_implicit_resolvers = {
    sign: [
        (tag, pattern)
        for tag, pattern in resolvers
        if tag not in ("tag:yaml.org,2002:bool", "tag:yaml.org,2002:timestamp")
    ]
    for sign, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), list("tf"))


@dataclass(frozen=True, slots=True)
class Document:
    """The data of a file, and where each part of it stands."""

    file: str
    data: Any
    lines: dict[Where, int] = field(default_factory=dict)

    def line(self, where: Where) -> int:
        """The line of a part; of the nearest part around it when it is not there itself."""
        for length in range(len(where), -1, -1):
            if where[:length] in self.lines:
                return self.lines[where[:length]]
        return 0

    def mistake(self, message: str, *where: str, rule: str = "script") -> Mistake:
        return Mistake(self.file, self.line(where), where, message, rule)


def read_document(path: Path, name: str | None = None) -> Document:
    """Read a YAML file; `name` is what mistakes call it. Raises ScriptError if it cannot be read."""
    file = name or str(path)
    try:
        return parse_document(path.read_text(encoding="utf-8"), file)
    except OSError as error:
        raise ScriptError([Mistake(file, 0, (), f"cannot be read: {error.strerror}")]) from error
    except UnicodeDecodeError as error:
        raise ScriptError([Mistake(file, 0, (), "is not UTF-8 text")]) from error


def parse_document(text: str, file: str = "script") -> Document:
    """Read YAML text. Raises ScriptError for bad syntax, for keys given twice and for keys that are not text."""
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            raise ScriptError([Mistake(file, 1, (), "is empty")])
        lines: dict[Where, int] = {}
        mistakes: list[Mistake] = []
        _walk(node, (), lines, mistakes, file, set())
        if mistakes:
            raise ScriptError(mistakes)
        return Document(file, loader.construct_document(node), lines)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        message = f"is not YAML: {getattr(error, 'problem', None) or error}"
        raise ScriptError([Mistake(file, mark.line + 1 if mark else 0, (), message)]) from error
    finally:
        loader.dispose()


def _walk(
    node: yaml.Node, where: Where, lines: dict[Where, int], mistakes: list[Mistake], file: str, above: set[int]
) -> None:
    lines.setdefault(where, node.start_mark.line + 1)
    if id(node) in above:
        mistakes.append(Mistake(file, node.start_mark.line + 1, where, "an alias that contains itself"))
        return
    above = above | {id(node)}
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode) or key.tag != "tag:yaml.org,2002:str":
                shown = getattr(key, "value", "")
                mistakes.append(Mistake(file, line, where, f"the key {shown!r} is not text; put it in quotes"))
                continue
            if key.value in seen:
                mistakes.append(Mistake(file, line, where, f"the key `{key.value}` is given twice"))
            seen.add(key.value)
            lines[(*where, key.value)] = line
            _walk(value, (*where, key.value), lines, mistakes, file, above)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            _walk(value, (*where, str(index)), lines, mistakes, file, above)
