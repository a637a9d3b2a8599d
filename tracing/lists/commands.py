"""Lists of contacts on the command line."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import BinaryIO
from zoneinfo import ZoneInfo

import click

from core.audit import write_audit
from core.commands import open_database
from core.database import UnitOfWork
from core.errors import UserError
from core.settings import read_settings
from ivr.campaigns.service import campaign_named
from tracing.areas.places import seed_areas
from tracing.lists.columns import NOTHING_ASSIGNED
from tracing.lists.exporting import KINDS, Wanted, count_of, header_of, rows_of
from tracing.lists.findings import NEW, decided, examine
from tracing.lists.importing import Bringing, Decision, import_contacts
from tracing.lists.reading import read_list
from tracing.lists.sample import sample_contacts, sample_csv
from tracing.lists.sheet import Sheet
from tracing.lists.sources import source_named
from tracing.lists.writing import csv_of, write_xlsx
from tracing.rules.rulebook import load_rulebook

_ROWS_NAMED = 5


@click.group()
def contacts() -> None:
    """Lists of contacts."""


_FILE = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
_LANGUAGE = click.option("--lang", default=None, help="language of the messages, vi or en; default: the department's")
_SOURCE = click.option("--source", "source_name", default=None, help="who sends it: its columns are known by that")


@contacts.command()
@_FILE
@_SOURCE
@_LANGUAGE
def check(file: Path, source_name: str | None, lang: str | None) -> None:
    """Read a list (XLSX or CSV) and say what is wrong with it; import nothing."""
    with open_database() as database, database.unit() as uow:
        sheet = _read(uow, file, source_name, read_settings().disease)
        findings = examine(uow, sheet, "") if not sheet.errors else None
    _show(sheet, lang or read_settings().language)
    assert findings is not None
    click.echo(f"{len(sheet.rows)} rows can be imported.")
    click.echo(f"{findings.new} people new, {findings.known} known, {len(findings.questions)} may be somebody on file.")


@contacts.command("import")
@_FILE
@click.option("--campaign", "campaign_name", default=None, help="put everybody on the list of this campaign")
@click.option("--disease", default=None, help="as the rulebook calls it; default: the one of the settings")
@_SOURCE
@click.option(
    "--resembling",
    type=click.Choice(["ask", "same", "new"]),
    default="ask",
    show_default=True,
    help="who resembles somebody on file: is asked about on the console, is the same, is somebody new",
)
@_LANGUAGE
def import_(
    file: Path,
    campaign_name: str | None,
    disease: str | None,
    source_name: str | None,
    resembling: str,
    lang: str | None,
) -> None:
    """Import a list (XLSX or CSV): all of it, or, if one row is wrong, nothing."""
    with open_database() as database, database.unit() as uow:
        campaign = campaign_named(uow, campaign_name) if campaign_name else None
        settings = read_settings()
        known = load_rulebook().checked(disease or settings.disease)
        sheet = _read(uow, file, source_name, known)
        _show(sheet, lang or settings.language)
        bringing = Bringing(
            known,
            campaign.id if campaign else None,
            decisions=_decisions(uow, sheet, resembling),
        )
        with click.progressbar(length=len(sheet.rows), label="Importing") as bar:
            result = import_contacts(uow, sheet, bringing, lambda done: bar.update(done - bar.pos))
    click.echo(
        f"{result.rows} rows: {result.people_new} people new, {result.people_matched} known, "
        f"{result.contacts_new} contacts new, {result.targets_new} to be called."
    )


@contacts.command()
@click.argument("kind", type=click.Choice(KINDS))
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--disease", default=None, help="as the rulebook calls it; default: the one of the settings")
@click.option("--area", default="", help="path of codes, such as 38.380; default: the whole department")
@click.option("--from", "since", type=click.DateTime(["%Y-%m-%d"]), help="first day of the report")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="last day of the report")
@_LANGUAGE
def export(
    kind: str,
    file: Path,
    disease: str | None,
    area: str,
    since: datetime | None,
    until: datetime | None,
    lang: str | None,
) -> None:
    """Write a list of cases (F0) or contacts (F1, F2) to FILE, .xlsx or .csv. The audit log keeps that it was taken."""
    settings = read_settings()
    zone = ZoneInfo(settings.zone)
    language = lang or settings.language
    wanted = Wanted(
        kind,
        load_rulebook().checked(disease or settings.disease),
        "",
        area,
        since.replace(tzinfo=zone) if since else None,
        until.replace(tzinfo=zone) + timedelta(days=1) if until else None,
    )
    if file.suffix not in (".xlsx", ".csv"):
        raise UserError("The name of the file must end in .xlsx or .csv.", "Choose another name.")
    with open_database() as database, database.unit() as uow:
        rows = rows_of(uow, wanted, language, settings.zone)
        if file.suffix == ".xlsx":
            write_xlsx(file, header_of(kind, language), rows, kind)
        else:
            with file.open("wb") as opened:
                opened.writelines(csv_of(header_of(kind, language), rows))
        count = count_of(uow, wanted)
        write_audit(uow, "list.export", login="command line", detail={"kind": kind, "area": area, "rows": count})
    click.echo(f"{count} rows.")


@contacts.command()
@click.argument("count", type=click.IntRange(1, 100_000))
@click.option("--seed", default=1, show_default=True, help="the same seed makes the same people")
@click.option("--output", type=click.File("wb"), default="-", help="where to write; default: standard output")
def sample(count: int, seed: int, output: BinaryIO) -> None:
    """Write a list of COUNT made-up contacts."""
    output.write(sample_csv(sample_contacts(count, _today(), seed)))


def _read(uow: UnitOfWork, file: Path, source_name: str | None, disease: str) -> Sheet:
    seed_areas(uow, read_settings().province)
    source = source_named(uow, source_name) if source_name else None
    if source_name and source is None:
        raise UserError(f"No source is called {source_name!r}.", "See the names on the page Lists of the console.")
    with file.open("rb") as opened:
        return read_list(uow, opened, _today(), disease, source.mapping if source else NOTHING_ASSIGNED)


def _decisions(uow: UnitOfWork, sheet: Sheet, resembling: str) -> dict[int, Decision]:
    """What is said of everybody who resembles somebody on file. Raises UserError when that is to be asked."""
    questions = examine(uow, sheet, "").questions
    if resembling == "ask" and questions:
        rows = ", ".join(str(question.row) for question in questions[:_ROWS_NAMED])
        raise UserError(
            f"{len(questions)} rows resemble people on file, such as row {rows}.",
            "Decide on the page Lists of the console, or say --resembling same or --resembling new for all.",
        )
    same = resembling == "same"
    return decided(questions, {str(q.row): q.candidates[0].id if same else NEW for q in questions})


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
