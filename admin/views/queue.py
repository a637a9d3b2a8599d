"""Who waits for a doctor's voice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from admin.current import audit, audit_watch, uow, viewer, wants_fragment, wants_json
from admin.policy import needs, shown_phone
from admin.queries import appointments as queries
from admin.queries.treated import seen_queue
from core.database import UnitOfWork
from core.errors import UserError
from core.rights import Right
from ivr.carriers.sip.orders import call_off
from ivr.media.bridging.presence import on_line
from telehealth import queue as service
from telehealth.calling_back import room_of
from telehealth.model import Practitioner, QueueEntry

pages = Blueprint("queue", __name__)


@pages.get("/queue")
@needs(Right.APPOINTMENTS_SEE)
def queue() -> ResponseReturnValue:
    rows = queries.list_queue(uow(), viewer())
    own = queries.own_practitioner(uow(), viewer())
    rooms = on_line(uow(), [room_of(row.id) for row in rows])
    there = {row.id: rooms[room_of(row.id)] for row in rows if room_of(row.id) in rooms}
    audit_watch("queue.list")
    if wants_json():
        return {"queue": [_as_json(row, row.id in there) for row in rows]}
    return render_template("queue_live.html" if wants_fragment() else "queue.html", rows=rows, own=own, there=there)


@pages.post("/queue/next")
@needs(Right.APPOINTMENTS_SEE, Right.APPOINTMENTS_RUN)
def take_next() -> ResponseReturnValue:
    """Take whoever is next for this doctor, who speaks these languages."""
    own = _doctor()
    entry = service.take_next(uow(), own.id, own.languages, seen_queue(viewer()))
    if entry is None:
        flash(gettext("Nobody is waiting to be called now."))
        return redirect(url_for("queue.queue"))
    return _taken(entry.id)


@pages.post("/queue/<uuid:entry_id>/take")
@needs(Right.APPOINTMENTS_SEE, Right.APPOINTMENTS_RUN)
def take(entry_id: UUID) -> ResponseReturnValue:
    own = _doctor()
    entry = queries.find_queue_entry(uow(), viewer(), entry_id) or abort(404)
    service.take(uow(), entry.id, own.id)
    return _taken(entry_id)


@pages.post("/queue/<uuid:entry_id>/give-back")
@needs(Right.APPOINTMENTS_SEE, Right.APPOINTMENTS_RUN)
def give_back(entry_id: UUID) -> ResponseReturnValue:
    return _change(entry_id, "queue.give_back", service.give_back)


@pages.post("/queue/<uuid:entry_id>/left")
@needs(Right.APPOINTMENTS_SEE, Right.APPOINTMENTS_RUN)
def left(entry_id: UUID) -> ResponseReturnValue:
    return _change(entry_id, "queue.left", service.left)


def _doctor() -> Practitioner:
    own = queries.own_practitioner(uow(), viewer())
    if own is None or not own.active:
        raise UserError("You are not registered as a practitioner.", "Ask the administrator to link your login to one.")
    return own


def _taken(entry_id: UUID) -> ResponseReturnValue:
    audit("queue.take", f"queue:{entry_id}")
    return redirect(url_for("consultation.consultation", entry_id=entry_id))


def _change(entry_id: UUID, action: str, change: Callable[[UnitOfWork, UUID, UUID], QueueEntry]) -> ResponseReturnValue:
    """Whoever has somebody decides; a colleague does not, and waits until the place goes back by itself."""
    entry = queries.find_queue_entry(uow(), viewer(), entry_id) or abort(404)
    own = queries.own_practitioner(uow(), viewer())
    if own is None:
        raise UserError("This person is not with you.", "Ask the doctor who has taken them.")
    change(uow(), entry.id, own.id)
    call_off(uow(), room_of(entry.id))  # a telephone of the doctor's that rings for it
    audit(action, f"queue:{entry_id}")
    flash(gettext("Saved."))
    return redirect(url_for("queue.queue"))


def _as_json(row: queries.QueueRow, on_line: bool) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "urgency": row.urgency,
        "state": row.state,
        "waiting_since": row.created_at.isoformat(),
        "name": row.name,
        "phone": shown_phone(row.phone, viewer()) if row.phone else None,
        "language": row.language,
        "call": str(row.call_id) if row.call_id else None,
        "record": str(row.record_id) if row.record_id else None,
        "on_line": on_line,
        "tries": row.tries,
        "call_after": row.call_after.isoformat() if row.call_after else None,
    }
