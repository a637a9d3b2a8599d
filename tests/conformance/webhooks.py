"""The webhooks of Twilio in the suite: a person with a keypad, and Twilio reading our TwiML, over signed requests."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID, uuid4

from flask import Flask

from audio.prompts import PromptStore
from core.settings import Settings
from flows.runner import SILENCE, Transcript
from ivr.carriers.twilio_rest import WEBHOOKS
from ivr.carriers.twilio_webhooks.blueprint import webhooks
from ivr.simulator.gather import GatherRules, Press, gather
from ivr.simulator.twiml import Verb, parse
from tests.conformance.golden import Desk, Golden
from tests.ivr.carriers.conftest import ACCOUNT, PUBLIC, sign


class Webhooks:
    """Keys only."""

    name = WEBHOOKS
    speech: tuple[str, ...] = ()

    def __init__(self, settings: Settings, prompts: PromptStore) -> None:
        self._settings = settings
        self._prompts = prompts

    def cannot(self, golden: Golden, expected: Transcript) -> str:
        if not golden.by_keys:
            return "voices are not heard over keys"
        meets = any(line.text.startswith("connects with queue:") for line in expected.lines)
        if meets and "failed" not in golden.answers:
            return "a doctor is met through the media process, which this suite has not"
        return ""

    def hold(self, desk: Desk, golden: Golden) -> tuple[UUID, list[str]]:
        calls = desk.calls()
        app = Flask(__name__)
        app.register_blueprint(webhooks(calls, desk.database, self._prompts, self._settings, _nobody_dials_in))
        call_id = desk.open(calls, self.name)
        telephone = _Telephone(app, self._prompts, call_id)
        telephone.talk(iter(golden.answers), golden.answered_by)
        return call_id, telephone.heard


class _Telephone:
    """Does what the TwiML says, as Twilio does; the person presses the keys of the answers."""

    def __init__(self, app: Flask, prompts: PromptStore, call_id: UUID) -> None:
        self._client = app.test_client()
        self._prompts = prompts
        self._call = call_id
        self.heard: list[str] = []

    def talk(self, answers: Iterator[str], answered_by: str) -> None:
        who = {"machine": "machine_end_beep"}.get(answered_by, answered_by)
        verbs = self._post(f"/twilio/voice/{self._call}", {"AnsweredBy": who})
        while True:
            for verb in verbs[:-1]:
                self._hear(verb)
            last = verbs[-1]
            if any(verb.name == "Connect" for verb in verbs):
                assert next(answers, None) == "failed"  # the media process is away, the stream cannot be had
            if last.name == "Hangup":
                return
            recording = next((verb for verb in verbs if verb.name == "Record"), None)
            if last.name == "Redirect" and recording is None:
                verbs = self._post(_path(last.text), {})
                continue
            for play in last.children:
                self._hear(play)
            answer = next(answers, None)
            if answer is None:  # the person hangs up
                self._post(f"/twilio/status/{self._call}", {"CallStatus": "completed"})
                return
            if recording is not None and answer == SILENCE:  # nothing was recorded: Twilio goes on with the next verb
                verbs = self._post(_path(last.text), {})
            else:
                asked = recording or last
                verbs = self._post(_path(asked.get("action")), _keyed(asked, answer))

    def _hear(self, verb: Verb) -> None:
        if verb.name == "Play":
            self.heard.append(self._prompts.describe(verb.text.rpartition("/")[2].removesuffix(".wav")).text)

    def _post(self, path: str, fields: dict[str, str]) -> tuple[Verb, ...]:
        form = {"CallSid": f"CA{self._call.hex}", "AccountSid": ACCOUNT, **fields}
        reply = self._client.post(path, data=form, headers={"X-Twilio-Signature": sign(path, form)})
        assert reply.status_code in (200, 204), f"{path} answered {reply.status_code}"
        again = self._client.post(path, data=form, headers={"X-Twilio-Signature": sign(path, form)})
        assert again.data == reply.data, f"{path} answered a repeat otherwise"
        return parse(reply.data) if reply.data else ()


def _keyed(verb: Verb, answer: str) -> dict[str, str]:
    """The fields that Twilio sends for what was keyed into this <Gather>, or said to this <Record>."""
    if verb.name == "Record":
        return {"RecordingSid": f"RE{uuid4().hex}", "RecordingDuration": "5", "Digits": verb.get("finishOnKey")}
    assert verb.name == "Gather", f"nothing can be keyed into <{verb.name}>"
    rules = GatherRules(
        int(verb.number("numDigits", 0)) or None, verb.number("timeout", 5), verb.get("finishOnKey", "#")
    )
    keyed = gather([Press(key, 0.5) for key in answer if answer != SILENCE], rules)
    fields = {"Digits": keyed.digits} if keyed.digits or keyed.finished_on else {}
    return {**fields, "FinishedOnKey": keyed.finished_on} if keyed.finished_on else fields


def _path(address: str) -> str:
    assert address.startswith(PUBLIC)
    return address.removeprefix(PUBLIC)


def _nobody_dials_in(*_: object) -> None:
    raise AssertionError("the calls of this suite are outbound")
