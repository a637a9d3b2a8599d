"""What the reaper asks about calls of browsers. Nobody dials a browser: it calls us."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from core.database import Database
from core.errors import Permanent
from ivr.calls.model import CallState, FailureReason
from ivr.calls.status import StatusReport
from ivr.carriers.base import DialOrder
from ivr.lines.presence import lines_kept

BROWSER = "browser"
TITLE = "Telephone in the browser"


class BrowserCarrier:
    """A call goes on for as long as a media process tells of its line, or waits for it; its `provider_ref` is its own
    id."""

    name = BROWSER

    def __init__(self, database: Database) -> None:
        self._database = database

    def place(self, order: DialOrder) -> str:
        raise Permanent("A browser cannot be dialed.", "Choose a carrier that reaches telephones.")

    def find(self, order: DialOrder, taken: Collection[str]) -> str | None:
        return None

    def hang_up(self, provider_ref: str) -> None:
        """Nothing to do: once the call is over, its line is closed at the next turn."""

    def status(self, provider_ref: str, now: datetime) -> StatusReport | None:
        """A call that has been quiet and has no line is lost: its media process died, or its page was closed before it
        could connect."""
        with self._database.unit() as uow:
            if UUID(provider_ref) in lines_kept(uow):
                return StatusReport(CallState.IN_PROGRESS, now, provider_ref=provider_ref)
        return StatusReport(CallState.FAILED, now, failure_reason=FailureReason.LOST, provider_ref=provider_ref)
