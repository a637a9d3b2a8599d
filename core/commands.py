"""The command line, and commands of the ground floor: the schema, and the users of the console."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from core.capabilities import listed, shown
from core.clock import SystemClock
from core.country.areas import country
from core.database import Database
from core.encryption import load_keys, use_keys
from core.errors import TracelineError, UserError
from core.login import create_user, reset_password
from core.rekeying import rekey
from core.rights import ROLES
from core.schema import current, upgrade
from core.services import services
from core.settings import read_settings


class CommandLine(click.Group):
    """Says what is wrong in a sentence; a traceback is for what nobody foresaw."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except TracelineError as error:
            raise click.ClickException(str(error)) from error


@contextmanager
def open_database() -> Iterator[Database]:
    """The configured database, or the embedded one, shared with a running `traceline up`, with its keys loaded and
    its schema the newest."""
    settings = read_settings()
    use_keys(load_keys(settings.secret_keys, settings.home, make=not settings.database_url))
    # Nothing here sends jobs. Naming a Redis keeps a second embedded one from taking over the running one's socket.
    settings = settings.model_copy(update={"redis_url": settings.redis_url or "unix:///nonexistent"})
    with services(settings) as ready:
        database = Database(ready.settings.database_url, SystemClock(), pool_size=1)
        try:
            upgrade(database.engine)
            yield database
        finally:
            database.close()


@click.group()
def db() -> None:
    """The database schema."""


@db.command("upgrade")
def db_upgrade() -> None:
    """Bring the schema to the newest revision, and what is encrypted under the newest key. Stop all processes first."""
    with open_database() as database:
        rekey(database)
        click.echo(current(database.engine))


@db.command("current")
def db_current() -> None:
    """Print the revision of the schema."""
    with open_database() as database:
        click.echo(current(database.engine) or "(empty)")


@click.group()
def user() -> None:
    """The users of the console."""


@user.command("add")
@click.argument("login")
@click.option("--name", default="", help="the name shown to colleagues")
@click.option("--role", "roles", multiple=True, required=True, type=click.Choice(list(ROLES)))
@click.option("--area", default="", help="the area path, such as 38.380 or 2025.38.14758; empty: all")
@click.option("--language", default="vi", type=click.Choice(["vi", "en"]))
def user_add(login: str, name: str, roles: tuple[str, ...], area: str, language: str) -> None:
    """Add a user and print a one-time password."""
    if area and country().unit(area) is None:
        raise UserError(f"There is no area {area!r}.", "Write its path, such as 38.380 or 2025.38.14758.")
    with open_database() as database:
        with database.unit() as uow:
            added, password = create_user(uow, login=login, name=name, roles=list(roles), area=area, language=language)
        _print_password(added.login, password)


@user.command("reset-password")
@click.argument("login")
def user_reset_password(login: str) -> None:
    """Give a user a new one-time password, unlock it and end its sessions."""
    with open_database() as database:
        with database.unit() as uow:
            password = reset_password(uow, login)
        _print_password(login, password)


def _print_password(login: str, password: str) -> None:
    click.echo(f"login: {login}\none-time password: {password}")
    click.echo("It is shown only here, and has to be changed at the first log-in.")


@click.command()
def capabilities() -> None:
    """Print every capability with the tests that show it, and those that nothing shows."""
    root = Path(__file__).parent.parent
    tests = shown(root / "tests")
    rows = listed((root / "docs" / "capabilities.md").read_text(encoding="utf-8"))
    for name, meaning in rows.items():
        click.echo(f"{name}  {meaning}")
        for test in tests.get(name, []):
            click.echo(f"    {test}")
    missing = [name for name in rows if name not in tests]
    click.echo(f"shown: {len(rows) - len(missing)} of {len(rows)}; nothing shows: {', '.join(missing)}")


commands: list[click.Command] = [db, user, capabilities]
