"""What the dialer needs from the calls package, and nothing more."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Protocol
from uuid import UUID

from core.database import UnitOfWork
from flows.engine.state import State
from ivr.calls.model import Call, CallState, FailureReason
from ivr.calls.status import StatusReport


class CallBook(Protocol):
    """Opens and ends calls (`ivr.calls.service.Calls`)."""

    def open(
        self,
        uow: UnitOfWork,
        *,
        direction: Literal["inbound", "outbound"],
        carrier: str,
        remote_number: str,
        script: str,
        language: str = "",
        context: Mapping[str, Any] | None = None,
        person_id: UUID | None = None,
        campaign_id: UUID | None = None,
        target_id: UUID | None = None,
        attempt_id: UUID | None = None,
        area: str = "",
        resume_state: State | None = None,
    ) -> Call:
        """A new call that waits for its first turn."""

    def end(
        self,
        uow: UnitOfWork,
        call_id: UUID,
        reason: str = "hangup",
        *,
        state: CallState = CallState.COMPLETED,
        failure_reason: FailureReason | None = None,
        raw_code: str | None = None,
    ) -> bool:
        """The line is gone. False when the call was over already."""

    def apply_status(self, uow: UnitOfWork, call_id: UUID, report: StatusReport) -> bool:
        """Move the call along the lattice of states."""
