"""Calls on the command line: what was said in one, and whether its log makes it again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import click
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from core.audit import write_audit
from core.commands import open_database
from core.database import Database
from core.errors import UserError
from core.phones import mask_phone
from core.settings import read_settings
from flows.catalogue import LIBRARY, Library
from ivr.calls.log import read_log
from ivr.calls.model import Call
from ivr.calls.replaying import CALLS_AT_ONCE, Replayed, replay_stored, stored_calls
from ivr.calls.revisions import Revisions
from ivr.calls.transcript import Utterance, transcript

_DETAILS = ("decision", "confidence", "reason")
_SHOWN = 20
"""Calls that differ and are told in full; of further ones the number is enough."""


@click.group()
def call() -> None:
    """Calls: what was said, and whether the log makes the call again."""


@call.command()
@click.argument("call_id", metavar="ID", type=click.UUID)
def show(call_id: UUID) -> None:
    """What was said in a call, what was heard, and what did not count. Health data: the reading is audited."""
    with open_database() as database, database.unit() as uow:
        found = uow.session.get(Call, call_id)
        if found is None:
            raise UserError(f"There is no call {call_id}.", "Its id stands in the address of its page in the console.")
        write_audit(uow, "call.read", f"call:{call_id}", login="(command line)")
        lines = read_log(uow, call_id)
        number, script, end = mask_phone(found.remote_number), found.script, found.end_reason or "in progress"
        click.echo(f"{found.direction} {number}  {script} {found.revision[:12]}  {found.language}  {end}")
    for utterance in transcript(lines, asides=True):
        click.echo(f"{utterance.turn:>3} {utterance.who:<6} {utterance.kind:<13} {_told(utterance)}")


@call.command()
@click.argument("ids", metavar="[ID]...", nargs=-1, type=click.UUID)
@click.option("--since", type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M"]), help="all calls opened since then")
@click.option("--all", "everything", is_flag=True, help="all calls there are")
def replay(ids: tuple[UUID, ...], since: datetime | None, everything: bool) -> None:
    """Make calls again from their logs, and say whether every decision comes out the same.

    Nothing is carried out or changed. The exit code is 1 if anything differs. What differs is shown, and may hold what
    was said in the call: health data, and the reading is audited.
    """
    if sum((bool(ids), since is not None, everything)) != 1:
        raise UserError("Say which calls.", "Give their ids, or --since 2026-11-01, or --all.")
    with open_database() as database:
        with database.unit() as uow:
            zone = ZoneInfo(read_settings().zone)
            chosen = list(ids) if ids else stored_calls(uow, since.replace(tzinfo=zone) if since else None)
        wrong = _differing(database, chosen)
        with database.unit() as uow:
            for one in wrong[:_SHOWN]:
                if one.replay.differences:
                    write_audit(uow, "call.read", f"call:{one.call_id}", login="(command line)")
    for one in wrong[:_SHOWN]:
        click.echo(str(one))
    if len(wrong) > _SHOWN:
        click.echo(f"… and {len(wrong) - _SHOWN} more")
    click.echo(f"{len(chosen) - len(wrong)} of {len(chosen)} calls replayed the same")
    if wrong:
        click.get_current_context().exit(1)


def _differing(database: Database, ids: Sequence[UUID]) -> list[Replayed]:
    """Those that do not come out the same. A unit of work for each batch: one for a year of calls would keep the
    database from clearing up for hours."""
    revisions = Revisions(Library(LIBRARY))
    wrong: list[Replayed] = []
    with _progress() as progress:
        task = progress.add_task("calls", total=len(ids))
        for first in range(0, len(ids), CALLS_AT_ONCE):
            with database.unit() as uow:
                for done in replay_stored(uow, revisions, ids[first : first + CALLS_AT_ONCE]):
                    progress.advance(task)
                    if not done.same:
                        wrong.append(done)
    return wrong


def _told(utterance: Utterance) -> str:
    # Of the rest, only what says nothing of anybody: a call is connected with a number, say, and that is somebody's.
    details = [f"{name} {utterance.data[name]}" for name in _DETAILS if name in utterance.data]
    return f"{utterance.text} ({', '.join(details)})" if details else utterance.text


def _progress() -> Progress:
    """On standard error, and only where somebody watches."""
    columns = (TextColumn("{task.description}"), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)


commands: list[click.Command] = [call]
