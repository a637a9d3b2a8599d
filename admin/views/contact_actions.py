"""What is done with a contact: each with who did it and, where somebody decides, why."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from uuid import UUID

from flask import Blueprint, abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from admin import form_values
from admin.attempts import attempt
from admin.current import audit, uow, viewer
from admin.policy import needs
from admin.queries.contact_page import find_contact
from admin.views.contacts import contact_page, signs, told_place
from core.errors import UserError
from core.rights import Right
from tracing import days
from tracing.cases.axes import Classification
from tracing.cases.changes import note_change
from tracing.cases.events import Cancelled, ContactEvent, Dropped, FoundAgain, OverriddenByHand, Resumed, TakenUpAgain
from tracing.cases.model import Contact
from tracing.cases.service import NewCase, NewExposure, add_exposure, become_case, change_contact
from tracing.followup.counting import Override
from tracing.followup.doses import MOST_DOSES, note_dose
from tracing.followup.planning import override
from tracing.followup.quarantining import lift, set_last_day
from tracing.followup.visiting import VisitInPerson, note_visit
from tracing.followup.visits import VisitOutcome
from tracing.laboratory import Kind, NewTest, add_test
from tracing.people.names import tidy
from tracing.records.told import enter_told, told_exposure
from tracing.teams.assigning import reassign

pages = Blueprint("contact_actions", __name__)

# Nobody meets a case for longer than a day at a time, or counts as having been farther away than this.
MOST_MINUTES, MOST_METRES = 24 * 60, 100


@pages.post("/contacts/<uuid:contact_id>")
@needs(Right.CASES_SEE, Right.CASES_RUN)
def act(contact_id: UUID) -> ResponseReturnValue:
    """What the form's `action` says is done with the contact, or its page says why not."""
    found = find_contact(uow(), viewer(), contact_id) or abort(404)
    name = request.form.get("action", "")
    action = ACTIONS.get(name) or abort(400)
    elsewhere, problem = attempt(lambda: action(found.contact))
    if problem is not None:
        return contact_page(contact_id, problem), 400
    audit(f"contact.{name}", f"contact:{contact_id}")
    flash(gettext("Saved."))
    return redirect(elsewhere or url_for("contacts.contact", contact_id=contact_id))


def _happens(contact: Contact, event: ContactEvent) -> None:
    change_contact(uow(), contact.id, event, by=viewer().id)


def _classify(contact: Contact) -> None:
    """By hand, with a reason; nothing chosen takes it back, and the rules count again."""
    chosen = form_values.text("classification")
    said = form_values.word("classification", Classification) if chosen else None
    _happens(contact, OverriddenByHand(said, form_values.reason()))


def _drop(contact: Contact) -> None:
    _happens(contact, Dropped(form_values.reason()))


def _take_up(contact: Contact) -> None:
    _happens(contact, TakenUpAgain(form_values.reason()))


def _cancel(contact: Contact) -> None:
    _happens(contact, Cancelled(form_values.reason()))


def _resume(contact: Contact) -> None:
    _happens(contact, Resumed(form_values.reason()))


def _found(contact: Contact) -> None:
    change_contact(uow(), contact.id, FoundAgain(), by=viewer().id, why=form_values.reason())


def _last_day(contact: Contact) -> None:
    """A person sets the last day of follow-up."""
    now = days.local(uow(), uow().now())
    given = Override(form_values.day("last_day"), viewer().name, now, form_values.reason())
    if given.last_day < now.date():
        raise UserError("The last day cannot lie before today.", "To end the follow-up now, cancel it.")
    override(uow(), contact.person_id, contact.disease, given, viewer().id)


def _visit(contact: Contact) -> None:
    known = signs(contact.disease)
    made = VisitInPerson(
        day=form_values.day("day"),
        outcome=form_values.word("result", VisitOutcome),
        symptoms=[name for name in request.form.getlist("symptoms") if name in known],
        note=tidy(form_values.text("note")),
    )
    note_visit(uow(), contact.id, made, by=viewer().id)


def _became_case(contact: Contact) -> str:
    new = NewCase(
        contact.disease,
        number=form_values.text("number"),
        onset_on=form_values.optional_day("onset_on"),
        sampled_on=form_values.optional_day("sampled_on"),
        confirmed_on=form_values.optional_day("confirmed_on"),
    )
    reason = form_values.reason()
    case = become_case(uow(), contact.id, new, by=viewer().id)
    note_change(uow(), case, "opened", None, case.number, by=viewer().id, why=reason)
    return url_for("cases.case", case_id=case.id)


def exposure() -> NewExposure:
    """The exposure of a form."""
    kind = form_values.text("kind")
    return NewExposure(
        day=form_values.day("met_on"),
        kind=kind if kind in ("person", "household", "event") else "person",
        place=tidy(form_values.text("place")),
        minutes=form_values.optional_whole("minutes", MOST_MINUTES),
        metres=form_values.optional_number("metres", MOST_METRES),
        masked=form_values.yes_no("masked"),
    )


def _exposure(contact: Contact) -> None:
    add_exposure(uow(), contact, exposure(), source="person", by=viewer().id)


def _told(contact: Contact) -> None:
    """What they said in the interview is entered, if it is still what the page has shown."""
    told = told_exposure(uow(), contact)
    if told is None or told.day != form_values.day("day"):
        raise UserError("This day is on file already, or was corrected.", "Look at how they met on this page.")
    enter_told(uow(), contact, told, by=viewer().id, place=told_place(told))


def _dose(contact: Contact) -> None:
    number = form_values.optional_whole("number", MOST_DOSES) or 0
    given_on, vaccine = form_values.optional_day("given_on"), form_values.text("vaccine")
    note_dose(uow(), contact, number, given_on, vaccine=vaccine, by=viewer().id)


def _team(contact: Contact) -> None:
    reassign(uow(), contact.id, form_values.optional_id("team"), by=viewer().id, why=form_values.reason())


def _test(contact: Contact) -> None:
    test = NewTest(form_values.word("kind", Kind), form_values.day("sampled_on"), form_values.text("laboratory"))
    add_test(uow(), contact, test, by=viewer().id)


def _quarantine(contact: Contact) -> None:
    set_last_day(
        uow(),
        contact.person_id,
        contact.disease,
        form_values.day("last_day"),
        by=viewer().id,
        by_name=viewer().name,
        why=form_values.reason(),
    )


def _lift(contact: Contact) -> None:
    lift(uow(), contact.person_id, contact.disease, by=viewer().id, by_name=viewer().name, why=form_values.reason())


ACTIONS: Mapping[str, Callable[[Contact], str | None]] = {
    "classify": _classify,
    "drop": _drop,
    "take_up": _take_up,
    "cancel": _cancel,
    "resume": _resume,
    "found": _found,
    "last_day": _last_day,
    "visit": _visit,
    "became_case": _became_case,
    "exposure": _exposure,
    "told": _told,
    "dose": _dose,
    "team": _team,
    "test": _test,
    "quarantine": _quarantine,
    "lift": _lift,
}
