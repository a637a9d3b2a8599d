"""The rooms of one media process: two parties of any session meet, talk, lose each other, come back and part.

The rule is `ivr.media.bridging.rooms`; here it gets a clock and ears. Nobody hears their own voice: what a session
brings in goes to the other party, and nowhere else.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from uuid import UUID

from ivr.media.bridging.comfort import ringing
from ivr.media.bridging.hold import Hold
from ivr.media.bridging.party import Party
from ivr.media.bridging.rooms import OTHER, RETURN_SECONDS, Room, Side, Told
from ivr.media.inbox import Inbox, News, TimeUp
from ivr.media.session import Closed, MediaSession

log = logging.getLogger(__name__)

GUEST_WAITS_SECONDS = 330.0
"""How long a guest waits for a caller who is not there. Whoever is called back may be rung several times, and then
hears who calls and is asked who they are; a page that waits leaves sooner, once nobody will be called any more."""


class Switchboard:
    """`enter` takes the caller's seat, `join` is the whole stay of a guest."""

    def __init__(self) -> None:
        self._rooms: dict[str, _Meeting] = {}

    @property
    def rooms(self) -> int:
        """Rooms in which somebody is, or is expected back."""
        return len(self._rooms)

    def enter(self, name: str, session: MediaSession, inbox: Inbox) -> Party:
        """The caller sits down. News of the guest come to the inbox; `Party.go` leaves."""
        meeting = self._meeting(name)
        party = Party(meeting, "caller", session, inbox)
        meeting.sit(party)
        return party

    async def join(self, name: str, user: UUID | None, session: MediaSession) -> None:
        """Meet whoever waits in the room, until either side is gone; closes the session. `user` is None for a telephone
        that we rang: when nobody answered there, the caller is told why; when only its line broke, it may come back. A
        seat that somebody else has stays theirs."""
        over = True
        try:
            async with Inbox(session) as inbox:
                # A telephone shows by its first event whether there is one at all.
                first = await inbox.get() if user is None else None
                meeting = self._meeting(name)
                if isinstance(first, Closed) and first.reason == "lost":
                    over = False
                elif isinstance(first, Closed):
                    meeting.unanswered(first.unanswered or "failed")
                elif meeting.taken_by_another(user):
                    log.info("event=room_taken room=%s", name)
                else:
                    over = await _stay(meeting, Party(meeting, "guest", session, inbox, user))
        finally:
            self._tidy()
            await session.close(over)

    def leave_all(self) -> None:
        """Let every guest leave as if the sound were lost: this process ends, and their lines come back to another."""
        for meeting in self._rooms.values():
            meeting.dismiss_guest()

    def _meeting(self, name: str) -> _Meeting:
        if name not in self._rooms:
            self._rooms[name] = _Meeting(name, self._tidy)
        return self._rooms[name]

    def _tidy(self) -> None:
        for name in [name for name, meeting in self._rooms.items() if meeting.empty]:
            del self._rooms[name]


class _Meeting:
    """A room at work."""

    def __init__(self, name: str, tidy: Callable[[], None]) -> None:
        self.name = name
        self._tidy = tidy
        self._room = Room()
        self._parties: dict[Side, Party] = {}
        self._returns: dict[Side, asyncio.TimerHandle] = {}
        self._loop = asyncio.get_running_loop()

    @property
    def empty(self) -> bool:
        return self._room.empty

    @property
    def together(self) -> bool:
        """Both are there."""
        return len(self._parties) == 2

    def sit(self, party: Party) -> None:
        before = self._parties.get(party.side)
        timer = self._returns.pop(party.side, None)
        if timer is not None:
            timer.cancel()
        told = self._room.arrive(party.side, self._loop.time())
        if before is not None and (party.side, "replaced") in told:
            before.inbox.tell(News("replaced"))
        self._parties[party.side] = party
        self._tell([each for each in told if each[1] != "replaced"])

    def said(self, party: Party, ulaw: bytes) -> None:
        other = self._parties.get(OTHER[party.side])
        if other is not None and self._parties.get(party.side) is party:
            other.hear(ulaw)

    def gone(self, party: Party, lost: bool) -> None:
        side = party.side
        if self._parties.get(side) is not party:
            return
        del self._parties[side]
        if lost:
            self._tell(self._room.lose(side))
            self._returns[side] = self._loop.call_later(RETURN_SECONDS, self._return_overdue, side)
        else:
            self._tell(self._room.leave(side, self._loop.time()))
        self._tidy()

    def taken_by_another(self, user: UUID | None) -> bool:
        """Whether the guest's seat is somebody else's. The same person by another line takes over, and so does the
        telephone that was rung for the room: whoever had it rung wants to talk there."""
        guest = self._parties.get("guest")
        return guest is not None and user is not None and guest.user != user

    def unanswered(self, outcome: str) -> None:
        """A telephone that was rung for this room did not answer."""
        log.info("event=telephone_unanswered room=%s why=%s", self.name, outcome)
        caller = self._parties.get("caller")
        if caller is not None and "guest" not in self._parties:
            caller.inbox.tell(News(outcome))

    def dismiss_guest(self) -> None:
        guest = self._parties.get("guest")
        if guest is not None:
            guest.inbox.stop()

    def _return_overdue(self, side: Side) -> None:
        self._returns.pop(side, None)
        self._tell(self._room.return_overdue(side, self._loop.time()))
        self._tidy()

    def _tell(self, told: list[tuple[Side, Told]]) -> None:
        for side, what in told:
            party = self._parties.get(side)
            if party is not None:
                party.inbox.tell(News(what, self._room.seconds))


async def _stay(meeting: _Meeting, party: Party) -> bool:
    """A guest's time in the room. False when the guest's sound was lost: the line may come back."""
    alone, overdue = Hold(party.session, ringing()), TimeUp("overdue")
    meeting.sit(party)
    if not meeting.together:
        alone.start()
    timer = party.inbox.after(GUEST_WAITS_SECONDS, overdue)
    lost = False
    try:
        while True:
            happened = await party.inbox.get()
            match happened:
                case Closed(reason):
                    lost = reason == "lost"
                    return not lost
                case News("joined"):
                    timer.cancel()
                    await alone.stop()
                    await party.talk()
                case News("away"):
                    await party.rest()
                    alone.start()
                case News("ended" | "replaced"):
                    return True
                case TimeUp() if happened is overdue:
                    return True
                case _:
                    party.happened(happened)
    finally:
        timer.cancel()
        await alone.stop()
        await party.go(lost)
