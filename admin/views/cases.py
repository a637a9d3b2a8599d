"""Cases: the list, one case, and what is done with it. Health data: every read is audited."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from admin import days, form_values
from admin.attempts import attempt
from admin.current import audit, uow, viewer, wants_json, zone
from admin.phone_search import searched_phone
from admin.policy import needs
from admin.queries import cases as queries
from admin.queries import contacts as contact_queries
from admin.queries.contact_page import elsewhere
from admin.queries.users import list_areas
from core.rights import Right
from tracing.cases.axes import CaseClassification, Outcome
from tracing.cases.editing import CaseDates, set_dates
from tracing.cases.events import CaseClassified, CaseOverridden, OutcomeKnown
from tracing.cases.model import Case
from tracing.cases.service import change_case
from tracing.laboratory import Kind, NewTest, add_test
from tracing.rules.rulebook import shipped

pages = Blueprint("cases", __name__)


@pages.get("/cases")
@needs(Right.CASES_SEE)
def cases() -> ResponseReturnValue:
    wanted = _wanted()
    page = queries.list_cases(uow(), viewer(), wanted, request.args.get("before"))
    counts = queries.count_contacts(uow(), viewer(), [row.id for row in page.rows])
    audit(
        "cases.list",
        detail={
            "by_text": bool(wanted.text),
            "by_phone": bool(wanted.phone),
            "cases": [row.number for row in page.rows],
        },
    )
    if wants_json():
        return {"cases": [_as_json(row, counts.get(row.id, 0)) for row in page.rows], "older": page.older}
    return render_template(
        "cases.html",
        page=page,
        counts=counts,
        wanted=wanted,
        diseases=shipped().diseases,
        areas=list_areas(uow(), viewer()),
    )


@pages.get("/cases/<uuid:case_id>")
@needs(Right.CASES_SEE)
def case(case_id: UUID) -> ResponseReturnValue:
    return _case_page(case_id)


@pages.post("/cases/<uuid:case_id>")
@needs(Right.CASES_SEE, Right.CASES_RUN)
def act(case_id: UUID) -> ResponseReturnValue:
    """What the form's `action` says is done with the case, or its page says why not."""
    found = queries.find_case(uow(), viewer(), case_id) or abort(404)
    name = request.form.get("action", "")
    action = ACTIONS.get(name) or abort(400)
    _, problem = attempt(lambda: action(found.case))
    if problem is not None:
        return _case_page(case_id, problem), 400
    audit(f"case.{name}", f"case:{case_id}")
    flash(gettext("Saved."))
    return redirect(url_for("cases.case", case_id=case_id))


def _case_page(case_id: UUID, problem: tuple[str, str] | None = None) -> str | dict[str, Any]:
    found = queries.find_case(uow(), viewer(), case_id) or abort(404)
    today = days.today(uow().now(), zone())
    wanted = contact_queries.ContactFilter(case_id=case_id)
    contacts = contact_queries.list_contacts(uow(), viewer(), wanted, request.args.get("before"))
    glances = contact_queries.glances_of(uow(), contacts.rows, today)
    audit("case.read", f"case:{case_id}")
    if wants_json():
        if problem is not None:
            return {"error": problem[0], "hint": problem[1]}
        return _case_as_json(found, contacts.rows)
    person_id = found.case.person_id
    return render_template(
        "case.html",
        page=found,
        case=found.case,
        person=found.person,
        contacts=contacts,
        count=queries.count_contacts(uow(), viewer(), [case_id]).get(case_id, 0),
        glances=glances,
        history_lines=queries.history_of(uow(), case_id=case_id),
        tests=queries.tests_of(uow(), person_id, found.case.disease) if person_id else [],
        others=elsewhere(uow(), viewer(), person_id, found.case) if person_id else None,
        today=today,
        problem=problem,
    )


def _dates(case: Case) -> None:
    dates = CaseDates(*(form_values.optional_day(name) for name in ("onset_on", "sampled_on", "confirmed_on")))
    set_dates(uow(), case.id, dates, by=viewer().id, why=form_values.text("reason"))


def _classify(case: Case) -> None:
    """By hand, with a reason; nothing chosen takes it back, and the rules count again."""
    chosen = form_values.text("classification")
    said = form_values.word("classification", CaseClassification) if chosen else None
    change_case(uow(), case.id, CaseOverridden(said, form_values.reason()), by=viewer().id)


def _discard(case: Case) -> None:
    change_case(uow(), case.id, CaseOverridden(CaseClassification.NOT_A_CASE, form_values.reason()), by=viewer().id)


def _confirm(case: Case) -> None:
    """A positive test confirms it: what the rule says, once a person has seen the result."""
    event = CaseClassified(CaseClassification.CONFIRMED)
    change_case(uow(), case.id, event, by=viewer().id, why=form_values.reason())


def _outcome(case: Case) -> None:
    outcome = form_values.word("outcome", Outcome)
    change_case(uow(), case.id, OutcomeKnown(outcome), by=viewer().id, why=form_values.text("reason"))


def _test(case: Case) -> None:
    test = NewTest(form_values.word("kind", Kind), form_values.day("sampled_on"), form_values.text("laboratory"))
    add_test(uow(), case, test, by=viewer().id)


ACTIONS: Mapping[str, Callable[[Case], None]] = {
    "dates": _dates,
    "classify": _classify,
    "confirm": _confirm,
    "outcome": _outcome,
    "discard": _discard,
    "test": _test,
}


def _wanted() -> queries.CaseFilter:
    given = request.args
    phone, text, _ = searched_phone(given.get("q", ""))
    since, until = days.parse_day(given.get("from")), days.parse_day(given.get("to"))
    return queries.CaseFilter(
        disease=given.get("disease", ""),
        classification=given.get("classification", ""),
        outcome=given.get("outcome", ""),
        area=given.get("area", ""),
        text=text,
        phone=phone,
        since=days.day_span(since, zone())[0] if since else None,
        until=days.day_span(until, zone())[1] if until else None,
    )


def _as_json(row: queries.CaseRow, contacts: int) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "number": row.number,
        "disease": row.disease,
        "person": str(row.person_id) if row.person_id else None,
        "name": row.name,
        "classification": row.classification,
        "by_rule": row.by_rule,
        "by_hand": row.by_hand,
        "outcome": row.outcome,
        "onset_on": row.onset_on.isoformat() if row.onset_on else None,
        "confirmed_on": row.confirmed_on.isoformat() if row.confirmed_on else None,
        "area": row.area,
        "reported_at": row.reported_at.isoformat(),
        "contacts": contacts,
    }


def _case_as_json(found: queries.CasePage, contacts: Any) -> dict[str, Any]:
    case = found.case
    row = queries.CaseRow(
        case.id, case.disease, case.number, case.person_id, found.person.name if found.person else "",
        found.person.birth_year if found.person else None, case.by_rule, case.by_hand, case.outcome, case.onset_on,
        case.confirmed_on, case.area, case.reported_at,
    )  # fmt: skip
    return _as_json(row, len(contacts)) | {"contact_ids": [str(each.id) for each in contacts]}
