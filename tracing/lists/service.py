"""A list on its way in: uploaded, its columns known, checked, decided about, imported; or dropped.

`columns → checking → checked → importing → done`. Each function is part of the caller's transaction, locks the import's
row, and raises UserError with nothing changed for what cannot be done. Checking and importing are jobs
(`tracing.lists.jobs`); short lists are done at once.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select

from core.database import UnitOfWork
from core.errors import UserError
from core.ids import new_id
from ivr.campaigns.model import Campaign
from ivr.campaigns.service import start
from tracing.lists.bad_file import BadFile
from tracing.lists.columns import LABELS, NOTHING_ASSIGNED, Assigned, is_header
from tracing.lists.findings import NEW, Findings, decided, examine, from_bytes, to_bytes
from tracing.lists.importing import Bringing, ImportResult, import_contacts
from tracing.lists.looking import SeenColumn, look
from tracing.lists.model import ListImport, ListState
from tracing.lists.reading import read_list
from tracing.lists.sealing import new_key, seal, unseal
from tracing.lists.sheet import Sheet
from tracing.lists.sources import remember, source_named, source_of_header

CHECK = "list.check"
BRING = "list.import"
"""The jobs' names in the outbox. Each has the import's id as `list`."""
_FILE, _FINDINGS = "file", "findings"
# So many bytes are read while somebody waits for the page: some two thousand rows.
AT_ONCE_BYTES = 200_000
AT_ONCE_ROWS = 2_500


@dataclass(frozen=True, slots=True)
class NewList:
    """A file that was uploaded. `area` is that of whoever brings it: nobody else sees the list, and people who live
    elsewhere are refused."""

    content: bytes
    file_name: str
    disease: str
    area: str
    by: UUID
    source: str = ""
    for_campaign: bool = False


def begin(uow: UnitOfWork, given: NewList) -> ListImport:
    """Keep the file; returns the import in `columns` when nobody knows its columns, else in `checking`, for `check` or
    `send_check`. Raises UserError for what is no list at all."""
    source = source_named(uow, given.source) if given.source.strip() else None
    mapping: Assigned = source.mapping if source else NOTHING_ASSIGNED
    try:
        seen = look(io.BytesIO(given.content), mapping)
    except BadFile:
        seen = []  # the check says in words what is wrong with it
    header = [column.header for column in seen]
    if seen and source is None and (source := source_of_header(uow, header)) is not None:
        mapping = source.mapping
    if source is None and given.source.strip():
        source = remember(uow, given.source, NOTHING_ASSIGNED)
    if source is not None:
        source.used_at = uow.now()
    key, list_id = new_key(), new_id()
    known = not seen or is_header(header, mapping)
    row = ListImport(
        id=list_id,
        source_id=source.id if source else None,
        disease=given.disease,
        for_campaign=given.for_campaign,
        file_name=given.file_name[:200],
        key=key,
        content=seal(key, list_id, _FILE, given.content),
        mapping=dict(mapping),
        state=ListState.CHECKING if known else ListState.COLUMNS,
        area=given.area,
        created_by=given.by,
        created_at=uow.now(),
    )
    uow.session.add(row)
    uow.session.flush()
    return row


def send_check(uow: UnitOfWork, row: ListImport) -> None:
    uow.send(CHECK, {"list": str(row.id)})


def columns(row: ListImport) -> list[SeenColumn]:
    """The columns of the file, with samples, as they are taken now."""
    try:
        return look(io.BytesIO(content_of(row)), row.mapping)
    except BadFile as error:
        raise UserError("The columns of this file cannot be read.", "Drop it and upload another file.") from error


def assign(uow: UnitOfWork, list_id: UUID, mapping: Assigned, source: str = "") -> ListImport:
    """Say which column is which; with a source it is remembered. The list is to be checked (again)."""
    row = locked(uow, list_id)
    _in(row, ListState.COLUMNS, ListState.CHECKED)
    taken = [column for column in mapping.values() if column]
    if unknown := set(taken) - LABELS.keys():
        raise UserError(f"There is no column {min(unknown)!r}.", "Choose one of the list.")
    if len(taken) != len(set(taken)):
        raise UserError("Two columns are taken for the same.", "Choose each meaning once.")
    if not {"name", "phone"} <= set(taken):
        raise UserError("Nothing says who is to be called.", "Choose which column is the name, and which the phone.")
    row.mapping = dict(mapping)
    if source.strip():
        row.source_id = remember(uow, source, mapping).id
    row.state, row.decisions, row.findings, row.alive_at = ListState.CHECKING, {}, None, None
    return row


def check(uow: UnitOfWork, row: ListImport, zone: str) -> Findings:
    """Read the list and say what it would do; it waits for somebody then. Returns what was found."""
    sheet = read(uow, row, zone)
    findings = examine(uow, sheet, row.area)
    keep_findings(row, findings, len(sheet.rows))
    return findings


def keep_findings(row: ListImport, findings: Findings, rows: int) -> None:
    assert row.key is not None
    row.findings = seal(row.key, row.id, _FINDINGS, to_bytes(findings))
    row.rows, row.errors, row.state, row.alive_at = rows, findings.wrong_rows, ListState.CHECKED, None


def read(uow: UnitOfWork, row: ListImport, zone: str) -> Sheet:
    """The rows of the list's file, on the calendar of `zone`."""
    return read_list(uow, io.BytesIO(content_of(row)), _today(uow, zone), row.disease, row.mapping, row.area)


def content_of(row: ListImport) -> bytes:
    if row.key is None or row.content is None:
        raise UserError("The file is no longer there.", "Upload it again.")
    return unseal(row.key, row.id, _FILE, row.content)


def findings_of(row: ListImport) -> Findings:
    """What the check found; nothing, when it is not over or has been forgotten."""
    if row.key is None or row.findings is None:
        return Findings()
    return from_bytes(unseal(row.key, row.id, _FINDINGS, row.findings))


def undecided(row: ListImport, findings: Findings) -> int:
    """How many rows still wait for a decision."""
    return sum(str(question.row) not in row.decisions for question in findings.questions)


def decide(uow: UnitOfWork, list_id: UUID, decisions: Mapping[int, str]) -> ListImport:
    """Rows that resemble people on file: each is the person of this id, or `new`."""
    row = locked(uow, list_id)
    _in(row, ListState.CHECKED)
    asked = {question.row: {one.id for one in question.candidates} for question in findings_of(row).questions}
    for number, said in decisions.items():
        if said != NEW and said not in asked.get(number, set()):
            raise UserError("This row does not ask that.", "Load the page again.")
    row.decisions = {**row.decisions, **{str(number): said for number, said in decisions.items()}}
    return row


def decide_all(uow: UnitOfWork, list_id: UUID, same: bool) -> ListImport:
    """The same for all rows that nobody has decided yet: each is who is most alike, or each is new."""
    row = locked(uow, list_id)
    _in(row, ListState.CHECKED)
    rest = {q.row: q.candidates[0].id if same else NEW for q in findings_of(row).questions}
    row.decisions = {**{str(number): said for number, said in rest.items()}, **row.decisions}
    return row


def order(uow: UnitOfWork, list_id: UUID, *, leave_out: bool = False, campaign: UUID | None = None) -> ListImport:
    """Have the list imported: all of it, or, when somebody says so, all but the rows that are wrong."""
    row = locked(uow, list_id)
    _in(row, ListState.CHECKED, ListState.FAILED)
    findings = findings_of(row)
    if not row.rows or not findings.complete:
        raise UserError("Nothing of this list can be imported.", "Correct the file and upload it again.")
    if findings.errors and not leave_out:
        raise UserError("Some rows are wrong.", "Correct the file and upload it again, or leave these rows out.")
    if undecided(row, findings):
        raise UserError("Some rows may be people on file.", "Decide about each of them, or about all at once.")
    row.state, row.leave_out, row.alive_at, row.rows_done = ListState.IMPORTING, leave_out, None, 0
    row.campaign_id = campaign or row.campaign_id
    return row


def send_import(uow: UnitOfWork, row: ListImport) -> None:
    uow.send(BRING, {"list": str(row.id)})


def bring_in(
    uow: UnitOfWork, row: ListImport, zone: str, language: str, progress: Callable[[int], None] | None = None
) -> ImportResult:
    """Import the list of an import in `importing`, and start its campaign if that was asked for: all in this
    transaction. The caller ends the import with `done`."""
    sheet, findings = read(uow, row, zone), findings_of(row)
    if {error.row for error in sheet.errors} - {error.row for error in findings.errors}:
        raise UserError(
            "More rows are wrong than when the list was checked: a case that it names may be none any more.",
            "Drop the list and upload it again.",
        )
    if row.leave_out and sheet.complete:
        sheet = Sheet(sheet.rows, ())
    if row.start and row.campaign_id is not None:
        # Locked before people are, as everywhere: it is started when they are on its list.
        uow.session.get(Campaign, row.campaign_id, with_for_update={"key_share": True})
    spoken = uow.session.scalar(select(Campaign.language).where(Campaign.id == row.campaign_id)) or language
    decisions = decided(findings.questions, row.decisions)
    bringing = Bringing(row.disease, row.campaign_id, row.area, spoken, decisions, row.created_by)
    result = import_contacts(uow, sheet, bringing, progress)
    if row.start and row.campaign_id is not None:
        start(uow, row.campaign_id)
    return result


def done(row: ListImport, result: ImportResult, at: datetime) -> None:
    """The list is in: the file goes, and with it what was found, unless rows were left out that somebody is to have."""
    row.state, row.rows_done, row.ended_at = ListState.DONE, row.rows, at
    row.result = {
        **{name: getattr(result, name) for name in ("rows", "people_new", "people_matched")},
        **{name: getattr(result, name) for name in ("contacts_new", "targets_new")},
        "left_out": row.errors if row.leave_out else 0,
    }
    row.content, row.decisions = None, {}
    if not (row.leave_out and row.errors):
        forget(row)


def drop(uow: UnitOfWork, list_id: UUID) -> ListImport:
    """Forget the list; nothing of it has been imported."""
    row = locked(uow, list_id)
    _in(row, ListState.COLUMNS, ListState.CHECKING, ListState.CHECKED, ListState.FAILED)
    row.state, row.ended_at = ListState.DROPPED, uow.now()
    forget(row)
    return row


def forget(row: ListImport) -> None:
    row.key = row.content = row.findings = None
    row.decisions = {}


def locked(uow: UnitOfWork, list_id: UUID) -> ListImport:
    row = uow.session.get(ListImport, list_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise UserError("There is no such list.", "It may have been removed.")
    return row


def _in(row: ListImport, *states: ListState) -> None:
    if row.state not in states:
        raise UserError("This is not possible with the list any more.", "Load its page again to see where it stands.")


def _today(uow: UnitOfWork, zone: str) -> date:
    return uow.now().astimezone(ZoneInfo(zone)).date()
