"""Correcting answers of a record, sending whoever turns out to need one to a doctor, and hearing what was said."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from admin import forms
from admin.current import audit, context, uow, viewer, wants_fragment, wants_json
from admin.errors import user_message
from admin.policy import needs
from admin.queries import provenance
from admin.queries import records as queries
from admin.record_page import roles, shown
from audio.codec import pcm_to_wav, ulaw_to_pcm
from core.errors import NotAllowed, UserError
from core.rights import Right
from flows.forms import Field
from ivr.messages.deletion import subject_of
from ivr.messages.store import sound_of
from telehealth.care import send_to_doctor
from tracing.records.correcting import AS_DERIVED, Corrected, correct
from tracing.records.model import Record

pages = Blueprint("corrections", __name__)


@pages.post("/records/<uuid:record_id>/answers/<field>")
@needs(Right.RECORDS_SEE, Right.RECORDS_CORRECT)
def correct_answer(record_id: UUID, field: str) -> ResponseReturnValue:
    """Correct one answer. htmx puts the record in place again; without script the page comes back at the answer."""
    found = queries.find_record(uow(), viewer(), record_id) or abort(404)
    asked = context().library.form(found.record.form).field(field)
    try:
        with uow().session.begin_nested():
            done = _correct(record_id, asked)
    except (UserError, NotAllowed) as error:
        if wants_json():
            raise
        return _again(record_id, field, user_message(error))
    audit(
        "record.correct",
        f"record:{record_id}",
        {
            "field": field,
            "answer": str(done.answer.id),
            "risk_changed": done.risk[0] != done.risk[1],
            "flagged": done.flagged[1],
        },
    )
    if wants_json():
        return {"answer": str(done.answer.id), "risk": done.risk[1], "flagged": done.flagged[1]}
    told = _told(field, found.record.form, done)
    if wants_fragment():
        fresh = queries.find_record(uow(), viewer(), record_id) or abort(404)
        return render_template("record_body.html", **{**shown(fresh), "corrected": field, "told": told})
    flash(told)
    return redirect(url_for("records.record", record_id=record_id, _anchor=f"answer-{field}"))


@pages.post("/records/<uuid:record_id>/doctor")
@needs(Right.RECORDS_SEE, Right.RECORDS_CORRECT)
def ask_doctor(record_id: UUID) -> ResponseReturnValue:
    """Put whoever needs a doctor into the queue, as the call would have. Clicking twice is clicking once."""
    found = queries.find_record(uow(), viewer(), record_id) or abort(404)
    record = uow().session.get_one(Record, record_id, with_for_update=True, populate_existing=True)
    if shown(found)["needs_doctor"]:
        entry = send_to_doctor(uow(), record)
        audit("record.doctor", f"record:{record_id}", {"entry": str(entry.id)})
    flash(gettext("They wait for a doctor now."))
    return redirect(url_for("records.record", record_id=record_id))


@pages.get("/records/<uuid:record_id>/answers/<uuid:answer_id>/sound.wav")
@needs(Right.RECORDS_SEE, Right.MESSAGES_LISTEN)
def sound(record_id: UUID, answer_id: UUID) -> ResponseReturnValue:
    """What somebody said. Opened for this one answer; nothing on the way keeps it."""
    found = queries.find_record(uow(), viewer(), record_id) or abort(404)
    answer = next((each for each in found.answers if each.id == answer_id), None) or abort(404)
    kept = provenance.sounds(uow(), [answer])
    row = kept.get((answer.call_id, answer.turn)) if answer.call_id and answer.turn is not None else None
    ulaw = sound_of(row) if row is not None else None
    if row is None or ulaw is None:
        abort(404)
    audit("answer.listen", subject_of(row.id), {"record": str(record_id), "field": answer.field})
    return Response(pcm_to_wav(ulaw_to_pcm(ulaw)), mimetype="audio/wav")


def _correct(record_id: UUID, asked: Field) -> Corrected:
    given = request.form
    value = forms.typed(asked, given.get("value", ""))
    if value is not None and value is not AS_DERIVED:
        try:
            asked.accept(value)
        except UserError as error:
            raise UserError("This answer does not fit.", forms.allowed(asked)) from error
    return correct(
        uow(),
        context().library,
        record_id,
        asked.name,
        value,
        reason=given.get("reason", ""),
        by=viewer().id,
        roles=roles(),
        seen=given.get("seen", type=UUID),
    )


def _again(record_id: UUID, field: str, problem: tuple[str, str]) -> ResponseReturnValue:
    """The record as it is now, the correction open, with what was typed and what was wrong with it."""
    fresh = queries.find_record(uow(), viewer(), record_id) or abort(404)
    audit("record.read", f"record:{record_id}")
    typed = {"value": request.form.get("value", ""), "reason": request.form.get("reason", "")}
    filled = {**shown(fresh), "open_field": field, "problem": problem, "typed": typed}
    if wants_fragment():
        return render_template("record_body.html", **filled)
    return render_template("record.html", **filled), 400


def _told(field: str, form: str, done: Corrected) -> str:
    """What came of it, in one line."""
    value = forms.field_value(form, field, done.answer.value) or gettext("not answered")
    text = gettext("%(question)s: %(answer)s.", question=forms.field_label(form, field), answer=value)
    if done.risk[0] != done.risk[1] and field != "risk":
        before, after = (forms.field_value(form, "risk", risk) or gettext("not known") for risk in done.risk)
        text += " " + gettext("Risk: %(before)s → %(after)s.", before=before, after=after)
    return str(text)
