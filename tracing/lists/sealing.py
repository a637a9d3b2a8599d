"""Lists at rest: packed and sealed under a key of their own (AES-256-GCM). Whoever destroys the key destroys the list.

The key stands in the import's row as an encrypted column, so it follows the installation's keys when they change.
"""

from __future__ import annotations

import base64
import secrets
import zlib
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from core.errors import TracelineError

_KEY_BITS = 256
_NONCE_BYTES = 12


def new_key() -> str:
    """A fresh key, as its column keeps it."""
    return base64.urlsafe_b64encode(AESGCM.generate_key(_KEY_BITS)).decode()


def seal(key: str, list_id: UUID, purpose: str, content: bytes) -> bytes:
    """What is kept. It is bound to its list and its purpose: moved to another row or column, it opens no more."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return nonce + _cipher(key).encrypt(nonce, zlib.compress(content, 6), f"{purpose} {list_id}".encode())


def unseal(key: str, list_id: UUID, purpose: str, sealed: bytes) -> bytes:
    """The content. Raises TracelineError when it has been altered, or belongs to another list."""
    try:
        packed = _cipher(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], f"{purpose} {list_id}".encode())
        return zlib.decompress(packed)
    except (InvalidTag, ValueError, zlib.error) as error:
        raise TracelineError("A list that waits has been altered.", "Upload the file again.") from error


def _cipher(key: str) -> AESGCM:
    return AESGCM(base64.urlsafe_b64decode(key))
