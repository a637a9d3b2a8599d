"""Messages between the media process and its recognisers: a JSON header and bytes, each with its length in front.

    4 bytes: length of the header | 4 bytes: length of the body | header (JSON object) | body (samples)

Plain data only: nothing that is unpickled, nothing larger than the limits.
"""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from typing import Any

MAX_HEADER = 256 * 1024
MAX_BODY = 4 * 1024 * 1024
_LENGTHS = struct.Struct("!II")

Message = tuple[dict[str, Any], bytes]


class WireError(Exception):
    """The other side sent what is no message of ours; the connection is of no more use."""


def encode(header: dict[str, Any], body: bytes = b"") -> bytes:
    """One message as bytes."""
    head = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    if len(head) > MAX_HEADER or len(body) > MAX_BODY:
        raise WireError("message too large")
    return _LENGTHS.pack(len(head), len(body)) + head + body


def receive(connection: socket.socket) -> Message | None:
    """The next message from a blocking socket; None when the other side is gone."""
    lengths = _exactly(connection, _LENGTHS.size)
    if lengths is None:
        return None
    head_size, body_size = _sizes(lengths)
    head = _exactly(connection, head_size)
    body = _exactly(connection, body_size)
    if head is None or body is None:
        return None
    return _header(head), body


async def read(reader: asyncio.StreamReader) -> Message | None:
    """The next message from an asyncio stream; None when the other side is gone."""
    try:
        head_size, body_size = _sizes(await reader.readexactly(_LENGTHS.size))
        head = await reader.readexactly(head_size)
        return _header(head), await reader.readexactly(body_size)
    except (asyncio.IncompleteReadError, ConnectionError):
        return None


def _sizes(lengths: bytes) -> tuple[int, int]:
    head, body = _LENGTHS.unpack(lengths)
    if head > MAX_HEADER or body > MAX_BODY:
        raise WireError("message too large")
    return head, body


def _header(data: bytes) -> dict[str, Any]:
    try:
        header = json.loads(data)
    except ValueError as error:
        raise WireError("header is not JSON") from error
    if not isinstance(header, dict):
        raise WireError("header is not an object")
    return header


def _exactly(connection: socket.socket, size: int) -> bytes | None:
    data = bytearray()
    while len(data) < size:
        try:
            part = connection.recv(size - len(data))
        except ConnectionError:
            return None
        if not part:
            return None
        data += part
    return bytes(data)
