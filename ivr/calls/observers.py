"""Those who are told what happened in a call, inside the turn's transaction: records, campaigns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from core.database import UnitOfWork
from flows.engine.state import Answer, State
from ivr.calls.model import Call


class CallObserver(Protocol):
    """Told in the same transaction as the turn; must not reach outside the process."""

    def answered(self, uow: UnitOfWork, call: Call, saved: Mapping[str, Answer], state: State) -> None:
        """Answers became final in this turn."""

    def ended(self, uow: UnitOfWork, call: Call, state: State) -> None:
        """The call is over: `call.state`, `failure_reason` and `end_reason` say how. Told exactly once per call."""
