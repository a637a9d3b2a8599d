"""Our SIP stack itself, rung by hand: which telephones reach it, and whose sound it takes."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from ipaddress import IPv4Network

import pytest

from audio.codec import rms
from core.errors import TracelineError
from ivr.carriers.sip import stack as stacks
from ivr.carriers.sip.stack import Answered, CallEvent, Pressed, SipCall, SipStack, Trunk
from tests.ports import free_port

HOME, STRANGER = "127.0.0.1", "127.0.0.9"
DID = "+842373850116"
LOUD = b"\x00" * 160


@dataclass
class Endpoint:
    """The stack, where it listens, and who has rung it."""

    stack: SipStack
    port: int
    calls: asyncio.Queue[SipCall]


@asynccontextmanager
async def listening(trunk: Trunk | None = None) -> AsyncIterator[Endpoint]:
    """A stack that takes calls from anywhere on this machine, and the sound of 127.0.0.1 only."""
    calls: asyncio.Queue[SipCall] = asyncio.Queue()
    port = free_port()
    stack = SipStack(HOME, port, trunk, calls.put_nowait)
    await stack.start(lambda: None)
    try:
        stack.allow([IPv4Network("127.0.0.0/8")], [IPv4Network(HOME)])
        await stack.open()
        yield Endpoint(stack, port, calls)
    finally:
        await stack.close()


def test_a_port_for_tls_that_another_program_has_is_named() -> None:
    async def starts() -> None:
        with socket.socket() as other:
            port = free_port()
            other.bind((HOME, port + 1))
            stack = SipStack(HOME, port, Trunk("sip.example", "hotline", "", "tls"), lambda call: None)
            with pytest.raises(TracelineError, match=rf"in use.*{port + 1}.* for TLS"):
                await stack.start(lambda: None)

    asyncio.run(starts())


def telephone(port: int, kind: str, host: str = HOME) -> socket.socket:
    """A socket of a telephone's, from which it rings the stack at the port."""
    opened = socket.socket(type=socket.SOCK_DGRAM if kind == "udp" else socket.SOCK_STREAM)
    opened.bind((host, 0))
    opened.connect((HOME, port))
    opened.setblocking(False)
    return opened


def request(
    method: str, phone: socket.socket, kind: str, dialed: str, call_id: str, body: str = "", to: str = ""
) -> bytes:
    host, port = phone.getsockname()
    lines = [
        f"{method} sip:{dialed}@{HOME} SIP/2.0",
        f"Via: SIP/2.0/{kind.upper()} {host}:{port};branch=z9hG4bK{method}{call_id}",
        f"From: <sip:lan@{host}>;tag=a",
        f"To: <sip:{dialed}@{HOME}>{to}",
        f"Call-ID: {call_id}",
        f"CSeq: 1 {method}",
        f"Contact: <sip:lan@{host}:{port};transport={kind}>",
        "Max-Forwards: 70",
        *(["Content-Type: application/sdp"] if body else []),
        f"Content-Length: {len(body)}",
    ]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


def offer(sound: int = 9) -> str:
    lines = ("v=0", f"o=- 1 1 IN IP4 {HOME}", "s=-", f"c=IN IP4 {HOME}", "t=0 0", f"m=audio {sound} RTP/AVP 0 101")
    more = ("a=rtpmap:0 PCMU/8000", "a=rtpmap:101 telephone-event/8000")
    return "".join(f"{line}\r\n" for line in (*lines, *more))


async def answered(phone: socket.socket, *codes: str) -> str:
    """The first of the replies that has one of the codes."""
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(5):
        while True:
            for reply in (await loop.sock_recv(phone, 8000)).decode().split("SIP/2.0 ")[1:]:
                if reply.startswith(codes):
                    return reply


@pytest.mark.capability("N15", "I13")
@pytest.mark.parametrize(
    "trunk",
    [
        None,
        Trunk("127.0.0.1:9", "02373850115", "secret", "udp"),
        Trunk("127.0.0.1:9", "02373850115", "secret", "tcp"),
        Trunk("127.0.0.1:9", "hotline", "secret", "udp"),
        Trunk("127.0.0.1:9", transport="tcp"),
    ],
    ids=["no trunk", "registered", "registered by TCP", "registered as hotline", "known by address, TCP"],
)
def test_whatever_number_a_telephone_dials_and_however_it_comes_it_rings(trunk: Trunk | None) -> None:
    async def ring(ours: Endpoint, kind: str, dialed: str) -> tuple[str, str]:
        with telephone(ours.port, kind) as phone:
            await asyncio.get_running_loop().sock_sendall(
                phone, request("INVITE", phone, kind, dialed, f"{kind}-{dialed}", offer())
            )
            reply = await answered(phone, "180", "4")
            return reply[:3], (await ours.calls.get()).ref if reply.startswith("180") else ""

    async def everybody() -> None:
        async with listening(trunk) as ours:
            for kind in ("udp", "tcp"):
                for dialed in ("hotline", DID, "02373850115"):
                    assert await ring(ours, kind, dialed) == ("180", f"{kind}-{dialed}")

    asyncio.run(everybody())


async def picked_up(ours: Endpoint, phone: socket.socket, call_id: str) -> tuple[SipCall, int]:
    """A telephone rings by UDP, and we pick up: the call, and where we take its sound."""
    loop = asyncio.get_running_loop()
    await loop.sock_sendall(phone, request("INVITE", phone, "udp", "hotline", call_id, offer()))
    call = await asyncio.wait_for(ours.calls.get(), 5)
    await call.answer()
    reply = await answered(phone, "200")
    to = ";tag=" + reply.partition("\r\nTo:")[2].partition("tag=")[2].split("\r\n")[0]
    await loop.sock_sendall(phone, request("ACK", phone, "udp", "hotline", call_id, to=to))
    assert await asyncio.wait_for(call.events.get(), 5) == Answered()
    return call, int(reply.partition("m=audio ")[2].split()[0])


def rtp(number: int, source: int, payload: bytes, kind: int = 0) -> bytes:
    return struct.pack("!BBHII", 0x80, kind, number, number * 160, source) + payload


@pytest.mark.capability("N6", "N15")
def test_a_stranger_presses_no_key_and_says_no_word_in_a_call_of_somebody_else() -> None:
    """Not even while the caller is silent."""

    async def heard(call: SipCall, port: int, other: socket.socket) -> tuple[int, list[CallEvent]]:
        """How loud the call is while the other presses 5 and makes noise, and what happens in it."""
        loud = 0
        for number in range(1, 40):
            other.sendto(rtp(number, 99, LOUD), (HOME, port))
            if number in (20, 21, 22):
                ends = 0x80 if number == 22 else 0
                other.sendto(rtp(number, 99, struct.pack("!BBH", 5, ends | 10, 160 * number), 101), (HOME, port))
            await asyncio.sleep(0.02)
            sound = call.read()
            loud = max(loud, rms(sound) if sound else 0)
        return loud, [call.events.get_nowait() for _ in range(call.events.qsize())]

    async def meet() -> None:
        async with listening() as ours:
            with telephone(ours.port, "udp") as phone, socket.socket(type=socket.SOCK_DGRAM) as other:
                other.bind((STRANGER, 0))
                call, port = await picked_up(ours, phone, "one")
                loud, happened = await heard(call, port, other)
                assert loud < 100
                assert happened == []
                assert ours.stack.refused_packets() == (0, 42)

                # The same from a network that is named for sound: nothing but its address kept it out.
                ours.stack.allow([IPv4Network(HOME)], [IPv4Network(HOME), IPv4Network(STRANGER)])
                loud, happened = await heard(call, port, other)
                assert loud > 5000
                assert Pressed("5") in happened
                await call.hang_up()

    asyncio.run(meet())


@pytest.mark.capability("N15")
def test_a_telephone_that_is_taken_off_the_list_loses_the_connection_it_has() -> None:
    async def meet() -> None:
        async with listening() as ours:
            with telephone(ours.port, "tcp") as phone:
                loop = asyncio.get_running_loop()
                await loop.sock_sendall(phone, request("OPTIONS", phone, "tcp", "hotline", "before"))
                assert (await answered(phone, "2", "4")).startswith("200")
                ours.stack.allow([IPv4Network("192.0.2.0/24")], [])
                await loop.sock_sendall(phone, request("INVITE", phone, "tcp", "hotline", "after", offer()))
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(0.5):
                        await answered(phone, "1", "4")
        assert ours.calls.empty()

    asyncio.run(meet())


@pytest.mark.capability("N15")
def test_a_muted_telephone_that_shows_that_it_is_there_is_kept_and_one_that_has_vanished_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Many send no sound while somebody is silent in a queue, but a report of it every few seconds (RTCP)."""

    async def wait() -> None:
        async with listening() as ours:
            with (
                telephone(ours.port, "udp") as muted,
                telephone(ours.port, "udp") as gone,
                socket.socket(type=socket.SOCK_DGRAM) as sound,
            ):
                sound.bind((HOME, 0))
                kept, port = await picked_up(ours, muted, "muted")
                lost, _ = await picked_up(ours, gone, "gone")
                for number in range(16):
                    report = struct.pack("!BBHIQIII", 0x80, 200, 6, 1, 0, number * 160, number, number * 160)
                    sound.sendto(report, (HOME, port + 1))
                    await asyncio.sleep(0.25)
                assert (kept.ended, lost.ended) == (False, True)
                await kept.hang_up()

    monkeypatch.setattr(stacks, "RTP_TIMEOUT", 1)
    asyncio.run(wait())
