"""One call, whatever the network does to it: webhooks repeated, reordered and late, streams that take over from each
other, statuses in any order. At every moment its log makes it again, and each answer is saved once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from core.database import Database
from flows.catalogue import LIBRARY, Library
from flows.engine.events import CallEnded, Event, KeysPressed, NothingHeard
from ivr.calls.log import Aside, read_log
from ivr.calls.model import Call
from ivr.calls.replaying import replay_stored
from ivr.calls.revisions import Revisions
from ivr.calls.service import Calls
from ivr.media.turns import DatabaseTurns, Next
from tests.ivr.carriers.conftest import Post
from tests.ivr.world import AT, World, open_call

DIGITS = st.sampled_from(["", "1", "2", "4", "7", "*"])
STATUSES = ["queued", "initiated", "ringing", "in-progress", "completed", "busy", "failed", "no-answer", "canceled"]
PATHS = [
    "voice/{call}",
    "voice/{call}/stream",
    "resume/{call}",
    *(f"turn/{{call}}/{turn}?wait=keys" for turn in range(7)),
]


class AnyOrder(RuleBasedStateMachine):
    """Of all that may come, anything may come next, and again."""

    database: ClassVar[Database]
    calls: ClassVar[Calls]
    world: ClassVar[World]
    post: ClassVar[Post]
    executor: ClassVar[ThreadPoolExecutor]
    ends: ClassVar[set[str | None]]

    def __init__(self) -> None:
        super().__init__()
        self.sessions: list[Next] = []
        self.replies: dict[str, bytes] = {}

    @initialize()
    def dial(self) -> None:
        self.world.notes.clear()
        self.call_id = open_call(self.database, self.calls)
        self.turns = DatabaseTurns(self.database, self.calls, self.executor)

    @rule(path=st.sampled_from(PATHS), digits=DIGITS)
    def webhook(self, path: str, digits: str) -> None:
        """A request of Twilio's: the one that is due, one of before, or one of what is yet to come."""
        reply = self.send(path, **({"Digits": digits} if digits else {}))
        assert reply.status_code == 200

    @precondition(lambda self: self.live)
    @rule(digits=DIGITS)
    def webhook_due(self, digits: str) -> None:
        turn = self.stored().next_turn
        path = f"turn/{{call}}/{turn}?wait=keys" if turn else "voice/{call}"
        fields = {"Digits": digits} if digits else {}
        first = self.send(path, **fields)
        assert self.send(path, **fields).data == first.data

    @rule(status=st.sampled_from(STATUSES))
    def status(self, status: str) -> None:
        self.send("status/{call}", CallStatus=status)

    @rule()
    def stream_comes(self) -> None:
        """A stream, which takes the call over from whoever had it."""
        self.sessions.append(self.wait(self.turns.begin(self.call_id)))

    @precondition(lambda self: self.sessions)
    @rule(which=st.integers(0, 5), event=st.sampled_from(["1", "2", "4", "", "hangup"]), again=st.booleans())
    def stream_takes_turn(self, which: int, event: str, again: bool) -> None:
        """By the stream that has the call, or by one that was left behind and does not know it yet."""
        number = which % len(self.sessions)
        step = self.sessions[number]
        if step.over or step.elsewhere:
            return
        happened: Event = KeysPressed(AT, event) if event.isdigit() else NothingHeard(AT)
        if event == "hangup":
            happened = CallEnded(AT, "hangup")
        aside = Aside(AT, "key_dropped", {"key": "9", "reason": "too_soon"})
        self.sessions[number] = self.wait(self.turns.take(self.call_id, step.turn, happened, (aside,)))
        if again:
            self.wait(self.turns.take(self.call_id, step.turn, happened, (aside,)))

    @invariant()
    def the_log_makes_the_call_again(self) -> None:
        if not hasattr(self, "call_id"):
            return
        with self.database.unit() as uow:
            (done,) = replay_stored(uow, Revisions(Library(LIBRARY)), [self.call_id])
            lines = read_log(uow, self.call_id)
        assert done.same, str(done)
        assert [line.seq for line in lines] == list(range(len(lines)))
        told = [saved for call_id, saved in self.world.answers if call_id == self.call_id]
        logged = [line.data.items() for line in lines if line.kind == "saved"]
        assert told == [{name: answer["value"] for name, answer in saved} for saved in logged]
        assert len({name for saved in told for name in saved}) == sum(map(len, told))
        assert len(self.world.notes) == sum(line.kind == "effect" for line in lines) <= 1
        call = self.stored()
        taken = [line.turn for line in lines if line.kind == "event" and line.data["kind"] != "call_ended"]
        assert taken == list(range(call.next_turn))
        ends = [one for one in self.world.ended if one[0] == self.call_id]
        assert len(ends) == (call.ended_at is not None)
        assert all(one[1] == call.end_reason for one in ends)
        self.ends.update(one[1] for one in ends)

    @property
    def live(self) -> bool:
        return hasattr(self, "call_id") and self.stored().ended_at is None

    def send(self, path: str, **fields: str) -> Any:
        return self.post(f"/twilio/{path.format(call=self.call_id)}", CallSid=f"CA{self.call_id.hex}", **fields)

    def stored(self) -> Call:
        with self.database.unit() as uow:
            return uow.session.get_one(Call, self.call_id)

    def wait(self, coming: Coroutine[Any, Any, Next]) -> Next:
        return asyncio.run(coming)


@pytest.mark.patient
@pytest.mark.capability("I9", "N2")
def test_whatever_comes_in_whatever_order_each_answer_is_saved_once_and_the_log_makes_the_call_again(
    database: Database, calls: Calls, world: World, post: Post
) -> None:
    ends: set[str | None] = set()
    with ThreadPoolExecutor(1) as executor:
        parts = {"database": database, "calls": calls, "world": world, "post": staticmethod(post)}
        parts |= {"executor": executor, "ends": ends}
        machine: Callable[[], RuleBasedStateMachine] = type("AnyOrderHere", (AnyOrder,), parts)
        run_state_machine_as_test(
            machine,
            settings=settings(
                max_examples=20,
                stateful_step_count=25,
                deadline=None,
                derandomize=True,
                suppress_health_check=list(HealthCheck),
            ),
        )
    assert ends >= {"completed", "hangup", "failed"}
