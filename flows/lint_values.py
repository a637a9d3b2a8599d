"""Rules about names: every answer, value and parameter that a script reads must be written somewhere."""

from __future__ import annotations

from collections.abc import Iterator

from flows.engine.kinds.call import Call
from flows.engine.script import Node, Path, Script, paths_of


def value_findings(script: Script) -> Iterator[tuple[str, str, str]]:
    """(rule, step, message) for names that nothing writes, and for parameters that are not given or not used."""
    written = {path for node in script.steps.values() for path in node.writes()}
    wanted: dict[str, set[str]] = {}
    for name, node in script.steps.items():
        for path in sorted(read_by(node)):
            if path[0] == "params" and len(path) > 1:
                wanted.setdefault(name.rpartition("/")[0], set()).add(path[1])
            elif path[0] in ("answers", "values") and len(path) > 1 and f"{path[0]}.{path[1]}" not in written:
                yield "unknown_value", name, f"`{path[0]}.{path[1]}` is read here, but nothing writes it"
    for parameter in sorted(wanted.get("", ())):
        yield "unknown_value", "", f"`params.{parameter}` is read outside of a subscript"
    for name, node in script.steps.items():
        if isinstance(node, Call):
            needed, given = wanted.get(node.subscript, set()), set(node.arguments)
            for parameter in sorted(needed - given):
                yield "wrong_arguments", name, f"`{node.subscript}` needs the parameter `{parameter}`"
            for parameter in sorted(given - needed):
                yield "wrong_arguments", name, f"`{node.subscript}` does not use the parameter `{parameter}`"


def read_by(node: Node) -> set[Path]:
    """Every path that a step reads: in its expressions, its texts, and otherwise."""
    read = {path for expression in node.expressions() for path in expression.needs}
    for _, text in node.texts():
        read |= paths_of(text)
    return read | set(node.reads())
