"""Voice messages on the command line."""

from __future__ import annotations

import json
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import click
from sqlalchemy import select

from core.commands import open_database
from core.errors import UserError
from core.settings import read_settings
from ivr.messages.deletion import Proof, overdue, proofs
from ivr.messages.model import Transcription, VoiceMessageRow
from ivr.messages.transcribing import ask_again


@click.group()
def messages() -> None:
    """Voice messages: what is deleted, and what is still to be written down."""


@messages.command()
@click.option("--since", default=None, metavar="DAY", help="only what was deleted since this day, such as 2026-11-01")
@click.option("--json", "as_json", is_flag=True, help="for programs")
def proof(since: str | None, as_json: bool) -> None:
    """Show each deletion that the audit log tells of, and whether anything of the message is in the database now.

    Fails when something is left of a deleted message, or when a message is still there after its day.
    """
    with open_database() as database, database.unit() as uow:
        found = proofs(uow, _midnight(since) if since else None)
        settings = read_settings()
        late = overdue(uow, settings.messages_days, settings.answers_days)
    for one in found:
        click.echo(json.dumps(_as_json(one)) if as_json else _line(one))
    left = sum(bool(one.left) for one in found)
    if left or late:
        raise UserError(
            f"{left} of {len(found)} deleted messages have left something; {late} are past their day.",
            "Look into the logs of the scheduler and of the workers.",
        )
    if not as_json:
        click.echo(f"{len(found)} messages deleted; nothing of them is in this database; none is past its day.")
        click.echo("Copies of the database that were made before a deletion (backups) are not looked into.")


@messages.command()
def transcribe() -> None:
    """Have those messages written down that could not be, after a model was installed."""
    undone = (Transcription.NO_MODEL, Transcription.FAILED)
    with open_database() as database, database.unit() as uow:
        waiting = select(VoiceMessageRow.id).where(
            VoiceMessageRow.transcription.in_(undone), VoiceMessageRow.sound.is_not(None)
        )
        ids = uow.session.scalars(waiting).all()
        for message in ids:
            ask_again(uow, message)
    click.echo(f"{len(ids)} messages will be written down.")


def _midnight(day: str) -> datetime:
    try:
        return datetime.combine(date.fromisoformat(day), time(), ZoneInfo(read_settings().zone))
    except ValueError as error:
        raise UserError(f"{day!r} is not a day.", "Write it as 2026-11-01.") from error


def _line(one: Proof) -> str:
    state = f"LEFT: {', '.join(one.left)}" if one.left else "gone"
    return (
        f"{one.message}  due {one.due:%Y-%m-%d %H:%M%z}  deleted {one.deleted_at:%Y-%m-%d %H:%M%z}  "
        f"sha256 {one.sha256 or '(never fetched)'}  audit line {one.audit_line}  {state}"
    )


def _as_json(one: Proof) -> dict[str, object]:
    return {
        "message": str(one.message),
        "due": one.due.isoformat(),
        "deleted": one.deleted_at.isoformat(),
        "sha256": one.sha256,
        "audit_line": one.audit_line,
        "left": list(one.left),
    }


commands: list[click.Command] = [messages]
