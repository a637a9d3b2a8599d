"""Contacts: the list, and one contact with its follow-up. Health data: every read is audited."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue

from admin import days
from admin.current import audit, uow, viewer, wants_json, zone
from admin.forms import field_value, in_words
from admin.phone_search import searched_phone
from admin.policy import needs
from admin.queries import cases as case_queries
from admin.queries import contact_page as page_queries
from admin.queries import contacts as queries
from admin.queries import teams as team_queries
from admin.queries.follow_ups import NOTHING, Glance, glances
from admin.queries.users import list_areas
from core.rights import Right
from tracing.cases.axes import ContactStatus
from tracing.cases.model import Contact
from tracing.followup.calendar import due_tests
from tracing.followup.planning import planned
from tracing.followup.why import why
from tracing.laboratory import points_to_a_case
from tracing.records.told import EXPOSED_AT, ToldExposure, told_exposure
from tracing.rules.rulebook import shipped

pages = Blueprint("contacts", __name__)

_HAD_A_PERIOD = ("follow_up", "completed", "cancelled", "lost")


@pages.get("/contacts")
@needs(Right.CASES_SEE)
def contacts() -> ResponseReturnValue:
    wanted, problem = wanted_contacts()
    page = queries.list_contacts(uow(), viewer(), wanted, request.args.get("before"))
    glances_of_rows = queries.glances_of(uow(), page.rows, days.today(uow().now(), zone()))
    audit(
        "contacts.list",
        detail={
            "by_name": bool(wanted.name),
            "by_phone": bool(wanted.phone),
            "contacts": [str(row.id) for row in page.rows],
        },
    )
    if wants_json():
        return {"contacts": [_as_json(row, glances_of_rows[row.id]) for row in page.rows], "older": page.older}
    return render_template(
        "contacts.html",
        page=page,
        glances=glances_of_rows,
        wanted=wanted,
        problem=problem,
        diseases=shipped().diseases,
        areas=list_areas(uow(), viewer()),
        teams=team_queries.choices(uow(), viewer()),
    )


@pages.get("/contacts/<uuid:contact_id>")
@needs(Right.CASES_SEE)
def contact(contact_id: UUID) -> ResponseReturnValue:
    return contact_page(contact_id)


def contact_page(contact_id: UUID, problem: tuple[str, str] | None = None) -> str | dict[str, Any]:
    """The page of a contact; `problem` is why something was not done with it."""
    found = page_queries.find_contact(uow(), viewer(), contact_id) or abort(404)
    contact, today = found.contact, days.today(uow().now(), zone())
    audit("contact.read", f"contact:{contact_id}")
    followed = (contact.person_id, contact.disease)
    visits = page_queries.visits_of(uow(), *followed)
    glance = glances(uow(), {followed}, today).get(followed, NOTHING)
    if wants_json():
        return _page_as_json(found, visits, glance) if problem is None else {"error": problem[0], "hint": problem[1]}
    tests = case_queries.tests_of(uow(), *followed)
    told = told_exposure(uow(), contact)
    below = queries.list_contacts(uow(), viewer(), queries.ContactFilter(source_contact_id=contact.id))
    return render_template(
        "contact.html",
        page=found,
        contact=contact,
        person=found.person,
        glance=glance,
        visits=visits,
        signs=signs(contact.disease),
        exposures=page_queries.exposures_of(uow(), contact.id),
        periods=page_queries.periods_of(uow(), *followed),
        orders=page_queries.orders_of(uow(), *followed),
        doses=page_queries.doses_of(uow(), *followed),
        tests=tests,
        proposed=points_to_a_case(contact, tests),
        told_day=told,
        told_place=told_place(told) if told else "",
        below=below,
        below_glances=queries.glances_of(uow(), below.rows, today),
        others=page_queries.elsewhere(uow(), viewer(), contact.person_id, contact),
        history_lines=case_queries.history_of(uow(), contact_id=contact.id),
        teams=team_queries.choices(uow(), viewer(), contact.area),
        active=contact.status == ContactStatus.ACTIVE,
        today=today,
        problem=problem,
        **_planned(contact, [test.sampled_on for test in tests], today),
    )


def _planned(contact: Contact, sampled: list[date], today: date) -> dict[str, Any]:
    """What the rulebook says of this person now: why the period is as long as it is, what nobody could check about
    it, and which test is due."""
    made = planned(uow(), contact.person_id, contact.disease)
    period = made.period if made is not None and contact.follow_up in _HAD_A_PERIOD else None
    return {
        "whys": [in_words(said, "") for said in why(period)] if period else [],
        "doubts": [in_words(doubt, "") for doubt in period.doubts] if period else [],
        "test_days": period.tests if period else (),
        "due_tests": due_tests(period, sampled, today) if period and contact.follow_up == "follow_up" else (),
        "confined_until": made.quarantine.confined_until if made is not None else None,
        "in_words": in_words,
    }


def told_place(told: ToldExposure) -> str:
    """Where somebody says that they were last near the case, in words; empty when they did not say."""
    return field_value(told.form, EXPOSED_AT, told.place) if told.place else ""


def signs(disease: str) -> Mapping[str, str]:
    """What the symptoms and danger signs of a disease are called, by the id that visits keep."""
    rules = [rule for rule in shipped().rules if rule.disease == disease]
    named = {
        sign.id: sign.label
        for rule in rules
        for sign in (
            *(each for group in rule.assessment.symptoms for each in group.symptoms),
            *rule.assessment.red_flags,
        )
    }
    return {name: in_words(label, name) for name, label in named.items()}


def wanted_contacts() -> tuple[queries.ContactFilter, str]:
    """What the address asks for, and what is wrong with it."""
    given = request.args
    phone, name, problem = searched_phone(given.get("q", ""))
    since, until = days.parse_day(given.get("from")), days.parse_day(given.get("to"))
    team = given.get("team", "")
    return (
        queries.ContactFilter(
            disease=given.get("disease", ""),
            status=given.get("status", ""),
            follow_up=given.get("follow_up", ""),
            classification=given.get("classification", ""),
            area=given.get("area", ""),
            team_id=given.get("team", type=UUID),
            mine=team == "mine",
            without_team=team == "none",
            name=name,
            phone=phone,
            since=days.day_span(since, zone())[0] if since else None,
            until=days.day_span(until, zone())[1] if until else None,
            case_id=given.get("case", type=UUID),
        ),
        problem,
    )


def _as_json(row: queries.ContactRow, glance: Glance) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "person": str(row.person_id),
        "name": row.name,
        "phone": row.phone,
        "disease": row.disease,
        "generation": row.generation,
        "status": row.status,
        "follow_up": row.follow_up,
        "classification": row.classification,
        "by_rule": row.by_rule,
        "by_hand": row.by_hand,
        "case": row.case_number,
        "last_exposed_on": _iso(row.last_exposed_on),
        "area": row.area,
        "team": row.team,
        **_glance_as_json(glance),
    }


def _glance_as_json(glance: Glance) -> dict[str, Any]:
    return {
        "first_day": _iso(glance.first),
        "last_day": _iso(glance.last),
        "days": [{"day": cell.day.isoformat(), "state": cell.state, "ill": cell.ill} for cell in glance.cells],
    }


def _page_as_json(
    found: page_queries.ContactPage, visits: list[page_queries.VisitRow], glance: Glance
) -> dict[str, Any]:
    contact: Contact = found.contact
    return {
        "id": str(contact.id),
        "person": str(found.person.id),
        "name": found.person.name,
        "phone": found.person.phone,
        "disease": contact.disease,
        "generation": contact.generation,
        "status": contact.status,
        "follow_up": contact.follow_up,
        "by_rule": contact.by_rule,
        "by_hand": contact.by_hand,
        "source": found.source.label if found.source else None,
        "team": found.team.name if found.team else None,
        **_glance_as_json(glance),
        "visits": [
            {
                "day": row.visit.day.isoformat(),
                "nth": row.visit.nth,
                "result": row.visit.result,
                "how": row.visit.how,
                "symptoms": row.visit.symptoms,
                "record": str(row.visit.record_id) if row.visit.record_id else None,
                "call": str(row.call_id) if row.call_id else None,
            }
            for row in visits
        ],
    }


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None
