"""Where in a call an answer was heard."""

from __future__ import annotations

from flows.engine.state import Answer, State
from ivr.calls.model import Call


def turn_of(call: Call, state: State, answer: Answer) -> int:
    """The turn of the call in which the answer was heard, as the call stands after a turn with `state`; one that was
    read back became final later. Scripts count their own turns: another script may have had the first of this call."""
    return call.next_turn - 1 - (state.turns - answer.turn)
