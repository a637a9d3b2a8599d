"""The processes of an installation: they are told to stop together, so that the databases outlive them all."""

from __future__ import annotations

import sys
from pathlib import Path
from threading import Event

import pytest

from core.processes import Program, supervised

# Told to stop, it waits until the others are told as well, and writes that they were.
PROGRAM = """
import signal, sys, threading, time
from pathlib import Path

folder, name, others = Path(sys.argv[1]), sys.argv[2], sys.argv[3:]
told = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: told.set())
(folder / f"{name}.up").touch()
while not told.wait(0.05):
    pass
(folder / f"{name}.told").touch()
end = time.monotonic() + 4
while time.monotonic() < end:
    if all((folder / f"{other}.told").exists() for other in others):
        (folder / f"{name}.together").touch()
        break
    threading.Event().wait(0.05)
"""


@pytest.mark.slow
def test_all_programs_are_told_to_stop_together(tmp_path: Path) -> None:
    script = tmp_path / "program.py"
    script.write_text(PROGRAM)
    names = ("web", "media", "scheduler")
    programs = [Program(name, [sys.executable, str(script), str(tmp_path), name, *names]) for name in names]
    with supervised(programs, tmp_path, {}):
        for _ in range(200):
            if all((tmp_path / f"{name}.up").exists() for name in names):
                break
            Event().wait(0.1)
    assert {path.stem for path in tmp_path.glob("*.together")} == set(names)
