"""Rights and the roles that bundle them. Every endpoint of the console declares the right it needs."""

from __future__ import annotations

from enum import StrEnum


class Right(StrEnum):
    """What a user may do, within their area."""

    CAMPAIGNS_SEE = "campaigns.see"
    CAMPAIGNS_RUN = "campaigns.run"
    CALLS_SEE = "calls.see"
    RECORDS_SEE = "records.see"  # health data: every read is audited
    RECORDS_CORRECT = "records.correct"
    CASES_SEE = "cases.see"  # cases, contacts, venues, chains: health data, every read is audited
    CASES_RUN = "cases.run"
    TEAMS_RUN = "teams.run"  # who works on contacts where
    LISTS_RUN = "lists.run"  # lists of contacts in and out, duplicates
    REPORTS_SEE = "reports.see"  # figures; the calls behind them need the right to see calls
    APPOINTMENTS_SEE = "appointments.see"
    APPOINTMENTS_RUN = "appointments.run"
    DOCTORS_SEE = "doctors.see"  # who they are and when they work: no health data
    DOCTORS_RUN = "doctors.run"
    TELEPHONE_USE = "telephone.use"  # to try scripts aloud: calls of nobody
    MESSAGES_LISTEN = "messages.listen"  # voice messages of callers: every listening is audited
    PROMPTS_RUN = "prompts.run"
    HEALTH_SEE = "health.see"  # the health of carriers, models and processes
    USERS_RUN = "users.run"
    AUDIT_SEE = "audit.see"


ROLES: dict[str, frozenset[Right]] = {
    "supervisor": frozenset(
        {
            Right.CAMPAIGNS_SEE,
            Right.CAMPAIGNS_RUN,
            Right.CALLS_SEE,
            Right.RECORDS_SEE,
            Right.RECORDS_CORRECT,
            Right.CASES_SEE,
            Right.CASES_RUN,
            Right.TEAMS_RUN,
            Right.LISTS_RUN,
            Right.REPORTS_SEE,
            Right.APPOINTMENTS_SEE,
            Right.DOCTORS_SEE,
            Right.DOCTORS_RUN,
            Right.TELEPHONE_USE,
            Right.MESSAGES_LISTEN,
            Right.PROMPTS_RUN,
            Right.HEALTH_SEE,
        }
    ),
    "tracer": frozenset(
        {
            Right.CAMPAIGNS_SEE,
            Right.CALLS_SEE,
            Right.RECORDS_SEE,
            Right.RECORDS_CORRECT,
            Right.CASES_SEE,
            Right.CASES_RUN,
            Right.LISTS_RUN,
            Right.REPORTS_SEE,
            Right.TELEPHONE_USE,
            Right.MESSAGES_LISTEN,
        }
    ),
    "doctor": frozenset(
        {
            Right.RECORDS_SEE,
            Right.RECORDS_CORRECT,
            Right.CASES_SEE,
            Right.APPOINTMENTS_SEE,
            Right.APPOINTMENTS_RUN,
            Right.DOCTORS_SEE,
            Right.MESSAGES_LISTEN,
        }
    ),
    "administrator": frozenset(
        {
            Right.DOCTORS_SEE,
            Right.DOCTORS_RUN,
            Right.TELEPHONE_USE,
            Right.PROMPTS_RUN,
            Right.HEALTH_SEE,
            Right.USERS_RUN,
            Right.AUDIT_SEE,
        }
    ),
}


def rights_of(roles: list[str]) -> frozenset[Right]:
    """All rights of these roles together. A role that does not exist gives none."""
    return frozenset().union(*(ROLES.get(role, frozenset()) for role in roles))
