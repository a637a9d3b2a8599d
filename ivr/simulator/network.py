"""The simulated telephone network: takes orders, rings simulated people, and carries their calls to the end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import aiohttp

from core.errors import UserError
from flows.engine.script import Script
from ivr.simulator.call import API_VERSION, Order, SimCall, Status, new_sid
from ivr.simulator.conversation import Conversation, PersonHungUp
from ivr.simulator.ears import Ears
from ivr.simulator.mind import Mind
from ivr.simulator.options import Faults, Options
from ivr.simulator.people import Habit, SimPerson
from ivr.simulator.streams import StreamCall
from ivr.simulator.twiml import TwimlError
from ivr.simulator.understanding import Understanding
from ivr.simulator.webhooks import StatusCallbacks, WebhookFailed, Webhooks

log = logging.getLogger(__name__)

BUSY_AFTER = 2.0
MACHINE_PICKS_UP_AFTER = 12.0
DETECTION_SECONDS = 3.0
"""How long the carrier listens before it says who answered."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that went wrong, as a carrier's debugger would list it."""

    call: str
    kind: str
    what: str


@dataclass(slots=True)
class Talk:
    """A person's part in one call, for the report."""

    person: SimPerson
    call: SimCall
    mind: Mind


class Network:
    """The network itself. Everything that happens runs as tasks of the loop it lives in."""

    def __init__(
        self,
        options: Options,
        session: aiohttp.ClientSession,
        ears: Ears | None = None,
        scripts: Mapping[str, Script] | None = None,
    ) -> None:
        self.options = options
        self.faults = Faults()
        self.calls: dict[str, SimCall] = {}
        self.people: dict[str, SimPerson] = {}
        self.talks: list[Talk] = []
        self.troubles: list[Trouble] = []
        self.recordings: dict[str, bytes] = {}
        self.base_url = ""
        self.webhooks = Webhooks(session, options, self.trouble)
        self.callbacks = StatusCallbacks(self.webhooks, options, self.trouble)
        self._session = session
        self._ears = ears
        self._scripts = scripts or {}
        self._understanding = Understanding(self._scripts)
        self._missed: dict[str, int] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._next_slot = 0.0

    # --- people and orders

    def add_people(self, people: Iterable[SimPerson]) -> int:
        """Give numbers to people. Raises UserError if one number is given twice, and then adds nobody."""
        new = list(people)
        numbers = [person.phone for person in new]
        taken = len(numbers) - len(set(numbers)) + len(set(numbers) & set(self.people))
        if taken:
            raise UserError(f"{taken} people have a number that is taken.", "Give each their own number.")
        self.people |= {person.phone: person for person in new}
        return len(new)

    def place(self, to: str, from_: str, order: Order) -> SimCall:
        """Take an order of the account, and start to carry it out."""
        call = SimCall(self.options.account_sid, to, from_, "outbound-api", order)
        self._start(call, self._outbound)
        return call

    def dial(self, person: SimPerson, url: str, status_callback: str = "") -> SimCall:
        """A person dials the hotline, whose number is set up with this voice webhook."""
        order = Order(url=url, status_callback=status_callback)
        call = SimCall(self.options.account_sid, self.options.hotline, person.phone, "inbound", order)
        call.status = "ringing"
        self._start(call, lambda it: self._inbound(it, person))
        return call

    def end(self, call: SimCall, status: Status) -> None:
        """The account ends a call."""
        call.wanted = status
        call.hang_up.set()

    async def settled(self) -> None:
        """Until no call runs and every callback is delivered."""
        while self._tasks:
            await asyncio.wait(set(self._tasks))
        await self.callbacks.settled()

    async def close(self) -> None:
        """End everything now."""
        for task in set(self._tasks):
            task.cancel()
        if self._tasks:
            await asyncio.wait(set(self._tasks))
        self.callbacks.close()

    # --- what conversations need

    async def pause(self, seconds: float) -> None:
        """Let time pass on the line."""
        await asyncio.sleep(seconds / self.options.speed)

    def trouble(self, call_sid: str, kind: str, what: str) -> None:
        """Note something that went wrong. The text names addresses of our own machines, never people."""
        log.warning("event=simulator_trouble call=%s kind=%s", call_sid, kind)
        self.troubles.append(Trouble(call_sid, kind, what))

    def keep_recording(self, wav: bytes) -> tuple[str, str]:
        """Store a recording; returns its id and address."""
        sid = new_sid("RE")
        self.recordings[sid] = wav
        return sid, f"{self.base_url}/{API_VERSION}/Accounts/{self.options.account_sid}/Recordings/{sid}"

    def open_stream(self, call: SimCall, mind: Mind) -> StreamCall:
        """A Media Stream for a call."""
        return StreamCall(self._session, self.options, call, mind, self.trouble)

    def reachable(self, number: str) -> bool:
        """Whether somebody would pick up."""
        person = self.people.get(number)
        return person is not None and person.habit not in (Habit.NO_ANSWER, Habit.BUSY)

    # --- a call's life

    def _start(self, call: SimCall, life: Callable[[SimCall], Coroutine[None, None, Status]]) -> None:
        self.calls[call.sid] = call
        task = asyncio.create_task(self._carry(call, life))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _carry(self, call: SimCall, life: Callable[[SimCall], Coroutine[None, None, Status]]) -> None:
        """Run a call until it is over by itself, by the account, or by its longest duration."""
        living = asyncio.create_task(life(call))
        ending = asyncio.create_task(call.hang_up.wait())
        try:
            limit = self.options.longest_call_seconds
            await asyncio.wait({living, ending}, timeout=limit, return_when=asyncio.FIRST_COMPLETED)
        finally:
            ending.cancel()
            if not living.done():
                living.cancel()
            await asyncio.wait({living, ending})
        self._finish(call, living)

    def _finish(self, call: SimCall, living: asyncio.Task[Status]) -> None:
        reached = call.status
        if living.cancelled():
            call.ended_from = "account" if call.wanted else "limit"
            call.status = "completed" if reached == "in-progress" else "canceled"
        elif (error := living.exception()) is not None:
            log.error("event=simulator_call_failed call=%s", call.sid, exc_info=error)
            self.trouble(call.sid, "simulator", repr(error))
            call.status = "completed" if reached == "in-progress" else "failed"
        else:
            call.status = living.result()
        call.ended_at = datetime.now(UTC)
        self.callbacks.tell(call, "completed")
        call.over.set()

    async def _outbound(self, call: SimCall) -> Status:
        await self._wait_for_slot()
        self.callbacks.tell(call, "initiated")
        call.started_at = datetime.now(UTC)
        person = self.people.get(call.to)
        if person is None:
            call.sip_code = "404"
            return "failed"
        habit = self._habit_now(person)
        if habit is Habit.BUSY:
            await self.pause(BUSY_AFTER)
            call.sip_code = "486"
            return "busy"
        call.status = "ringing"
        self.callbacks.tell(call, "ringing")
        rings = MACHINE_PICKS_UP_AFTER if habit is Habit.MACHINE else person.answers_after
        if habit is Habit.NO_ANSWER or rings > call.order.ring_seconds:
            await self.pause(call.order.ring_seconds)
            call.sip_code = "487"
            return "no-answer"
        await self.pause(rings)
        call.answered_at = datetime.now(UTC)
        call.status = "in-progress"
        call.sip_code = "200"
        if call.order.machine_detection:
            await self.pause(DETECTION_SECONDS)
            call.answered_by = _answered_by(habit, call.order.machine_detection)
        self.callbacks.tell(call, "answered")
        return await self._talk(call, person, machine=habit is Habit.MACHINE)

    async def _inbound(self, call: SimCall, person: SimPerson) -> Status:
        call.started_at = call.answered_at = datetime.now(UTC)
        return await self._talk(call, person, machine=False)

    async def _talk(self, call: SimCall, person: SimPerson, machine: bool) -> Status:
        mind = Mind(person, self._ears, self._understanding, self._scripts, machine)
        self.talks.append(Talk(person, call, mind))
        try:
            await Conversation(self, call, mind).run()
        except PersonHungUp:
            call.ended_from = "person"
            return "completed"
        except (WebhookFailed, TwimlError) as error:
            self.trouble(call.sid, "twiml" if isinstance(error, TwimlError) else "webhook", str(error))
            call.ended_from = "trouble"
            return "completed" if call.status == "in-progress" else "failed"
        mind.over()
        call.ended_from = "application"
        return "completed"

    def _habit_now(self, person: SimPerson) -> Habit:
        """The habit in this call: some people are only unreachable at first."""
        missed = self._missed.get(person.phone, 0)
        if person.habit in (Habit.BUSY, Habit.NO_ANSWER):
            if person.recovers_after is not None and missed >= person.recovers_after:
                return Habit.KEYS
            self._missed[person.phone] = missed + 1
        return person.habit

    async def _wait_for_slot(self) -> None:
        """Twilio starts so many calls per second and keeps the others in its queue."""
        if self.options.calls_per_second is None:
            return
        now = asyncio.get_running_loop().time()
        slot = max(now, self._next_slot)
        self._next_slot = slot + 1 / self.options.calls_per_second
        await asyncio.sleep(slot - now)


def _answered_by(habit: Habit, detection: str) -> str:
    if habit is not Habit.MACHINE:
        return "human"
    return "machine_end_beep" if detection == "DetectMessageEnd" else "machine_start"
