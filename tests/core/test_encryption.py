"""Personal data at rest: unreadable without the key, and unalterable."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text

from core import encryption
from core.database import Database
from core.encryption import KeyRing, load_keys
from core.errors import TracelineError
from core.rekeying import rekey
from core.settings import Settings
from ivr.campaigns.model import DoNotCall
from traceline import prepare

OLD, NEW = bytes(range(32)), bytes(range(1, 33))
PHONE = "+84912345678"


@given(st.text())
def test_every_text_comes_back(plain: str) -> None:
    ring = KeyRing([NEW])
    assert ring.decrypt(ring.encrypt(plain)) == plain


@pytest.mark.capability("C5")
def test_a_number_is_unreadable_in_the_database_and_can_still_be_looked_up(database: Database) -> None:
    with database.unit() as uow:
        uow.session.add(DoNotCall(phone=PHONE, reason="asked", at=uow.now()))
    with database.engine.connect() as connection:
        stored = connection.execute(text("SELECT phone FROM do_not_call")).scalar_one()
    assert "912345678" not in stored
    with database.unit() as uow:
        assert uow.session.get_one(DoNotCall, PHONE).reason == "asked"


@pytest.mark.capability("C5")
def test_after_rotation_the_new_key_writes_and_the_old_one_still_reads() -> None:
    old = KeyRing([OLD]).encrypt(PHONE)
    rotated = KeyRing([NEW, OLD])
    assert rotated.decrypt(old) == PHONE
    assert rotated.encrypt(PHONE) == KeyRing([NEW]).encrypt(PHONE) != old


def use(monkeypatch: pytest.MonkeyPatch, *keys: bytes) -> None:
    monkeypatch.setattr(encryption, "_ring", KeyRing(list(keys)))


def bar(database: Database, phone: str) -> None:
    with database.unit() as uow:
        uow.session.add(DoNotCall(phone=phone, reason="asked", at=uow.now()))


def stored(database: Database) -> list[str]:
    with database.engine.connect() as connection:
        return list(connection.execute(text("SELECT phone FROM do_not_call ORDER BY phone")).scalars())


@pytest.mark.capability("C5", "I7")
def test_whoever_was_barred_under_the_old_key_is_barred_under_the_new_one(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, OLD)
    bar(database, PHONE)
    use(monkeypatch, NEW, OLD)
    bar(database, "+84912000000")
    assert rekey(database) == 1
    with database.unit() as uow:
        assert uow.session.get_one(DoNotCall, PHONE).reason == "asked"
    use(monkeypatch, NEW)  # the old key is not needed any more
    with database.unit() as uow:
        assert set(uow.session.scalars(select(DoNotCall.phone))) == {PHONE, "+84912000000"}
    before = stored(database)
    assert rekey(database) == 0
    assert stored(database) == before


@pytest.mark.capability("C5", "I7")
def test_an_installation_that_starts_with_a_new_key_brings_everything_under_it(
    settings: Settings, database: Database, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, OLD)
    bar(database, PHONE)
    keys = f"{NEW.hex()},{OLD.hex()}"
    prepare(settings.model_copy(update={"database_url": database_url, "secret_keys": keys}))
    assert stored(database) == [KeyRing([NEW]).encrypt(PHONE)]


def test_a_number_barred_under_both_keys_is_barred_once(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    for keys in ([OLD], [NEW, OLD]):
        use(monkeypatch, *keys)
        bar(database, PHONE)
    rekey(database)
    assert stored(database) == [KeyRing([NEW]).encrypt(PHONE)]


def test_a_value_whose_key_is_lost_leaves_everything_as_it_was(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, OLD)
    bar(database, PHONE)
    use(monkeypatch, bytes(32))
    bar(database, PHONE)
    before = stored(database)
    use(monkeypatch, NEW, OLD)
    with pytest.raises(TracelineError, match="No key"):
        rekey(database)
    assert stored(database) == before


def test_a_missing_key_is_named() -> None:
    with pytest.raises(TracelineError, match=r"No key [0-9a-f]{8}.*TRACELINE_SECRET_KEYS"):
        KeyRing([NEW]).decrypt(KeyRing([OLD]).encrypt(PHONE))


@pytest.mark.parametrize("where", range(10, 50, 3))
def test_an_altered_value_is_refused(where: int) -> None:
    ring = KeyRing([NEW])
    stored = ring.encrypt(PHONE)
    where = min(where, len(stored) - 4)
    altered = stored[:where] + ("A" if stored[where] != "A" else "B") + stored[where + 1 :]
    with pytest.raises(TracelineError, match="altered"):
        ring.decrypt(altered)


@pytest.mark.parametrize("rest", ["", "AAAA", "not base64", "số"])
def test_rubbish_behind_a_key_is_refused(rest: str) -> None:
    ring = KeyRing([NEW])
    with pytest.raises(TracelineError, match="altered"):
        ring.decrypt(ring.encrypt(PHONE).partition(":")[0] + ":" + rest)


@pytest.mark.parametrize("stored", ["", PHONE, "k", "kxyz:AAAA"])
def test_a_value_that_is_not_encrypted_is_refused_without_showing_it(stored: str) -> None:
    with pytest.raises(TracelineError, match="not encrypted") as caught:
        KeyRing([NEW]).decrypt(stored)
    assert "912345678" not in str(caught.value)


@pytest.mark.parametrize("configured", ["zz", "00", "00" * 31, "," + "00" * 32])
def test_a_malformed_key_says_what_a_key_is(configured: str, tmp_path: Path) -> None:
    with pytest.raises(TracelineError, match="64 hexadecimal digits"):
        load_keys(configured, tmp_path)


def test_processes_that_start_together_use_one_key_and_nobody_else_reads_it(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        rings = list(pool.map(lambda _: load_keys("", tmp_path / "home"), range(8)))
    assert len({ring.encrypt(PHONE) for ring in rings}) == 1
    keys = tmp_path / "home" / "keys"
    assert keys.stat().st_mode & 0o077 == 0
    assert list(keys.parent.iterdir()) == [keys]
    keys.write_text("")
    with pytest.raises(TracelineError, match="mend the keys file"):
        load_keys("", tmp_path / "home")
