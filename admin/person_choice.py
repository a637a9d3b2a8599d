"""Whom a case or a contact is about: somebody on file, found by name or number, or somebody new."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from flask import request
from sqlalchemy import func, select

from admin import form_values
from admin.area_choice import chosen_area
from admin.current import context, uow, viewer
from admin.languages import LANGUAGES
from admin.phone_search import searched_phone
from admin.policy import scoped
from admin.tracing_labels import SEXES
from core.errors import UserError
from core.ids import new_id
from core.phones import normalise_phone
from tracing.people.matching import load_roster
from tracing.people.model import Person
from tracing.people.names import tidy

MOST_FOUND = 12


@dataclass(frozen=True, slots=True)
class PersonChoice:
    """What the page shows: what was typed, who was found, who is chosen, and what is wrong with the search."""

    typed: str
    found: Sequence[Person]
    chosen: Person | None
    problem: str


def choice() -> PersonChoice:
    """Read the search (`q`) and the choice (`person`) of the address."""
    typed = request.args.get("q", "").strip()
    phone, name, problem = searched_phone(typed)
    chosen = _person(request.values.get("person", type=UUID))
    found: Sequence[Person] = []
    if phone or name:
        query = scoped(select(Person).where(Person.merged_into.is_(None)), Person.area, viewer())
        if phone:
            query = query.where(Person.phone == phone)
        else:
            query = query.where(Person.name_search.contains(func.lower(func.immutable_unaccent(name))))
        found = uow().session.scalars(query.order_by(Person.name_search, Person.id).limit(MOST_FOUND)).all()
    return PersonChoice(typed, found, chosen, problem)


def chosen_person() -> Person:
    """The person of the form: the one chosen, or a new one. Who is on file already under this number, name and year of
    birth, in the viewer's area, is not made again. Raises UserError for a name or number that is missing."""
    given = form_values.optional_id("person")
    if given is not None:
        person = _person(given)
        if person is None:
            raise UserError("There is no such person.", "Look for them again.")
        return person
    name, born = tidy(form_values.text("name")), _birth_year()
    if not name:
        raise UserError("The person has no name.", "Enter the name, or choose somebody who is on file.")
    phone = normalise_phone(form_values.text("phone"))
    known = load_roster(uow(), {phone}).match(phone, name, born)
    person = _person(known)
    if person is None:
        person = _new_person(name, phone, born)
    return person


def _new_person(name: str, phone: str, born: int | None) -> Person:
    language, sex = form_values.text("language"), form_values.text("sex")
    person = Person(
        id=new_id(),
        name=name,
        phone=phone,
        birth_year=born,
        sex=sex if sex in SEXES else None,
        language=language if language in (*LANGUAGES, "ko") else context().settings.language,
        address=tidy(form_values.text("address")),
        area=chosen_area(),
        created_at=uow().now(),
    )
    uow().session.add(person)
    uow().session.flush()
    return person


def _birth_year() -> int | None:
    born, year = form_values.optional_whole("birth_year", 9999), _this_year()
    if born is not None and not 1900 <= born <= year:
        raise UserError(f"{born} is no year of birth.", f"Give 1900 to {year}.")
    return born


def _this_year() -> int:
    return uow().now().year


def _person(person_id: UUID | None) -> Person | None:
    """Somebody of the viewer's area."""
    if person_id is None:
        return None
    query = select(Person).where(Person.id == person_id, Person.merged_into.is_(None))
    return uow().session.scalar(scoped(query, Person.area, viewer()))
