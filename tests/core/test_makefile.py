"""`make clean` removes what can be made again, and nothing else."""

from __future__ import annotations

import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_make_clean_leaves_the_database_and_its_keys_alone() -> None:
    said = subprocess.run(["make", "-n", "clean"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    assert ".venv" in said.split()
    assert "var" not in said.split()
