"""Installing and removing models: staged beside, checked, then moved into place in one step. Nothing is half done."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin, urlparse

from audio.models.archive import unpack
from audio.models.catalogue import PUBLISHER_LIST, choose, read_list
from audio.models.download import download
from audio.models.registry import LANGUAGES, Model, find_models, is_model, language_of
from core.errors import UserError

Progress = Callable[[str, int, int], None]
"""Told (what is being done, done, in all; 0 if unknown)."""
Check = Callable[[Path, str], None]
"""Given a model and its language before it takes its place; raises UserError if it does not work."""

_STAGING = ".staging"
_DOWNLOADS = ".downloads"
_MODEL_NAME = re.compile(r"[A-Za-z0-9][\w.-]*")


def install(
    folder: Path,
    wanted: str,
    source: str | None = None,
    list_url: str = PUBLISHER_LIST,
    progress: Progress | None = None,
    check: Check | None = None,
) -> Model:
    """Install the model `wanted`, a language (`vi`) or a model's name, and make it the one of its language.

    `source`: None is the publisher; an address is a mirror (of the list and the archives) or, ending in `.zip`, an
    archive; anything else is a zip file or folder on this machine. Raises UserError; the models in place stay then.
    """
    told: Progress = progress or (lambda what, done, total: None)
    place = _Place(folder, check or (lambda model, language: None))
    if source is None:
        return _from_list(place, wanted, list_url, told)
    if urlparse(source).scheme not in ("http", "https"):
        return _from_disk(place, wanted, Path(source), told)
    if not source.lower().endswith(".zip"):
        return _from_list(place, wanted, urljoin(source.rstrip("/") + "/", "model-list.json"), told, mirror=True)
    name = _name_of(urlparse(source).path)
    return _fetch(place, _language(wanted, name), name, source, None, told)


def remove(folder: Path, language: str) -> Path:
    """Remove the installed model of a language; says which folder it was. Raises UserError if there is none."""
    model = find_models(folder).get(language)
    if model is None:
        raise UserError(f"No model is installed for {language}.")
    if model.source == "package":
        raise UserError(f"The model of {language} belongs to the package {model.name}.", f"pip uninstall {model.name}")
    with _staging(folder) as staging:
        os.rename(model.path, staging / "removed")
    own = folder / language
    if own.is_dir() and not any(own.iterdir()):
        own.rmdir()
    return model.path


@dataclass(frozen=True, slots=True)
class _Place:
    """Where models stand, and what each must pass first."""

    folder: Path
    check: Check

    def put(self, staged: Path, language: str, name: str) -> Model:
        """Move a staged model to `<folder>/<language>/<name>`, then take away the language's former ones: at no moment,
        but for a model installed over itself, has the language none."""
        found = next((p for p in (staged, *sorted(staged.iterdir())) if is_model(p)), None)
        if found is None:
            raise UserError(f"{name} is not a Vosk model.", "A model has the folders am, conf and graph.")
        self.check(found, language)
        own = self.folder / language
        own.mkdir(parents=True, exist_ok=True)
        with _staging(self.folder) as old:
            if (own / name).exists():
                os.rename(own / name, old / name)
            os.rename(found, own / name)
            for former in sorted(own.iterdir()):
                if former.name != name:
                    os.rename(former, old / former.name)
        return find_models(self.folder)[language]


def _from_list(place: _Place, wanted: str, list_url: str, told: Progress, mirror: bool = False) -> Model:
    """A mirror's archives lie beside its list, whatever addresses the list (a copy of the publisher's) gives."""
    offer = choose(read_list(list_url), wanted)
    url = urljoin(list_url, f"{offer.name}.zip") if mirror else offer.url
    return _fetch(place, offer.language, offer.name, url, offer.md5, told)


def _from_disk(place: _Place, wanted: str, path: Path, told: Progress) -> Model:
    name = _name_of(path.name)
    language = _language(wanted, name)
    if path.is_dir():
        with _staging(place.folder) as staging:
            _copy(path, staging / name, told)
            return place.put(staging / name, language, name)
    if not path.is_file():
        raise UserError(f"{path} is neither a zip file nor a folder.")
    return _unpacked(place, path, language, name, told)


def _fetch(place: _Place, language: str, name: str, url: str, md5: str | None, told: Progress) -> Model:
    part = place.folder / _DOWNLOADS / f"{name}.zip.part"
    download(url, part, md5, lambda done, total: told(f"Downloading {name}", done, total))
    try:
        return _unpacked(place, part, language, name, told)
    finally:
        part.unlink()


def _unpacked(place: _Place, archive: Path, language: str, name: str, told: Progress) -> Model:
    with _staging(place.folder) as staging:
        unpack(archive, staging, lambda done, total: told(f"Unpacking {name}", done, total))
        return place.put(staging, language, name)


def _copy(source: Path, target: Path, told: Progress) -> None:
    if not is_model(source):
        raise UserError(f"{source} is not a Vosk model.", "A model has the folders am, conf and graph.")
    files = [path for path in sorted(source.rglob("*")) if not path.is_dir()]
    if any(path.is_symlink() for path in source.rglob("*")):
        raise UserError(f"{source} holds links.", "Copy the files themselves.")
    total, done = sum(path.stat().st_size for path in files), 0
    for path in files:
        destination = target / path.relative_to(source)
        destination.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, destination)
        done += path.stat().st_size
        told(f"Copying {source.name}", done, total)


@contextmanager
def _staging(folder: Path) -> Iterator[Path]:
    """A new folder on the same disk as the models, deleted at the end with whatever is left in it."""
    above = folder / _STAGING
    above.mkdir(parents=True, exist_ok=True)
    path = Path(tempfile.mkdtemp(dir=above))
    try:
        yield path
    finally:
        shutil.rmtree(path)


def _language(wanted: str, name: str) -> str:
    language = wanted if wanted in LANGUAGES else language_of(wanted) or language_of(name)
    if language is None:
        raise UserError(f"It is not clear which language {wanted!r} is for.", f"Give one of {', '.join(LANGUAGES)}.")
    return language


def _name_of(path: str) -> str:
    name = Path(path).name.removesuffix(".zip").removesuffix(".ZIP")
    if not _MODEL_NAME.fullmatch(name):
        raise UserError(f"{path!r} does not name a model.")
    return name
