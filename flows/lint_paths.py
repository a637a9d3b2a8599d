"""Rules about the ways through a script: what is never reached, what never ends, what comes before identity."""

from __future__ import annotations

from collections.abc import Iterator, Set

from flows.engine.kinds.call import Call
from flows.engine.kinds.effect import Effect
from flows.engine.kinds.give_back import Return
from flows.engine.script import Script
from flows.lint_values import read_by

Found = tuple[str, str, str]
"""(rule, step, message)."""

HEALTH_EFFECTS = ("telehealth.", "tracing.")


def path_findings(script: Script, health: Set[str], subscripts: bool = False) -> Iterator[Found]:
    """The findings of one script; `health` are the fields of its record about somebody's health. Steps of subscripts
    that this script does not reach are only reported on request: another script may reach them."""
    reached = reachable(script)
    for name in script.steps:
        if name not in reached and (subscripts or "/" not in name):
            yield "unreachable_step", name, "no step leads here"
    ending = _can_end(script)
    for name in reached - ending:
        yield "missing_exit", name, "no way from here ends the call"
    yield from _returns(script, reached)
    yield from _before_identity(script, health)


def reachable(script: Script, without: str | None = None) -> set[str]:
    """The steps that a call can come to; `without` passing a certain one."""
    found: set[str] = set()
    waiting = [script.start, *script.shortcuts.values(), *((script.machine,) if script.machine else ())]
    while waiting:
        name = waiting.pop()
        if name in found or name == without or name not in script.steps:
            continue
        found.add(name)
        waiting += [exit_.target for exit_ in script.steps[name].exits() if exit_.target]
    return found


def _can_end(script: Script) -> set[str]:
    """The steps from which some way ends the call, or leaves the subscript."""
    sources: dict[str, list[str]] = {}
    ending: set[str] = set()
    for name, node in script.steps.items():
        for exit_ in node.exits():
            if exit_.target is None:
                ending.add(name)
            else:
                sources.setdefault(exit_.target, []).append(name)
    waiting = list(ending)
    while waiting:
        for source in sources.get(waiting.pop(), ()):
            if source not in ending:
                ending.add(source)
                waiting.append(source)
    return ending


def _returns(script: Script, reached: set[str]) -> Iterator[Found]:
    """Each outcome that a subscript can return needs a way on, and no other is waited for."""
    for name, node in script.steps.items():
        if not isinstance(node, Call):
            continue
        inside = [step for step in script.steps if step.startswith(f"{node.subscript}/") and step in reached]
        returned = {step.outcome for step in map(script.steps.__getitem__, inside) if isinstance(step, Return)}
        for outcome in sorted(returned - set(node.on)):
            if node.otherwise is None:
                yield "missing_exit", name, f"`{node.subscript}` may return `{outcome}`, which leads nowhere"
        for outcome in sorted(set(node.on) - returned):
            yield "wrong_outcome", name, f"`{node.subscript}` never returns `{outcome}`"


def _before_identity(script: Script, health: Set[str]) -> Iterator[Found]:
    """Nothing about health may be asked, said, weighed or arranged before we know who is speaking. Someone who calls us
    speaks for themselves; whom we call may be anybody."""
    if script.direction != "outbound":
        return
    sensitive = [name for name, node in script.steps.items() if _touches_health(script, name, health)]
    if not sensitive:
        return
    if script.identified is None:
        yield "health_before_identity", "", "calls people about health and has no `identified` step"
        return
    early = reachable(script, without=script.identified)
    for name in sensitive:
        if name in early:
            yield (
                "health_before_identity",
                name,
                f"can be reached before `{script.identified}`: we may have the wrong person",
            )


def _touches_health(script: Script, name: str, health: Set[str]) -> bool:
    node = script.steps[name]
    if isinstance(node, Effect):
        return node.effect.startswith(HEALTH_EFFECTS)
    read = {path[1] for path in read_by(node) if path[0] == "answers" and len(path) > 1}
    written = {path[8:] for path in node.writes() if path.startswith("answers.")}
    return not health.isdisjoint(read | written)
