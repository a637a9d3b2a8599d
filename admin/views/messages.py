"""Voice messages: the list, one message to listen to, and the proof that deleted ones are gone. Health data."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response, abort, render_template, request
from flask.typing import ResponseReturnValue

from admin.current import audit, context, uow, viewer
from admin.policy import needs
from admin.queries import messages as queries
from audio.codec import pcm_to_wav, ulaw_to_pcm
from core.rights import Right
from ivr.messages.deletion import overdue, proofs, subject_of
from ivr.messages.store import sound_of

pages = Blueprint("messages", __name__)

MOST_PROOFS = 200


@pages.get("/messages")
@needs(Right.MESSAGES_LISTEN)
def messages() -> ResponseReturnValue:
    page = queries.list_messages(uow(), viewer(), request.args.get("before"))
    audit("messages.list", detail={"messages": [str(row.id) for row in page.rows]})
    return render_template("messages.html", page=page, days=context().settings.messages_days)


@pages.get("/messages/<uuid:message_id>")
@needs(Right.MESSAGES_LISTEN)
def message(message_id: UUID) -> ResponseReturnValue:
    found = queries.find_message(uow(), viewer(), message_id) or abort(404)
    audit("message.read", subject_of(message_id))
    return render_template("message.html", row=found, message=found.message)


@pages.get("/messages/<uuid:message_id>/sound.wav")
@needs(Right.MESSAGES_LISTEN)
def sound(message_id: UUID) -> ResponseReturnValue:
    """Opened for this one answer; nothing on the way keeps it."""
    found = queries.find_message(uow(), viewer(), message_id) or abort(404)
    ulaw = sound_of(found.message)
    if ulaw is None:
        abort(404)
    audit("message.listen", subject_of(message_id))
    return Response(pcm_to_wav(ulaw_to_pcm(ulaw)), mimetype="audio/wav")


@pages.get("/messages/deleted")
@needs(Right.MESSAGES_LISTEN)
def deleted() -> ResponseReturnValue:
    """No health data: identifiers, days and fingerprints only, so it is not scoped by area."""
    found = proofs(uow(), limit=MOST_PROOFS)
    late = overdue(uow(), context().settings.messages_days, context().settings.answers_days)
    return render_template("messages_deleted.html", proofs=found, most=MOST_PROOFS, overdue=late)
