"""The SIP stack: baresip, behind what a gateway needs of it. The only module that knows it.

baresip runs in threads of its own and speaks to our event loop. There is one of it per process, and a dead one cannot
be started again: then the process ends, and its supervisor starts another.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from baresip import Account, Call, Config, Runtime, UserAgent
from baresip.errors import (
    AudioNotActive,
    AudioRestarted,
    BaresipError,
    CommandQueueFull,
    CommandTimeout,
    RegistrationError,
    RuntimeDead,
)
from baresip.events import Event, StackEvent

from audio.codec import PCM_FRAME
from core.errors import Retryable, TracelineError
from ivr.carriers.sip.sources import Network, SourceFilter

log = logging.getLogger(__name__)

RTP_TIMEOUT = 60
"""Seconds without any packet of sound, or report of it (RTCP), after which a telephone is gone; not on hold."""
SOUND_PORTS = range(16384, 32767)
"""Below those that the system gives to others."""
REGISTER_SECONDS = 300
REGISTER_AGAIN = 20.0
"""Seconds between a registration that failed and the next try."""
_ASSERTED = "P-Asserted-Identity"
_TO = "To"
_EARLY_CALLS = 50
"""Calls whose first events may be kept until the order that made them has been answered."""
_FULL_SECONDS = 0.1
"""How soon a command is given again that the stack had no room for."""


Transport = Literal["udp", "tcp", "tls"]


class StackStalled(Exception):
    """The stack does not say what became of a command, so a telephone may ring that nobody owns. It counts as dead."""


@dataclass(frozen=True, slots=True)
class Ringing:
    """The telephone rings, or the network plays something instead."""


@dataclass(frozen=True, slots=True)
class Answered:
    """Somebody is on the telephone."""


@dataclass(frozen=True, slots=True)
class Pressed:
    """One key, told by an event of the telephone (RFC 4733, or SIP INFO)."""

    key: str


@dataclass(frozen=True, slots=True)
class Ended:
    """The last event. `reason`: the other side's status line (`486 Busy Here`) or the stack's own words."""

    reason: str


CallEvent = Ringing | Answered | Pressed | Ended


@dataclass(frozen=True, slots=True)
class Trunk:
    """Where calls go out, and often come in. Without `user` nothing is registered: it knows us by our address."""

    address: str
    user: str = ""
    password: str = field(default="", repr=False)
    transport: Transport = "udp"


class SipCall:
    """One telephone: its events in order, and its sound as 16-bit samples at 8 kHz. `ref` is its Call-ID."""

    def __init__(self, call: Call, stalled: Callable[[], None]) -> None:
        self._call = call
        self._stalled = stalled
        self.ref: str = call.call_id or ""
        self.caller: str = call.peer or ""
        self.asserted: str = call.headers.get(_ASSERTED, "")
        self.dialed: str = call.headers.get(_TO, "")
        self.events: asyncio.Queue[CallEvent] = asyncio.Queue()
        self.ended = False

    async def answer(self) -> None:
        """Pick up. `Answered` tells when the sound flows. Harmless when the telephone is gone."""
        await self._do(self._call.answer)

    async def refuse(self) -> None:
        """Say that we are busy (486)."""
        await self._do(self._call.reject)

    async def hang_up(self) -> None:
        """End the call in whatever state it is. Harmless when it is over."""
        await self._do(self._call.hangup)

    def read(self) -> bytes:
        """What has come in since the last time; nothing while there is no sound."""
        try:
            return bytes(self._call.audio.read(20 * PCM_FRAME))
        except (AudioNotActive, AudioRestarted):  # the latter: the telephone has moved its sound, as on hold
            return b""

    def write(self, pcm: bytes) -> None:
        """Queue sound behind what is `buffered`. It is lost while there is no sound."""
        try:
            self._call.audio.write(pcm)
        except (AudioNotActive, AudioRestarted):
            return

    def buffered(self) -> int | None:
        """Frames written and not yet sent; None while there is no sound."""
        try:
            return -(-int(self._call.audio.info().tx_buffered) // PCM_FRAME)
        except (AudioNotActive, AudioRestarted):
            return None

    def flush(self) -> None:
        """Forget what is buffered."""
        try:
            self._call.audio.flush_tx()
        except (AudioNotActive, AudioRestarted):
            return

    def take(self, event: StackEvent) -> None:
        """What the stack says of this call."""
        if event.event in (Event.CALL_RINGING, Event.CALL_PROGRESS):
            self.events.put_nowait(Ringing())
        elif event.event is Event.CALL_ESTABLISHED:
            self.events.put_nowait(Answered())
        elif event.event is Event.CALL_DTMF_START and event.text:
            self.events.put_nowait(Pressed(event.text.upper()))
        elif event.event is Event.CALL_CLOSED and not self.ended:
            self.ended = True
            self.events.put_nowait(Ended(event.text or ""))

    async def _do(self, action: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                return await action()
            except CommandQueueFull:  # the person must not stay connected to nobody
                await asyncio.sleep(_FULL_SECONDS)
            except (CommandTimeout, RuntimeDead):
                return self._stalled()
            except BaresipError as error:  # gone already; CALL_CLOSED says so
                return log.debug("event=call_gone ref=%s why=%s", self.ref, error)


class SipStack:
    """The one SIP endpoint of this process. `registration` is what the console shows of it."""

    def __init__(self, host: str, port: int, trunk: Trunk | None, incoming: Callable[[SipCall], None]) -> None:
        self._host, self._port = host, port
        self._trunk = trunk
        self._incoming = incoming
        self._runtime = Runtime()
        self._sources = SourceFilter(host, port, SOUND_PORTS)
        self._calls: dict[int, SipCall] = {}
        self._early: dict[int, list[StackEvent]] = {}
        self._agents: dict[Transport, UserAgent] = {}
        self._registered: UserAgent | None = None
        self._died: Callable[[], None] = lambda: None
        self.registers = trunk is not None and bool(trunk.user)
        self.registration = "registering" if self.registers else "none"

    async def start(self, died: Callable[[], None]) -> None:
        """Listen, but take nothing yet. `died` is called when the stack's own thread ends, or does not answer any more.
        Raises TracelineError when the address cannot be listened on."""
        # Its own words hold numbers; ours say what happened.
        logging.getLogger("baresip.native").disabled = True
        logging.getLogger("baresip").setLevel(logging.ERROR)
        self._died = died
        self._runtime.on_dead = died
        try:
            await self._runtime.start(self._config())
        except BaresipError as error:
            above = f" The port above, {self._port + 1}, is needed for TLS." if "tls" in self._transports else ""
            raise TracelineError(str(error), f"Set TRACELINE_SIP_BIND to another address.{above}") from error
        if not self._sources.listens():
            await self._runtime.close()
            raise TracelineError("The SIP stack does not listen.", "Set TRACELINE_SIP_BIND to another address.")
        self._runtime.subscribe(self._on_event)

    def allow(self, sip: Sequence[Network], sound: Sequence[Network]) -> None:
        """Who may speak SIP to us from now on, and whose sound is taken. To be called before `open`."""
        self._sources.allow(sip, sound)

    def refused_packets(self) -> tuple[int, int]:
        """Packets of SIP and of sound that came from anywhere else, so far."""
        self._sources.watch()
        return self._sources.dropped()

    async def open(self) -> None:
        """From now on calls come in, whatever number they dial and however they come, and may go out.

        An account that registers takes calls for its own name only, and each takes those of its transport only.
        """
        for transport in self._transports:
            self._agents[transport] = await self._agent(self._account(transport))
        if self.registers:
            assert self._trunk is not None
            self._registered = await self._agent(self._account(self._trunk.transport, self._trunk))

    async def keep_registered(self) -> None:
        """Register at the trunk, and again after every failure, for as long as this runs. The stack itself renews."""
        assert self._registered is not None
        while True:
            if self.registration != "registered":
                try:
                    await self._registered.register()
                except RegistrationError as error:
                    self._told(f"{error.status or ''} {error.reason}".strip() or str(error))
                except BaresipError as error:
                    self._told(type(error).__name__)
            await asyncio.sleep(REGISTER_AGAIN)

    async def dial(self, uri: str, shown: str) -> SipCall:
        """Ring a telephone, showing the number `shown`. Raises Retryable when not even an INVITE went out, and
        `StackStalled` when nobody knows."""
        agent = self._registered or self._agents[self._trunk.transport if self._trunk else "udp"]
        try:
            call = await agent.dial(uri, {"P-Preferred-Identity": f"<sip:{shown}@{self._domain}>"})
        except (CommandTimeout, RuntimeDead) as error:
            self._stall()
            raise StackStalled(type(error).__name__) from error
        except (BaresipError, ValueError) as error:
            raise Retryable(f"The SIP stack did not dial: {type(error).__name__}.", "It is tried again.") from error
        self._sources.watch()
        ours = self._calls[call.handle] = SipCall(call, self._stall)
        for event in self._early.pop(call.handle, ()):
            self._deliver(ours, event)
        return ours

    async def close(self) -> None:
        """End every call, give the registration back, and stop."""
        if self._registered is not None and self.registration == "registered":
            try:
                await self._registered.unregister(timeout=2)
            except BaresipError as error:
                log.info("event=not_unregistered why=%s", error)
        await self._runtime.close()

    def _stall(self) -> None:
        """A stack that does not answer cannot be trusted with anybody's call: the process is to end."""
        log.critical("event=stack_stalled")
        self._died()

    async def _agent(self, account: Account) -> UserAgent:
        agent = await UserAgent.create(self._runtime, account, transfer_policy="reject")
        agent.on_incoming(self._on_incoming)
        return agent

    def _on_incoming(self, call: Call) -> None:
        self._early.pop(call.handle, None)
        self._sources.watch()
        ours = self._calls[call.handle] = SipCall(call, self._stall)
        self._incoming(ours)

    def _on_event(self, event: StackEvent) -> None:
        if event.event is Event.REGISTER_OK:
            self._told("")
        elif event.event is Event.REGISTER_FAIL:
            self._told(event.text or "no reason given")
        elif event.call in self._calls:
            self._deliver(self._calls[event.call], event)
        elif event.call:
            # `dial` has not been answered yet, but its call is already ringing, or has failed.
            while len(self._early) >= _EARLY_CALLS:
                self._early.pop(next(iter(self._early)))
            self._early.setdefault(event.call, []).append(event)

    def _deliver(self, call: SipCall, event: StackEvent) -> None:
        call.ref = call.ref or event.call_id or ""
        call.take(event)
        if call.ended:
            del self._calls[event.call]

    def _told(self, failure: str) -> None:
        """What came of a registration; empty when it was taken."""
        told = f"failed: {failure[:80]}" if failure else "registered"
        if told != self.registration:
            log.log(logging.ERROR if failure else logging.INFO, "event=registration state=%s", told)
        self.registration = told

    @property
    def _transports(self) -> tuple[Transport, ...]:
        return ("udp", "tcp", "tls") if self._trunk is not None and self._trunk.transport == "tls" else ("udp", "tcp")

    @property
    def _domain(self) -> str:
        return self._trunk.address if self._trunk else self._host

    def _config(self) -> Config:
        lines = [
            f"sip_listen {self._host}:{self._port}",
            f"sip_transports {','.join(self._transports)}",
            f"rtp_ports {SOUND_PORTS.start}-{SOUND_PORTS.stop - 1}",
            "ausrc_srate 8000",
        ]
        if "tls" in self._transports:
            trusted = ssl.get_default_verify_paths()  # SSL_CERT_FILE counts, where it is set
            lines += ["sip_verify_server yes", f"sip_cafile {trusted.cafile or trusted.openssl_cafile}"]
        return Config(
            net_interface=None if self._host == "0.0.0.0" else self._host,  # noqa: S104
            max_concurrent_calls=None,  # the gateway counts
            rtp_timeout=RTP_TIMEOUT,
            expose_headers=(_ASSERTED, _TO),
            native_log_level="error",
            extra_config_text="\n".join(lines),
        )

    def _account(self, transport: Transport, trunk: Trunk | None = None) -> Account:
        """Ours at the trunk, or without one, for whoever rings us by this transport."""
        return Account(
            user=trunk.user if trunk else "hotline",
            domain=self._domain,
            password=trunk.password if trunk else "",
            reg_interval=REGISTER_SECONDS if trunk else 0,
            transport=transport,
            extra_params=("video_codecs=none", "catchall=yes"),
        )
