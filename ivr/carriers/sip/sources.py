"""Who may speak SIP to us, and whose sound we take: a filter in the kernel, on the gateway's own sockets.

A packet from anywhere else never reaches the SIP stack, so nobody can scan it, guess at it, feed its parser, or press
keys in somebody else's call. The filter is a classic BPF program (Linux, Documentation/networking/filter.rst), which
needs no rights; the kernel counts what it drops.
"""

from __future__ import annotations

import asyncio
import ctypes
import ipaddress
import os
import socket
import stat
import struct
from collections.abc import Iterator, Sequence
from contextlib import closing
from enum import Enum

from core.errors import UserError

Network = ipaddress.IPv4Network

_SO_ATTACH_FILTER = 26  # asm-generic/socket.h; Python names neither
_SO_MEMINFO = 55
_MEMINFO_DROPS = 8  # its index in what SO_MEMINFO gives, and how many numbers that is
_MEMINFO_COUNT = 9
_LOAD_WORD, _AND, _JUMP_EQUAL, _RETURN = 0x20, 0x54, 0x15, 0x06
_SOURCE = 0xFFF00000 + 12  # SKF_NET_OFF: from the start of the IP header; the source address stands 12 bytes in
_KEEP_ALL, _DROP = 0xFFFFFFFF, 0


async def addresses_of(trunk: str) -> tuple[Network, ...]:
    """The addresses of a trunk, `host` or `host:port`. Raises UserError when its name is unknown. It may take long:
    a name server that does not answer is asked again and again."""
    host = trunk.partition(":")[0]
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, None, family=socket.AF_INET, type=socket.SOCK_DGRAM)
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


class _Use(Enum):
    SIP = "sip"
    SOUND = "sound"
    OTHER = "other"


class SourceFilter:
    """The filters on this process's sockets: on those that take SIP at the address, with the TCP connections accepted
    there, and on those that take sound at one of the ports `sound`."""

    def __init__(self, host: str, port: int, sound: range) -> None:
        self._address = host
        self._ports = (port, port + 1)  # TLS is listened for one above
        self._sound = sound
        self._programs: dict[_Use, bytes] = {}
        self._uses: dict[int, _Use] = {}  # by the socket's number in the kernel
        self._drops: dict[int, int] = {}
        self._dropped = {_Use.SIP: 0, _Use.SOUND: 0}

    def listens(self) -> bool:
        """Whether SIP is taken at the address now."""
        return any(use is _Use.SIP for _, use, _ in self._each())

    def allow(self, sip: Sequence[Network], sound: Sequence[Network]) -> None:
        """From now on, packets from these networks only. Connections that are up lose what they had."""
        self._programs = {_Use.SIP: filter_program(sip), _Use.SOUND: filter_program(sound)}
        for _, use, one in self._each():
            self._attach(use, one)

    def watch(self) -> None:
        """Filter the sockets that were opened since. To be called for every new call, before it is picked up."""
        for new, use, one in self._each():
            if new:
                self._attach(use, one)

    def dropped(self) -> tuple[int, int]:
        """Packets of SIP and of sound that were refused so far, as far as their sockets were still there to be asked.
        A full buffer counts as well; it is never full."""
        size = 4 * _MEMINFO_COUNT
        drops: dict[int, int] = {}
        for _, use, one in self._each():
            told = struct.unpack(f"={_MEMINFO_COUNT}I", one.getsockopt(socket.SOL_SOCKET, _SO_MEMINFO, size))
            number = os.fstat(one.fileno()).st_ino
            drops[number] = told[_MEMINFO_DROPS]
            self._dropped[use] += drops[number] - self._drops.get(number, 0)
        self._drops = drops
        return self._dropped[_Use.SIP], self._dropped[_Use.SOUND]

    def _attach(self, use: _Use, one: socket.socket) -> None:
        if use not in self._programs:
            return
        code = self._programs[use]
        buffer = ctypes.create_string_buffer(code, len(code))
        program = struct.pack("@HP", len(code) // 8, ctypes.addressof(buffer))
        one.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, program)

    def _each(self) -> Iterator[tuple[bool, _Use, socket.socket]]:
        """The sockets that are filtered, whether each is new, and what it takes. They are the stack's own, which may
        close them at any time, so they are borrowed one by one."""
        uses: dict[int, _Use] = {}
        for name in os.listdir("/proc/self/fd"):
            number = _number_of(int(name))
            if number is not None and self._uses.get(number) is _Use.OTHER:  # most of them
                uses[number] = _Use.OTHER
                continue
            borrowed = _borrow(int(name)) if number is not None else None
            if borrowed is None:
                continue
            with closing(borrowed):
                number = os.fstat(borrowed.fileno()).st_ino
                use = self._uses.get(number) or self._use_of(borrowed)
                if use is None:
                    continue
                uses[number] = use
                if use is not _Use.OTHER:
                    yield number not in self._uses, use, borrowed
        self._uses = uses

    def _use_of(self, one: socket.socket) -> _Use | None:
        """What a socket is for; None for one that has just been made and stands at no port yet."""
        if one.family != socket.AF_INET:
            return _Use.OTHER
        host, port = one.getsockname()
        if port == 0:
            return None
        if host == self._address and port in self._ports:
            return _Use.SIP
        return _Use.SOUND if one.type == socket.SOCK_DGRAM and port in self._sound else _Use.OTHER


def _number_of(descriptor: int) -> int | None:
    """The kernel's own number of a socket, which no other has while it lives; None for what is no socket any more."""
    try:
        status = os.fstat(descriptor)
    except OSError:
        return None
    return status.st_ino if stat.S_ISSOCK(status.st_mode) else None


def _borrow(descriptor: int) -> socket.socket | None:
    """The socket behind a descriptor, under one of our own; None when it has just gone."""
    try:
        ours = os.dup(descriptor)
    except OSError:
        return None
    if _number_of(ours) is None:
        os.close(ours)
        return None
    return socket.socket(fileno=ours)
