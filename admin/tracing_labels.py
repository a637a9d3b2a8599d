"""The words of tracing: the axes of contacts and cases, visits, places, tests."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _

DISEASES = {"covid-19": _("COVID-19"), "measles": _("measles")}
CONTACT_STATES = {"active": _("active contact"), "dropped": _("dropped"), "converted": _("became a case")}
FOLLOW_UP_STATES = {
    "follow_up": _("followed up"),
    "completed": _("follow-up completed"),
    "cancelled": _("follow-up cancelled"),
    "lost": _("lost to follow-up"),
    "no_follow_up": _("no follow-up"),
}
CLASSIFICATIONS = {
    "unconfirmed": _("unconfirmed contact"),
    "confirmed": _("confirmed contact"),
    "not_a_contact": _("not a contact"),
}
CASE_CLASSIFICATIONS = {
    "suspected": _("suspected case"),
    "probable": _("probable case"),
    "confirmed": _("confirmed case"),
    "not_a_case": _("not a case"),
}
OUTCOMES_OF_CASES = {
    "none_yet": _("under treatment"),
    "recovered": _("recovered"),
    "deceased": _("deceased"),
    "unknown": _("outcome unknown"),
}
EXPOSURES = {
    "person": _("met the person"),
    "household": _("lives in one home with them"),
    "event": _("an event"),
    "venue": _("a place both were at"),
}
CAME_FROM = {
    "list": _("from a list"),
    "keyed": _("keyed in by the case"),
    "call": _("said in a call"),
    "venue": _("from a place"),
    "person": _("entered by staff"),
}
VISITS = {
    "cooperative": _("talked with them"),
    "uncooperative": _("did not want to answer"),
    "unavailable": _("not reached"),
    "not_performed": _("was not called"),
}
HOW = {"call": _("call"), "visit": _("visit in person")}
# The days of a strip.
DAYS = {
    "talked": _("talked"),
    "refused": _("would not answer"),
    "missed": _("not reached"),
    "skipped": _("not called"),
    "due": _("due today"),
    "ahead": _("ahead"),
    "none": _("no call planned"),
}
PLACES = {
    "centralised": _("in a centre"),
    "centre": _("in a centre"),
    "home": _("at home"),
    "self_monitoring": _("watching their own health"),
}
ORDERS = {
    "ordered": _("ordered"),
    "new_exposure": _("begun again: new exposure"),
    "extended": _("extended"),
    "reduced": _("reduced"),
    "lifted": _("lifted"),
    "started": _("begun"),
    "overridden": _("last day set by hand"),
}
TESTS = {"pcr": "PCR", "antigen": _("antigen"), "igm": "IgM"}
RESULTS = {
    "pending": _("waiting for the result"),
    "positive": _("positive"),
    "negative": _("negative"),
    "unclear": _("unclear"),
}
SEXES = {"female": _("female"), "male": _("male"), "other": _("other sex")}
# What a line of history is about.
WHAT = {
    "status": _("State"),
    "follow_up": _("Follow-up"),
    "by_rule": _("Classification by rule"),
    "by_hand": _("Classification by hand"),
    "outcome": _("Outcome of the illness"),
    "period": _("Period"),
    "quarantine": _("Quarantine"),
    "team": _("Team"),
    "source": _("Source"),
    "lab_test": _("Test"),
    "dates": _("Dates"),
    "dose": _("Dose"),
    "opened": _("Opened"),
    "person": _("Person"),
    "number": _("Number"),
}
# Reasons that rules write; people write their own.
WHY = {
    "nearest_team": _("the nearest team with the least to do"),
    "team_deactivated": _("the team ended its work"),
    "the source case was none": _("the source case was none"),
}
VOCABULARIES: dict[str, dict[Any, Any]] = {
    "disease": DISEASES,
    "contact": CONTACT_STATES,
    "follow_up": FOLLOW_UP_STATES,
    "classification": CLASSIFICATIONS,
    "case": CASE_CLASSIFICATIONS,
    "case_outcome": OUTCOMES_OF_CASES,
    "exposure": EXPOSURES,
    "came_from": CAME_FROM,
    "visit": VISITS,
    "how": HOW,
    "day": DAYS,
    "place": PLACES,
    "order": ORDERS,
    "test": TESTS,
    "result": RESULTS,
    "sex": SEXES,
    "what": WHAT,
    "why": WHY,
}
TONES: dict[str, set[str]] = {
    "good": {"recovered", "negative", "cooperative"},
    "warn": {"confirmed", "uncooperative", "unclear", "pending"},
    "bad": {"converted", "deceased", "positive", "unavailable"},
    "info": {"follow_up", "suspected", "probable"},
}
