"""Each voice message is sealed under a key of its own (AES-256-GCM); destroying the key destroys whatever it sealed.

The key stands in the message's row as an encrypted column, so it is itself sealed by the installation's key ring and
follows it when the keys change; the sound need not be sealed again then.
"""

from __future__ import annotations

import base64
import secrets
from typing import Literal
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from core.errors import TracelineError

Purpose = Literal["sound", "transcript"]
_KEY_BITS = 256
_NONCE_BYTES = 12


def new_key() -> str:
    """A fresh key, as its column keeps it."""
    return base64.urlsafe_b64encode(AESGCM.generate_key(_KEY_BITS)).decode()


def seal(key: str, message: UUID, purpose: Purpose, content: bytes) -> bytes:
    """What is kept. It is bound to its message and its purpose: moved to another row, it opens no more."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return nonce + _cipher(key).encrypt(nonce, content, _bound(message, purpose))


def unseal(key: str, message: UUID, purpose: Purpose, sealed: bytes) -> bytes:
    """The content. Raises TracelineError when it has been altered, or belongs to another message."""
    try:
        return _cipher(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], _bound(message, purpose))
    except (InvalidTag, ValueError) as error:
        raise TracelineError(f"The {purpose} of a voice message has been altered.", "Restore it from a backup.") from (
            error
        )


def _cipher(key: str) -> AESGCM:
    return AESGCM(base64.urlsafe_b64decode(key))


def _bound(message: UUID, purpose: Purpose) -> bytes:
    return f"{purpose} {message}".encode()
