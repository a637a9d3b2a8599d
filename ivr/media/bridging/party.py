"""One side of a room: its session, what it hears of the other, and what it does while it is there."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import Protocol
from uuid import UUID

from ivr.media.bridging.relay import Relay
from ivr.media.bridging.rooms import Side
from ivr.media.inbox import Happening, Inbox, Pressed
from ivr.media.session import Frame, MarkReached, MediaSession

log = logging.getLogger(__name__)


class Place(Protocol):
    """The room, as a party sees it."""

    name: str

    def said(self, party: Party, ulaw: bytes) -> None:
        """A frame of the party's own voice, for the other."""

    def gone(self, party: Party, lost: bool) -> None:
        """The party leaves its seat, if it still has it."""


class Party:
    """Made by the switchboard. `user` is the console's user behind a guest, None for a telephone and for callers."""

    def __init__(self, place: Place, side: Side, session: MediaSession, inbox: Inbox, user: UUID | None = None) -> None:
        self._place = place
        self._relay = Relay(session)
        self._talk: asyncio.Task[None] | None = None
        self._talked = False
        self._keys = 0
        self.side = side
        self.session = session
        self.inbox = inbox
        self.user = user

    async def talk(self) -> None:
        """From now on this party hears the other, and nothing that was queued for it before."""
        if self._talk is None:
            await self.session.clear()
            self._talk = asyncio.get_running_loop().create_task(self._relay.run())
            self._talked = True

    async def rest(self) -> None:
        """Hear the other no more until the next `talk`: the other's sound is lost. Harmless when nobody talks."""
        if self._talk is None:
            return
        talk, self._talk = self._talk, None
        talk.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await talk
        self._relay.buffer.clear()

    def hear(self, ulaw: bytes) -> None:
        """A frame of the other's voice."""
        if self._talk is not None:
            self._relay.push(ulaw)

    def happened(self, happening: Happening) -> None:
        """Something this party did while in the room. Keys are for nobody: they are only counted."""
        if isinstance(happening, Frame):
            self._place.said(self, happening.ulaw)
        elif isinstance(happening, MarkReached):
            self._relay.reached(happening.name)
        elif isinstance(happening, Pressed):
            self._keys += 1

    async def go(self, lost: bool = False) -> None:
        """Leave the room, for good or because the sound is lost. Harmless when it was left before."""
        self._place.gone(self, lost)
        await self.rest()
        if not self._talked:
            return
        self._talked = False
        buffer = self._relay.buffer
        log.info(
            "event=talk_left room=%s side=%s lost=%s keys=%s dropped_frames=%s concealed_frames=%s cleared=%s",
            self._place.name, self.side, lost, self._keys, buffer.dropped, buffer.concealed, self._relay.cleared,
        )  # fmt: skip
