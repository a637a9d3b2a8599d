"""Every page of the console, found in the app's own map, asked for again and again by two viewers: one sees the whole
province, one a commune."""

from __future__ import annotations

import hashlib
import os
import statistics
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

import psutil
import redis
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Table, func, select, text
from werkzeug.routing import Rule

from admin.app import create_app
from admin.bench.heap import heap
from admin.bench.today import add_today
from admin.bench.years import CAMPAIGN_OF, COLUMNS, REVISION, Years
from admin.context import ConsoleContext
from admin.policy import access_of
from core.bench import Scratch, show_progress
from core.database import Database, UnitOfWork
from core.ids import new_id
from core.rights import ROLES
from core.tables import Base
from core.users import LoginSession, User
from flows.catalogue import load_library
from ivr.calls.effects import Effects
from ivr.calls.model import ScriptRevision
from ivr.calls.service import Calls
from ivr.campaigns.plan import CampaignPlan
from ivr.campaigns.service import create_campaign
from ivr.campaigns.standing import prepare_standing
from ivr.carriers.browser.telephone import BrowserTelephone
from tracing.areas.places import seed_areas

PEOPLE = 1_000_000
BUDGET_MS = 150.0
ASKED = 12
_SEED = 20_261_122
# The table of an address's `<x_id>`, where it is not that of its name.
_TABLES = {
    "case": "disease_case",
    "entry": "queue_entry",
    "user": "app_user",
    "message": "voice_message",
    "list": "list_import",
    "named": "named_contact",
}
# What people look for where a page has a search field.
_SEARCH = "nguyen van an"


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


def measure_console(scratch: Scratch) -> dict[str, Any]:
    """Fill the scratch database with `scratch.size` people (a million by default) and ask for every page."""
    began = time.monotonic()
    rows = fill(scratch.database, scratch.size or PEOPLE)
    filled = time.monotonic() - began
    app = console(scratch)
    costs, left_out = ask(app, scratch.database)
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
        "costs": [asdict(cost) for cost in sorted(costs, key=lambda cost: -cost.p95_ms)],
    }


def fill(database: Database, people: int, seed: int = _SEED) -> dict[str, int]:
    """Ten years of a province; gives how many rows of each kind there are."""
    with database.unit() as uow:
        campaigns = _prepare(uow, max(people // CAMPAIGN_OF, 2))
    with heap(database, COLUMNS) as rows:
        years = Years(rows, database.clock.now(), "38", campaigns, seed)
        for written in years.write(people):
            show_progress(f"{written:,} of {people:,} people")
    with database.unit() as uow:
        add_today(uow)
    return rows.written


def _prepare(uow: UnitOfWork, campaigns: int) -> list[str]:
    """Areas, standing campaigns, and lists that were called one after another; the last ones are still going on."""
    seed_areas(uow, "38")
    prepare_standing(uow, "bench", "Asia/Ho_Chi_Minh")
    uow.session.add(ScriptRevision(revision=REVISION, script="contact-interview", source="{}", created_at=uow.now()))
    made = []
    for number in range(campaigns):
        plan = CampaignPlan(name=f"Danh sách {number + 1}", script="contact-interview", carrier="twilio")
        campaign = create_campaign(uow, plan)
        campaign.state = "running" if number >= campaigns - 3 else "finished"
        campaign.started_at = campaign.created_at
        campaign.ended_at = None if campaign.state == "running" else campaign.created_at
        made.append(str(campaign.id))
    return made


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


def ask(app: Flask, database: Database, times: int = ASKED) -> tuple[list[PageCost], list[str]]:
    """What every page costs each viewer, and the pages that no row of the province leads to."""
    costs: list[PageCost] = []
    left_out: set[str] = set()
    for viewer, area in (("province", ""), ("commune", _commune(database))):
        client = _sign_in(app, database, viewer, area)
        for rule in _rules(app):
            addresses = list(_addresses(app, database, rule, area))
            if not addresses:
                left_out.add(rule.rule)
            for name, address in addresses:
                show_progress(f"{viewer}: {name}")
                costs.append(_cost(database, client, viewer, name, address, times))
    return costs, sorted(left_out - {cost.page for cost in costs})


def _rules(app: Flask) -> Iterator[Rule]:
    """Every endpoint of the console that answers GET and is a page of somebody signed in."""
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
        if "GET" in (rule.methods or ()) and not access_of(app, rule.endpoint).public:
            yield rule


def _addresses(app: Flask, database: Database, rule: Rule, area: str) -> Iterator[tuple[str, str]]:
    """The page, with the newest row that the viewer may see where it needs one; and, for lists, with something to look
    for."""
    values: dict[str, Any] = {}
    for argument in rule.arguments:
        found = _newest(database, argument, area)
        if found is None:
            return
        values[argument] = found
    built = rule.build(values)
    if built is None:
        return
    address = built[1]
    yield rule.rule, address
    if not rule.arguments:
        yield f"{rule.rule}?q=", f"{address}?q={_SEARCH.replace(' ', '+')}"


def _newest(database: Database, argument: str, area: str) -> UUID | None:
    """The newest row that an argument such as `case_id` can name."""
    if not argument.endswith("_id"):
        return None
    name = argument.removesuffix("_id")
    table = Base.metadata.tables.get(_TABLES.get(name, name))
    if table is None or "id" not in table.c:
        return None
    with database.unit() as uow:
        query = select(table.c.id).order_by(table.c.id.desc()).limit(1)
        if area and "area" in table.c and name != "campaign":
            query = query.where(table.c.area == area)
        found = uow.session.scalar(query)
    return found if isinstance(found, UUID) else None


def _commune(database: Database) -> str:
    """The commune with most people."""
    person: Table = Base.metadata.tables["person"]
    with database.unit() as uow:
        query = select(person.c.area).where(person.c.area.like("2025.%.%")).group_by(person.c.area)
        found = uow.session.scalar(query.order_by(func.count().desc(), person.c.area).limit(1))
    return found or ""


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


def _cost(database: Database, client: FlaskClient, viewer: str, name: str, address: str, times: int) -> PageCost:
    """The page once to warm up, as a worker that runs all day is, then so many times."""
    client.get(address).close()
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
