"""Rehearsals on the command line."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from core.audit import write_audit
from core.commands import open_database
from core.database import Database
from core.errors import UserError
from ivr.campaigns import service
from ivr.campaigns.window import known_zone
from ivr.rehearsal.page import LANGUAGES, page
from ivr.rehearsal.reading import Wish
from ivr.rehearsal.report import Tell, as_bytes
from ivr.rehearsal.store import Rehearsing

Open = Callable[[Database], Rehearsing]


def rehearse_command(open_rehearsing: Open) -> click.Command:
    """`campaign rehearse`. `open_rehearsing` gives what rehearsals of this installation need; doctors stand above this
    package."""

    @click.command("rehearse")
    @click.argument("name")
    @click.option("--seed", default=1, show_default=True, help="the same seed gives the same report")
    @click.option("--people", type=int, default=None, help="so many like those on the list; default: the list")
    @click.option("--start", default=None, help="when it begins, such as 2026-12-01T08:00; default: the next full hour")
    @click.option("--json", "as_json", is_flag=True, help="print the whole report as JSON")
    @click.option("--html", "html", type=click.Path(dir_okay=False, path_type=Path), help="write the report to FILE")
    @click.option("--language", type=click.Choice(LANGUAGES), default="vi", show_default=True, help="of the HTML file")
    def rehearse(
        name: str, seed: int, people: int | None, start: str | None, as_json: bool, html: Path | None, language: str
    ) -> None:
        """Rehearse a campaign (NAME or id) on a virtual clock, against people who do not exist. Nobody is called."""
        with open_database() as database:
            with database.unit() as uow:
                campaign = service.campaign_named(uow, name)
                write_audit(uow, "campaign.rehearse", f"campaign:{campaign.id}", login="(command line)")
            wish = Wish(seed, people, _moment(start, campaign.zone) if start else None)
            with click.progressbar(length=1000, label="rehearsing", file=sys.stderr) as bar:
                report = open_rehearsing(database).make(campaign.id, wish, _moving(bar))
        if html is not None:
            html.write_text(page(report, language), encoding="utf-8")
        if as_json:
            click.echo(as_bytes(report).decode(), nl=False)
        else:
            click.echo(summary(report))

    return rehearse


def summary(report: dict[str, Any]) -> str:
    """The report in a few lines."""
    people, reached, doctors = report["people"], report["reached"], report["doctors"]
    unfinished = "" if report["finished"] else ", unfinished"
    lines = [
        f"{people} people, from {report['begins']} to {report['ended']}{unfinished}",
        f"reached: {_share(reached['total'], people)}; within 24 hours: {_share(reached['within_24h'], people)}",
        f"completed: {_share(report['dispositions'].get('completed', 0), people)}; dials: {report['dials']}",
        f"minutes talked: {report['talk_minutes']}",
        f"need a doctor: {report['flagged']}, of them emergencies: {report['red_flags']}",
    ]
    lines += [
        f"with {run['lines']:>4} lines: {_share(run['within_24h'], people)} within 24 hours, "
        f"{_share(run['reached'], people)} in all; over after {run['hours']} h, {run['full_hours']} h short of lines"
        for run in report["lines"]["runs"]
    ]
    if doctors:
        gone = f"gone from {doctors['gone_at']}" if doctors["gone_at"] else "never gone"
        lines.append(
            f"appointments: {doctors['booked']} booked, {gone}, {doctors['found_none']} found none; "
            f"more doctors needed: {doctors['doctors_short']}"
        )
    return "\n".join(lines)


def _share(part: int, whole: int) -> str:
    return f"{part} ({100 * part / whole:.0f} %)"


def _moving(bar: Any) -> Tell:
    def tell(share: float) -> None:
        bar.update(max(0, round(share * bar.length) - bar.pos))

    return tell


def _moment(text: str, zone: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise UserError(f"{text!r} is no time.", "Write 2026-12-01T08:00.") from error
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=known_zone(zone))
