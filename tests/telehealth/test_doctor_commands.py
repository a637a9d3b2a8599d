"""Doctors are registered from the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from core.audit import AuditEntry
from core.clock import SimulatedClock
from core.database import Database
from core.errors import UserError
from core.login import create_user
from core.settings import Settings
from telehealth.commands import doctor
from telehealth.model import Practitioner

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Clinic

WEEK = ["0-4 07:30-11:30 13:30-17:00", "6 08:00-24:00 duty"]


@pytest.fixture
def traceline(
    settings: Settings, database_url: str, clock: SimulatedClock, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., str]:
    """`traceline doctor …`; returns what it printed."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("TRACELINE_HOME", str(settings.home))
    monkeypatch.setattr("core.commands.SystemClock", lambda: clock)
    return lambda *words: CliRunner().invoke(doctor, list(words), catch_exceptions=False).output


@pytest.fixture(autouse=True)
def users(database: Database) -> None:
    with database.unit() as uow:
        create_user(uow, login="bs.nhung", name="Nhung", roles=["doctor"], area="38.380")
        create_user(uow, login="lan", name="Lan", roles=["tracer"])


@pytest.mark.capability("H1")
def test_a_doctor_is_registered_gets_hours_and_is_offered(traceline: Callable[..., str], clinic: Clinic) -> None:
    traceline("add", "BS. Nhung", "--login", "bs.nhung", "--language", "vi", "--language", "en")
    shown = traceline("hours", "bs.nhung", *WEEK, "--slots", "20")
    assert "from 2026-11-23" in shown  # today: there were no hours before
    assert "Mon,Tue,Wed,Thu,Fri  07:30-11:30, 13:30-17:00  20 minutes each" in shown
    assert "Sun  08:00-24:00  queue duty only" in shown
    assert shown == traceline("hours", "BS. Nhung")
    listed = traceline("list")
    assert "BS. Nhung  bs.nhung  vi,en  38.380" in listed
    assert shown in listed
    offers = clinic.ask(clinic.call(), "en")
    assert [each.doctor.name for each in offers] == ["BS. Nhung"] * 3


def test_new_hours_begin_tomorrow_at_the_earliest(traceline: Callable[..., str]) -> None:
    traceline("add", "BS. Nhung")
    traceline("hours", "BS. Nhung", *WEEK)
    shown = traceline("hours", "BS. Nhung", "0 08:00-12:00")
    assert "until 2026-11-23" in shown
    assert "from 2026-11-24" in shown
    with pytest.raises(UserError, match="today"):
        traceline("hours", "BS. Nhung", "0 08:00-12:00", "--from", "2026-11-23")


def test_a_deactivated_doctor_is_offered_no_more_and_booked_people_are_counted(
    traceline: Callable[..., str], clinic: Clinic
) -> None:
    clinic.doctor("BS. Minh")
    call = clinic.call()
    clinic.book(clinic.ask(call)[0], call)
    assert "still booked: 1" in traceline("deactivate", "BS. Minh")
    assert clinic.ask(clinic.call()) == []
    assert "(deactivated)" in traceline("list")


@pytest.mark.capability("C3")
def test_every_change_is_audited_without_a_name(traceline: Callable[..., str], database: Database) -> None:
    traceline("add", "BS. Nhung", "--login", "bs.nhung")
    traceline("hours", "bs.nhung", *WEEK)
    traceline("deactivate", "bs.nhung")
    with database.unit() as uow:
        lines = uow.session.scalars(select(AuditEntry).where(AuditEntry.action.startswith("doctor.")))
        told = [(line.action, line.login, line.subject, str(line.detail)) for line in lines]
        subject = f"doctor:{uow.session.scalars(select(Practitioner.id)).one()}"
    assert [line[:3] for line in told] == [
        (action, "(command line)", subject) for action in ("doctor.added", "doctor.hours", "doctor.deactivated")
    ]
    assert "Nhung" not in "".join(line[3] for line in told)


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["add", " "], "needs a name"),
        (["add", "BS. Nhung", "--login", "lan"], "not a doctor's"),
        (["add", "BS. Nhung", "--login", "minh"], "no user 'minh'"),
        (["add", "BS. Nhung", "--zone", "Mars"], "no time zone 'Mars'"),
        (["hours", "BS. Nhung", *WEEK], "no doctor"),
        (["deactivate", "bs.nhung"], "no doctor"),
    ],
)
def test_what_cannot_be_done_is_said_and_nothing_changes(
    traceline: Callable[..., str], database: Database, words: list[str], problem: str
) -> None:
    with pytest.raises(UserError, match=problem):
        traceline(*words)
    with database.unit() as uow:
        assert uow.session.scalars(select(Practitioner)).all() == []


def test_a_login_belongs_to_one_doctor_and_a_name_must_tell_which(traceline: Callable[..., str]) -> None:
    traceline("add", "BS. Nhung", "--login", "bs.nhung")
    with pytest.raises(UserError, match="belongs to another doctor"):
        traceline("add", "BS. Nhung", "--login", "bs.nhung")
    second = traceline("add", "BS. Nhung").strip()
    with pytest.raises(UserError, match="Several doctors"):
        traceline("deactivate", "BS. Nhung")
    assert "deactivated: BS. Nhung" in traceline("deactivate", second)
