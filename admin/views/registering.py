"""Opening a case, and adding a contact to a case or to another contact."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from admin import form_values
from admin.area_choice import chosen_area
from admin.attempts import attempt
from admin.current import audit, uow, viewer
from admin.person_choice import choice, chosen_person
from admin.policy import needs
from admin.queries.cases import find_case
from admin.queries.contact_page import find_contact
from admin.queries.users import list_areas
from admin.views.contact_actions import exposure
from core.rights import Right
from tracing.cases.axes import CaseClassification
from tracing.cases.model import Case, Contact
from tracing.cases.service import NewCase, add_contact, open_case
from tracing.days import today
from tracing.people.names import tidy
from tracing.rules.rulebook import shipped

pages = Blueprint("registering", __name__)


@pages.get("/cases/new")
@needs(Right.CASES_SEE, Right.CASES_RUN)
def new_case() -> ResponseReturnValue:
    return _case_form()


@pages.post("/cases/new")
@needs(Right.CASES_SEE, Right.CASES_RUN)
def make_case() -> ResponseReturnValue:
    case, problem = attempt(_open)
    if case is None:
        return _case_form(problem), 400
    audit("case.opened", f"case:{case.id}")
    flash(gettext("The case is open. Now add those whom they met."))
    return redirect(url_for("cases.case", case_id=case.id))


@pages.get("/cases/<uuid:case_id>/contacts/new")
@needs(Right.CASES_SEE, Right.CASES_RUN)
def new_contact(case_id: UUID) -> ResponseReturnValue:
    return _contact_form(_case(case_id))


@pages.post("/cases/<uuid:case_id>/contacts/new")
@needs(Right.CASES_SEE, Right.CASES_RUN)
def make_contact(case_id: UUID) -> ResponseReturnValue:
    return _add(_case(case_id))


@pages.get("/contacts/<uuid:contact_id>/contacts/new")
@needs(Right.CASES_SEE, Right.CASES_RUN)
def new_contact_of_contact(contact_id: UUID) -> ResponseReturnValue:
    return _contact_form(_contact(contact_id))


@pages.post("/contacts/<uuid:contact_id>/contacts/new")
@needs(Right.CASES_SEE, Right.CASES_RUN)
def make_contact_of_contact(contact_id: UUID) -> ResponseReturnValue:
    return _add(_contact(contact_id))


def _case(case_id: UUID) -> Case:
    found = find_case(uow(), viewer(), case_id) or abort(404)
    return found.case


def _contact(contact_id: UUID) -> Contact:
    found = find_contact(uow(), viewer(), contact_id) or abort(404)
    return found.contact


def _open() -> Case:
    number = tidy(form_values.text("number"))
    # A case that is known by its number only is opened without a person; it lies where the form says.
    nobody = number and not form_values.text("person") and not form_values.text("name")
    person = None if nobody else chosen_person()
    new = NewCase(
        form_values.text("disease"),
        number=number,
        person_id=person.id if person else None,
        classification=form_values.word("classification", CaseClassification),
        onset_on=form_values.optional_day("onset_on"),
        sampled_on=form_values.optional_day("sampled_on"),
        confirmed_on=form_values.optional_day("confirmed_on"),
        area="" if person else chosen_area(),
    )
    return open_case(uow(), new, viewer().id)


def _add(source: Case | Contact) -> ResponseReturnValue:
    of_case = isinstance(source, Case)

    def add() -> tuple[Contact, bool]:
        return add_contact(
            uow(),
            chosen_person().id,
            source.disease,
            [exposure()],
            case_id=source.id if of_case else None,
            source_contact_id=None if of_case else source.id,
            source="person",
            by=viewer().id,
        )

    added, problem = attempt(add)
    if added is None:
        return _contact_form(source, problem), 400
    contact, new = added
    audit("contact.added" if new else "contact.exposure", f"contact:{contact.id}")
    flash(gettext("The contact is added.") if new else gettext("They were a contact already; the exposure is noted."))
    return redirect(url_for("contacts.contact", contact_id=contact.id))


def _case_form(problem: tuple[str, str] | None = None) -> str:
    picked = choice()
    _audit_search(picked.typed)
    return render_template(
        "case_new.html",
        choice=picked,
        diseases=shipped().diseases,
        areas=list_areas(uow(), viewer()),
        form=request.form,
        today=today(uow()),
        problem=problem,
    )


def _contact_form(source: Case | Contact, problem: tuple[str, str] | None = None) -> str:
    picked = choice()
    _audit_search(picked.typed)
    found = find_case(uow(), viewer(), source.id) if isinstance(source, Case) else None
    met = find_contact(uow(), viewer(), source.id) if isinstance(source, Contact) else None
    return render_template(
        "contact_new.html",
        choice=picked,
        case=found.case if found else None,
        person=found.person if found else met.person if met else None,
        contact=met.contact if met else None,
        areas=list_areas(uow(), viewer()),
        form=request.form,
        today=today(uow()),
        problem=problem,
    )


def _audit_search(typed: str) -> None:
    """Who looked for people has read names."""
    if typed:
        audit("people.searched")
