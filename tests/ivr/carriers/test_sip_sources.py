"""Who may speak SIP to us and be heard: the kernel drops what comes from anywhere else."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import closing
from ipaddress import IPv4Network

import pytest

from core.errors import UserError
from ivr.carriers.sip.sources import SourceFilter, addresses_of
from tests.ports import free_port

NO_SOUND = range(0)
HERE, ELSEWHERE = IPv4Network("127.0.0.0/8"), IPv4Network("192.0.2.0/24")


@pytest.fixture
def listening() -> Iterator[tuple[socket.socket, socket.socket]]:
    """A UDP and a TCP socket on one port, as a SIP stack opens them."""
    with closing(socket.socket()) as tcp, closing(socket.socket(type=socket.SOCK_DGRAM)) as udp:
        tcp.bind(("127.0.0.1", 0))
        tcp.listen()
        udp.bind(tcp.getsockname())
        udp.settimeout(0.3)
        tcp.settimeout(0.3)
        yield udp, tcp


def reaches(udp: socket.socket, source: str = "127.0.0.1") -> bool:
    with closing(socket.socket(type=socket.SOCK_DGRAM)) as stranger:
        stranger.bind((source, 0))
        stranger.sendto(b"OPTIONS", udp.getsockname())
        try:
            return udp.recv(100) == b"OPTIONS"
        except TimeoutError:
            return False


def connects(tcp: socket.socket) -> bool:
    with closing(socket.socket()) as stranger:
        stranger.settimeout(0.3)
        try:
            stranger.connect(tcp.getsockname())
        except TimeoutError:
            return False
        tcp.accept()[0].close()
        return True


@pytest.mark.capability("N15")
def test_only_named_networks_reach_the_sockets_and_the_rest_is_counted(
    listening: tuple[socket.socket, socket.socket],
) -> None:
    udp, tcp = listening
    sources = SourceFilter(*udp.getsockname(), NO_SOUND)
    assert sources.listens()
    sources.allow([ELSEWHERE], [HERE])
    assert not reaches(udp)
    assert not connects(tcp)
    refused, sound = sources.dropped()
    assert refused >= 2
    assert sound == 0
    sources.allow([ELSEWHERE, HERE], [])
    assert reaches(udp)
    assert connects(tcp)
    sources.allow([IPv4Network("127.0.0.2/32")], [])
    assert reaches(udp, "127.0.0.2")
    assert not reaches(udp, "127.0.0.3")


@pytest.mark.capability("N15")
def test_the_sound_of_a_call_comes_from_named_networks_however_late_its_port_is_opened(
    listening: tuple[socket.socket, socket.socket],
) -> None:
    host, port = listening[0].getsockname()
    with closing(socket.socket(type=socket.SOCK_DGRAM)) as sound:
        number = free_port()
        sources = SourceFilter(host, port, range(number, number + 1))
        sources.allow([HERE], [ELSEWHERE])
        sound.bind((host, number))
        sound.settimeout(0.3)
        sources.watch()
        assert not reaches(sound)
        assert sources.dropped() == (0, 1)
        sources.allow([], [HERE])
        assert reaches(sound)


def test_a_thousand_networks_are_not_too_many(listening: tuple[socket.socket, socket.socket]) -> None:
    udp, _ = listening
    networks = [IPv4Network((0x0A000000 + 256 * number, 24)) for number in range(999)]
    SourceFilter(*udp.getsockname(), NO_SOUND).allow([*networks, HERE], [])
    assert reaches(udp)


def test_sockets_of_others_are_left_alone(listening: tuple[socket.socket, socket.socket]) -> None:
    udp, _ = listening
    host, port = udp.getsockname()
    sources = SourceFilter(host, port + 5, NO_SOUND)
    assert not sources.listens()
    sources.allow([], [])
    assert reaches(udp)


def test_a_trunk_is_known_by_its_address() -> None:
    assert asyncio.run(addresses_of("127.0.0.1:5080")) == (IPv4Network("127.0.0.1/32"),)
    with pytest.raises(UserError, match="TRACELINE_SIP_TRUNK"):
        asyncio.run(addresses_of("no-such-host.invalid"))
