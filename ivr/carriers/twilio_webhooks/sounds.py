"""Prompts as sound that Twilio fetches. A digest names its sound for ever, and is made under a secret of ours, so
that it cannot be guessed from the words: nobody has to sign."""

from __future__ import annotations

import logging
import time
from functools import lru_cache
from urllib.parse import quote

from flask import Blueprint, Response
from flask.typing import ResponseReturnValue

from audio.prompts import PromptStore
from core.errors import TracelineError, UserError
from flows.engine.actions import Prompt
from ivr.carriers.twilio_webhooks.render import Sound

log = logging.getLogger(__name__)

REMEMBERED = 4096
SECONDS_REMEMBERED = 60
"""Looking into the folder of recordings costs more than the rest of a prompt; what is laid there is heard after this
long, what is published in the console at once."""
FOR_EVER = "public, max-age=31536000, immutable"


def addresses(prompts: PromptStore, public: str) -> Sound:
    """The addresses of a prompt's pieces. A piece that cannot be made is a gap, never the end of a call."""

    @lru_cache(maxsize=REMEMBERED)
    def made(prompt: Prompt, _minute: int, _edition: object) -> list[str]:
        found = []
        for segment in prompt.segments:
            try:
                clip = prompts.clip(prompt.language, segment.text, segment.clip)
            except (TracelineError, OSError) as error:
                log.error("event=prompt_missing language=%s clip=%s reason=%s", prompt.language, segment.clip, error)
            else:
                found.append(f"{public}/prompts/{quote(clip.digest)}.wav")
        return found

    return lambda prompt: made(prompt, int(time.monotonic() / SECONDS_REMEMBERED), prompts.edition())


def sounds(prompts: PromptStore) -> Blueprint:
    """`GET /prompts/<digest>.wav`."""
    blueprint = Blueprint("prompts", __name__)

    @blueprint.get("/prompts/<digest>.wav")
    def wav(digest: str) -> ResponseReturnValue:
        try:
            data = prompts.wav(digest)
        except UserError as error:
            return Response(f"{error.message}\n", 404, mimetype="text/plain")
        response = Response(data, mimetype="audio/wav")
        response.headers["Cache-Control"] = FOR_EVER
        response.set_etag(digest)
        return response

    return blueprint
