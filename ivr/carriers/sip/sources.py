"""Who may speak SIP to us: a filter in the kernel, on the gateway's own sockets.

A packet from anywhere else never reaches the SIP stack, so nobody can scan it, guess at it, or feed its parser. The
filter is a classic BPF program (Linux, Documentation/networking/filter.rst), which needs no rights; the kernel counts
what it drops.
"""

from __future__ import annotations

import ctypes
import ipaddress
import os
import socket
import struct
from collections.abc import Sequence
from contextlib import closing

import psutil

from core.errors import UserError

Network = ipaddress.IPv4Network

_SO_ATTACH_FILTER = 26  # asm-generic/socket.h; Python names neither
_SO_MEMINFO = 55
_MEMINFO_DROPS = 8  # its index in what SO_MEMINFO gives, and how many numbers that is
_MEMINFO_COUNT = 9
_LOAD_WORD, _AND, _JUMP_EQUAL, _RETURN = 0x20, 0x54, 0x15, 0x06
_SOURCE = 0xFFF00000 + 12  # SKF_NET_OFF: from the start of the IP header; the source address stands 12 bytes in
_KEEP_ALL, _DROP = 0xFFFFFFFF, 0


def addresses_of(trunk: str) -> tuple[Network, ...]:
    """The addresses of a trunk, `host` or `host:port`. Raises UserError when its name is unknown."""
    host = trunk.partition(":")[0]
    try:
        found = socket.getaddrinfo(host, None, socket.AF_INET, socket.SOCK_DGRAM)
    except OSError as error:
        raise UserError(
            f"The SIP trunk {host} has no address.", "Check TRACELINE_SIP_TRUNK and the network."
        ) from error
    return tuple(sorted({ipaddress.IPv4Network(entry[4][0]) for entry in found}))


def filter_program(networks: Sequence[Network]) -> bytes:
    """The BPF program that keeps what comes from these networks."""
    code = []
    for network in networks:
        code += [
            (_LOAD_WORD, 0, 0, _SOURCE),
            (_AND, 0, 0, int(network.netmask)),
            (_JUMP_EQUAL, 0, 1, int(network.network_address)),
            (_RETURN, 0, 0, _KEEP_ALL),
        ]
    code.append((_RETURN, 0, 0, _DROP))
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in code)


class SourceFilter:
    """The filter on every socket of this process that takes SIP at the address."""

    def __init__(self, host: str, port: int) -> None:
        ports = (port, port + 1)  # TLS is listened for one above
        self._sockets = [
            socket.socket(fileno=os.dup(connection.fd))
            for connection in psutil.Process().net_connections("inet4")
            if connection.laddr.port in ports
            and connection.laddr.ip == host
            and (connection.type == socket.SOCK_DGRAM or connection.status == psutil.CONN_LISTEN)
        ]

    @property
    def found(self) -> int:
        """How many sockets there are."""
        return len(self._sockets)

    def allow(self, networks: Sequence[Network]) -> None:
        """From now on, packets from these networks only."""
        code = filter_program(networks)
        buffer = ctypes.create_string_buffer(code, len(code))
        program = struct.pack("@HP", len(code) // 8, ctypes.addressof(buffer))
        for one in self._sockets:
            one.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, program)

    def dropped(self) -> int:
        """Packets that were refused so far. A full buffer counts as well; it is never full."""
        size = 4 * _MEMINFO_COUNT
        return sum(
            struct.unpack(f"={_MEMINFO_COUNT}I", one.getsockopt(socket.SOL_SOCKET, _SO_MEMINFO, size))[_MEMINFO_DROPS]
            for one in self._sockets
        )

    def close(self) -> None:
        for one in self._sockets:
            with closing(one):
                pass
