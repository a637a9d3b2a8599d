"""The words for what the database holds: states, dispositions, risks, roles. One word for one thing, on every page."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _

from admin import list_labels, tracing_labels

CALL_STATES = {
    "created": _("created"),
    "queued": _("queued"),
    "ringing": _("ringing"),
    "in_progress": _("in conversation"),
    "completed": _("ended"),
    "failed": _("not reached"),
}
FAILURES = {
    "busy": _("busy"),
    "no_answer": _("no answer"),
    "machine": _("answering machine"),
    "rejected": _("rejected"),
    "unreachable": _("unreachable"),
    "canceled": _("cancelled"),
    "provider_error": _("carrier error"),
    "lost": _("call lost"),
    "not_dialed": _("not dialed"),
}
END_REASONS = {
    "completed": _("completed"),
    "refused": _("refused"),
    "wrong_person": _("wrong person"),
    "machine": _("answering machine"),
    "hangup": _("hung up"),
    "limit": _("limit reached"),
    "trouble": _("technical trouble"),
    "handed_over": _("handed over to another script"),
    "ineligible": _("wrong person"),
    "callback": _("asked to be called later"),
    "no_input": _("gave no answer"),
    "no_match": _("was not understood"),
    "opted_out": _("does not want to be called"),
    "red_flag": _("emergency sign"),
    "failed": _("failed"),
}
# What a transcript says of an effect and its outcome.
EFFECTS = {
    "telehealth.offer_slots → offered": _("Free appointment times were offered."),
    "telehealth.offer_slots → none": _("There was no free appointment time."),
    "telehealth.book → booked": _("The appointment was booked."),
    "telehealth.book → taken": _("That time was just taken by somebody else."),
    "telehealth.book → refused": _("That time could not be booked."),
    "telehealth.upcoming → found": _("The caller has an appointment."),
    "telehealth.upcoming → none": _("The caller has no appointment."),
    "telehealth.move → moved": _("The appointment was moved."),
    "telehealth.move → taken": _("That time was just taken by somebody else."),
    "telehealth.move → refused": _("The appointment could not be moved."),
    "telehealth.cancel → cancelled": _("The appointment was cancelled."),
    "telehealth.cancel → refused": _("The appointment could not be cancelled."),
    "telehealth.queue → queued": _("Put into the queue for a doctor."),
    "telehealth.queue → no_doctor": _("No doctor was on duty; the place in the queue is kept."),
    "telehealth.urgent → queued": _("Put at the head of the queue for a doctor."),
    "telehealth.urgent → no_doctor": _("No doctor was on duty; emergency advice was given."),
    "call.opt_out → done": _("The number will not be called again."),
    "call.opt_out → withheld": _("The number was hidden, so there was none to call no more."),
    "call.did_you_call → called": _("Yes, the department had called this number."),
    "call.did_you_call → missed": _("Yes, the department had called, and the interview is still open."),
    "call.did_you_call → never": _("The department had not called this number."),
    "call.did_you_call → withheld": _("The number was hidden, so nobody could tell whether it had been called."),
    "call.take_up → taken": _("The missed interview was made in this call."),
    "call.take_up → gone": _("The missed interview was no longer open."),
    "call.hand_over → done": _("The call went on with another script."),
    "call.hand_over → no_script": _("The script that was to go on is not there."),
    "call.take_up → no_script": _("The script of the missed interview is not there."),
    "tracing.name_contact → kept": _("A number of somebody they met was noted."),
    "tracing.name_contact → again": _("This number was noted before; it is kept once."),
    "tracing.name_contact → own": _("Their own number was not noted."),
    "tracing.name_contact → unusable": _("No number in Viet Nam that can be called; not noted."),
    "tracing.name_contact → enough": _("So many numbers were noted that no more are taken."),
    "tracing.name_contact → nobody": _("The caller is no confirmed case; nothing was noted."),
    "tracing.met_on → noted": _("The day on which they last met was noted."),
    "tracing.begin_naming → taken": _("The case went on to tell whom they met."),
    "tracing.begin_naming → no_script": _("The script that was to go on is not there."),
    "tracing.begin_naming → none": _("No confirmed case has this number."),
}
OUTCOMES = {
    "completed": _("completed"),
    "refused": _("refused"),
    "ineligible": _("wrong person"),
    "wrong_person": _("somebody else answered"),
    "callback": _("asked to be called later"),
    "breakoff": _("broken off"),
    "machine": _("answering machine"),
    "busy": _("busy"),
    "no_answer": _("no answer"),
    "rejected": _("rejected"),
    "unreachable": _("unreachable"),
    "failed": _("failed"),
    "lost": _("call lost"),
    "not_dialed": _("not dialed"),
}
DIRECTIONS = {"inbound": _("incoming"), "outbound": _("outgoing")}
DISPOSITIONS = {
    "registered": _("registered"),
    "queued": _("queued"),
    "contacted": _("contacted"),
    "started": _("started"),
    "partial": _("partly answered"),
    "completed": _("completed"),
    "refused": _("refused"),
    "ineligible": _("wrong person"),
    "breakoff": _("broken off"),
    "unresponsive": _("no response"),
    "failed": _("failed"),
    "overdue": _("too late"),
    "called_off": _("called off"),
}
# Campaigns that stand for ever have no name of their own.
CAMPAIGN_KINDS = {
    "call_back": _("Calls back that people wait for"),
    "missed_call": _("Answers to missed calls"),
    "follow_up": _("Daily calls of follow-up"),
}
# Why somebody who is due is not being called.
HOLDS = {
    "not_started": _("it has not been started"),
    "paused": _("it does not run"),
    "outside_hours": _("it is outside calling hours"),
    "cap": _("as many calls as allowed are going on"),
    "lines": _("every telephone line is in use"),
    "pace": _("no more calls per second are allowed"),
}
CAMPAIGN_STATES = {
    "draft": _("draft"),
    "running": _("running"),
    "paused": _("paused"),
    "finished": _("finished"),
    "aborted": _("aborted"),
}
TARGET_STATES = {"waiting": _("waiting"), "calling": _("calling"), "done": _("done")}
RECORD_STATES = {"draft": _("incomplete"), "complete": _("complete")}
RISKS = {"low": _("low risk"), "medium": _("medium risk"), "high": _("high risk"), "red": _("emergency sign")}
APPOINTMENT_STATES = {
    "proposed": _("held"),
    "booked": _("booked"),
    "arrived": _("arrived"),
    "fulfilled": _("seen"),
    "noshow": _("did not come"),
    "cancelled": _("cancelled"),
}
QUEUE_STATES = {"waiting": _("waiting"), "taken": _("with a doctor"), "done": _("done"), "left": _("left")}
# Why a script sent somebody to a doctor.
REASONS = {
    "contact_with_symptoms": _("near a case, with symptoms"),
    "symptoms_in_follow_up": _("symptoms in follow-up"),
    "reported_symptoms": _("reported symptoms"),
    "red_flag": _("emergency sign"),
    "not_understood": _("could not make themselves understood"),
    "asked_for_person": _("asked for a person"),
}
CONSULTATIONS = {
    "advised": _("advice was enough"),
    "home_care": _("to be watched at home"),
    "to_clinic": _("to see a clinic"),
    "emergency": _("emergency care"),
}
# How a call back fares.
CALLINGS = {
    "waiting": _("is about to be called"),
    "dialing": _("is being called"),
    "ringing": _("it is ringing"),
    "answered": _("somebody has answered"),
    "done": _("was reached"),
    "gave_up": _("was not reached"),
    "called_off": _("called off"),
}
URGENCIES = {"0": _("emergency sign"), "1": _("urgent"), "2": _("routine")}
ROLES = {
    "supervisor": _("supervisor"),
    "tracer": _("tracer"),
    "doctor": _("doctor"),
    "administrator": _("administrator"),
}
LANGUAGES = {"vi": _("Vietnamese"), "en": _("English"), "ko": _("Korean")}
SOURCES = {
    "keys": _("by keys"),
    "speech": _("by voice"),
    "voice": _("voice message"),
    "script": _("by the script"),
    "staff": _("by staff"),
}
MACHINE_POLICIES = {
    "message": _("leave a short message without health content"),
    "hang_up": _("hang up"),
}
# Reasons of the do-not-call list that the robot writes; people write their own.
BARRED = {"opt_out": _("said so in a call")}
WEEKDAYS = {
    0: _("Monday"),
    1: _("Tuesday"),
    2: _("Wednesday"),
    3: _("Thursday"),
    4: _("Friday"),
    5: _("Saturday"),
    6: _("Sunday"),
}
NO_MODEL = {
    "vi": _("No speech model for Vietnamese: keys only"),
    "en": _("No speech model for English: keys only"),
    "ko": _("No speech model for Korean: keys only"),
}
SPEECH_STATES = {
    "switched_off": _("Recognition is switched off (no recogniser processes): keys only"),
    "no_media": _("No process for live audio is running: keys only"),
    "loading": _("The model is being loaded: keys only until then"),
    "failed": _("The recogniser has failed: keys only"),
    "closed": _("The recogniser is being stopped: keys only"),
}
# The composition root names the carriers in English; here they are only marked for translation.
CARRIERS = (
    _("Twilio, keys and speech"),
    _("Twilio, keys only"),
    _("Telephone in the browser"),
    _("Telephone line (SIP), keys and speech"),
)
PROCESSES = {
    "web": _("web pages"),
    "media": _("live audio"),
    "sip": _("telephone lines (SIP)"),
    "worker": _("worker"),
    "slow-worker": _("transcriber"),
    "scheduler": _("scheduler"),
}
TRANSCRIPTIONS = {
    "waiting": _("being written down"),
    "done": _("written down"),
    "empty": _("no words understood"),
    "no_model": _("not written down: no model for this language"),
    "failed": _("could not be written down"),
}
MESSAGES = {"coming": _("on its way"), "lost": _("lost by the carrier"), "deleted": _("deleted")}
REMAINS = {
    "sound": _("the sound"),
    "key": _("the key"),
    "transcript": _("the words"),
    "recording at the carrier": _("the recording at the carrier"),
    "the same sound under another message": _("the same sound under another message"),
}
PROMPTS = {"recorded": _("recorded"), "outdated": _("recorded with other words"), "machine": _("the machine")}
VOCABULARIES: dict[str, dict[Any, Any]] = {
    "transcription": TRANSCRIPTIONS,
    "message": MESSAGES,
    "remains": REMAINS,
    "prompt": PROMPTS,
    "call": CALL_STATES,
    "failure": FAILURES,
    "end": END_REASONS,
    "effect": EFFECTS,
    "outcome": OUTCOMES,
    "direction": DIRECTIONS,
    "disposition": DISPOSITIONS,
    "kind": CAMPAIGN_KINDS,
    "hold": HOLDS,
    "campaign": CAMPAIGN_STATES,
    "target": TARGET_STATES,
    "record": RECORD_STATES,
    "risk": RISKS,
    "appointment": APPOINTMENT_STATES,
    "queue": QUEUE_STATES,
    "reason": REASONS,
    "consultation": CONSULTATIONS,
    "calling": CALLINGS,
    "urgency": URGENCIES,
    "role": ROLES,
    "language": LANGUAGES,
    "source": SOURCES,
    "machine": MACHINE_POLICIES,
    "weekday": WEEKDAYS,
    "process": PROCESSES,
    "speech": SPEECH_STATES,
    **tracing_labels.VOCABULARIES,
    **list_labels.VOCABULARIES,
}

# The colour that goes with a word; the word itself always stands beside it.
_TONES = {
    "good": {"recorded", "completed", "complete", "fulfilled", "running", "done", "low", "arrived", "in_progress"},
    "warn": {
        "no_model",
        "outdated",
        "coming",
        "partial",
        "paused",
        "medium",
        "breakoff",
        "proposed",
        "waiting",
        "overdue",
        "1",
    },
    "bad": {"lost", "failed", "aborted", "high", "red", "refused", "noshow", "0", "unresponsive"},
    "info": {"booked", "ringing", "queued", "calling", "contacted", "started", "taken"},
}


def label(value: Any, vocabulary: str) -> Any:
    """The word for a value, in the viewer's language; a value without one (a script's own end reason) as it is."""
    if value is None or value == "":
        return "—"
    return (
        VOCABULARIES[vocabulary].get(value) or VOCABULARIES[vocabulary].get(str(value)) or str(value).replace("_", " ")
    )


def tone(value: Any) -> str:
    """`good`, `warn`, `bad`, `info`, or `plain`."""
    return next(
        (name for tones in (_TONES, tracing_labels.TONES) for name in tones if str(value) in tones[name]), "plain"
    )
