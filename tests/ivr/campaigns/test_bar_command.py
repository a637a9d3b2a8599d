"""`traceline campaign bar`: a number that no campaign dials again."""

from __future__ import annotations

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from core.audit import AuditEntry
from core.database import Database
from core.errors import UserError
from core.settings import Settings
from ivr.campaigns.commands import campaign
from ivr.campaigns.model import DoNotCall


@pytest.fixture
def run(settings: Settings, database_url: str, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("TRACELINE_HOME", str(settings.home))
    return CliRunner()


@pytest.mark.parametrize("times", [1, 2])
def test_a_number_is_barred_and_audited_without_being_shown(run: CliRunner, database: Database, times: int) -> None:
    for _ in range(times):
        shown = run.invoke(campaign, ["bar", "0912 345 678", "--reason", "asked by letter"], catch_exceptions=False)
    assert "345678" not in shown.output
    with database.unit() as uow:
        assert [(row.phone, row.reason) for row in uow.session.scalars(select(DoNotCall))] == [
            ("+84912345678", "asked by letter")
        ]
        lines = uow.session.scalars(select(AuditEntry)).all()
    assert [(line.action, line.login) for line in lines] == [("do_not_call.add", "(command line)")] * times
    assert "912345678" not in lines[0].subject


@pytest.mark.parametrize(("number", "reason", "problem"), [("12", "x", "phone number"), ("0912345678", " ", "reason")])
def test_a_wrong_number_or_no_reason_is_refused(
    run: CliRunner, database: Database, number: str, reason: str, problem: str
) -> None:
    with pytest.raises(UserError, match=problem):
        run.invoke(campaign, ["bar", number, "--reason", reason], catch_exceptions=False)
    with database.unit() as uow:
        assert uow.session.scalars(select(DoNotCall)).all() == []
