"""Rules about effects: does the host have them, with these arguments, and is every outcome provided for?"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from flows.catalogue import EffectSpec
from flows.engine.kinds.effect import Effect
from flows.engine.script import Expression, Script

_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "script": (str,),
}


def effect_findings(
    script: Script, effects: Sequence[EffectSpec], scripts: Collection[str]
) -> Iterator[tuple[str, str, str]]:
    """(rule, step, message) for each effect step that the host could not carry out. `scripts` are all that there
    are."""
    known = {effect.name: effect for effect in effects}
    for name, node in script.steps.items():
        if not isinstance(node, Effect):
            continue
        spec = known.get(node.effect)
        if spec is None:
            yield "unknown_effect", name, f"there is no effect `{node.effect}`; there are {', '.join(sorted(known))}"
            continue
        for argument in sorted(set(spec.arguments) - set(node.arguments)):
            yield "wrong_arguments", name, f"`{spec.name}` needs the argument `{argument}`"
        for argument in sorted(set(node.arguments) - set(spec.arguments)):
            yield "wrong_arguments", name, f"`{spec.name}` takes no argument `{argument}`"
        for argument, expression in node.arguments.items():
            wanted = spec.arguments.get(argument)
            if wanted and not _fits(expression, wanted):
                yield "wrong_arguments", name, f"the argument `{argument}` of `{spec.name}` is no {wanted}"
            elif wanted == "script" and not expression.needs and expression.evaluate({})[1] not in scripts:
                known_scripts = ", ".join(sorted(scripts))
                yield "unknown_script", name, f"there is no script {expression.source}; there are {known_scripts}"
        for outcome in sorted(set(node.on) - set(spec.outcomes)):
            yield "wrong_outcome", name, f"`{spec.name}` never gives `{outcome}`; it gives {', '.join(spec.outcomes)}"
        if node.otherwise is None:
            for outcome in sorted(set(spec.outcomes) - set(node.on)):
                yield "missing_exit", name, f"the outcome `{outcome}` of `{spec.name}` leads nowhere"


def _fits(expression: Expression, wanted: str) -> bool:
    """Whether a constant has the wanted type; what depends on the call is only known there."""
    if expression.needs:
        return True
    worked, value = expression.evaluate({})
    return worked and _has_type(value, wanted)


def _has_type(value: Any, wanted: str) -> bool:
    if isinstance(value, bool):
        return wanted == "boolean"
    return isinstance(value, _TYPES[wanted])
