"""Records: the list, and one record. Health data: every read is audited."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue

from admin import days, forms
from admin.current import audit, uow, viewer, wants_json, zone
from admin.phone_search import searched_phone
from admin.policy import needs
from admin.queries import records as queries
from admin.record_page import shown
from core.rights import Right
from tracing.records.model import RecordAnswer

pages = Blueprint("records", __name__)


@pages.get("/records")
@needs(Right.RECORDS_SEE)
def records() -> ResponseReturnValue:
    wanted, problem = _wanted()
    page = queries.list_records(uow(), viewer(), wanted, request.args.get("before"))
    audit(
        "records.list",
        detail={
            "flagged": wanted.flagged,
            "risk": wanted.risk,
            "by_name": bool(wanted.name),
            "by_phone": bool(wanted.phone),
            "records": [row.reference for row in page.rows],
        },
    )
    if wants_json():
        answers = queries.answers_of(uow(), [row.id for row in page.rows])
        return {"records": [_as_json(row, answers[row.id]) for row in page.rows], "older": page.older}
    return render_template("records.html", page=page, wanted=wanted, problem=problem, forms=forms.titles())


@pages.get("/records/<uuid:record_id>")
@needs(Right.RECORDS_SEE)
def record(record_id: UUID) -> ResponseReturnValue:
    found = queries.find_record(uow(), viewer(), record_id) or abort(404)
    audit("record.read", f"record:{record_id}")
    return render_template("record.html", **shown(found))


def _wanted() -> tuple[queries.RecordFilter, str]:
    """What the address asks for, and what is wrong with it."""
    given = request.args
    phone, name, problem = searched_phone(given.get("q", ""))
    since, until = days.parse_day(given.get("from")), days.parse_day(given.get("to"))
    campaign = given.get("campaign", type=UUID)
    return (
        queries.RecordFilter(
            flagged=given.get("flagged") == "1",
            risk=given.get("risk", ""),
            state=given.get("state", ""),
            form=given.get("form", ""),
            name=name,
            phone=phone,
            since=days.day_span(since, zone())[0] if since else None,
            until=days.day_span(until, zone())[1] if until else None,
            campaign_id=campaign,
        ),
        problem,
    )


def _as_json(row: queries.RecordRow, answers: Any) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "reference": row.reference,
        "form": row.form,
        "state": row.state,
        "risk": row.risk,
        "flagged": row.flagged,
        "language": row.language,
        "created_at": row.created_at.isoformat(),
        "completed_at": row.completed_at.isoformat() if row.completed_at else None,
        "call": str(row.call_id) if row.call_id else None,
        "campaign": str(row.campaign_id) if row.campaign_id else None,
        "person": str(row.person_id) if row.person_id else None,
        "name": row.name,
        "phone": row.phone,
        "answers": {answer.field: _answer_as_json(answer) for answer in answers},
    }


def _answer_as_json(answer: RecordAnswer) -> dict[str, Any]:
    return {
        "id": str(answer.id),
        "value": answer.value,
        "source": answer.source,
        "heard": answer.heard,
        "confidence": answer.confidence,
        "confirmed": answer.confirmed,
        "turn": answer.turn,
        "step": answer.step,
    }
