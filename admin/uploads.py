"""Lists that were uploaded and looked at, but not yet used: encrypted in Redis, for an hour, for one user only.

Redis and not a form field, since a list may have 100,000 lines; not a file, since the web may run on several machines.
"""

from __future__ import annotations

import base64
import secrets
from uuid import UUID

from redis import Redis

from core.encryption import current_ring
from core.errors import UserError

KEPT_SECONDS = 3600


def keep(redis: Redis, user_id: UUID, content: bytes) -> str:
    """Keep a list; returns the token under which its user finds it again."""
    token = secrets.token_urlsafe(16)
    redis.set(_key(user_id, token), current_ring().encrypt(base64.b64encode(content).decode()), ex=KEPT_SECONDS)
    return token


def fetch(redis: Redis, user_id: UUID, token: str) -> bytes:
    """The list. Raises UserError when it is gone, or somebody else's."""
    stored = redis.get(_key(user_id, token))
    if not isinstance(stored, bytes):
        raise UserError("The uploaded list is no longer there.", "Upload the file again.")
    return base64.b64decode(current_ring().decrypt(stored.decode()))


def forget(redis: Redis, user_id: UUID, token: str) -> None:
    """Delete the list once it has been used."""
    redis.delete(_key(user_id, token))


def _key(user_id: UUID, token: str) -> str:
    return f"traceline:upload:{user_id}:{token}"
