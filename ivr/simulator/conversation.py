"""A call that is answered: TwiML is fetched and carried out, verb by verb, on behalf of the person on the line."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import urljoin

from audio import codec
from core.errors import UserError
from ivr.simulator.call import SimCall, new_sid
from ivr.simulator.gather import GatherRules, gather
from ivr.simulator.mind import Mind
from ivr.simulator.streams import StreamCall
from ivr.simulator.twiml import TwimlError, Verb, parse
from ivr.simulator.webhooks import Reply, WebhookFailed, Webhooks

MAX_DOCUMENTS = 400
"""TwiML documents in one call; more is a loop of redirects."""


class PersonHungUp(Exception):
    """The person put the telephone down."""


class Ended(Exception):
    """The application ended the call."""


@dataclass(frozen=True, slots=True)
class Next:
    """The document to fetch next, and what to tell its address."""

    url: str
    method: str = "POST"
    fields: dict[str, str] = field(default_factory=dict)


class Host(Protocol):
    """What a conversation needs of the network."""

    webhooks: Webhooks

    async def pause(self, seconds: float) -> None: ...
    def trouble(self, call_sid: str, kind: str, what: str) -> None: ...
    def keep_recording(self, wav: bytes) -> tuple[str, str]: ...
    def open_stream(self, call: SimCall, mind: Mind) -> StreamCall: ...
    def reachable(self, number: str) -> bool: ...


class Conversation:
    """Carries out one call's TwiML until somebody hangs up."""

    def __init__(self, host: Host, call: SimCall, mind: Mind) -> None:
        self._host = host
        self._call = call
        self._mind = mind
        self._here = ""
        self._verbs: dict[str, Callable[[Verb], Awaitable[Next | None]]] = {
            "Play": self._play,
            "Gather": self._gather,
            "Record": self._record,
            "Redirect": self._redirect,
            "Connect": self._connect,
            "Dial": self._dial,
            "Hangup": self._hangup,
        }

    async def run(self) -> None:
        """The whole conversation. Raises PersonHungUp, WebhookFailed, TwimlError."""
        order = self._call.order
        extra = {"AnsweredBy": self._call.answered_by} if self._call.answered_by else {}
        following: Next | None = Next(order.url, order.method, extra)
        inline = order.twiml
        try:
            for _ in range(MAX_DOCUMENTS):
                if following is None:
                    return
                reply = Reply("", "text/xml", inline.encode()) if inline else await self._fetch(following)
                inline = ""
                self._here = reply.url
                following = await self._carry_out(reply)
        except Ended:
            return
        raise TwimlError(f"more than {MAX_DOCUMENTS} documents in one call")

    async def _fetch(self, following: Next) -> Reply:
        call = self._call
        fields = {**call.common_fields(), **following.fields}
        call.turns += 1
        try:
            return await self._host.webhooks.ask(call, following.url, following.method, fields)
        except WebhookFailed as error:
            if not call.order.fallback_url:
                raise
            self._host.trouble(call.sid, "webhook", str(error))
            fields |= {"ErrorCode": "11200", "ErrorUrl": following.url}
            return await self._host.webhooks.ask(call, call.order.fallback_url, call.order.fallback_method, fields)

    async def _carry_out(self, reply: Reply) -> Next | None:
        """The verbs of one document. None at its end: the call is over."""
        if reply.content_type not in ("text/xml", "application/xml", "text/html"):
            raise TwimlError(f"{reply.url} answered with {reply.content_type}, not XML (12300)")
        verbs = parse(reply.body)
        if verbs and self._call.status == "ringing":
            self._call.status = "in-progress"
        for verb in verbs:
            following = await self._verbs[verb.name](verb)
            if following is not None:
                return following
        return None

    async def _play(self, verb: Verb) -> None:
        url = urljoin(self._here, verb.text)
        reply = await self._host.webhooks.download(url)
        try:
            pcm = codec.wav_to_pcm(reply.body)
        except UserError as error:
            raise TwimlError(f"{url} is no sound that can be played (12400): {error}") from error
        await self._mind.hears_file(reply.body)
        await self._host.pause(codec.seconds(pcm))

    async def _gather(self, verb: Verb) -> Next | None:
        if verb.get("input", "dtmf") != "dtmf":
            raise TwimlError(f'<Gather input="{verb.get("input")}"> sends the voice to a cloud recogniser')
        count = verb.attributes.get("numDigits")
        rules = GatherRules(
            num_digits=int(verb.number("numDigits", 1)) if count else None,
            timeout=verb.number("timeout", 5.0),
            finish_on_key=verb.get("finishOnKey", "#"),
        )
        for child in verb.children:
            await self._verbs[child.name](child)
            if self._mind.interrupts():
                break
        reaction = await self._mind.reacts(speech=False, gathered=True)
        if reaction.hangs_up:
            await self._host.pause(reaction.after)
            raise PersonHungUp
        taken = gather(reaction.presses(), rules)
        await self._host.pause(taken.seconds)
        if not (taken.digits or taken.finished_on or verb.get("actionOnEmptyResult").lower() == "true"):
            return None
        fields = {"msg": "Gather End", "Digits": taken.digits, "FinishedOnKey": taken.finished_on}
        return self._action(verb, fields)

    async def _record(self, verb: Verb) -> Next | None:
        reaction = await self._mind.reacts(speech=True)
        if reaction.hangs_up:
            raise PersonHungUp
        pcm = await self._mind.says(reaction.words) if reaction.words else b""
        seconds = min(codec.seconds(pcm), verb.number("maxLength", 3600))
        await self._host.pause(seconds + (1.0 if pcm else verb.number("timeout", 5.0)))
        if not pcm:
            return None  # silence: no recording, and the call goes on with the next verb
        sid, url = self._host.keep_recording(codec.pcm_to_wav(pcm[: round(seconds * codec.RATE) * 2]))
        fields = {
            "RecordingSid": sid,
            "RecordingUrl": url,
            "RecordingDuration": str(max(1, round(seconds))),
            "Digits": verb.get("finishOnKey", "#")[:1],
        }
        return self._action(verb, fields)

    async def _redirect(self, verb: Verb) -> Next:
        return Next(urljoin(self._here, verb.text), verb.get("method", "POST").upper())

    async def _connect(self, verb: Verb) -> None:
        streams = [child for child in verb.children if child.name == "Stream"]
        if len(streams) != 1:
            raise TwimlError("<Connect> needs exactly one <Stream>")
        stream = streams[0]
        url = stream.get("url")
        if not url.startswith(("wss://", "ws://")):
            raise TwimlError(f"<Stream> needs a wss:// address, not {url!r}")
        parameters = {child.get("name"): child.get("value") for child in stream.children}
        try:
            hung_up = await self._host.open_stream(self._call, self._mind).run(url, parameters)
        except WebhookFailed as error:
            # The call does not end with its stream: what stands after <Connect> goes on.
            self._host.trouble(self._call.sid, "stream", str(error))
            hung_up = False
        if hung_up:
            raise PersonHungUp

    async def _dial(self, verb: Verb) -> Next | None:
        number = verb.text or next((child.text for child in verb.children), "")
        reached = self._host.reachable(number)
        await self._host.pause(8.0 if reached else verb.number("timeout", 30.0))
        fields = {"DialCallSid": new_sid("CA"), "DialCallStatus": "completed" if reached else "no-answer"}
        if reached:
            fields["DialCallDuration"] = "8"
        return self._action(verb, fields) if "action" in verb.attributes else None

    async def _hangup(self, verb: Verb) -> None:
        raise Ended

    def _action(self, verb: Verb, fields: dict[str, str]) -> Next:
        """Where a verb sends its result: its action, the document's own address if it names none."""
        url = urljoin(self._here, verb.get("action")) if verb.get("action") else self._here
        return Next(url, verb.get("method", "POST").upper(), fields)
