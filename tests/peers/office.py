"""A department's office on loopback: a real gateway and a real media process on a database of their own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import select

from core.errors import Retryable
from core.heartbeats import Heartbeat
from core.installation import wait_until_up
from core.settings import Settings, environment
from ivr.calls.model import Call
from ivr.carriers.base import DialOrder
from ivr.carriers.sip.model import SipLeg
from ivr.carriers.sip.orders import SIP
from traceline import Traceline

ROOT = Path(__file__).parents[2]
NUMBER = "+84912345678"
T = TypeVar("T")


def until(found: Callable[[], T | None], seconds: float = 30.0, what: str = "it") -> T:
    """What `found` gives once it is something. Another process makes it so, hence the looking again and again."""
    deadline = time.monotonic() + seconds
    while True:
        value = found()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds} s in vain for {what}")
        time.sleep(0.05)


def port_of(address: str) -> int:
    return int(address.rpartition(":")[2])


@dataclass
class Office:
    """The processes that run, by kind, and what stands in their database."""

    app: Traceline
    logs: Path
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def settings(self) -> Settings:
        return self.app.settings

    @property
    def address(self) -> str:
        """Where telephones reach us."""
        return self.settings.sip_bind

    def start(self, kind: str, name: str = "", **changes: Any) -> subprocess.Popen[bytes]:
        """Start a process, with other settings if wanted, and wait until it serves."""
        own = environment(self.settings.model_copy(update=changes))
        with (self.logs / f"{name or kind}.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "traceline", "process", kind],
                cwd=ROOT,
                env={**os.environ, **own},
                stdout=log,
                stderr=log,
            )
        self.processes[name or kind] = process
        if kind == "media":
            wait_until_up(f"http://{self.settings.media_bind}/health")
        else:
            until(lambda: self._is_up(process, name or kind), what="the gateway")
        return process

    def _is_up(self, process: subprocess.Popen[bytes], name: str) -> bool:
        assert process.poll() is None, f"the gateway has ended:\n{self.log(name)}"
        return bool(self.status(process)) and "event=sip_up" in self.log(name)

    def log(self, name: str) -> str:
        return (self.logs / f"{name}.log").read_text()

    def end(self, name: str) -> None:
        """Have a process end in order; harmless when it is gone."""
        process = self.processes.pop(name, None)
        if process is not None:
            process.terminate()
            process.wait(30)

    def kill(self, name: str) -> None:
        process = self.processes.pop(name)
        process.kill()
        process.wait()

    def stop(self) -> None:
        for process in self.processes.values():
            process.send_signal(signal.SIGTERM)
        for process in self.processes.values():
            process.wait(30)
        self.processes.clear()

    def status(self, process: subprocess.Popen[bytes]) -> dict[str, Any] | None:
        """The gateway's sign of life."""
        with self.app.database.unit() as uow:
            mine = select(Heartbeat.status).where(Heartbeat.kind == SIP, Heartbeat.process.endswith(f":{process.pid}"))
            return uow.session.scalar(mine)

    def calls(self) -> list[Call]:
        """All calls, the newest last."""
        with self.app.database.unit() as uow:
            return list(uow.session.scalars(select(Call).order_by(Call.created_at)))

    def call(self, call_id: UUID) -> Call:
        with self.app.database.unit() as uow:
            return uow.session.get_one(Call, call_id)

    def next_call(self, before: int, seconds: float = 20.0) -> Call:
        """The call that comes after the first `before`, once it is answered."""
        return until(
            lambda: next((call for call in self.calls()[before:] if call.answered_at), None), seconds, "a call"
        )

    def ended(self, call_id: UUID, seconds: float = 30.0) -> Call:
        """The call when it is over."""
        return until(lambda: (call := self.call(call_id)).ended_at and call, seconds, "the end of the call")

    def dial(self, number: str = NUMBER, ring_seconds: int = 20, **changes: Any) -> UUID:
        """Order a call, as the dialer does."""
        values = {"script": "symptom-report", "language": "vi", "context": self.app.told(SIP), **changes}
        with self.app.database.unit() as uow:
            call = self.app.calls.open(uow, direction="outbound", carrier=SIP, remote_number=number, **values)
            now = uow.now()
        order = DialOrder(call.id, number, ring_seconds, now)
        until(lambda: self._placed(order), what="a gateway with room")
        return call.id

    def _placed(self, order: DialOrder) -> bool:
        try:
            self.app.carriers[SIP].place(order)
        except Retryable:
            return False
        return True

    def hang_up(self, call: Call) -> None:
        """End a call from our side."""
        assert call.provider_ref is not None
        self.app.carriers[SIP].hang_up(call.provider_ref)

    def leg(self, leg_id: UUID) -> SipLeg:
        with self.app.database.unit() as uow:
            return uow.session.get_one(SipLeg, leg_id)


@contextmanager
def office(settings: Settings, logs: Path, *kinds: str) -> Iterator[Office]:
    """An office whose processes end with the block."""
    opened = Office(Traceline(settings), logs)
    try:
        for kind in kinds:
            opened.start(kind)
        yield opened
    finally:
        opened.stop()
        opened.app.database.close()
