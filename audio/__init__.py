"""Sound: codecs, prompts and text to speech, voice activity, recognisers and their models.

The only place that knows vosk and pydub. May import `core`; must not import `flows`, `ivr` or anything above them.
"""
