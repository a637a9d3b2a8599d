"""The pages of the console, found in the app's own map, with addresses that lead to something."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from flask import Flask
from sqlalchemy import Table, func, select
from werkzeug.routing import Rule

from admin.policy import access_of
from core.database import Database
from core.tables import Base

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


def rules_of(app: Flask) -> Iterator[Rule]:
    """Every endpoint of the console that answers GET and is a page of somebody signed in."""
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
        if "GET" in (rule.methods or ()) and not access_of(app, rule.endpoint).public:
            yield rule


def addresses_of(app: Flask, database: Database, rule: Rule, area: str) -> Iterator[tuple[str, str]]:
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


def largest_commune(database: Database) -> str:
    """The commune with most people."""
    person: Table = Base.metadata.tables["person"]
    with database.unit() as uow:
        query = select(person.c.area).where(person.c.area.like("2025.%.%")).group_by(person.c.area)
        found = uow.session.scalar(query.order_by(func.count().desc(), person.c.area).limit(1))
    return found or ""
