"""Lists of contacts on the command line."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import BinaryIO
from zoneinfo import ZoneInfo

import click

from core.commands import open_database
from core.database import UnitOfWork
from core.errors import UserError
from core.settings import read_settings
from ivr.campaigns.service import campaign_named
from tracing.areas.places import load_gazetteer, seed_areas
from tracing.lists.importing import import_contacts
from tracing.lists.sample import sample_contacts, sample_csv
from tracing.lists.sheet import Sheet, read_contacts
from tracing.rules.rulebook import load_rulebook


@click.group()
def contacts() -> None:
    """Lists of contacts."""


_FILE = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
_LANGUAGE = click.option("--lang", default=None, help="language of the messages, vi or en; default: the department's")


@contacts.command()
@_FILE
@_LANGUAGE
def check(file: Path, lang: str | None) -> None:
    """Read a list and say what is wrong with it; import nothing."""
    with open_database() as database, database.unit() as uow:
        sheet = _read(uow, file)
    _show(sheet, lang or read_settings().language)
    click.echo(f"{len(sheet.rows)} rows can be imported.")


@contacts.command("import")
@_FILE
@click.option("--campaign", "campaign_name", default=None, help="put everybody on the list of this campaign")
@click.option("--disease", default=None, help="as the rulebook calls it; default: the one of the settings")
@_LANGUAGE
def import_(file: Path, campaign_name: str | None, disease: str | None, lang: str | None) -> None:
    """Import a list: all of it, or, if one row is wrong, nothing."""
    with open_database() as database, database.unit() as uow:
        campaign = campaign_named(uow, campaign_name) if campaign_name else None
        settings = read_settings()
        sheet = _read(uow, file)
        _show(sheet, lang or settings.language)
        with click.progressbar(length=len(sheet.rows), label="Importing") as bar:
            result = import_contacts(
                uow,
                sheet,
                load_rulebook().checked(disease or settings.disease),
                campaign.id if campaign else None,
                lambda done: bar.update(done - bar.pos),
            )
    click.echo(
        f"{result.rows} rows: {result.people_new} people new, {result.people_matched} known, "
        f"{result.contacts_new} contacts new, {result.targets_new} to be called."
    )


@contacts.command()
@click.argument("count", type=click.IntRange(1, 100_000))
@click.option("--seed", default=1, show_default=True, help="the same seed makes the same people")
@click.option("--output", type=click.File("wb"), default="-", help="where to write; default: standard output")
def sample(count: int, seed: int, output: BinaryIO) -> None:
    """Write a list of COUNT made-up contacts."""
    output.write(sample_csv(sample_contacts(count, _today(), seed)))


def _read(uow: UnitOfWork, file: Path) -> Sheet:
    seed_areas(uow, read_settings().province)
    with file.open("rb") as opened:
        return read_contacts(opened, load_gazetteer(uow), _today())


def _show(sheet: Sheet, language: str) -> None:
    for error in sheet.errors:
        where = f"row {error.row}" if language == "en" else f"dòng {error.row}"
        column = f", {error.label(language)}" if error.column else ""
        click.echo(f"{where}{column}: {error.message(language)} {error.hint(language)}", err=True)
    if sheet.errors:
        raise UserError("The list cannot be imported.", "Correct what is said above; nothing has been changed.")


def _today() -> date:
    return datetime.now(ZoneInfo(read_settings().zone)).date()


commands: list[click.Command] = [contacts]
