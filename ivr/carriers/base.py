"""What every carrier offers to the dialer, whatever it speaks to the outside."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from ivr.calls.status import StatusReport


@dataclass(frozen=True, slots=True)
class DialOrder:
    """One dial. `ordered_at` is when the attempt was marked `placing`: a call the carrier started before is not it.

    The carrier finds out whether a machine answers; with `leave_message`, it waits until the machine records."""

    call_id: UUID
    to: str
    ring_seconds: int
    ordered_at: datetime
    leave_message: bool = False


class Carrier(Protocol):
    """`place` raises core.errors.Permanent when the carrier refused (no call exists), Retryable when it surely did
    not take the order, and `OrderUnknown` when we cannot know: then `find` is asked before anything else."""

    name: str

    def place(self, order: DialOrder) -> str:
        """Dial; returns the carrier's own id of the call."""

    def find(self, order: DialOrder, taken: Collection[str]) -> str | None:
        """The carrier's id of the call that this order made, if it made one. `taken` are its ids of other calls to the
        number, made by other orders."""

    def hang_up(self, provider_ref: str) -> None:
        """End the call. Harmless when it is over already."""

    def status(self, provider_ref: str, now: datetime) -> StatusReport | None:
        """What became of a call, for when its callbacks were lost. None for a call that the carrier does not know, or
        of which it says nothing that we understand."""


class OrderUnknown(Exception):
    """The carrier may or may not have taken the order: the answer was lost."""
