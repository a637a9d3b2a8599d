"""The webhooks of Twilio: turns by keys, the status of every call, and the way back for a call whose stream broke.

Twilio may repeat each of them: turns are taken once, statuses move a call along a lattice, and the way back changes
nothing. It waits 15 s for an answer; a turn takes some milliseconds.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from uuid import UUID

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from audio.prompts import PromptStore
from core.database import Database, UnitOfWork
from core.settings import Settings
from flows.engine.actions import Action
from flows.engine.events import CallStarted, Event, VoiceMessage
from ivr.calls.model import Call, CallState
from ivr.calls.service import Calls
from ivr.calls.status import StatusReport, known_answerer
from ivr.calls.turn import Turn, UnknownCall
from ivr.carriers.inbound import Inbound
from ivr.carriers.twilio_fields import BadRequest, answered_by, call_sid, refuse, status_report
from ivr.carriers.twilio_inbound import take_call
from ivr.carriers.twilio_rest import STREAMS, WEBHOOKS
from ivr.carriers.twilio_signature import Signatures, guard
from ivr.carriers.twilio_webhooks.parse import event_of
from ivr.carriers.twilio_webhooks.render import TwiML
from ivr.carriers.twilio_webhooks.sounds import addresses
from ivr.messages.provider import expect

log = logging.getLogger(__name__)


def webhooks(calls: Calls, database: Database, prompts: PromptStore, settings: Settings, inbound: Inbound) -> Blueprint:
    """The blueprint `twilio`. Signed requests only; exempt it from CSRF protection."""
    public = settings.public_url.rstrip("/")
    media = settings.public_media_url.rstrip("/")
    twiml = TwiML(public, media, settings.hotline, addresses(prompts, public))
    views = _Views(calls, database, twiml, inbound, settings.messages_days)
    blueprint = Blueprint("twilio", __name__)
    guard(blueprint, Signatures(settings))
    blueprint.register_error_handler(BadRequest, refuse)
    blueprint.post("/twilio/voice/<uuid:call_id>")(views.voice)
    blueprint.post("/twilio/inbound")(views.inbound)
    blueprint.post("/twilio/turn/<uuid:call_id>/<int(max=100000):turn>")(views.turn)
    blueprint.post("/twilio/resume/<uuid:call_id>")(views.resume)
    blueprint.post("/twilio/status/<uuid:call_id>")(views.status)
    blueprint.post("/twilio/status")(views.status_of_inbound)
    return blueprint


class _Views:
    def __init__(self, calls: Calls, database: Database, twiml: TwiML, inbound: Inbound, messages_days: int) -> None:
        self._calls = calls
        self._database = database
        self._twiml = twiml
        self._inbound = inbound
        self._messages_days = messages_days

    def voice(self, call_id: UUID) -> ResponseReturnValue:
        """An outbound call was answered."""
        with self._database.unit() as uow:
            report = StatusReport(CallState.IN_PROGRESS, uow.now(), provider_ref=call_sid(request.form))
            self._calls.apply_status(uow, call_id, report)
            event = CallStarted(uow.now().isoformat(), answered_by(request.form))
            return _reply(self._take(uow, call_id, 0, event))

    def inbound(self) -> ResponseReturnValue:
        """Somebody dials the hotline."""

        def answer(call: Call) -> bytes:
            return self._take(uow, call.id, 0, CallStarted(uow.now().isoformat())) or self._twiml.over()

        with self._database.unit() as uow:
            return _reply(take_call(uow, self._calls, self._inbound, WEBHOOKS, request.form, answer))

    def turn(self, call_id: UUID, turn: int) -> ResponseReturnValue:
        """What came of a turn's TwiML."""
        with self._database.unit() as uow:
            event = event_of(request.args.get("wait", ""), request.form, uow.now().isoformat())
            if isinstance(event, VoiceMessage):
                event = self._expected(uow, call_id, turn, event)
            return _reply(self._take(uow, call_id, turn, event))

    def resume(self, call_id: UUID) -> ResponseReturnValue:
        """A stream ended, or a request failed: the call goes on by keys with the question it waits for."""
        with self._database.unit() as uow:
            return _reply(self._ask_again(uow, call_id))

    def status(self, call_id: UUID) -> ResponseReturnValue:
        """How an outbound call fares."""
        with self._database.unit() as uow:
            self._calls.apply_status(uow, call_id, status_report(request.form, uow.now()))
        return "", 204

    def status_of_inbound(self) -> ResponseReturnValue:
        """How a call to the hotline fares. Twilio knows it by its own id only."""
        with self._database.unit() as uow:
            report = status_report(request.form, uow.now())
            ours = Call.carrier.in_((WEBHOOKS, STREAMS)), Call.provider_ref == report.provider_ref
            call_id = uow.session.scalar(select(Call.id).where(*ours))
            if call_id is not None:
                self._calls.apply_status(uow, call_id, report)
        return "", 204

    def _take(self, uow: UnitOfWork, call_id: UUID, turn: int, event: Event) -> bytes | None:
        """The reply to a turn; None for an unknown call. A turn that is not due, or that live audio has taken, gets the
        question that the call waits for."""
        taken = self._calls.take_turn(uow, call_id, turn, event, self._render)
        if isinstance(taken, UnknownCall):
            return None
        if isinstance(taken, Turn) and taken.reply.startswith(b"<"):
            return taken.reply
        return self._ask_again(uow, call_id)

    def _expected(self, uow: UnitOfWork, call_id: UUID, turn: int, event: VoiceMessage) -> VoiceMessage:
        """Twilio has the message; it is brought here after the commit, under an id of ours."""
        if uow.session.get(Call, call_id) is None:
            return event
        ours = expect(
            uow,
            call_id=call_id,
            turn=turn,
            recording=event.recording_id,
            seconds=event.seconds,
            days=self._messages_days,
        )
        return replace(event, recording_id=ours)

    def _ask_again(self, uow: UnitOfWork, call_id: UUID) -> bytes | None:
        found = self._calls.waiting(uow, call_id)
        if found is None:
            return None
        call, actions = found
        if call.ended_at is not None:
            return self._twiml.over()
        if call.next_turn == 0:  # the stream broke before its first turn
            event = CallStarted(uow.now().isoformat(), known_answerer(call.answered_by))
            return self._take(uow, call_id, 0, event)
        log.info("event=asked_again call=%s turn=%s", call_id, call.next_turn)
        return self._render(call, actions, call.next_turn)

    def _render(self, call: Call, actions: tuple[Action, ...], next_turn: int) -> bytes:
        return self._twiml.turn(call.id, actions, next_turn)


def _reply(twiml: bytes | None) -> Response:
    if twiml is None:
        log.warning("event=webhook_of_unknown_call endpoint=%s", request.endpoint)
        return Response("There is no such call.\n", 404, mimetype="text/plain")
    return Response(twiml, mimetype="text/xml")
