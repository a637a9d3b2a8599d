"""Who may reach what. Every endpoint of the console declares it, and rows about people are scoped by area.

    @pages.get("/records/<uuid:record_id>")
    @needs(Right.RECORDS_SEE)
    def record(record_id: UUID) -> str: ...

Three declarations: `needs(rights…)` (all of them; none means any signed-in user), `public` (nobody has to sign in), and
`webhook` for whole blueprints of carriers. An endpoint with no declaration is refused when the app is made, and again
when it is called.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar, TypeVarTuple
from uuid import UUID

from flask import Flask
from sqlalchemy import Select
from sqlalchemy.orm.attributes import InstrumentedAttribute

from core.areas import within
from core.errors import TracelineError
from core.phones import mask_phone
from core.rights import Right

_ATTRIBUTE = "traceline_access"
ViewFunction = TypeVar("ViewFunction", bound=Callable[..., Any])
Columns = TypeVarTuple("Columns")


@dataclass(frozen=True, slots=True)
class Access:
    """What an endpoint asks of whoever calls it. `before_password` says that it is open to a user who has yet to
    replace the first password."""

    public: bool = False
    rights: frozenset[Right] = frozenset()
    before_password: bool = False
    webhook: bool = False


@dataclass(frozen=True, slots=True)
class Viewer:
    """The signed-in user, as the rest of the console knows them."""

    id: UUID
    login: str
    name: str
    rights: frozenset[Right]
    area: str
    language: str
    must_change_password: bool

    def may(self, *rights: Right) -> bool:
        return self.rights.issuperset(rights)


def needs(*rights: Right, before_password: bool = False) -> Callable[[ViewFunction], ViewFunction]:
    """The endpoint is for signed-in users who hold all these rights."""
    return _declare(Access(rights=frozenset(rights), before_password=before_password))


def public(view: ViewFunction) -> ViewFunction:
    """The endpoint is for everybody."""
    return _declare(Access(public=True))(view)


def _declare(access: Access) -> Callable[[ViewFunction], ViewFunction]:
    def declare(view: ViewFunction) -> ViewFunction:
        setattr(view, _ATTRIBUTE, access)
        return view

    return declare


def access_of(app: Flask, endpoint: str) -> Access:
    """The declaration of an endpoint. Raises TracelineError when there is none."""
    blueprint = endpoint.rpartition(".")[0]
    if endpoint == "static":
        return Access(public=True)
    if blueprint and blueprint in app.config["WEBHOOKS"]:
        return Access(public=True, webhook=True)
    access = getattr(app.view_functions.get(endpoint), _ATTRIBUTE, None)
    if not isinstance(access, Access):
        raise TracelineError(
            f"The endpoint {endpoint!r} does not say who may reach it.", "Declare it with @needs(Right…) or @public."
        )
    return access


def check_declarations(app: Flask) -> None:
    """Refuse an app that has an endpoint nobody has decided about."""
    for rule in app.url_map.iter_rules():
        access_of(app, rule.endpoint)


def scoped(query: Select[*Columns], column: InstrumentedAttribute[str], viewer: Viewer) -> Select[*Columns]:
    """The query, limited to the viewer's area."""
    return query.where(within(column, viewer.area))


def shown_phone(number: str, viewer: Viewer) -> str:
    """The number for those who work with the people behind it, masked for others. Rows outside the viewer's area
    never come this far."""
    return number if viewer.may(Right.RECORDS_SEE) else mask_phone(number)
