"""Files over HTTP that go on where they stopped: a model is 30 MB to 2 GB, and a provincial line drops."""

from __future__ import annotations

import fcntl
import hashlib
import http.client
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import IO

from core.errors import UserError

Progress = Callable[[int, int], None]
"""Told (bytes done, bytes in all; 0 if unknown)."""

TIMEOUT_SECONDS = 30
MAX_BYTES = 6_000_000_000
_BLOCK = 256 * 1024
_AGAIN = "Run the command again: it goes on where it stopped."


def fetch(url: str, limit: int) -> bytes:
    """A small file. Raises UserError if it cannot be had or is larger than `limit` bytes."""
    try:
        with _open(url, 0) as response:
            data: bytes = response.read(limit + 1)
    except (OSError, http.client.HTTPException) as error:
        raise UserError(f"{url} cannot be fetched: {_reason(error)}.", "Check the network, or use --from.") from error
    if len(data) > limit:
        raise UserError(f"{url} is larger than {limit} bytes, which no list of models is.")
    return data


def download(url: str, part: Path, md5: str | None, progress: Progress | None = None) -> None:
    """Bring `url` into the file `part`, going on from what is there already, and check its MD5 sum.

    Raises UserError. After a broken line the part stays, to go on from; after a wrong sum it is deleted.
    """
    part.parent.mkdir(parents=True, exist_ok=True)
    with part.open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise UserError(
                f"{part.name} is being downloaded by another command.", "Wait until it has ended."
            ) from error
        try:
            _continue(url, file, progress)
        except (OSError, http.client.HTTPException) as error:
            raise UserError(f"{url} cannot be fetched: {_reason(error)}.", _AGAIN) from error
    if md5 is not None and md5_of(part) != md5.lower():
        part.unlink()
        raise UserError(f"{url} has a wrong checksum and was deleted.", "Try again, or another mirror.")


def md5_of(path: Path) -> str:
    """The MD5 sum of a file, which is what the publisher gives: it finds broken downloads."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def _continue(url: str, file: IO[bytes], progress: Progress | None) -> None:
    start = file.tell()
    try:
        response = _open(url, start)
    except urllib.error.HTTPError as error:
        if error.code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE and start:
            error.close()
            return  # all of it is here; the checksum has the last word
        raise
    with response:
        if start and response.status != http.HTTPStatus.PARTIAL_CONTENT:
            file.truncate(0)  # a server that cannot go on sends all of it again
            start = 0
        length = int(response.headers.get("Content-Length") or 0)
        total, done = start + length if length else 0, start
        while block := response.read(_BLOCK):
            file.write(block)
            done += len(block)
            if done > MAX_BYTES:
                raise UserError(f"{url} is larger than {MAX_BYTES // 10**9} GB, which no model is.")
            if progress is not None:
                progress(done, total)
        if total and done < total:
            raise ConnectionError(f"the connection ended after {done} of {total} bytes")


def _open(url: str, start: int) -> http.client.HTTPResponse:
    if not url.startswith(("http://", "https://")):
        raise UserError(f"{url} is not an http or https address.")
    headers = {"User-Agent": "traceline", **({"Range": f"bytes={start}-"} if start else {})}
    request = urllib.request.Request(url, headers=headers)  # noqa: S310  the scheme was checked above
    response: http.client.HTTPResponse = urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS)  # noqa: S310
    return response


def _reason(error: Exception) -> str:
    if isinstance(error, urllib.error.HTTPError):
        error.close()
        return f"the server answered {error.code}"
    reason = getattr(error, "reason", error)
    return str(reason) or type(reason).__name__
