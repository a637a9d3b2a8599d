"""Whom a case may have met, and one button that makes contacts of them and has them called (N4, N11). Health data:
every read is audited."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from flask import Blueprint, abort, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy import select

from admin import days
from admin.attempts import attempt
from admin.current import audit, context, uow, viewer, wants_json, zone
from admin.policy import needs, scoped
from core.areas import holds
from core.errors import UserError
from core.receipts import claim, keep_reply
from core.rights import Right
from ivr.campaigns.model import Campaign, CampaignState, Target, TargetState
from ivr.campaigns.plan import CampaignPlan
from tracing.cases.model import Case
from tracing.people.model import Person
from tracing.rules.model import Rule
from tracing.rules.rulebook import shipped
from tracing.venues.effects import SCRIPT
from tracing.venues.proposals import Findings, Proposal, find_for
from tracing.venues.taking import Choice, Taken, call_case, look_again, put_aside, take

pages = Blueprint("named", __name__)
INTERVIEW = "contact-interview"
MOST_SHOWN = 200
"""Lines of a page. A market has more people than anybody looks through; the longest meetings stand first."""


@dataclass(frozen=True, slots=True)
class Done:
    """What came of a click: what is said of it, and the campaign that it began."""

    said: str
    campaign: str = ""


@pages.get("/cases/<uuid:case_id>/named")
@needs(Right.CASES_SEE)
def review(case_id: UUID) -> ResponseReturnValue:
    return _page(_case(case_id))


@pages.post("/cases/<uuid:case_id>/named")
@needs(Right.CASES_SEE, Right.CASES_RUN)
def decide(case_id: UUID) -> ResponseReturnValue:
    """What was ticked becomes contacts, and they are called; what was put aside stays aside. A second click of the same
    page does nothing more, and leads where the first one led."""
    case = _case(case_id)
    return _answer(case, lambda: _decide(case, _findings(case)))


@pages.post("/cases/<uuid:case_id>/named/call")
@needs(Right.CASES_SEE, Right.CASES_RUN)
def call(case_id: UUID) -> ResponseReturnValue:
    """Call the case and ask whom they met."""
    case = _case(case_id)
    return _answer(case, lambda: _call(case))


def _answer(case: Case, action: Callable[[], Done]) -> ResponseReturnValue:
    """Do it for the first click of a page, and lead to what came of it; a second one waits for the first, and is led
    there too. What is refused is said, and nothing has been done."""
    token = request.form.get("token", type=UUID) or abort(400)
    key = f"named:{case.id}:{token}"

    def once() -> Done:
        receipt = claim(uow(), key)
        if not receipt.fresh:
            return Done(**json.loads(receipt.reply))
        done = action()
        keep_reply(uow(), key, json.dumps(asdict(done)).encode())
        return done

    done, problem = attempt(once)
    if done is None:
        return make_response(_page(case, problem), 400)
    if wants_json():
        return asdict(done)
    flash(done.said)
    if done.campaign:
        return redirect(url_for("campaigns.campaign", campaign_id=UUID(done.campaign)))
    return redirect(url_for("named.review", case_id=case.id))


def _decide(case: Case, findings: Findings) -> Done:
    chosen = {each.key: request.form.get(f"choice.{each.key}", "") for each in findings.proposals}
    aside = [each for each in findings.proposals if chosen[each.key] == "aside" and not each.put_aside]
    again = [each for each in findings.proposals if chosen[each.key] == "later" and each.put_aside]
    choices = [_choice(each) for each in findings.proposals if chosen[each.key] == "take" and not each.settled]
    put_aside(uow(), case, aside, viewer().id)
    look_again(uow(), case, again)
    done = Taken(0, 0, None)
    if choices:
        done = take(uow(), case, findings, choices, by=viewer().id, plan=_plan(case, INTERVIEW, _interview_name(case)))
    audit(
        "case.named.decide",
        f"case:{case.id}",
        {
            "taken": done.new,
            "known": done.known,
            "put_aside": len(aside),
            "campaign": str(done.campaign_id) if done.campaign_id else None,
        },
    )
    return Done(_said(done, len(aside) + len(again)), str(done.campaign_id or ""))


def _choice(proposal: Proposal) -> Choice:
    given = request.form.get(f"person.{proposal.key}", "")
    day = days.parse_day(request.form.get(f"day.{proposal.key}", ""))
    if given == "new" or not proposal.people:
        return Choice(proposal.key, None, day)
    if not given and proposal.person is None:
        raise UserError("Several people have this number.", "Choose who it was.")
    try:
        return Choice(proposal.key, UUID(given) if given else proposal.people[0].id, day)
    except ValueError as error:
        raise UserError("Somebody is not on the list any more.", "Look at it again.") from error


def _call(case: Case) -> Done:
    if _calling(case):
        return Done(gettext("This case is being called already."))
    day = days.shown_day(days.today(uow().now(), zone()))
    name = gettext("%(number)s: whom they met, %(day)s", number=case.number, day=day)
    campaign_id = call_case(uow(), case, by=viewer().id, plan=_plan(case, SCRIPT, name))
    audit("case.named.call", f"case:{case.id}", {"campaign": str(campaign_id)})
    return Done(gettext("The case is called as soon as a line is free, within calling hours."))


def _said(done: Taken, decided: int) -> str:
    if done.new:
        return str(gettext("New contacts: %(n)s. The calls begin as soon as lines are free.", n=done.new))
    if done.known or decided:
        return str(gettext("Saved."))
    return str(gettext("Nothing was chosen, and nothing was changed."))


def _plan(case: Case, script: str, name: str) -> CampaignPlan:
    """Whoever works on cases may have their people called: that is what the page is for."""
    settings, carriers = context().settings, context().carriers
    carrier = settings.call_back_carrier
    return CampaignPlan(
        name=name,
        script=script,
        carrier=carrier if carrier in carriers or not carriers else next(iter(carriers)),
        language=settings.language,
        zone=settings.zone,
        area=case.area,
    )


def _interview_name(case: Case) -> str:
    day = days.shown_day(days.today(uow().now(), zone()))
    return str(gettext("Contacts of %(number)s, %(day)s", number=case.number, day=day))


def _case(case_id: UUID) -> Case:
    found = uow().session.scalar(scoped(select(Case).where(Case.id == case_id), Case.area, viewer()))
    return found or abort(404)


def _rule(case: Case) -> Rule | None:
    """The rule of the day on which the case became known; None where there is none, and the page says so."""
    try:
        return shipped().rule_for(case.disease, case.area, days.today(case.reported_at, zone()))
    except UserError:
        return None


def _findings(case: Case) -> Findings:
    return find_for(uow(), case, _rule(case))


def _calling(case: Case) -> UUID | None:
    """The campaign in which the case waits to be asked, or is being asked."""
    if case.person_id is None:
        return None
    return uow().session.scalar(
        select(Campaign.id)
        .join(Target, Target.campaign_id == Campaign.id)
        .where(Target.person_id == case.person_id, Campaign.script == SCRIPT, Target.state != TargetState.DONE)
        .where(Campaign.state.in_((CampaignState.RUNNING, CampaignState.PAUSED)))
        .limit(1)
    )


def may_see(person: Person) -> bool:
    """Who lives in another area is not named here: their own district's people see them."""
    return holds(viewer().area, person.area)


def _page(case: Case, problem: tuple[str, str] | None = None) -> ResponseReturnValue:
    findings = _findings(case)
    audit("case.named", f"case:{case.id}", {"proposals": len(findings.proposals)})
    if wants_json():
        if problem is not None:
            return {"error": problem[0], "hint": problem[1]}
        return {"case": str(case.id), "proposals": [_as_json(each) for each in findings.proposals]}
    person = uow().session.get(Person, case.person_id) if case.person_id is not None else None
    return render_template(
        "named.html",
        case=case,
        person=person,
        findings=findings,
        today=days.today(uow().now(), zone()),
        calling=_calling(case),
        token=uuid4(),
        may_see=may_see,
        most=MOST_SHOWN,
        one_day=timedelta(days=1),
        problem=problem,
    )


def _as_json(proposal: Proposal) -> dict[str, Any]:
    keyed = proposal.keyed
    return {
        "key": proposal.key,
        "people": [str(person.id) for person in proposal.people],
        "phone": proposal.phone if keyed is not None or any(map(may_see, proposal.people)) else None,
        "keyed_on": keyed.said_at.isoformat() if keyed else None,
        "call": str(keyed.call_id) if keyed and keyed.call_id else None,
        "met": [
            {
                "venue": str(each.venue_id),
                "day": each.day.isoformat(),
                "minutes": each.minutes,
                "at_least": each.at_least,
                "at_most": each.at_most,
            }
            for each in proposal.seen
        ],
        "contact": str(proposal.contact_id) if proposal.contact_id else None,
        "put_aside": proposal.put_aside,
    }
