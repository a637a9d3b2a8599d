"""Many recordings at once: a ZIP file whose files are named by clip. All of them are good, or none is published."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable
from pathlib import PurePosixPath

from audio.recordings import MAX_BYTES, SUFFIXES
from audio.studio import Take, Words, check
from core.errors import UserError

MOST_FILES = 300
MOST_BYTES = 200_000_000
"""Unpacked, all files together."""
SLASH = "--"
"""Stands for the slashes of a clip's name in a file's name."""


def file_name(words: Words) -> str:
    """What a recording of these words is called in a ZIP file, without the ending."""
    return words.clip.replace("/", SLASH)


def check_archive(content: bytes, wanted: Iterable[Words]) -> tuple[list[Take], list[tuple[str, UserError]]]:
    """The takes, and the files that are not good with the reason. Raises UserError for what is no such ZIP file."""
    by_name = {file_name(words): words for words in wanted}
    takes: list[Take] = []
    faults: list[tuple[str, UserError]] = []
    with _opened(content) as archive:
        for entry in _sounds(archive):
            try:
                takes.append(_take(archive, entry, by_name, [take.words for take in takes]))
            except UserError as error:
                faults.append((entry.filename, error))
    return takes, faults


def _opened(content: bytes) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(io.BytesIO(content))
    except zipfile.BadZipFile as error:
        raise UserError("This is not a ZIP file.", "Pack the recordings into a ZIP file.") from error


def _sounds(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """What is not a folder, and not what an operating system adds."""
    found = [entry for entry in archive.infolist() if not entry.is_dir() and not _is_hidden(entry.filename)]
    if not found:
        raise UserError("There is no recording in the ZIP file.")
    if len(found) > MOST_FILES:
        raise UserError(f"The ZIP file holds {len(found)} files.", f"Send at most {MOST_FILES} at once.")
    if sum(entry.file_size for entry in found) > MOST_BYTES:
        raise UserError(
            f"The recordings are larger than {MOST_BYTES // 1_000_000} MB together.", "Send them in several ZIP files."
        )
    return found


def _is_hidden(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return parts[0] == "__MACOSX" or parts[-1].startswith(".")


def _take(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, by_name: dict[str, Words], before: list[Words]) -> Take:
    path = PurePosixPath(entry.filename)
    words = by_name.get(path.stem)
    if words is None or path.suffix.lower() not in SUFFIXES:
        raise UserError("No prompt of this script has this name.", "Name the files as the recording sheet does.")
    if words in before:
        raise UserError("There are two recordings of this prompt.", "Keep one of them.")
    if entry.file_size > MAX_BYTES:
        raise UserError(f"The recording is larger than {MAX_BYTES // 1_000_000} MB.")
    try:
        content = archive.read(entry)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:  # damaged; packed in another way; locked
        raise UserError("This file cannot be unpacked.", "Pack it again, without a password.") from error
    return check(words, content)
