"""How a simulated person hears: the sound itself is looked up, and the words kept beside it are what it says.

The sound came over the wire, as a file or in a stream; only its meaning is looked up. A sound that nobody made, that
was cut or mixed with another, means nothing to anybody, and so the person does not understand.
"""

from __future__ import annotations

import asyncio
import hashlib

from audio.codec import ULAW_FRAME, ULAW_SILENCE
from audio.prompts import ClipInfo, PromptStore

HEAD = 1600
"""Bytes (0.2 s) by which clips are told apart before they are compared in full."""


class Ears:
    """Shared by all people: every sound of a prompt store, by content."""

    def __init__(self, store: PromptStore) -> None:
        self._store = store
        self._known: set[str] = set()
        self._by_wav: dict[bytes, str] = {}
        self._by_ulaw: dict[bytes, str] = {}
        self._by_head: dict[bytes, list[str]] = {}
        self._looking = asyncio.Lock()

    async def learn(self) -> None:
        """Get to know every sound there is so far, so that no call has to wait for it."""
        async with self._looking:
            await asyncio.to_thread(self._learn)

    async def file(self, wav: bytes) -> ClipInfo | None:
        """What a downloaded file says; None if its sound is unknown."""
        digest = await self._find(self._by_wav, _key(wav))
        return self._store.describe(digest) if digest else None

    async def sound(self, ulaw: bytes) -> list[ClipInfo | None]:
        """What a stretch of a stream says: one clip, or several without a gap; None stands for what is unknown."""
        ulaw = ulaw.ljust(-(-len(ulaw) // ULAW_FRAME) * ULAW_FRAME, ULAW_SILENCE[:1])
        digest = await self._find(self._by_ulaw, _key(ulaw))
        if digest:
            return [self._store.describe(digest)]
        return self._split(ulaw)

    async def _find(self, index: dict[bytes, str], key: bytes) -> str | None:
        """Look a sound up; prompts are made while calls run, so what is not known is looked for once more."""
        if key not in index:
            async with self._looking:
                if key not in index:
                    await asyncio.to_thread(self._learn)
        return index.get(key)

    def _learn(self) -> None:
        for digest in self._store.digests():
            if digest in self._known:
                continue
            ulaw = self._store.ulaw(digest)
            self._by_wav[_key(self._store.wav(digest))] = digest
            self._by_ulaw[_key(ulaw)] = digest
            self._by_head.setdefault(ulaw[:HEAD], []).append(digest)
            self._known.add(digest)

    def _split(self, ulaw: bytes) -> list[ClipInfo | None]:
        found: list[ClipInfo | None] = []
        position = 0
        while position < len(ulaw):
            digest = self._clip_at(ulaw, position)
            if digest:
                found.append(self._store.describe(digest))
                position += len(self._store.ulaw(digest))
                continue
            if ulaw[position : position + ULAW_FRAME] != ULAW_SILENCE and (not found or found[-1] is not None):
                found.append(None)
            position += ULAW_FRAME
        return found

    def _clip_at(self, ulaw: bytes, position: int) -> str | None:
        """The longest clip that starts here and is there in full."""
        candidates = self._by_head.get(ulaw[position : position + HEAD], [])
        whole = [digest for digest in candidates if ulaw.startswith(self._store.ulaw(digest), position)]
        return max(whole, key=lambda digest: len(self._store.ulaw(digest)), default=None)


def _key(sound: bytes) -> bytes:
    return hashlib.sha256(sound).digest()
