"""A doctor and one person of the queue: their story, the call, the note."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from admin import forms
from admin.current import audit, context, uow, viewer, wants_json
from admin.headers import allow_line
from admin.labels import label
from admin.policy import needs
from admin.queries import appointments as queries
from admin.queries import records
from core.errors import UserError
from core.phones import is_ordinary, mask_phone, normalise_phone
from core.rights import Right
from ivr.calls.model import FailureReason
from ivr.carriers.sip.orders import call_off, leg_fares, order_leg
from ivr.lines.presence import line_address, line_addresses
from ivr.lines.protocol import PATH
from ivr.lines.tickets import RoomTicket, write_ticket
from ivr.media.bridging.presence import OnLine, on_line
from telehealth import calling_back, consultations
from telehealth.calling_back import room_of
from telehealth.model import ConsultationOutcome, QueueEntry
from telehealth.queue import TAKEN

pages = Blueprint("consultation", __name__)

_RIGHTS = (Right.APPOINTMENTS_SEE, Right.APPOINTMENTS_RUN, Right.RECORDS_SEE)
RING_SECONDS = 30


@pages.get("/queue/<uuid:entry_id>")
@needs(*_RIGHTS)
def consultation(entry_id: UUID) -> ResponseReturnValue:
    row = queries.find_queue_row(uow(), viewer(), entry_id) or abort(404)
    entry = _entry(entry_id)
    audit("queue.read", f"queue:{entry_id}")
    if wants_json():
        return _state(entry)
    allow_line()
    found = records.find_record(uow(), viewer(), row.record_id) if row.record_id else None
    return render_template(
        "consultation.html",
        row=row,
        entry=entry,
        may_take=queries.may_take(uow(), viewer()),
        page=found,
        answers=forms.answer_rows(found.record.form, found.answers) if found else [],
        earlier=consultations.earlier(uow(), entry),
        outcomes=list(ConsultationOutcome),
        state=_state(entry),
        tries=calling_back.TRIES,
        telephones=bool(context().settings.sip_trunk) and _one_media_process(),
    )


@pages.get("/queue/<uuid:entry_id>/state")
@needs(*_RIGHTS)
def state(entry_id: UUID) -> ResponseReturnValue:
    """How it stands, for the page that waits for it. Nothing about the person's health."""
    return _state(_entry(entry_id))


@pages.post("/queue/<uuid:entry_id>/line")
@needs(*_RIGHTS)
def line(entry_id: UUID) -> ResponseReturnValue:
    """A ticket for the room of this place, for the doctor who has taken it, and where it is good: where the person is,
    or will be."""
    waiting = _line(_own(entry_id))
    address = waiting.address if waiting else line_address(uow(), context().settings.public_media_url.rstrip("/"))
    audit("queue.talk", f"queue:{entry_id}")
    return {"url": f"{address}{PATH}", "ticket": write_ticket(RoomTicket(room_of(entry_id), viewer().id))}


@pages.post("/queue/<uuid:entry_id>/call-back")
@needs(*_RIGHTS)
def call_back(entry_id: UUID) -> ResponseReturnValue:
    """Harmless while the person is on the line: then the two of them can talk."""
    entry = _own(entry_id)
    if _line(entry) is None:
        _call_person(entry)
    audit("queue.call_back", f"queue:{entry_id}")
    return _answer(entry_id)


@pages.post("/queue/<uuid:entry_id>/telephone")
@needs(*_RIGHTS)
def telephone(entry_id: UUID) -> ResponseReturnValue:
    """The doctor talks at a telephone: it is rung, and joins the room in place of the browser, if one is there."""
    entry = _own(entry_id)
    if not context().settings.sip_trunk:
        raise UserError("This installation has no telephone line of its own.", "Talk at this browser.")
    if not _one_media_process():
        raise UserError("With several media processes, no telephone is rung for a doctor.", "Talk at this browser.")
    number = normalise_phone(request.form.get("number", ""))
    if not is_ordinary(number):
        raise UserError("This number is not rung: it is abroad, or costs extra.", "Give a fixed or mobile number.")
    uow().session.refresh(entry, with_for_update=True)  # who presses twice gets one telephone rung, not two
    call_off(uow(), room_of(entry_id))
    entry.telephone_id = order_leg(uow(), room_of(entry_id), number, RING_SECONDS)
    if _line(entry) is None:
        _call_person(entry)
    audit("queue.telephone", f"queue:{entry_id}", {"number": mask_phone(number)})
    return _answer(entry_id)


@pages.post("/queue/<uuid:entry_id>/note")
@needs(*_RIGHTS)
def note(entry_id: UUID) -> ResponseReturnValue:
    _entry(entry_id)
    own = queries.own_practitioner(uow(), viewer()) or abort(403)
    outcome = request.form.get("outcome", "")
    consultations.conclude(uow(), entry_id, own.id, outcome=outcome, note=request.form.get("note", ""))
    call_off(uow(), room_of(entry_id))
    audit("queue.note", f"queue:{entry_id}", {"outcome": outcome})
    flash(gettext("Saved."))
    return redirect(url_for("queue.queue"))


def _entry(entry_id: UUID) -> QueueEntry:
    return queries.find_queue_entry(uow(), viewer(), entry_id) or abort(404)


def _own(entry_id: UUID) -> QueueEntry:
    """A place that the viewer has taken. Raises UserError when it is somebody else's, or nobody's."""
    entry = _entry(entry_id)
    own = queries.own_practitioner(uow(), viewer())
    if own is None or entry.taken_by != own.id or entry.state != TAKEN:
        raise UserError("This person is not with you any more.", "Reload the page to see how it stands.")
    return entry


def _one_media_process() -> bool:
    """A telephone joins the media process beside its gateway. Of several, the person may be at another."""
    return len(line_addresses(uow())) <= 1


def _call_person(entry: QueueEntry) -> None:
    row = queries.find_queue_row(uow(), viewer(), entry.id) or abort(404)
    calling_back.order_call_back(uow(), entry, number=row.phone or "", name=row.name)


def _line(entry: QueueEntry) -> OnLine | None:
    return on_line(uow(), [room_of(entry.id)]).get(room_of(entry.id))


def _answer(entry_id: UUID) -> ResponseReturnValue:
    if wants_json():
        return _state(_entry(entry_id))
    return redirect(url_for("consultation.consultation", entry_id=entry_id))


def _state(entry: QueueEntry) -> dict[str, Any]:
    """`on_line`: the caller is in the room, at `url`; `calling`: how the call back fares, and `told` the same for the
    viewer; `telephone`: how the telephone fares that the viewer had rung, `telephone_told` why it was not reached."""
    own = queries.own_practitioner(uow(), viewer())
    there, calling = _line(entry), calling_back.calling(uow(), entry)
    told = None
    if calling is not None:
        told = label(calling.state, "calling")
        if calling.outcome and calling.state in ("waiting", "gave_up"):
            told = f"{told} ({label(calling.outcome, 'outcome')})"
    mine = own is not None and entry.taken_by == own.id and entry.state == TAKEN
    telephone = leg_fares(uow(), entry.telephone_id) if mine and entry.telephone_id is not None else None
    return {
        "state": entry.state,
        "mine": mine,
        "on_line": there is not None,
        "url": f"{there.address}{PATH}" if there is not None else None,
        "talking": there is not None and there.talks_since is not None,
        "calling": calling.state if calling else None,
        "told": str(told) if told else None,
        "tries": entry.tries,
        "telephone": telephone,
        "telephone_told": _not_reached(telephone) if isinstance(telephone, FailureReason) else None,
    }


def _not_reached(why: FailureReason) -> str:
    word = label(why, "failure")
    return str(gettext("Your telephone was not reached (%(why)s). Try again, or talk at this browser.", why=word))
