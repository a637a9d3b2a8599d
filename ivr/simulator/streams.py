"""A call's side of a Media Stream: what Twilio sends and takes on the websocket, in real time.

https://www.twilio.com/docs/voice/media-streams/websocket-messages. A frame goes out every 20 ms on an absolute
schedule, silence too; what comes in is played at the pace of a telephone, so marks return when they are really passed.
"""

from __future__ import annotations

import asyncio
import base64
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
import orjson

from audio import codec
from ivr.simulator.call import SimCall, new_sid
from ivr.simulator.mind import Mind, Reaction
from ivr.simulator.options import Options
from ivr.simulator.playback import Playback
from ivr.simulator.signature import sign
from ivr.simulator.webhooks import Trouble, WebhookFailed

FRAME_SECONDS = 0.02
KEY_SECONDS = 0.25
"""Between two keys of one answer."""
SETTLED_FRAMES = 15
"""So many frames of quiet, and the person takes it that it is their turn."""
PATIENCE_SECONDS = 30.0
"""Dead air after which anybody hangs up."""
MUSIC_SECONDS = 60.0
"""Sound without a pause for longer than anybody talks: the person waits in a queue, and hangs up."""
LATE_SECONDS = 1.0
"""When the machine stood still for longer, the schedule starts anew instead of sending a burst."""


@dataclass(frozen=True, slots=True)
class Moment:
    """What was heard since the last one, and whether it is now the person's turn."""

    sound: bytes
    turn: bool


class StreamCall:
    """One stream of one call. `run` returns when it is over: True if the person hung up."""

    def __init__(self, session: aiohttp.ClientSession, options: Options, call: SimCall, mind: Mind, trouble: Trouble):
        self._session = session
        self._options = options
        self._call = call
        self._mind = mind
        self._trouble = trouble
        self.sid = new_sid("MZ")
        self._sequence = 0
        self._chunk = 0
        self._playback = Playback()
        self._voice: deque[bytes] = deque()
        self._heard = bytearray()
        self._quiet = 0
        self._music = 0
        self._listening = False
        self._moments: asyncio.Queue[Moment] = asyncio.Queue()
        self._hung_up = False

    async def run(self, url: str, parameters: Mapping[str, str]) -> bool:
        """Connect, talk, close. Raises WebhookFailed when the application refuses the connection."""
        headers = {"X-Twilio-Signature": sign(self._options.auth_token, url), "User-Agent": "Twilio.TmeWs/1.0"}
        try:
            async with asyncio.timeout(self._options.connect_seconds):
                socket = await self._session.ws_connect(url, headers=headers, max_msg_size=2**20, compress=0)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise WebhookFailed(f"the stream {url} cannot be opened (31920): {error!r}") from error
        self._call.streams += 1
        try:
            await self._start(socket, parameters)
            await self._talk(socket)
        finally:
            await asyncio.shield(self._stop(socket))
        return self._hung_up

    async def _start(self, socket: aiohttp.ClientWebSocketResponse, parameters: Mapping[str, str]) -> None:
        await self._send(socket, {"event": "connected", "protocol": "Call", "version": "1.0.0"})
        start = {
            "accountSid": self._call.account_sid,
            "streamSid": self.sid,
            "callSid": self._call.sid,
            "tracks": ["inbound"],
            "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
            "customParameters": dict(parameters),
        }
        await self._send(socket, self._numbered("start", {"start": start}))

    async def _stop(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        if not socket.closed:
            stop = {"accountSid": self._call.account_sid, "callSid": self._call.sid}
            try:
                await self._send(socket, self._numbered("stop", {"stop": stop}))
            except ConnectionError as error:
                self._trouble(self._call.sid, "stream", f"lost before it was stopped: {error}")
        await socket.close()

    async def _talk(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        """Listen, speak and think at once, until the connection or the person is gone."""
        tasks = [asyncio.create_task(work(socket)) for work in (self._receive, self._speak, self._think)]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
        for task in done:
            error = task.exception()
            if error is not None and not isinstance(error, ConnectionError):
                raise error
        # Whoever stops listening first makes the code 1006; it only tells something when the other end closed.
        if tasks[0] in done and socket.close_code not in (1000, 1001):
            self._trouble(self._call.sid, "stream", f"closed with code {socket.close_code} (31921)")

    # --- what comes in

    async def _receive(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        async for message in socket:
            if message.type is aiohttp.WSMsgType.TEXT:
                await self._take(socket, message.data)
            else:
                self._trouble(self._call.sid, "stream", f"a {message.type.name} message, not text (31951)")

    async def _take(self, socket: aiohttp.ClientWebSocketResponse, text: str) -> None:
        try:
            message: dict[str, Any] = orjson.loads(text)
            event = message["event"]
            if message["streamSid"] != self.sid:
                raise ValueError("another stream's streamSid")
            if event == "media":
                self._playback.media(base64.b64decode(message["media"]["payload"], validate=True))
            elif event == "mark":
                self._playback.mark(str(message["mark"]["name"]))
            elif event == "clear":
                self._heard.clear()
                for name in self._playback.clear():
                    await self._send_mark(socket, name)
            else:
                raise ValueError(f"unknown event {event!r}")
        except (ValueError, KeyError, TypeError) as error:
            self._trouble(self._call.sid, "stream", f"a message that cannot be understood (31951): {error!r}")

    # --- what goes out, and the telephone's clock

    async def _speak(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        while not self._hung_up:
            await asyncio.sleep(max(0.0, due - loop.time()))
            if loop.time() - due > LATE_SECONDS:
                due = loop.time()
            await self._frame(socket)
            await self._hear(socket)
            due += FRAME_SECONDS

    async def _frame(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        frame = self._voice.popleft() if self._voice else codec.ULAW_SILENCE
        self._chunk += 1
        media = {
            "track": "inbound",
            "chunk": str(self._chunk),
            "timestamp": str((self._chunk - 1) * codec.FRAME_MS),
            "payload": base64.b64encode(frame).decode(),
        }
        await self._send(socket, self._numbered("media", {"media": media}))

    async def _hear(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        """20 ms of what is played. A mark ends a clip; a pause after sound means that it is the person's turn."""
        sound, marks = self._playback.tick()
        self._heard += sound
        for name in marks:
            await self._send_mark(socket, name)
        if sound:
            self._quiet = 0
            self._music += 1
            self._listening = True
        else:
            self._quiet += 1
        turn = self._listening and self._quiet >= SETTLED_FRAMES
        if marks or turn:
            self._moments.put_nowait(Moment(bytes(self._heard), turn))
            self._heard.clear()
        if turn:
            self._listening = False
            self._music = 0
        if self._music * FRAME_SECONDS > MUSIC_SECONDS:
            self._hung_up = True
        if self._quiet * FRAME_SECONDS > PATIENCE_SECONDS:
            self._trouble(self._call.sid, "stream", "dead air: the person gave up")
            self._hung_up = True

    # --- the person

    async def _think(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        """Understand clip after clip, beside the clock of the frames, and answer when it is one's turn."""
        while True:
            moment = await self._moments.get()
            if moment.sound:
                await self._mind.hears_sound(moment.sound)
            if moment.turn or self._mind.interrupts():
                await self._react(socket, await self._mind.reacts(speech=True))

    async def _react(self, socket: aiohttp.ClientWebSocketResponse, reaction: Reaction) -> None:
        await asyncio.sleep(reaction.after)
        if reaction.hangs_up:
            self._hung_up = True
        elif reaction.words:
            sound = codec.pcm_to_ulaw(await self._mind.says(reaction.words))
            self._voice.extend(codec.frames(sound, codec.ULAW_FRAME, codec.ULAW_SILENCE[:1]))
            await asyncio.sleep(len(sound) / codec.RATE)
        for key in reaction.keys:
            await self._send(socket, self._numbered("dtmf", {"dtmf": {"track": "inbound_track", "digit": key}}))
            await asyncio.sleep(KEY_SECONDS)

    async def _send_mark(self, socket: aiohttp.ClientWebSocketResponse, name: str) -> None:
        await self._send(socket, self._numbered("mark", {"mark": {"name": name}}))

    def _numbered(self, event: str, content: Mapping[str, Any]) -> dict[str, Any]:
        self._sequence += 1
        return {"event": event, "sequenceNumber": str(self._sequence), **content, "streamSid": self.sid}

    async def _send(self, socket: aiohttp.ClientWebSocketResponse, message: Mapping[str, Any]) -> None:
        await socket.send_str(orjson.dumps(message).decode())
