"""What every stream carrier offers to the conductor: one call's live sound, both ways, and nothing of its wire format.

Twilio's Media Streams implement it (`ivr.media.doors.twilio_session`), and lines: browsers and the SIP gateway
(`ivr.media.doors.line_session`). Sound is G.711 µ-law at 8 kHz.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Literal, Protocol


@dataclass(frozen=True, slots=True)
class Frame:
    """20 ms of what the person says: 160 bytes of µ-law. Never what we say."""

    ulaw: bytes


@dataclass(frozen=True, slots=True)
class Digit:
    """One key was pressed: `0`–`9`, `*`, `#`, `A`–`D`."""

    key: str


@dataclass(frozen=True, slots=True)
class MarkReached:
    """Everything queued before this mark has been heard, or was cleared."""

    name: str


@dataclass(frozen=True, slots=True)
class Closed:
    """The last event. `hangup`: the person is gone, the call is over. `lost`: only the sound is gone; the carrier may
    go on with the call by other means (Twilio: the TwiML after `<Connect>`; a line is connected again). `unanswered`: a
    telephone that was rung for a room, and why nobody took it."""

    reason: Literal["hangup", "lost"]
    unanswered: Literal["busy", "no_answer", "failed"] | None = None


SessionEvent = Frame | Digit | MarkReached | Closed


class MediaSession(Protocol):
    """One call's sound. After the other side is gone, sending does nothing: `events` tells it by `Closed`.

    `carrier_goes_on`: when we close, the carrier goes on with the call by its own means, and can record and transfer.
    """

    carrier_goes_on: bool

    def events(self) -> AsyncIterator[SessionEvent]:
        """What comes in, in order, until `Closed`. May be iterated once."""

    async def play(self, ulaw: bytes) -> None:
        """Queue sound, in whole frames, behind what is queued already. Does not wait until it is heard."""

    async def mark(self, name: str) -> None:
        """Ask for `MarkReached(name)` once everything queued so far has been heard."""

    async def clear(self) -> None:
        """Throw away what is queued and not yet heard. Its marks are reached at once."""

    async def close(self, over: bool = True) -> None:
        """End the sound; `over` tells whether the call is. Harmless when it has ended already."""
