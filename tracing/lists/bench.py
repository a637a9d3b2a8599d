"""What bringing in a long list costs: 100,000 rows, some of them on file, some twice, some doubtful."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random
from uuid import UUID

from core.bench import Bench, Scratch
from core.clock import SystemClock
from core.database import Database
from core.encryption import load_keys, use_keys
from core.ids import new_id
from ivr.campaigns.plan import CampaignPlan
from ivr.campaigns.service import create_campaign
from tracing.areas.places import seed_areas
from tracing.lists import service
from tracing.lists.jobs import ListJobs
from tracing.lists.model import ListImport
from tracing.lists.sample import SampleContact, sample_contacts, sample_csv

ROWS = 100_000
ON_FILE = 0.10
TWICE = 0.05
DOUBTFUL = 0.01
"""Shares of the rows: people on file already; rows that repeat another of the list; rows that resemble somebody on file
(a slip in the name, on the same number)."""
_ZONE = "Asia/Ho_Chi_Minh"
_DISEASE = "covid-19"


@dataclass(frozen=True, slots=True)
class Phase:
    """One part of the way: how long, and the most memory that the process had taken by its end."""

    seconds: float
    peak_mb: int


@dataclass(frozen=True, slots=True)
class ImportCost:
    """A list of so many rows, from the upload to the last person on the campaign's list."""

    rows: int
    file_mb: float
    seconds: float
    rows_per_second: int
    peak_mb: int
    people_new: int
    people_matched: int
    asked: int
    targets_new: int
    phases: dict[str, Phase] = field(default_factory=dict)


def measure_import(empty: Scratch, rows: int = ROWS) -> ImportCost:
    """Bring in a list of so many rows, the way the console does: check, decide about all, import. The worker is a
    process of its own, so that the memory is that of the import and not of whoever made the list up."""
    today = SystemClock().now().date()
    known, listed = _made_up(rows, today)
    with empty.database.unit() as uow:
        seed_areas(uow, empty.settings.province)
    _in_process(empty, sample_csv(known), "38")
    return _in_process(empty, sample_csv(listed), "38")


def _made_up(rows: int, today: date) -> tuple[list[SampleContact], list[SampleContact]]:
    random = Random(11)  # noqa: S311 - made-up people, not secrets
    twice, old, doubtful = round(rows * TWICE), round(rows * ON_FILE), round(rows * DOUBTFUL)
    people = sample_contacts(rows - twice + doubtful, today, seed=11)
    others = people[rows - twice :]
    fresh = people[: rows - twice]
    slips = [
        replace(one, name=one.name[:-1] + ("a" if one.name[-1] != "a" else "o"), birth_year=one.birth_year)
        for one in others
    ]
    listed = [*fresh[: rows - twice - doubtful], *slips, *random.sample(fresh[: rows - twice - doubtful], twice)]
    random.shuffle(listed)
    return [*fresh[:old], *others], listed


def _in_process(empty: Scratch, content: bytes, area: str) -> ImportCost:
    near, far = multiprocessing.Pipe(duplex=False)
    folder = empty.settings.home / "list.csv"
    folder.write_bytes(content)
    worker = multiprocessing.get_context("spawn").Process(
        target=_bring, args=(far, empty.settings.database_url, empty.settings.home, folder, area)
    )
    worker.start()
    far.close()
    cost: ImportCost = near.recv()
    worker.join()
    return cost


def _bring(answers: Connection, url: str, home: Path, file: Path, area: str) -> None:
    use_keys(load_keys("", home, make=False))
    database = Database(url, SystemClock(), pool_size=2)
    jobs = ListJobs(database, _ZONE, "vi")
    content = file.read_bytes()
    with database.unit() as uow:
        campaign = create_campaign(uow, CampaignPlan("bench", "bench", "bench", area=area)).id
    phases: dict[str, Phase] = {}

    def phase(name: str, work: Callable[[], None]) -> None:
        began = time.perf_counter()
        work()
        peak = _peak_mb()
        phases[name] = Phase(round(time.perf_counter() - began, 2), peak)

    list_id = new_id()

    def upload() -> None:
        nonlocal list_id
        with database.unit() as uow:
            new = service.NewList(content, file.name, _DISEASE, area, new_id())
            list_id = service.begin(uow, new).id

    phase("upload", upload)
    phase("check", lambda: jobs.check({"list": str(list_id)}))
    asked = 0

    def decide() -> None:
        nonlocal asked
        with database.unit() as uow:
            row = service.decide_all(uow, list_id, same=False)
            asked = len(service.findings_of(row).questions)
            service.order(uow, list_id, campaign=campaign)

    phase("decide", decide)
    phase("import", lambda: jobs.bring({"list": str(list_id)}))
    answers.send(_cost(database, list_id, len(content), asked, phases))
    database.close()


def _peak_mb() -> int:
    """The most memory that this process has ever had. (What `getrusage` says begins with the parent's.)"""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.split("VmHWM:")[1].split()[0]) // 1024


def _cost(database: Database, list_id: UUID, size: int, asked: int, phases: dict[str, Phase]) -> ImportCost:
    with database.unit() as uow:
        row = uow.session.get_one(ListImport, list_id)
    seconds = sum(phase.seconds for phase in phases.values())
    return ImportCost(
        rows=row.rows,
        file_mb=round(size / 1e6, 1),
        seconds=round(seconds, 1),
        rows_per_second=round(row.rows / seconds),
        peak_mb=max(phase.peak_mb for phase in phases.values()),
        people_new=row.result["people_new"],
        people_matched=row.result["people_matched"],
        asked=asked,
        targets_new=row.result["targets_new"],
        phases=phases,
    )


benches: dict[str, Bench] = {"import": lambda empty: asdict(measure_import(empty))}
