"""`traceline campaign rehearse`: nobody is called, and the same seed prints the same bytes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import func, select

from core.audit import AuditEntry
from core.database import Database
from core.outbox import OutboxRow
from core.settings import Settings
from ivr.campaigns import service
from ivr.campaigns.model import Attempt
from ivr.campaigns.plan import CampaignPlan
from ivr.campaigns.service import NewTarget
from ivr.rehearsal.model import Rehearsal
from traceline import main

pytestmark = pytest.mark.capability("N3")
Run = Callable[..., Result]
START = ("--start", "2027-03-01T08:00")


@pytest.fixture
def run(settings: Settings, database: Database, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("TRACELINE_HOME", str(settings.home))
    with database.unit() as uow:
        plan = CampaignPlan(name="F1", script="contact-interview", carrier="twilio", cap=5, pace=2.0)
        campaign = service.create_campaign(uow, plan)
        service.add_targets(uow, campaign.id, [NewTarget(f"+8491{n:07d}", "vi", area="38.380") for n in range(20)])
    return lambda *arguments: CliRunner().invoke(main, ["campaign", "rehearse", *arguments])


def test_the_same_seed_prints_the_same_bytes_and_leaves_nothing_but_a_line_of_the_audit_log(
    run: Run, database: Database, tmp_path: Path
) -> None:
    once = run("F1", *START, "--json", "--html", str(tmp_path / "once.html"))
    again = run("F1", *START, "--json", "--html", str(tmp_path / "again.html"), "--seed", "1")
    other = run("F1", *START, "--json", "--seed", "2")
    assert once.exit_code == 0, once.output
    assert once.stdout_bytes == again.stdout_bytes != other.stdout_bytes
    assert (tmp_path / "once.html").read_bytes() == (tmp_path / "again.html").read_bytes()
    report = json.loads(once.stdout)
    assert (report["people"], report["begins"]) == (20, "2027-03-01T01:00:00+00:00")
    with database.unit() as uow:
        actions = uow.session.scalars(select(AuditEntry.action)).all()
        assert actions == ["campaign.rehearse"] * 3
        for table in (Attempt, OutboxRow, Rehearsal):
            assert uow.session.scalar(select(func.count()).select_from(table)) == 0


def test_it_tells_in_a_few_lines_what_would_happen(run: Run) -> None:
    told = run("F1", *START, "--people", "30")
    assert told.exit_code == 0, told.output
    assert "30 people, from 2027-03-01" in told.stdout
    assert "with    5 lines" in told.stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("F2",), "There is no campaign 'F2'"),
        (("F1", "--people", "0"), "0 people cannot be rehearsed"),
        (("F1", "--start", "soon"), "'soon' is no time"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(run: Run, arguments: tuple[str, ...], says: str) -> None:
    refused = run(*arguments)
    assert (refused.exit_code, says in refused.output) == (1, True), refused.output
