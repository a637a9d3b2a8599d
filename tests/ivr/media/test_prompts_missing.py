"""A prompt that cannot be made, for whatever reason, is a gap in what is said and never the end of a call."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from audio.prompts import PromptStore
from core.errors import Permanent, UserError
from flows.engine.actions import Prompt, Segment
from ivr.carriers.twilio_webhooks.sounds import addresses
from ivr.media.playback import StoredSounds

PUBLIC = "https://traceline.test"
FAULTS = [
    UserError("There is no voice for the language."),
    Permanent("Text to speech cannot start."),
    OSError(errno.ENOSPC, "No space left on device"),
]


class FaultyStore(PromptStore):
    """Cannot make the sound of names."""

    def __init__(self, folder: Path, fault: Exception) -> None:
        super().__init__(folder / "made", folder / "recorded")
        self._fault = fault

    def clip(self, language: str, text: str, name: str | None = None):  # type: ignore[no-untyped-def]
        if name is None:
            raise self._fault
        return super().clip(language, text, name)


@pytest.mark.parametrize("fault", FAULTS, ids=["voice", "speech", "disk"])
async def test_on_live_sound_a_prompt_that_cannot_be_made_is_a_gap(tmp_path: Path, fault: Exception) -> None:
    sounds = StoredSounds(FaultyStore(tmp_path, fault))
    assert await sounds.ulaw("vi", Segment("Nguyễn Văn An")) == b""
    assert await sounds.ulaw("vi", Segment("Xin chào", "hello"))


@pytest.mark.parametrize("fault", FAULTS, ids=["voice", "speech", "disk"])
def test_over_webhooks_a_prompt_that_cannot_be_made_is_a_gap(
    tmp_path: Path, fault: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    store = FaultyStore(tmp_path, fault)
    prompt = Prompt("vi", (Segment("Xin chào", "hello"), Segment("Nguyễn Văn An"), Segment("Cảm ơn", "thanks")))
    digests = [store.clip("vi", words, clip).digest for words, clip in (("Xin chào", "hello"), ("Cảm ơn", "thanks"))]
    assert addresses(store, PUBLIC)(prompt) == [f"{PUBLIC}/prompts/{digest}.wav" for digest in digests]
    assert "event=prompt_missing" in caplog.text
    assert "Nguyễn" not in caplog.text
