"""`traceline campaign`: what the console refuses is refused here too, and what it audits is audited."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select

from core.audit import AuditEntry
from core.database import Database
from core.settings import Settings
from ivr.campaigns import service
from ivr.campaigns.model import Campaign
from ivr.campaigns.service import NewTarget
from tests.ivr.campaigns.desk import a_phone
from traceline import main

Run = Callable[..., Result]


@pytest.fixture
def run(settings: Settings, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("TRACELINE_HOME", str(settings.home))
    return lambda *arguments: CliRunner().invoke(main, ["campaign", *arguments])


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (["--script", "symptom-report"], "There is no script 'symptom-report'"),  # for those who call us
        (["--script", "contact-interview", "--carrier", "pigeon"], "Choose one of"),
        (["--script", "contact-interview", "--zone", "Mars/Olympus"], "'Mars/Olympus' is no time zone"),
        (
            ["--script", "contact-interview", "--zone", "Mars/Olympus", "--last-moment", "2026-12-01T20:00"],
            "'Mars/Olympus' is no time zone",
        ),
    ],
)
def test_a_campaign_that_could_not_call_anybody_is_refused(
    run: Run, database: Database, wrong: list[str], says: str
) -> None:
    refused = run("create", "F1", *wrong)
    assert (refused.exit_code, says in refused.output) == (1, True), refused.output
    with database.unit() as uow:
        assert uow.session.scalars(select(Campaign)).all() == []


@pytest.mark.capability("I5")
@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2099-12-01T20:00", datetime(2099, 12, 1, 13, tzinfo=UTC)),  # the clocks of Vietnam
        ("2099-12-01T20:00+09:00", datetime(2099, 12, 1, 11, tzinfo=UTC)),
        ("2099-12-01T20:00Z", datetime(2099, 12, 1, 20, tzinfo=UTC)),
    ],
)
def test_a_last_moment_counts_as_it_is_written(run: Run, database: Database, written: str, meant: datetime) -> None:
    run("create", "F1", "--script", "contact-interview", "--last-moment", written)
    with database.unit() as uow:
        assert uow.session.scalars(select(Campaign.last_moment)).all() == [meant]


def test_what_is_done_with_a_campaign_stands_in_the_audit_log(run: Run, database: Database) -> None:
    campaign = run("create", "F1", "--script", "contact-interview").output.strip()
    with database.unit() as uow:
        found = service.campaign_named(uow, "F1")
        service.add_targets(uow, found.id, [NewTarget(a_phone(), "vi")])
    for step in (["start", "F1"], ["pause", "F1"], ["resume", "F1"], ["start", "F1"], ["abort", "F1", "--hang-up"]):
        run(*step)  # the second start is refused and leaves no line
    with database.unit() as uow:
        lines = uow.session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
    assert {(line.login, line.subject) for line in lines} == {("(command line)", f"campaign:{campaign}")}
    assert [(line.action, line.detail.get("before"), line.detail.get("after")) for line in lines] == [
        ("campaign.create", None, None),
        ("campaign.start", "draft", "running"),
        ("campaign.pause", "running", "paused"),
        ("campaign.resume", "paused", "running"),
        ("campaign.abort", "running", "aborted"),
    ]
