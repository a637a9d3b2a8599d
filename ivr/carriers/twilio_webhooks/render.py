"""Actions as TwiML. Pure: sound is named by address, made by whoever gives the address.

Source: https://www.twilio.com/docs/voice/twiml.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from twilio.twiml.voice_response import Gather, VoiceResponse

from flows.engine.actions import Action, Bridge, HangUp, Keys, Listen, Play, Prompt, Record
from ivr.carriers.twilio_media import connect_stream

Sound = Callable[[Prompt], list[str]]
"""The addresses of a prompt's pieces, in order."""

SILENCE_ENDS_MESSAGE = 5
"""Seconds of silence that end a voice message."""


@dataclass(frozen=True, slots=True)
class TwiML:
    """Renders for one installation: `public` is our address, `media` that of the media process, both without a slash at
    the end; `number` shows to those whom a call is transferred to."""

    public: str
    media: str
    number: str
    sound: Sound

    def turn(self, call_id: UUID, actions: tuple[Action, ...], next_turn: int) -> bytes:
        """What Twilio is to do, and to which turn it then posts. A call with nothing to do is hung up."""
        response = VoiceResponse()
        *said, last = actions or (HangUp(),)
        plays = [play for play in (*said, last) if isinstance(play, Play)]

        def then(wait: str) -> str:
            return f"{self.public}/twilio/turn/{call_id}/{next_turn}?wait={wait}"

        if isinstance(last, Listen):
            # A key cuts short only what is played inside <Gather>; what must be heard to the end stands before it.
            inside = _tail(plays) if last.barge_in else []
            self._play(response, plays[: len(plays) - len(inside)])
            gather = _gather(last, then("keys"))
            self._play(gather, inside)
            response.append(gather)
            return _xml(response)
        self._play(response, plays)
        if isinstance(last, Record):
            response.record(
                action=then("message"),
                method="POST",
                max_length=math.ceil(last.max_seconds),
                finish_on_key=last.finish,
                timeout=SILENCE_ENDS_MESSAGE,
                play_beep=True,
            )
            response.redirect(then("message"), method="POST")  # reached when nothing was recorded
        elif isinstance(last, Bridge) and last.target.startswith("phone:"):
            dial = response.dial(
                action=then("dial"), method="POST", timeout=math.ceil(last.ring_seconds), caller_id=self.number
            )
            dial.number(last.target.removeprefix("phone:"))
        elif isinstance(last, Bridge):
            # The media process takes the call into the room, and takes its turn there. What comes back here counts only
            # when the stream could not be had: then the turn is still due, and the bridge has failed, once.
            if last.target.startswith("queue:"):
                connect_stream(response, self.media, call_id)
            response.redirect(then("dial"), method="POST")
        elif isinstance(last, Play):
            response.redirect(then("prompt"), method="POST")
        else:
            response.hangup()
        return _xml(response)

    def over(self) -> bytes:
        """Hang up."""
        response = VoiceResponse()
        response.hangup()
        return _xml(response)

    def _play(self, where: VoiceResponse | Gather, plays: list[Play]) -> None:
        for play in plays:
            for address in self.sound(play.prompt):
                where.play(address)


def _tail(plays: list[Play]) -> list[Play]:
    """The plays at the end that a key may cut short."""
    count = 0
    for play in reversed(plays):
        if not play.barge_in:
            break
        count += 1
    return plays[len(plays) - count :]


def _gather(listen: Listen, action: str) -> Gather:
    keys = listen.keys or Keys()
    lengths = {len(choice) for choice in keys.choices} or {keys.min_digits, keys.max_digits}
    longest = max(lengths)
    return Gather(
        input="dtmf",
        action=action,
        method="POST",
        # Twilio has one time limit for the first key and for the pause between keys; the longer one must hold.
        timeout=math.ceil(max(listen.wait_seconds, keys.gap_seconds if longest > 1 else 0)),
        num_digits=longest,
        # A count that is always the same needs no finish key; then `#` is a key like any other.
        finish_on_key="" if len(lengths) == 1 else keys.finish,
        action_on_empty_result=True,
    )


def _xml(response: VoiceResponse) -> bytes:
    return str(response).encode()
