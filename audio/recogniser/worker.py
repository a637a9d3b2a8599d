"""A recogniser worker: a process forked from the template, sharing its model, serving many questions at once.

It answers one connection until that closes. A fault in Vosk ends the process; the pool notices and asks for another.
"""

from __future__ import annotations

import socket
from typing import Any

from audio.recogniser import wire
from audio.recogniser.model import LoadedModel, Recogniser

MAX_SESSIONS = 256


def serve(connection: socket.socket, model: LoadedModel) -> None:
    """Serve until the other side closes. Messages: `open`, `feed`, `finish`, `cancel`."""
    sessions: dict[int, Recogniser] = {}
    while (message := wire.receive(connection)) is not None:
        header, body = message
        reply = _handle(header, body, model, sessions)
        if reply is not None:
            connection.sendall(wire.encode(reply))


def _handle(
    header: dict[str, Any], body: bytes, model: LoadedModel, sessions: dict[int, Recogniser]
) -> dict[str, Any] | None:
    operation, number = header["op"], header["id"]
    if operation == "open":
        return _open(header, model, sessions)
    session = sessions.get(number)
    if operation == "feed" and session is not None:
        session.accept(body)
    elif operation == "cancel":
        sessions.pop(number, None)
    elif operation == "finish":
        sessions.pop(number, None)
        return {"op": "result", "id": number, "words": session.finish() if session is not None else None}
    return None


def _open(header: dict[str, Any], model: LoadedModel, sessions: dict[int, Recogniser]) -> dict[str, Any]:
    number = header["id"]
    grammar = model.grammar(header["language"], header["phrases"])
    usable = bool(grammar.phrases) and len(sessions) < MAX_SESSIONS
    if usable:
        sessions[number] = model.recogniser(grammar)
    return {"op": "opened", "id": number, "usable": usable, "unknown": list(grammar.unknown)}
