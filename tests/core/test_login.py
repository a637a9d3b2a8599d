"""Logging in: passwords, lockout, sessions."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from core import login
from core.audit import AuditEntry
from core.clock import SimulatedClock
from core.database import Database
from core.errors import UserError
from core.passwords import check_password, one_time_password
from core.users import User

GOOD = "bốn con mèo trên mái nhà"


@pytest.fixture(autouse=True)
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same algorithm with less work, so that hundreds of guesses take no minute."""
    from argon2 import PasswordHasher

    login._decoy_hash.cache_clear()
    monkeypatch.setattr(login, "_hasher", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))


def add_user(database: Database, name: str = "lan", roles: tuple[str, ...] = ("tracer",)) -> str:
    """A user who has set the password GOOD."""
    with database.unit() as uow:
        user, password = login.create_user(uow, login=name, name="Nguyễn Thị Lan", roles=list(roles))
        login.change_password(uow, user, password, GOOD)
    return name


def try_login(database: Database, name: str, password: str) -> str | None:
    with database.unit() as uow:
        result = login.log_in(uow, name, password, "10.0.0.7")
        return result.token if result else None


def audit(database: Database) -> list[tuple[str, str, str]]:
    with database.unit() as uow:
        rows = uow.session.scalars(select(AuditEntry).order_by(AuditEntry.id))
        return [(row.action, row.login, row.detail.get("reason", "")) for row in rows]


@pytest.mark.capability("C4")
def test_the_first_user_is_made_once_and_must_change_the_password(database: Database) -> None:
    with database.unit() as uow:
        password = login.ensure_first_user(uow)
    with database.unit() as uow:
        assert login.ensure_first_user(uow) is None
    assert password is not None
    with database.unit() as uow:
        result = login.log_in(uow, "Admin ", password)
        assert result is not None
        assert result.user.must_change_password
        login.change_password(uow, result.user, password, GOOD, keep_token=result.token)
        assert not result.user.must_change_password
        assert login.session_user(uow, result.token) is not None


def test_two_processes_that_start_together_make_one_first_user(database: Database) -> None:
    def start(_: int) -> str | None:
        with database.unit() as uow:
            return login.ensure_first_user(uow)

    with ThreadPoolExecutor(4) as pool:
        passwords = [password for password in pool.map(start, range(4)) if password]
    assert len(passwords) == 1


def test_neither_password_nor_token_is_kept(database: Database) -> None:
    token = try_login(database, add_user(database), GOOD)
    assert token
    with database.engine.connect() as connection:
        kept = str(connection.execute(text("SELECT * FROM app_user, login_session")).all())
    assert GOOD not in kept
    assert token not in kept


def test_a_wrong_password_and_an_unknown_login_are_refused_alike_and_audited(database: Database) -> None:
    add_user(database)
    assert try_login(database, "lan", "wrong") is None
    assert try_login(database, "my-password-by-mistake", GOOD) is None
    assert audit(database)[-2:] == [("login.failed", "lan", "password"), ("login.failed", "", "unknown")]


def test_an_unknown_login_costs_the_same_work_as_a_known_one(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_user(database)
    checked = []
    real = login._matches
    monkeypatch.setattr(login, "_matches", lambda hash_, typed: checked.append(hash_[:30]) or real(hash_, typed))
    try_login(database, "lan", "wrong")
    try_login(database, "nobody", "wrong")
    assert len(checked) == 2
    assert checked[0].split("$")[1:4] == checked[1].split("$")[1:4]  # algorithm, version, cost


@pytest.mark.capability("C4")
def test_five_wrong_passwords_lock_the_user_for_a_while(database: Database, clock: SimulatedClock) -> None:
    add_user(database)
    for _ in range(login.MAX_FAILURES):
        assert try_login(database, "lan", "wrong") is None
    assert try_login(database, "lan", GOOD) is None
    assert ("login.locked", "lan", "") in audit(database)
    assert audit(database)[-1] == ("login.failed", "lan", "locked")
    clock.advance(login.LOCKED_FOR)
    assert try_login(database, "lan", "wrong") is None  # counting starts anew
    assert try_login(database, "lan", GOOD) is not None


def test_guesses_made_at_the_same_time_are_all_counted(database: Database) -> None:
    add_user(database)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: try_login(database, "lan", f"guess {n}"), range(16)))
    with database.unit() as uow:
        assert uow.session.scalars(select(User)).one().failed_logins == login.MAX_FAILURES
    assert [line for line in audit(database) if line[0] == "login.locked"] == [("login.locked", "lan", "")]


def test_an_inactive_user_cannot_log_in_and_loses_open_sessions(database: Database) -> None:
    token = try_login(database, add_user(database), GOOD)
    assert token
    with database.unit() as uow:
        uow.session.scalars(select(User)).one().active = False
    assert try_login(database, "lan", GOOD) is None
    with database.unit() as uow:
        assert login.session_user(uow, token) is None


@pytest.mark.capability("C4")
def test_a_session_ends_when_idle_when_old_and_when_ended(database: Database, clock: SimulatedClock) -> None:
    add_user(database)

    def alive(token: str | None) -> bool:
        with database.unit() as uow:
            return token is not None and login.session_user(uow, token) is not None

    idle = try_login(database, "lan", GOOD)
    assert alive(idle)
    clock.advance(login.IDLE_LIMIT)
    assert not alive(idle)

    busy = try_login(database, "lan", GOOD)
    for _ in range(int(login.SESSION_LIMIT / timedelta(minutes=50))):
        clock.advance(timedelta(minutes=50))
        assert alive(busy)
    clock.advance(timedelta(minutes=50))
    assert not alive(busy)

    one, other = try_login(database, "lan", GOOD), try_login(database, "lan", GOOD)
    assert one
    with database.unit() as uow:
        login.log_out(uow, one)
    assert (alive(one), alive(other)) == (False, True)
    with database.unit() as uow:
        assert login.end_sessions(uow, uow.session.scalars(select(User)).one()) == 3  # the two that ran out count too
    assert not alive(other)


def test_a_new_password_ends_all_other_sessions(database: Database) -> None:
    add_user(database)
    here, elsewhere = try_login(database, "lan", GOOD), try_login(database, "lan", GOOD)
    assert here
    assert elsewhere
    with database.unit() as uow:
        user = login.session_user(uow, here)
        assert user
        login.change_password(uow, user, GOOD, "năm con chó ngoài sân", keep_token=here)
    with database.unit() as uow:
        assert login.session_user(uow, here)
        assert login.session_user(uow, elsewhere) is None
    assert audit(database)[-1][0] == "password.changed"


def test_a_reset_unlocks_and_gives_a_one_time_password(database: Database) -> None:
    token = try_login(database, add_user(database), GOOD)
    assert token
    for _ in range(login.MAX_FAILURES):
        try_login(database, "lan", "wrong")
    with database.unit() as uow:
        password = login.reset_password(uow, "LAN")
    assert try_login(database, "lan", GOOD) is None
    with database.unit() as uow:
        result = login.log_in(uow, "lan", password)
        assert result
        assert result.user.must_change_password
        assert login.session_user(uow, token) is None


@pytest.mark.parametrize(
    "password",
    [
        "short",
        "x" * 201,
        "nguyễn thị lan 1990",
        "Lan-is-my-login",
        "password1234",
        "matkhau12345",
        "Admin@123456",
        "aaaaaaaaaaaaaaa",
        "123456789012",
        "Covid19-Vietnam",
    ],
)
def test_a_weak_password_is_refused(password: str) -> None:
    with pytest.raises(UserError):
        check_password(password, "lan", "Nguyễn Thị Lan")


def test_a_sentence_and_a_one_time_password_are_good_passwords() -> None:
    check_password(GOOD, "lan", "Nguyễn Thị Lan")
    for _ in range(50):
        check_password(one_time_password(), "lan")


def test_the_old_password_is_needed_and_cannot_stay(database: Database) -> None:
    add_user(database)
    with database.unit() as uow:
        user = uow.session.scalars(select(User)).one()
        with pytest.raises(UserError, match="present password"):
            login.change_password(uow, user, "wrong", "năm con chó ngoài sân")
        with pytest.raises(UserError, match="old one"):
            login.change_password(uow, user, GOOD, GOOD)


@pytest.mark.parametrize("name", ["", "a", "Lan Anh", "lân", "-lan", "x" * 65])
def test_a_login_that_cannot_be_typed_everywhere_is_refused(database: Database, name: str) -> None:
    with pytest.raises(UserError), database.unit() as uow:
        login.create_user(uow, login=name, name="x", roles=["tracer"])


def test_a_login_is_taken_once_and_a_role_must_exist(database: Database) -> None:
    add_user(database)
    with database.unit() as uow:
        with pytest.raises(UserError, match="taken"):
            login.create_user(uow, login="LAN", name="x", roles=["tracer"])
        with pytest.raises(UserError, match="king"):
            login.create_user(uow, login="minh", name="x", roles=["king"])
