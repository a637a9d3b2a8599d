"""`traceline bench`: what is measured, each against an empty installation that is removed afterwards."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click
import rich

from core.clock import SystemClock
from core.database import Database
from core.encryption import load_keys, use_keys
from core.schema import upgrade
from core.services import services
from core.settings import Settings, read_settings


@dataclass(frozen=True, slots=True)
class Scratch:
    """An empty installation that nobody else uses. Only the models are those of the real one."""

    settings: Settings
    database: Database
    plot: Path | None = None
    """Where a bench that draws is to draw, if it is to."""
    size: int | None = None
    """How much there is to be, for a bench that can be small; its own measure by default."""


Bench = Callable[[Scratch], Any]
"""Measures something; the figures can be written as JSON."""


@contextmanager
def scratch() -> Iterator[Scratch]:
    """One with a database, a Redis and keys of its own, there for the block."""
    real = read_settings()
    with tempfile.TemporaryDirectory(prefix="traceline-bench-") as folder:
        own = {"database_url": "", "redis_url": "", "secret_keys": ""}
        folders = {"home": Path(folder), "models": real.models_folder}
        with services(real.model_copy(update={**own, **folders})) as alive:
            use_keys(load_keys("", alive.settings.home))
            database = Database(alive.settings.database_url, SystemClock(), pool_size=5)
            upgrade(database.engine)
            yield Scratch(alive.settings, database)
            database.close()


def bench_command(benches: Mapping[str, Bench]) -> click.Command:
    """The command `bench`, of what the packages bring."""

    @click.command()
    @click.argument("what", type=click.Choice(list(benches)))
    @click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
    @click.option("--plot", type=click.Path(dir_okay=False, path_type=Path), help="Draw into this file (calls, trust).")
    @click.option("--size", type=click.IntRange(100, 10_000_000), help="How many people (console).")
    def bench(what: str, as_json: bool, plot: Path | None, size: int | None) -> None:
        """Measure on this machine, against an empty database of its own. The budget stands in docs/performance.md."""
        with scratch() as empty:
            figures = benches[what](replace(empty, plot=plot, size=size))
        if as_json:
            click.echo(json.dumps(figures))
        else:
            rich.print(figures)

    return bench


def show_progress(line: str) -> None:
    """One line on standard error, over the one before."""
    click.echo(f"\r{line:<60}", nl=False, err=True)
