"""The small library of the tests of calls and carriers, and a service on it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from flows.catalogue import LIBRARY, Library, load_library
from ivr.calls.service import Calls
from tests.ivr.world import World, service


@pytest.fixture(scope="session")
def library_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small test library, with the phrases that Traceline comes with."""
    folder = tmp_path_factory.mktemp("library")
    shutil.copytree(Path(__file__).parent / "library", folder, dirs_exist_ok=True)
    shutil.copy(LIBRARY / "phrases.yaml", folder)
    return folder


@pytest.fixture(scope="session")
def library(library_folder: Path) -> Library:
    return load_library(library_folder)


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def calls(library: Library, world: World) -> Calls:
    return service(library, world)
