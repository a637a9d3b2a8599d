"""Going on where the person left off, in another call (I3).

The new call begins at the beginning: who calls, and who is speaking, is asked again, because another person may answer
the same telephone. Then what was answered before is not asked again, and the first open question comes. What was true
of another day (a temperature) is forgotten as the new call begins.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flows.engine.state import State

ANSWERED_BEFORE = "answered_before"
"""The name in the context under which the names of earlier answers stand."""

ANSWERED_ON = "answered_on"
"""The name in the context under which the day of the earlier call stands: its `today`."""


def resume_state(earlier: State, context: Mapping[str, Any]) -> State:
    """The state of a call that goes on with an earlier one, on the same revision and in the same language.

    Only answers that a script saved are kept; it saves none before it knows who is speaking.
    """
    return State(
        script=earlier.script,
        revision=earlier.revision,
        language=earlier.language,
        context={**context, ANSWERED_BEFORE: sorted(earlier.answers), ANSWERED_ON: earlier.context.get("today")},
        answers=earlier.answers,
    )
