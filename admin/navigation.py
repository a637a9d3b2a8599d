"""The menu: what a user may not open is not in it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from flask import Flask, request
from flask_babel import lazy_gettext as _

from admin.current import viewer_or_none
from core.rights import Right


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the menu; `group` is the blueprint whose pages it stands for."""

    group: str
    endpoint: str
    icon: str
    text: Any
    right: Right | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """Entries that belong together, under a heading (the first has none)."""

    heading: Any
    entries: tuple[Entry, ...]


SECTIONS = (
    Section(
        "",
        (Entry("today", "today.today", "today", _("Today")),),
    ),
    Section(
        _("Tracing"),
        (
            Entry("follow_up", "follow_up.follow_up", "follow", _("Follow-up"), Right.CASES_SEE),
            Entry("cases", "cases.cases", "case", _("Cases"), Right.CASES_SEE),
            Entry("contacts", "contacts.contacts", "contacts", _("Contacts"), Right.CASES_SEE),
            Entry("people", "people.people", "person", _("Persons"), Right.CASES_SEE),
            Entry("venues", "venues.venues", "place", _("Places"), Right.CASES_SEE),
            Entry("records", "records.records", "record", _("Records"), Right.RECORDS_SEE),
            Entry("lists", "lists.lists", "list", _("Lists"), Right.LISTS_RUN),
            Entry("reports", "reports.reports", "chart", _("Reports"), Right.REPORTS_SEE),
        ),
    ),
    Section(
        _("Telephony"),
        (
            Entry("campaigns", "campaigns.campaigns", "campaign", _("Campaigns"), Right.CAMPAIGNS_SEE),
            Entry("calls", "calls.calls", "phone", _("Calls"), Right.CALLS_SEE),
            Entry("messages", "messages.messages", "message", _("Messages"), Right.MESSAGES_LISTEN),
            Entry("do_not_call", "do_not_call.do_not_call", "barred", _("Do not call"), Right.CAMPAIGNS_SEE),
            Entry("telephone", "telephone.telephone", "handset", _("Telephone"), Right.TELEPHONE_USE),
            Entry("studio", "studio.prompts", "voice", _("Prompts"), Right.PROMPTS_RUN),
        ),
    ),
    Section(
        _("Treatment"),
        (
            Entry("appointments", "appointments.appointments", "calendar", _("Appointments"), Right.APPOINTMENTS_SEE),
            Entry("queue", "queue.queue", "queue", _("Doctor queue"), Right.APPOINTMENTS_SEE),
            Entry("doctors", "doctors.doctors", "doctor", _("Doctors"), Right.DOCTORS_SEE),
        ),
    ),
    Section(
        _("Administration"),
        (
            Entry("health", "health.health", "pulse", _("System"), Right.HEALTH_SEE),
            Entry("users", "users.users", "users", _("Users"), Right.USERS_RUN),
            Entry("audit", "audit.audit_log", "shield", _("Audit log"), Right.AUDIT_SEE),
        ),
    ),
)


# Pages that are opened from those of the menu.
_INSIDE: dict[str | None, str] = {
    "duplicates": "people",
    "list_files": "lists",
    "consultation": "queue",
    "named": "cases",
    "contact_actions": "contacts",
    "registering": "cases",
    "chains": "cases",
    "laboratory": "follow_up",
    "teams": "follow_up",
}


def install(app: Flask) -> None:
    app.context_processor(lambda: {"menu": menu(), "here": _INSIDE.get(request.blueprint, request.blueprint)})


def menu() -> list[Section]:
    """The sections of the menu, each with the lines that the viewer may open; none without any."""
    who = viewer_or_none()
    if who is None or who.must_change_password:
        return []
    allowed = [
        replace(section, entries=tuple(each for each in section.entries if each.right is None or who.may(each.right)))
        for section in SECTIONS
    ]
    return [section for section in allowed if section.entries]
