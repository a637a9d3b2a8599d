"""From a list in a file to a running campaign, on the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from core.database import Database
from core.errors import UserError
from core.settings import Settings
from ivr.campaigns.commands import campaign
from tracing.lists.commands import contacts
from tracing.lists.sample import sample_contacts, sample_csv

Run = Callable[..., Result]


@pytest.fixture
def run(settings: Settings, database: Database, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("TRACELINE_HOME", str(settings.home))

    def invoke(command: object, *arguments: str) -> Result:
        return CliRunner().invoke(command, arguments, catch_exceptions=False)  # type: ignore[arg-type]

    return invoke


@pytest.fixture
def list_file(tmp_path: Path) -> Path:
    path = tmp_path / "f1.csv"
    path.write_bytes(sample_csv(sample_contacts(20, datetime.now(UTC).date())))
    return path


@pytest.mark.capability("T11", "I10")
def test_a_list_is_checked_imported_and_called(run: Run, list_file: Path) -> None:
    assert "20 rows can be imported" in run(contacts, "check", str(list_file)).output
    created = run(campaign, "create", "Đợt 1", "--script", "contact-interview", "--retry", "busy=2m, 15m", "--cap", "5")
    assert created.exit_code == 0
    imported = run(contacts, "import", str(list_file), "--campaign", "Đợt 1")
    assert "20 people new, 0 known, 20 contacts new, 20 to be called" in imported.output
    assert "0 people new, 20 known" in run(contacts, "import", str(list_file), "--campaign", "Đợt 1").output
    for step, state in (("start", "running"), ("pause", "paused"), ("resume", "running"), ("abort", "aborted")):
        assert run(campaign, step, "Đợt 1").output.strip() == state
    status = json.loads(run(campaign, "status", "Đợt 1", "--json").output)
    assert (status["targets"], status["dispositions"], status["state"]) == (20, {"registered": 20}, "aborted")
    assert "0 of 20 done" in run(campaign, "status", "Đợt 1").output
    assert "Đợt 1" in run(campaign, "list").output


@pytest.mark.capability("T11")
@pytest.mark.parametrize(
    ("language", "says"), [("vi", "dòng 3, Số điện thoại: “xấu” không phải"), ("en", "row 3, Phone: “xấu”")]
)
def test_a_wrong_row_is_told_in_the_language_asked_for_and_nothing_is_imported(
    run: Run, tmp_path: Path, language: str, says: str
) -> None:
    path = tmp_path / "wrong.csv"
    path.write_text("Họ tên;SĐT\nAn;0912345678\nBình;xấu\n", encoding="utf-8")
    runner = CliRunner()
    result = runner.invoke(contacts, ["import", str(path), "--lang", language])
    assert isinstance(result.exception, UserError)
    assert says in result.stderr
    assert "1 rows can be imported" not in result.output


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--script", "nothing"], "There is no script 'nothing'"),
        (["--script", "contact-interview", "--from", "soon"], "'soon' is no time"),
        (["--script", "contact-interview", "--weekdays", "mon"], "no list of weekdays"),
        (["--script", "contact-interview", "--retry", "busy"], "says nothing about retries"),
        (["--script", "contact-interview", "--last-moment", "2020-01-01T08:00"], "The last moment has passed"),
    ],
)
def test_what_cannot_be_planned_is_said(run: Run, arguments: list[str], says: str) -> None:
    with pytest.raises(UserError, match=says):
        run(campaign, "create", "F1", *arguments)


def test_made_up_lists_are_written_to_a_file(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "made-up.csv"
    assert run(contacts, "sample", "7", "--output", str(path)).exit_code == 0
    assert "7 rows can be imported" in run(contacts, "check", str(path)).output
