"""A recogniser worker: a process forked from the template, sharing its model, serving many questions at once.

It answers one connection until that closes. A fault in Vosk ends the process; the pool notices and asks for another.
Answers take turns, 100 ms of sound each: one call that sends much at once makes no other call wait.
"""

from __future__ import annotations

import select
import socket
import time
from collections import deque
from typing import Any

from audio import codec
from audio.recogniser import wire
from audio.recogniser.model import LoadedModel, Recogniser

MAX_SESSIONS = 256
TURN_BYTES = 5 * codec.PCM_FRAME

Reply = dict[str, Any]


class Session:
    """One answer: the recogniser of its question and perhaps one for a second opinion, and sound not yet heard."""

    def __init__(self, first: Recogniser, second: Recogniser | None) -> None:
        self._first = first
        self._second = second
        self._sound: deque[bytes] = deque()
        self._finishing = False
        self.passes = 1 if second is None or second.deaf else 2
        self._spent = 0.0
        self._bytes = 0

    @property
    def idle(self) -> bool:
        """Nothing to do until more comes in."""
        return not self._sound and not self._finishing

    def feed(self, pcm: bytes) -> None:
        self._sound.extend(pcm[start : start + TURN_BYTES] for start in range(0, len(pcm), TURN_BYTES))

    def finish(self) -> None:
        self._finishing = True

    def work(self) -> Reply | None:
        """One turn: a piece of sound, or after the last one the result."""
        began = time.thread_time()  # not by the clock: waits are measured by who waits, and would count twice
        result = None
        if self._sound:
            self._hear(self._sound.popleft())
        else:
            opinion = self._second.finish() if self._second is not None else None
            result = {"words": self._first.finish(), "opinion": opinion}
        self._spent += time.thread_time() - began
        if result is None:
            return None
        return {**result, "spent": self._spent, "sound": self.passes * self._bytes / 2 / codec.RATE}

    def _hear(self, pcm: bytes) -> None:
        self._bytes += len(pcm)
        self._first.accept(pcm)
        if self._second is not None:
            self._second.accept(pcm)


class Desk:
    """The open sessions, and whose turn it is."""

    def __init__(self, model: LoadedModel) -> None:
        self._model = model
        self._sessions: dict[int, Session] = {}
        self._turns: deque[int] = deque()

    @property
    def busy(self) -> bool:
        return bool(self._turns)

    def take(self, header: dict[str, Any], body: bytes) -> Reply | None:
        """One message: `open`, `feed`, `finish` or `cancel`. The reply, if it has one now."""
        operation, number = header["op"], header["id"]
        if operation == "open":
            return self._open(header)
        session = self._sessions.get(number)
        if operation == "cancel":
            self._sessions.pop(number, None)
        elif session is None:
            return {"op": "result", "id": number, "words": None} if operation == "finish" else None
        else:
            if session.idle:
                self._turns.append(number)
            if operation == "feed":
                session.feed(body)
            elif operation == "finish":
                session.finish()
        return None

    def work(self) -> Reply | None:
        """One turn of the session whose turn it is. Its result, if it has finished."""
        number = self._turns.popleft()
        session = self._sessions.get(number)
        if session is None or session.idle:
            return None
        result = session.work()
        if result is not None:
            del self._sessions[number]
            return {"op": "result", "id": number, **result}
        if not session.idle:
            self._turns.append(number)
        return None

    def _open(self, header: dict[str, Any]) -> Reply:
        number, language, phrases = header["id"], header["language"], header["phrases"]
        grammar = self._model.grammar(language, phrases)
        opened = {"op": "opened", "id": number, "unknown": list(grammar.unknown)}
        if not grammar.phrases or len(self._sessions) >= MAX_SESSIONS:
            return {**opened, "passes": 0}
        certain, doubting = header["certain"], header["doubting"]
        second = self._model.second_opinion(language, grammar.phrases, doubting) if certain else None
        session = self._sessions[number] = Session(self._model.recogniser(grammar), second)
        return {**opened, "passes": session.passes}


def serve(connection: socket.socket, model: LoadedModel) -> None:
    """Serve until the other side closes. What has arrived is taken before the next piece of sound is heard."""
    desk = Desk(model)
    while True:
        while select.select([connection], [], [], 0 if desk.busy else None)[0]:
            message = wire.receive(connection)
            if message is None:
                return
            _send(connection, desk.take(*message))
        _send(connection, desk.work())


def _send(connection: socket.socket, reply: Reply | None) -> None:
    if reply is not None:
        connection.sendall(wire.encode(reply))
