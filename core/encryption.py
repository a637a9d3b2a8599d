"""Personal data at rest: AES-SIV (RFC 5297), deterministic, so that equal numbers can still be looked up.

A stored value is `k<key id>:<base64>`; the first key of the ring encrypts, all keys decrypt. The ring is set once per
process, by the composition root, before the first database access.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
import re
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from sqlalchemy import Dialect, Text
from sqlalchemy.types import TypeDecorator

from core.errors import TracelineError, UserError

_STORED = re.compile(r"k([0-9a-f]{8}):(.*)", re.DOTALL)
_MALFORMED = "An encryption key must be 32 bytes, written as 64 hexadecimal digits."
_MEND = "Set TRACELINE_SECRET_KEYS, or mend the keys file of the data folder."


class KeyRing:
    """Keys of 32 bytes, newest first."""

    def __init__(self, keys: list[bytes]) -> None:
        if not keys or any(len(key) != 32 for key in keys):
            raise TracelineError(_MALFORMED, _MEND)
        self._ciphers = {_key_id(key): AESSIV(key) for key in keys}
        self._first = _key_id(keys[0])

    @property
    def prefix(self) -> str:
        """How values that the first key has encrypted begin."""
        return f"k{self._first}:"

    def encrypt(self, text: str) -> str:
        sealed = self._ciphers[self._first].encrypt(text.encode(), None)
        return self.prefix + base64.urlsafe_b64encode(sealed).decode()

    def decrypt(self, stored: str) -> str:
        """The text. Raises TracelineError when its key is not in the ring, or when the value has been altered."""
        shape = _STORED.fullmatch(stored)
        if shape is None:  # what stands there may be the secret itself, so it is not shown
            raise TracelineError("A stored value is not encrypted.", "Restore it from a backup.")
        key_id, sealed = shape.groups()
        cipher = self._ciphers.get(key_id)
        if cipher is None:
            raise TracelineError(
                f"No key {key_id} to read this value.", "Put the old key behind the new one in TRACELINE_SECRET_KEYS."
            )
        try:
            return cipher.decrypt(base64.urlsafe_b64decode(sealed), None).decode()
        except (InvalidTag, ValueError) as error:
            raise TracelineError(
                f"A value under key {key_id} has been altered.", "Restore it from a backup."
            ) from error


def _key_id(key: bytes) -> str:
    return hashlib.sha256(b"traceline key id" + key).hexdigest()[:8]


def load_keys(configured: str, home: Path, *, make: bool = True) -> KeyRing:
    """The ring from the setting, or from `<home>/keys`, which is made with a fresh key when there is none. Told not to
    `make` one, it raises UserError instead: beside a database that is there, a fresh key is the wrong one."""
    if configured:
        return KeyRing([_key(part) for part in configured.split(",")])
    path = home / "keys"
    if not path.exists():
        if not make:
            raise UserError(
                f"There are no keys in {home}.",
                "Set TRACELINE_HOME to the data folder of the installation, or TRACELINE_SECRET_KEYS to its keys. "
                "`traceline up` makes the first ones.",
            )
        home.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f"keys.{os.getpid()}.{secrets.token_hex(4)}")
        descriptor = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_hex(32) + "\n")
        with contextlib.suppress(FileExistsError):  # another process was first: then its key counts
            os.link(temporary, path)
        temporary.unlink()
    return KeyRing([_key(line) for line in path.read_text().split()])


def _key(written: str) -> bytes:
    try:
        return bytes.fromhex(written.strip())
    except ValueError as error:
        raise TracelineError(_MALFORMED, _MEND) from error


_ring: KeyRing | None = None


def use_keys(ring: KeyRing) -> None:
    """Set the ring of this process."""
    global _ring
    _ring = ring


class EncryptedText(TypeDecorator[str]):
    """A column kept encrypted. Equality works (`Person.phone == number`); order and LIKE do not."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else _keys().encrypt(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else _keys().decrypt(value)


def _keys() -> KeyRing:
    if _ring is None:
        raise TracelineError("The encryption keys are not loaded.", "Call use_keys() before the first query.")
    return _ring


def current_ring() -> KeyRing:
    """The ring of this process, for what is kept elsewhere than in a column."""
    return _keys()
