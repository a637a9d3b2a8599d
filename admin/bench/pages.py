"""Every page of the console, asked for again and again by two viewers: one sees the whole province, one a commune."""

from __future__ import annotations

import hashlib
import os
import statistics
import time
from dataclasses import asdict, dataclass
from typing import Any

import psutil
import redis
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from admin.app import create_app
from admin.bench.addresses import addresses_of, largest_commune, rules_of
from admin.bench.filling import fill
from admin.context import ConsoleContext
from core.bench import Scratch, show_progress
from core.database import Database
from core.ids import new_id
from core.rights import ROLES
from core.users import LoginSession, User
from flows.catalogue import load_library
from ivr.calls.effects import Effects
from ivr.calls.service import Calls
from ivr.carriers.browser.telephone import BrowserTelephone

PEOPLE = 1_000_000
BUDGET_MS = 150.0
ASKED = 12


@dataclass(frozen=True, slots=True)
class PageCost:
    """Milliseconds from the request to the last byte, in the web process, PostgreSQL included. `cpu_ms` is what the web
    process and PostgreSQL worked on it, on average, which other work on the machine hardly changes. `status` is that
    of the answer; `kilobytes` how long the page is."""

    page: str
    viewer: str
    p50_ms: float
    p95_ms: float
    cpu_ms: float
    status: int
    kilobytes: float

    @property
    def over(self) -> bool:
        return self.p95_ms > BUDGET_MS


@dataclass(frozen=True, slots=True)
class FileCost:
    """A file to keep, asked for once and read to its end: people wait for a file, so the budget of pages is not its."""

    page: str
    viewer: str
    seconds: float
    status: int
    kilobytes: float


def measure_console(scratch: Scratch) -> dict[str, Any]:
    """Fill the scratch database with `scratch.size` people (a million by default) and ask for every page."""
    began = time.monotonic()
    rows = fill(scratch.database, scratch.size or PEOPLE)
    filled = time.monotonic() - began
    app = console(scratch)
    costs, files, left_out = ask(app, scratch.database)
    return {
        "rows": rows,
        "seconds_to_fill": round(filled),
        "pages": len({cost.page for cost in costs}),
        "budget_ms": BUDGET_MS,
        "slowest_p95_ms": max(cost.p95_ms for cost in costs),
        "over_budget": [f"{cost.page} ({cost.viewer})" for cost in costs if cost.over],
        "refused": [f"{cost.page} ({cost.viewer}): {cost.status}" for cost in costs if 400 <= cost.status < 500],
        "failed": [f"{cost.page} ({cost.viewer}): {cost.status}" for cost in costs if cost.status >= 500],
        "without_data": left_out,
        "files": [asdict(cost) for cost in sorted(files, key=lambda cost: -cost.seconds)],
        "costs": [asdict(cost) for cost in sorted(costs, key=lambda cost: -cost.p95_ms)],
    }


def console(scratch: Scratch) -> Flask:
    """The console on the scratch installation."""
    library = load_library()
    return create_app(
        ConsoleContext(
            settings=scratch.settings,
            database=scratch.database,
            redis=redis.Redis.from_url(scratch.settings.redis_url),
            library=library,
            carriers={"twilio": "Twilio"},
            telephone=BrowserTelephone(Calls(library, Effects()), lambda carrier: {}, scratch.settings),
        )
    )


def ask(app: Flask, database: Database, times: int = ASKED) -> tuple[list[PageCost], list[FileCost], list[str]]:
    """What every page and every file costs each viewer, and the pages that no row of the province leads to."""
    costs: list[PageCost] = []
    files: list[FileCost] = []
    left_out: set[str] = set()
    for viewer, area in (("province", ""), ("commune", largest_commune(database))):
        client = _sign_in(app, database, viewer, area)
        for rule in rules_of(app):
            addresses = list(addresses_of(app, database, rule, area))
            if not addresses:
                left_out.add(rule.rule)
            for name, address in addresses:
                show_progress(f"{viewer}: {name}")
                file = _file(client, viewer, name, address)
                if file is not None:
                    files.append(file)
                else:
                    costs.append(_cost(database, client, viewer, name, address, times))
    return costs, files, sorted(left_out - {cost.page for cost in costs} - {file.page for file in files})


def _sign_in(app: Flask, database: Database, login: str, area: str) -> FlaskClient:
    """A client of somebody with every right, within the area."""
    with database.unit() as uow:
        user = User(
            id=new_id(), login=login, name=login, password_hash="none: this user comes with a session",  # noqa: S106
            must_change_password=False, roles=sorted(ROLES), area=area, language="vi", created_at=uow.now(),
        )  # fmt: skip
        uow.session.add(user)
        uow.session.flush()
        hashed = hashlib.sha256(login.encode()).hexdigest()
        uow.session.add(LoginSession(token_hash=hashed, user_id=user.id, created_at=uow.now(), seen_at=uow.now()))
    client = app.test_client()
    with client.session_transaction() as session:
        session["token"] = login
    return client


def _file(client: FlaskClient, viewer: str, name: str, address: str) -> FileCost | None:
    """What the address costs if it is a file; a page is warm after this, as in a worker that runs all day."""
    began = time.perf_counter()
    with client.get(address) as response:
        if not response.headers.get("Content-Disposition", "").startswith("attachment"):
            return None
        size = sum(len(part) for part in response.iter_encoded())
    spent = time.perf_counter() - began
    return FileCost(name, viewer, round(spent, 2), response.status_code, round(size / 1024, 1))


def _cost(database: Database, client: FlaskClient, viewer: str, name: str, address: str, times: int) -> PageCost:
    """The page so many times. It was asked for before."""
    spent: list[float] = []
    before = _worked(database)
    for _ in range(times):
        began = time.perf_counter()
        response = client.get(address)
        body = response.get_data()
        spent.append((time.perf_counter() - began) * 1000)
        response.close()
    worked = sum(seconds - before.get(pid, 0) for pid, seconds in _worked(database).items())
    spent.sort()
    return PageCost(
        page=name,
        viewer=viewer,
        p50_ms=round(statistics.median(spent), 1),
        p95_ms=round(spent[max(0, round(len(spent) * 0.95) - 1)], 1),
        cpu_ms=round(1000 * worked / times, 1),
        status=response.status_code,
        kilobytes=round(len(body) / 1024, 1),
    )


def _worked(database: Database) -> dict[int, float]:
    """Seconds of processor that this process and its connections' PostgreSQL processes have used so far. Of what
    PostgreSQL did in parallel workers, which are gone by now, nothing is known."""
    with database.engine.connect() as connection:
        serving = connection.scalars(
            text("SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND client_port IS NOT NULL")
        ).all()
    used = {pid: psutil.Process(pid).cpu_times() for pid in (*serving, os.getpid())}
    return {pid: each.user + each.system for pid, each in used.items()}
