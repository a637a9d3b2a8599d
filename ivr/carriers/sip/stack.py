"""The SIP stack: baresip, behind what a gateway needs of it. The only module that knows it.

baresip runs in threads of its own and speaks to our event loop. There is one of it per process, and a dead one cannot
be started again: then the process ends, and its supervisor starts another.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from baresip import Account, Call, Config, Runtime, UserAgent
from baresip.errors import AudioNotActive, AudioRestarted, BaresipError, RegistrationError
from baresip.events import Event, StackEvent

from audio.codec import PCM_FRAME
from core.errors import Retryable

log = logging.getLogger(__name__)

RTP_TIMEOUT = 60
"""Seconds without any packet of sound after which a telephone is gone; not while it is on hold."""
RTP_PORTS = "16384-32766"
"""Below those that the system gives to others."""
REGISTER_SECONDS = 300
REGISTER_AGAIN = 20.0
"""Seconds between a registration that failed and the next try."""
_ASSERTED = "P-Asserted-Identity"
_TO = "To"
_EARLY_CALLS = 50
"""Calls whose first events may be kept until the order that made them has been answered."""


Transport = Literal["udp", "tcp", "tls"]


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

    def __init__(self, call: Call) -> None:
        self._call = call
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

    async def _do(self, action: Callable[[], object]) -> None:
        try:
            await action()  # type: ignore[misc]  # the library's coroutines have no types here
        except BaresipError as error:  # gone already; CALL_CLOSED says so
            log.debug("event=call_gone ref=%s why=%s", self.ref, error)


class SipStack:
    """The one SIP endpoint of this process. `registration` is what the console shows of it."""

    def __init__(self, host: str, port: int, trunk: Trunk | None, incoming: Callable[[SipCall], None]) -> None:
        self._host, self._port = host, port
        self._trunk = trunk
        self._incoming = incoming
        self._runtime = Runtime()
        self._calls: dict[int, SipCall] = {}
        self._early: dict[int, list[StackEvent]] = {}
        self._agent: UserAgent | None = None
        self.registers = trunk is not None and bool(trunk.user)
        self.registration = "registering" if self.registers else "none"

    async def start(self, died: Callable[[], None]) -> None:
        """Listen, but take nothing yet. `died` is called when the stack's own thread ends."""
        # Its own words hold numbers; ours say what happened.
        logging.getLogger("baresip.native").disabled = True
        logging.getLogger("baresip").setLevel(logging.ERROR)
        self._runtime.on_dead = died
        await self._runtime.start(self._config())
        self._runtime.subscribe(self._on_event)

    async def open(self) -> None:
        """From now on calls come in, whatever number they dial, and may go out."""
        self._agent = await UserAgent.create(self._runtime, self._account(), transfer_policy="reject")
        self._agent.on_incoming(self._on_incoming)

    async def keep_registered(self) -> None:
        """Register at the trunk, and again after every failure, for as long as this runs. The stack itself renews."""
        assert self._agent is not None
        while True:
            if self.registration != "registered":
                try:
                    await self._agent.register()
                except RegistrationError as error:
                    self._registered(f"{error.status or ''} {error.reason}".strip() or str(error))
            await asyncio.sleep(REGISTER_AGAIN)

    async def dial(self, uri: str, shown: str) -> SipCall:
        """Ring a telephone, showing the number `shown`. Raises Retryable when not even an INVITE went out."""
        assert self._agent is not None
        try:
            call = await self._agent.dial(uri, {"P-Preferred-Identity": f"<sip:{shown}@{self._domain}>"})
        except (BaresipError, ValueError) as error:
            raise Retryable(f"The SIP stack did not dial: {type(error).__name__}.", "It is tried again.") from error
        ours = SipCall(call)
        self._calls[call.handle] = ours
        for event in self._early.pop(call.handle, ()):
            self._deliver(ours, event)
        return ours

    async def close(self) -> None:
        """End every call, give the registration back, and stop."""
        if self._agent is not None and self.registration == "registered":
            try:
                await self._agent.unregister(timeout=2)
            except BaresipError as error:
                log.info("event=not_unregistered why=%s", error)
        await self._runtime.close()

    def _on_incoming(self, call: Call) -> None:
        self._early.pop(call.handle, None)
        ours = SipCall(call)
        self._calls[call.handle] = ours
        self._incoming(ours)

    def _on_event(self, event: StackEvent) -> None:
        if event.event is Event.REGISTER_OK:
            self._registered("")
        elif event.event is Event.REGISTER_FAIL:
            self._registered(event.text or "no reason given")
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

    def _registered(self, failure: str) -> None:
        told = f"failed: {failure[:80]}" if failure else "registered"
        if told != self.registration:
            log.log(logging.ERROR if failure else logging.INFO, "event=registration state=%s", told)
        self.registration = told

    @property
    def _domain(self) -> str:
        return self._trunk.address if self._trunk else self._host

    def _config(self) -> Config:
        tls = self._trunk is not None and self._trunk.transport == "tls"
        lines = [
            f"sip_listen {self._host}:{self._port}",
            f"sip_transports udp,tcp{',tls' if tls else ''}",
            f"rtp_ports {RTP_PORTS}",
            "ausrc_srate 8000",
        ]
        if tls:
            lines += ["sip_verify_server yes", f"sip_cafile {ssl.get_default_verify_paths().openssl_cafile}"]
        return Config(
            net_interface=None if self._host == "0.0.0.0" else self._host,  # noqa: S104
            max_concurrent_calls=None,  # the gateway counts
            rtp_timeout=RTP_TIMEOUT,
            expose_headers=(_ASSERTED, _TO),
            native_log_level="error",
            extra_config_text="\n".join(lines),
        )

    def _account(self) -> Account:
        trunk = self._trunk
        return Account(
            user=trunk.user if trunk and trunk.user else "hotline",
            domain=self._domain,
            password=trunk.password if trunk else "",
            reg_interval=REGISTER_SECONDS if self.registers else 0,
            transport=trunk.transport if trunk else "udp",
            extra_params=("video_codecs=none", "catchall=yes"),
        )
