"""Unpacking an archive that a stranger may have made: nothing lands outside its folder, nothing fills the disk."""

from __future__ import annotations

import shutil
import stat
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from core.errors import UserError

MAX_FILES = 5_000
MAX_BYTES = 8_000_000_000
MAX_RATIO = 100
"""Unpacked bytes per byte of archive. Models pack to about half."""
_ENCRYPTED = 0x1
_BLOCK = 1024 * 1024


def unpack(archive: Path, folder: Path, progress: Callable[[int, int], None] | None = None) -> None:
    """Unpack a zip file into an empty folder; `progress` is told (bytes done, bytes in all).

    Raises UserError, before anything is written if the list of contents shows it: not a zip file, names that lead out
    of the folder, links, passwords, too many or too large files. The caller deletes the folder then.
    """
    try:
        with zipfile.ZipFile(archive) as file:
            entries = _checked(archive, file.infolist())
            total, done = sum(entry.file_size for entry in entries), 0
            _check_size(archive, total, folder)
            for entry in entries:
                done += _write(file, entry, folder)
                if progress is not None:
                    progress(done, total)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise UserError(f"{archive.name} is not a zip file, or is damaged: {error}.", "Fetch it again.") from error


def _checked(archive: Path, entries: list[zipfile.ZipInfo]) -> list[zipfile.ZipInfo]:
    if len(entries) > MAX_FILES:
        raise UserError(f"{archive.name} has {len(entries)} files, which no model has.")
    for entry in entries:
        name = PurePosixPath(entry.filename)
        # orig_filename too: zipfile cuts a name at a NUL byte and turns some separators before we see it.
        if name.is_absolute() or ".." in name.parts or any(c in entry.orig_filename for c in "\\\0:"):
            raise UserError(f"{archive.name} is refused: the file {entry.filename!r} would leave its folder.")
        mode = entry.external_attr >> 16
        if stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise UserError(f"{archive.name} is refused: {entry.filename!r} is a link or a device.")
        if entry.flag_bits & _ENCRYPTED:
            raise UserError(f"{archive.name} is refused: it has a password.")
    names = [entry.filename.rstrip("/") for entry in entries]
    if len(set(names)) != len(names):
        raise UserError(f"{archive.name} is refused: it holds two files of one name.")
    return entries


def _check_size(archive: Path, total: int, folder: Path) -> None:
    if total > MAX_BYTES or total > archive.stat().st_size * MAX_RATIO:
        raise UserError(f"{archive.name} is refused: it would unpack to {total // 10**6} MB.")
    if total > shutil.disk_usage(folder).free:
        raise UserError(f"There is no room to unpack {archive.name}: it needs {total // 10**6} MB.")


def _write(file: zipfile.ZipFile, entry: zipfile.ZipInfo, folder: Path) -> int:
    """One file, never more of it than the list said; a checksum mismatch raises BadZipFile."""
    path = folder / entry.filename
    if entry.is_dir():
        path.mkdir(parents=True, exist_ok=True)
        return 0
    path.parent.mkdir(parents=True, exist_ok=True)
    with file.open(entry) as source, path.open("xb") as target:
        shutil.copyfileobj(source, target, _BLOCK)
    return entry.file_size
