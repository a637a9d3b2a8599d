"""The small library of the tests of live sound."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from flows.catalogue import LIBRARY, Library, load_library
from flows.engine.script import Script


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """The script `talk`, with the phrases that Traceline comes with."""
    folder = tmp_path_factory.mktemp("library")
    shutil.copytree(Path(__file__).parent / "library", folder, dirs_exist_ok=True)
    shutil.copy(LIBRARY / "phrases.yaml", folder)
    return load_library(folder)


@pytest.fixture(scope="session")
def talk(library: Library) -> Script:
    return library.script("talk")
