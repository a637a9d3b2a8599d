"""Campaigns on the command line."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

import click
from sqlalchemy import select

from core.audit import write_audit
from core.commands import open_database
from core.database import UnitOfWork
from core.errors import UserError
from core.phones import mask_phone, normalise_phone
from core.settings import read_settings
from flows.catalogue import load_library
from ivr.campaigns import service
from ivr.campaigns.model import Campaign
from ivr.campaigns.plan import CampaignPlan
from ivr.campaigns.progress import progress
from ivr.campaigns.retry import DEFAULT_DELAYS
from ivr.campaigns.window import known_zone

CARRIERS = "traceline.carriers"
"""Under this name the command line's context says which carriers there are (`click.Context.meta`)."""
_WEEKDAYS = "0,1,2,3,4,5,6"


@click.group()
def campaign() -> None:
    """Campaigns: who is called, when, and how often."""


@campaign.command()
@click.argument("name")
@click.option("--script", required=True, help="the script that is followed, such as contact-interview")
@click.option("--carrier", default="twilio", show_default=True, help="the carrier that dials")
@click.option("--language", default="vi", show_default=True, help="for people whose language the list does not say")
@click.option("--zone", default=None, help="time zone of those called; default: the department's")
@click.option("--from", "opens", default="08:00", show_default=True, help="no call before this hour")
@click.option("--until", "closes", default="20:00", show_default=True, help="no call from this hour on")
@click.option("--weekdays", default=_WEEKDAYS, show_default=True, help="0 Monday … 6 Sunday")
@click.option("--last-moment", default=None, help="after it nobody is called, such as 2026-12-01T20:00")
@click.option("--cap", default=10, show_default=True, help="calls at the same time")
@click.option("--pace", default=1.0, show_default=True, help="calls per second")
@click.option("--ring", default=40, show_default=True, help="seconds to let it ring")
@click.option("--max-attempts", default=6, show_default=True, help="dials of one person")
@click.option("--on-machine", type=click.Choice(["message", "hang_up"]), default="message", show_default=True)
@click.option("--retry", multiple=True, metavar="OUTCOME=DELAYS", help='such as busy="2m, 15m, 1h"; may be repeated')
@click.option("--area", default="", help="path of area codes, such as 38.380")
def create(
    name: str,
    script: str,
    carrier: str,
    language: str,
    zone: str | None,
    opens: str,
    closes: str,
    weekdays: str,
    last_moment: str | None,
    cap: int,
    pace: float,
    ring: int,
    max_attempts: int,
    on_machine: str,
    retry: tuple[str, ...],
    area: str,
) -> None:
    """Plan a campaign. Prints its id; it calls nobody before `start`."""
    zone = zone or read_settings().zone
    plan = CampaignPlan(
        name=name,
        script=script,
        carrier=carrier,
        language=language,
        zone=zone,
        window_from=_moment(opens).time(),
        window_until=_moment(closes).time(),
        weekdays=_days(weekdays),
        last_moment=_in_zone(_moment(last_moment), zone) if last_moment else None,
        cap=cap,
        pace=pace,
        ring_seconds=ring,
        on_machine=on_machine,
        retries={**DEFAULT_DELAYS, **dict(_pair(text) for text in retry)},
        max_attempts=max_attempts,
        area=area,
    )
    scripts = [name for name, found in load_library().scripts.items() if found.direction == "outbound"]
    carriers = click.get_current_context().meta.get(CARRIERS)
    with open_database() as database, database.unit() as uow:
        created = service.create_campaign(uow, plan, scripts=scripts, carriers=carriers)
        _audit(uow, "campaign.create", f"campaign:{created.id}")
    click.echo(created.id)


@campaign.command("list")
def list_() -> None:
    """Every campaign, the newest first."""
    with open_database() as database, database.unit() as uow:
        for row in uow.session.scalars(select(Campaign).order_by(Campaign.created_at.desc())):
            click.echo(f"{row.id}  {row.state:<9} {row.created_at:%Y-%m-%d %H:%M}  {row.name}")


@campaign.command()
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="one JSON object")
def status(name: str, as_json: bool) -> None:
    """How a campaign fares (NAME or id)."""
    with open_database() as database, database.unit() as uow:
        now = progress(uow, service.campaign_named(uow, name).id)
    if as_json:
        click.echo(json.dumps(asdict(now), default=str))
        return
    click.echo(f"{now.state}: {now.done} of {now.targets} done, {now.live} calls, {now.waiting} waiting")
    for title, counts in (("disposition", now.dispositions), ("outcome", now.outcomes), ("dialed times", now.retries)):
        for key, count in sorted(counts.items(), key=lambda item: str(item[0])):
            click.echo(f"  {title:<13} {key!s:<14} {count}")
    if now.finished_by is not None:
        click.echo(f"  done by about {now.finished_by:%Y-%m-%d %H:%M} UTC")


def _simple(name: str, help_text: str, function: Callable[[UnitOfWork, UUID], Campaign]) -> None:
    @campaign.command(name, help=help_text)
    @click.argument("campaign_name", metavar="NAME")
    def command(campaign_name: str) -> None:
        click.echo(_change(name, campaign_name, function))


def _change(action: str, name_or_id: str, function: Callable[[UnitOfWork, UUID], Campaign]) -> str:
    """Do it, with a line in the audit log as the console writes it; returns the campaign's state."""
    with open_database() as database, database.unit() as uow:
        found = service.campaign_named(uow, name_or_id)
        before = found.state
        after = function(uow, found.id).state
        _audit(uow, f"campaign.{action}", f"campaign:{found.id}", {"before": before, "after": after})
    return after


def _audit(uow: UnitOfWork, action: str, subject: str, detail: Mapping[str, Any] | None = None) -> None:
    write_audit(uow, action, subject, login="(command line)", detail=detail)


_simple("start", "Begin to call.", service.start)
_simple("pause", "Dial nobody until `resume`; calls in progress go on.", service.pause)
_simple("resume", "Go on after a pause.", service.resume)
_simple("finish", "Call nobody any more; calls in progress go on and count.", service.finish)


@campaign.command()
@click.argument("name")
@click.option("--hang-up", is_flag=True, help="end the calls in progress as well")
def abort(name: str, hang_up: bool) -> None:
    """Call nobody any more, for good."""
    click.echo(_change("abort", name, partial(service.abort, hang_up=hang_up)))


@campaign.command("bar")
@click.argument("number")
@click.option("--reason", required=True, help='why, such as "asked by letter"')
def bar(number: str, reason: str) -> None:
    """Never call NUMBER again, in no campaign; it counts from the next dial on."""
    if not reason.strip():
        raise UserError("A reason is needed.", "Write who asked for it, and how.")
    phone = normalise_phone(number)
    with open_database() as database, database.unit() as uow:
        service.bar_number(uow, phone, reason.strip())
        _audit(uow, "do_not_call.add", service.number_subject(phone), {"reason": reason.strip()})
    click.echo(f"{mask_phone(phone)} will not be called")


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(f"2000-01-01T{text}" if len(text) <= len("08:00:00") else text)
    except ValueError as error:
        raise UserError(f"{text!r} is no time.", "Write 08:00, or 2026-12-01T20:00 for a moment.") from error


def _in_zone(moment: datetime, zone: str) -> datetime:
    """A moment without an offset is meant as the clocks of the zone show it."""
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=known_zone(zone))


def _days(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(day) for day in text.split(","))
    except ValueError as error:
        raise UserError(f"{text!r} is no list of weekdays.", "Write 0,1,2,3,4 for Monday to Friday.") from error


def _pair(text: str) -> tuple[str, str]:
    outcome, sign, delays = text.partition("=")
    if not sign:
        raise UserError(f"{text!r} says nothing about retries.", 'Write busy="2m, 15m, 1h".')
    return outcome.strip(), delays


commands: list[click.Command] = [campaign]
