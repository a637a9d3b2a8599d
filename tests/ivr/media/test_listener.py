"""One question on live sound, at the moments when keys and words come at once."""

from __future__ import annotations

import asyncio

from audio.recogniser.listening import Heard
from audio.voice_activity import Endpointer
from flows.engine.actions import Grammar, Keys, Listen
from flows.engine.events import Event, KeysPressed
from ivr.media.asides import Asides
from ivr.media.digits import Stragglers
from ivr.media.inbox import Inbox
from ivr.media.listener import Listener
from ivr.media.playback import Playback
from ivr.media.session import Closed
from ivr.media.speech import Ear
from tests.ivr.media.scripted import FakeHearing, FakeRecogniser, heard
from tests.ivr.media.telephone import Sounds, Telephone, on_line
from tests.ivr.media.virtual_time import run

NUMBER = Listen(Keys(min_digits=1, max_digits=2), Grammar("ko", ("네",)))


class Clock:
    def at(self) -> str:
        return "2026-11-23T03:00:00+00:00"


class PressesMeanwhile(FakeRecogniser):
    """The person presses a key at the very moment at which the recogniser is done."""

    telephone: Telephone

    def listen(
        self, language: str, phrases: tuple[str, ...], certain: bool = False, spare: bool = False
    ) -> FakeHearing:
        recogniser = self

        class Hearing(FakeHearing):
            async def finish(self) -> Heard | None:
                recogniser.telephone.press("1")
                return await super().finish()

        return Hearing(self)


def test_a_number_being_keyed_outdoes_words_that_were_just_recognised() -> None:
    async def question() -> Event | Closed:
        sounds = Sounds()
        telephone, recogniser = Telephone(sounds), PressesMeanwhile([heard("네")], seconds=0)
        recogniser.telephone = telephone
        ear = Ear(recogniser, Grammar("ko", ("네",)), Endpointer())
        async with Inbox(telephone) as inbox, on_line(telephone):
            playback = Playback(telephone, sounds, "1")
            asides = Asides(Clock().at)
            listener = Listener(7, inbox, playback, NUMBER, ear, Stragglers(), Clock(), asides)
            listening = asyncio.create_task(listener.run())
            await asyncio.sleep(telephone.say("네") + 0.8)
            telephone.press("2")
            outcome = await listening
            assert [(aside.kind, dict(aside.data)) for aside in asides.take()] == [
                ("superseded", {"what": "speech", "by": "keys"})
            ]
            return outcome

    outcome = run(question())
    assert isinstance(outcome, KeysPressed)
    assert outcome.digits == "12"
