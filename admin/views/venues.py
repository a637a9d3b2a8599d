"""Venues: the list, one venue, and visits to it. Who was where is health data: every read is audited."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy import select

from admin import form_values, venue_labels
from admin.area_choice import chosen_area
from admin.attempts import attempt
from admin.current import audit, uow, viewer, wants_json, zone
from admin.days import today
from admin.phone_search import searched_phone
from admin.policy import needs, scoped
from admin.queries import venues as queries
from admin.queries.users import list_areas
from core.errors import UserError
from core.rights import Right
from tracing.cases.model import Case
from tracing.people.model import Person
from tracing.venues.model import Venue, VenueVisit
from tracing.venues.places import KINDS, AlikeVenues, NewVenue, NewVisit, add_venue, venues_alike
from tracing.venues.places import add_visit as keep_visit

pages = Blueprint("venues", __name__)
MOST_FOUND = 12


@dataclass(frozen=True, slots=True)
class Whose:
    """Whose visit it is. A case that a list only named has no person yet."""

    person: Person | None
    case: Case | None = None

    @property
    def subject(self) -> str:
        if self.case is not None:
            return f"case:{self.case.id}"
        return f"person:{self.person.id}" if self.person is not None else ""

    def address(self, **query: Any) -> str:
        """The page that asks for the visit, with what is chosen already."""
        if self.case is not None:
            return url_for("venues.case_visit", case_id=self.case.id, **query)
        return url_for("venues.person_visit", person_id=self.person.id if self.person else None, **query)


@pages.get("/venues")
@needs(Right.CASES_SEE)
def venues() -> ResponseReturnValue:
    name, kind = request.args.get("q", "").strip(), request.args.get("kind", "")
    page = queries.list_venues(uow(), viewer(), name, kind if kind in KINDS else "", request.args.get("before"))
    visits = queries.count_visits(uow(), [row.id for row in page.rows], uow().now())
    if wants_json():
        rows = [_as_json(row) | {"visits": visits.get(row.id, 0)} for row in page.rows]
        return {"venues": rows, "older": page.older}
    return _list_page(page=page, visits=visits)


@pages.post("/venues")
@needs(Right.CASES_SEE, Right.CASES_RUN)
def add() -> ResponseReturnValue:
    """A new venue; one of such a name that is there already is shown first."""
    alike: list[Venue] = []
    venue, problem = attempt(lambda: _new_venue(alike))
    if venue is None:
        page = queries.list_venues(uow(), viewer())
        visits = queries.count_visits(uow(), [row.id for row in page.rows], uow().now())
        return _list_page(page=page, visits=visits, problem=problem, alike=alike), 400
    audit("venue.add", f"venue:{venue.id}")
    return redirect(url_for("venues.venue", venue_id=venue.id))


@pages.get("/venues/<uuid:venue_id>")
@needs(Right.CASES_SEE)
def venue(venue_id: UUID) -> ResponseReturnValue:
    found = queries.find_venue(uow(), viewer(), venue_id) or abort(404)
    page = queries.list_visits(uow(), viewer(), venue_id, request.args.get("before"))
    cases = queries.cases_there(uow(), viewer(), venue_id, uow().now())
    audit("venue.read", f"venue:{venue_id}", {"people": len({row.person_id for row in page.rows})})
    if wants_json():
        return _as_json(found) | {
            "cases": [str(case.id) for case in cases],
            "visits": [
                {
                    "id": str(row.id),
                    "person": str(row.person_id),
                    "arrived_at": row.arrived_at.isoformat(),
                    "left_at": row.left_at.isoformat(),
                    "uncertain_minutes": row.uncertain_minutes,
                    "source": row.source,
                }
                for row in page.rows
            ],
        }
    typed, people = _searched_people()
    return render_template(
        "venue.html",
        venue=found,
        page=page,
        cases=cases,
        typed=typed,
        people=people,
        words=venue_labels,
    )


@pages.get("/cases/<uuid:case_id>/visits/new")
@needs(Right.CASES_SEE, Right.CASES_RUN)
def case_visit(case_id: UUID) -> ResponseReturnValue:
    """Where was this case? First the place, then when."""
    return _visit_page(_case(case_id))


@pages.post("/cases/<uuid:case_id>/visits/new")
@needs(Right.CASES_SEE, Right.CASES_RUN)
def save_case_visit(case_id: UUID) -> ResponseReturnValue:
    return _save_visit(_case(case_id))


@pages.get("/people/<uuid:person_id>/visits/new")
@needs(Right.CASES_SEE, Right.CASES_RUN)
def person_visit(person_id: UUID) -> ResponseReturnValue:
    """The same for somebody who is no case."""
    return _visit_page(_person(person_id))


@pages.post("/people/<uuid:person_id>/visits/new")
@needs(Right.CASES_SEE, Right.CASES_RUN)
def save_person_visit(person_id: UUID) -> ResponseReturnValue:
    return _save_visit(_person(person_id))


def _save_visit(whose: Whose) -> ResponseReturnValue:
    alike: list[Venue] = []
    visit, problem = attempt(lambda: _new_visit(whose, alike))
    if visit is None:
        return _visit_page(whose, problem, alike), 400
    visit_id, venue_id = visit
    audit("venue.visit.add", f"venue:{venue_id}", {"visit": str(visit_id)})
    flash(gettext("Saved."))
    if whose.case is not None:
        return redirect(url_for("named.review", case_id=whose.case.id))
    return redirect(url_for("venues.venue", venue_id=venue_id))


@pages.post("/venues/visits/<uuid:visit_id>/remove")
@needs(Right.CASES_SEE, Right.CASES_RUN)
def remove_visit(visit_id: UUID) -> ResponseReturnValue:
    """A visit that was none. Contacts that came of it stay: a person drops them, with a reason."""
    query = select(VenueVisit).join(Venue).join(Person, Person.id == VenueVisit.person_id)
    query = query.where(VenueVisit.id == visit_id)
    found = uow().session.scalar(scoped(scoped(query, Venue.area, viewer()), Person.area, viewer()))
    if found is None:
        return redirect(url_for("venues.venues"))  # a second click
    venue_id, person_id = found.venue_id, found.person_id
    uow().session.delete(found)
    audit("venue.visit.remove", f"venue:{venue_id}", {"visit": str(visit_id), "person": str(person_id)})
    flash(gettext("Removed."))
    return redirect(url_for("venues.venue", venue_id=venue_id))


def _list_page(**shown: Any) -> str:
    return render_template(
        "venues.html",
        words=venue_labels,
        areas=list_areas(uow(), viewer()),
        form=request.form,
        **{"problem": None, "alike": [], **shown},
    )


def _visit_page(
    whose: Whose, problem: tuple[str, str] | None = None, alike: list[Venue] | None = None
) -> str | dict[str, str]:
    if wants_json():
        return {"error": problem[0], "hint": problem[1]} if problem else {}
    typed = request.values.get("q", "").strip()
    chosen_id = request.values.get("venue", type=UUID)
    chosen = queries.find_venue(uow(), viewer(), chosen_id) if chosen_id else None
    found: list[Any] = []
    if typed and chosen is None:
        found = list(queries.list_venues(uow(), viewer(), typed).rows[:MOST_FOUND])
        known = {row.id for row in found}
        found += [each for each in venues_alike(uow(), typed, viewer().area) if each.id not in known]
    audit("venue.visit.new", whose.subject)
    return render_template(
        "new_visit.html",
        case=whose.case,
        person=whose.person,
        address=whose.address,
        typed=typed,
        venue=chosen,
        found=found,
        is_new=request.values.get("new") == "1" and chosen is None,
        alike=alike or [],
        today=today(uow().now(), zone()),
        words=venue_labels,
        areas=list_areas(uow(), viewer()),
        form=request.form,
        problem=problem,
    )


def _case(case_id: UUID) -> Whose:
    case = uow().session.scalar(scoped(select(Case).where(Case.id == case_id), Case.area, viewer())) or abort(404)
    return Whose(uow().session.get(Person, case.person_id) if case.person_id is not None else None, case)


def _person(person_id: UUID) -> Whose:
    query = select(Person).where(Person.id == person_id, Person.merged_into.is_(None))
    return Whose(uow().session.scalar(scoped(query, Person.area, viewer())) or abort(404))


def _new_venue(alike: list[Venue]) -> Venue:
    """The venue of the form. What is alike is put into `alike`, as far as the viewer may see it."""
    new = NewVenue(
        form_values.text("name"), form_values.text("kind") or "other", form_values.text("address"), chosen_area()
    )
    try:
        return add_venue(uow(), new, viewer().id, another=form_values.text("another") == "1")
    except AlikeVenues as error:
        alike += [each for each in error.venues if queries.find_venue(uow(), viewer(), each.id)]
        raise


def _new_visit(whose: Whose, alike: list[Venue]) -> tuple[UUID, UUID]:
    person = whose.person
    if person is None:
        raise UserError("Nobody knows who this case is.", "Enter the person of the case first.")
    given = form_values.optional_id("venue")
    found = queries.find_venue(uow(), viewer(), given) if given is not None else _new_venue(alike)
    if found is None:
        raise UserError("There is no such venue.", "Look for it again.")
    arrived, left = _times()
    unsure = form_values.optional_whole("unsure", 720) or 0
    visit_id, _ = keep_visit(uow(), NewVisit(found.id, person.id, arrived, left, unsure), viewer().id)
    return visit_id, found.id


def _times() -> tuple[datetime, datetime]:
    """From when to when, on the department's clock. Who left before they came left on the next day."""
    day, first, last = form_values.day("day"), _time("arrived"), _time("left")
    arrived, left = (datetime.combine(day, each, zone()) for each in (first, last))
    return arrived, left if left >= arrived else left + timedelta(days=1)


def _time(name: str) -> time:
    try:
        return time.fromisoformat(form_values.text(name))
    except ValueError as error:
        raise UserError("A time cannot be read.", "Write it as 08:00.") from error


def _searched_people() -> tuple[str, list[Person]]:
    """People of the viewer's area by the name or number in the address: who else was there?"""
    typed = request.args.get("who", "").strip()
    phone, name, _ = searched_phone(typed)
    if not phone and not name:
        return typed, []
    query = scoped(select(Person).where(Person.merged_into.is_(None)), Person.area, viewer())
    query = query.where(Person.phone == phone if phone else queries.called(name))
    return typed, list(uow().session.scalars(query.order_by(Person.name_search, Person.id).limit(MOST_FOUND)))


def _as_json(venue: Any) -> dict[str, Any]:
    return {name: getattr(venue, name) for name in ("name", "kind", "address", "area")} | {"id": str(venue.id)}
