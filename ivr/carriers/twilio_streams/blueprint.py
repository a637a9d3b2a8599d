"""The webhooks that open a Media Stream. Everything after that is the media process's; when the stream ends and the
call has not, Twilio goes on behind `<Connect>`: the call continues by keys."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue
from twilio.twiml.voice_response import VoiceResponse

from core.database import Database
from core.settings import Settings
from ivr.calls.model import Call, CallState
from ivr.calls.service import Calls
from ivr.calls.status import StatusReport
from ivr.carriers.inbound import Inbound
from ivr.carriers.twilio_fields import BadRequest, answered_by, call_sid, refuse
from ivr.carriers.twilio_inbound import take_call
from ivr.carriers.twilio_media import connect_stream
from ivr.carriers.twilio_rest import STREAMS
from ivr.carriers.twilio_signature import Signatures, guard


def stream_webhooks(calls: Calls, database: Database, settings: Settings, inbound: Inbound) -> Blueprint:
    """The blueprint `twilio_streams`. Signed requests only; exempt it from CSRF protection."""
    blueprint = Blueprint("twilio_streams", __name__)
    guard(blueprint, Signatures(settings))
    public, media = settings.public_url.rstrip("/"), settings.public_media_url.rstrip("/")

    def connect(call: Call) -> bytes:
        return open_stream(public, media, call.id)

    @blueprint.post("/twilio/voice/<uuid:call_id>/stream")
    def voice(call_id: UUID) -> ResponseReturnValue:
        """An outbound call was answered. The same reply however often it is asked."""
        with database.unit() as uow:
            report = StatusReport(
                CallState.IN_PROGRESS,
                uow.now(),
                answered_by=answered_by(request.form),
                provider_ref=call_sid(request.form),
            )
            calls.apply_status(uow, call_id, report)
        return _xml(open_stream(public, media, call_id))

    @blueprint.post("/twilio/inbound/stream")
    def hotline() -> ResponseReturnValue:
        """Somebody dials the hotline."""
        with database.unit() as uow:
            return _xml(take_call(uow, calls, inbound, STREAMS, request.form, connect))

    blueprint.register_error_handler(BadRequest, refuse)
    return blueprint


def open_stream(public: str, media: str, call_id: UUID) -> bytes:
    """TwiML that gives the call's sound to the media process, and afterwards comes back to the webhooks."""
    response = VoiceResponse()
    connect_stream(response, media, call_id)
    response.redirect(f"{public}/twilio/resume/{call_id}", method="POST")
    return str(response).encode()


def _xml(twiml: bytes) -> Response:
    return Response(twiml, mimetype="text/xml")
