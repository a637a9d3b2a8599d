"""The commands for the schema and for users."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from core import encryption
from core.commands import db, user
from core.database import Database
from core.encryption import KeyRing, load_keys
from core.errors import UserError
from core.login import log_in
from ivr.campaigns.settle import add_do_not_call, is_do_not_call


@pytest.fixture
def run(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("TRACELINE_HOME", str(tmp_path))
    monkeypatch.setattr("core.commands.use_keys", lambda ring: None)  # the keys of the test run stay
    load_keys("", tmp_path)
    return CliRunner()


def one_time_password(output: str) -> str:
    return output.split("one-time password: ")[1].split()[0]


def test_the_schema_is_upgraded_and_its_revision_printed(run: CliRunner) -> None:
    upgraded = run.invoke(db, ["upgrade"], catch_exceptions=False)
    assert upgraded.output == run.invoke(db, ["current"], catch_exceptions=False).output
    assert upgraded.output.strip()


@pytest.mark.capability("C5", "I7")
def test_after_a_change_of_keys_the_upgrade_keeps_barred_numbers_barred(
    run: CliRunner, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = bytes(range(32)), bytes(range(1, 33))
    monkeypatch.setattr(encryption, "_ring", KeyRing([old]))
    with database.unit() as uow:
        add_do_not_call(uow, "+84912345678", "asked")
    monkeypatch.setattr(encryption, "_ring", KeyRing([new, old]))
    run.invoke(db, ["upgrade"], catch_exceptions=False)
    with database.unit() as uow:
        assert is_do_not_call(uow, "+84912345678")


@pytest.mark.capability("C4")
def test_a_user_is_added_with_a_one_time_password_and_given_another(run: CliRunner, database: Database) -> None:
    added = run.invoke(user, ["add", "Lan", "--role", "tracer", "--area", "38.380"], catch_exceptions=False)
    reset = run.invoke(user, ["reset-password", "lan"], catch_exceptions=False)
    with database.unit() as uow:
        assert log_in(uow, "lan", one_time_password(added.output)) is None
        entered = log_in(uow, "lan", one_time_password(reset.output))
        assert entered
        assert (entered.user.must_change_password, entered.user.area) == (True, "38.380")


def test_nobody_is_given_an_area_that_does_not_exist(run: CliRunner, database: Database) -> None:
    refused = run.invoke(user, ["add", "Lan", "--role", "tracer", "--area", "38.14758"])
    assert isinstance(refused.exception, UserError)
    assert run.invoke(user, ["add", "Lan", "--role", "tracer", "--area", "2025.38.14758"]).exit_code == 0


@pytest.mark.capability("C5")
def test_a_command_typed_in_another_folder_does_not_make_keys_of_its_own(
    run: CliRunner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRACELINE_HOME", "var")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match=r"no keys in var.*TRACELINE_HOME"):
        run.invoke(user, ["add", "lan", "--role", "tracer"], catch_exceptions=False)
    assert not (tmp_path / "var").exists()


def test_what_cannot_be_done_is_said(run: CliRunner) -> None:
    with pytest.raises(UserError, match="no user 'minh'"):
        run.invoke(user, ["reset-password", "minh"], catch_exceptions=False)
    assert run.invoke(user, ["add", "minh", "--role", "king"]).exit_code == 2
    assert run.invoke(user, ["add", "minh"]).exit_code == 2
