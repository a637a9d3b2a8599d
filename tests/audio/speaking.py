"""A telephone voice for the tests: text to speech through µ-law, with a little room before and after."""

from audio import codec
from audio.speech import speak, voice_of


def say(text: str, language: str = "ko") -> bytes:
    """The words as they arrive from the telephone, in 16-bit samples."""
    sound = codec.silence(0.2) + speak(text, voice_of(language)) + codec.silence(0.3)
    return codec.ulaw_to_pcm(codec.pcm_to_ulaw(sound))
