"""Who may speak SIP to us: the kernel drops what comes from anywhere else."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing
from ipaddress import IPv4Network

import pytest

from core.errors import UserError
from ivr.carriers.sip.sources import SourceFilter, addresses_of

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
    with closing(SourceFilter(*udp.getsockname())) as sources:
        assert sources.found == 2
        sources.allow([ELSEWHERE])
        assert not reaches(udp)
        assert not connects(tcp)
        assert sources.dropped() >= 2
        sources.allow([ELSEWHERE, HERE])
        assert reaches(udp)
        assert connects(tcp)
        sources.allow([IPv4Network("127.0.0.2/32")])
        assert reaches(udp, "127.0.0.2")
        assert not reaches(udp, "127.0.0.3")


def test_a_thousand_networks_are_not_too_many(listening: tuple[socket.socket, socket.socket]) -> None:
    udp, _ = listening
    with closing(SourceFilter(*udp.getsockname())) as sources:
        sources.allow([IPv4Network((0x0A000000 + 256 * number, 24)) for number in range(999)] + [HERE])
        assert reaches(udp)


def test_sockets_of_others_are_left_alone(listening: tuple[socket.socket, socket.socket]) -> None:
    udp, _ = listening
    host, port = udp.getsockname()
    with closing(SourceFilter(host, port + 5)) as sources:
        assert sources.found == 0


def test_a_trunk_is_known_by_its_address() -> None:
    assert addresses_of("127.0.0.1:5080") == (IPv4Network("127.0.0.1/32"),)
    with pytest.raises(UserError, match="TRACELINE_SIP_TRUNK"):
        addresses_of("no-such-host.invalid")
