"""What the page of one record shows, for whoever looks and for whoever has just corrected an answer."""

from __future__ import annotations

from typing import Any

from admin import forms
from admin.current import uow, viewer, zone
from admin.queries import provenance
from admin.queries.records import RecordPage
from core.rights import Right
from core.users import User
from ivr.calls.model import Call
from telehealth.care import care_of, needs_doctor
from tracing.records.correcting import is_being_called, may_correct


def roles() -> list[str]:
    """The viewer's roles: forms say which of them may change an answer."""
    return uow().session.get_one(User, viewer().id).roles


def shown(found: RecordPage) -> dict[str, Any]:
    """The record with its answers, where each came from, what may be corrected, and whether a doctor is coming."""
    record = found.record
    care = care_of(uow(), record, found.answers)
    call = uow().session.get(Call, record.call_id) if record.call_id else None
    rows = forms.answer_rows(record.form, found.answers)
    mine = roles() if viewer().may(Right.RECORDS_CORRECT) else []
    return {
        "page": found,
        "record": record,
        "rows": rows,
        "title": forms.title(record.form),
        "correctable": {row.name for row in rows if row.field is not None and may_correct(row.field, mine)},
        "being_called": is_being_called(uow(), record),
        "names": provenance.correctors(uow(), found.answers),
        "sounds": provenance.sounds(uow(), found.answers),
        "care": care,
        "needs_doctor": needs_doctor(record, found.answers, care, call),
        "appointment_days": {
            each.id: each.during.lower.astimezone(zone()).date().isoformat()
            for each in care.appointments
            if each.during.lower is not None
        },
        "no_doctor_needed": care.stands and not record.flagged and any(a.corrected_by for a in found.answers),
        # What a correction fills in: the field it was about, and how it went.
        **dict.fromkeys(("corrected", "told", "open_field", "problem", "typed")),
    }
