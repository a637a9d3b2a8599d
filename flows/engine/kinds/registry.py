"""Every kind of step by the word that makes it one.

A new kind is a file beside this one, a line here, its definition in `flows/schema.json` and its tests: a test walks
this table and fails for a kind without any of them.
"""

from __future__ import annotations

from typing import Any

from flows.engine.kinds.ask import Ask
from flows.engine.kinds.assign import Set
from flows.engine.kinds.branch import Branch
from flows.engine.kinds.bridge import Bridge
from flows.engine.kinds.call import Call
from flows.engine.kinds.effect import Effect
from flows.engine.kinds.end import End
from flows.engine.kinds.give_back import Return
from flows.engine.kinds.language import Language
from flows.engine.kinds.say import Say
from flows.engine.script import Node

# `say` is last: other kinds may speak too, a step that only speaks is a `say`.
STEP_KINDS: dict[str, type[Node]] = {
    kind.key: kind for kind in (Ask, Effect, Set, Branch, Call, Return, Language, Bridge, End, Say)
}


def kind_of(spec: Any) -> str | None:
    """Which kind a step of a script is, None if it is none."""
    if "say_each" in spec and "ask" not in spec:
        return Say.key
    return next((key for key in STEP_KINDS if key in spec), None)
