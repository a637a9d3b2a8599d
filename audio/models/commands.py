"""`traceline models`: which languages can be spoken to us, and how to add one."""

from __future__ import annotations

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.table import Table

from audio.models.catalogue import PUBLISHER_LIST, read_list
from audio.models.install import install as install_model
from audio.models.install import remove as remove_model
from audio.models.registry import LANGUAGES, find_models
from audio.models.trial import try_model
from core.errors import UserError
from core.settings import read_settings


@click.group()
def models() -> None:
    """Speech models: what is installed, and how to add one."""


@models.command("list")
@click.option("--available", is_flag=True, help="Show what the publisher offers instead.")
@click.option("--list-url", default=PUBLISHER_LIST, show_default=True, help="Address of the list of models.")
def list_(available: bool, list_url: str) -> None:
    """Show the installed models, language by language."""
    if available:
        _show_available(list_url)
        return
    found = find_models(read_settings().models_folder)
    table = Table("language", "model", "answers by speech", "from", "folder")
    for language in LANGUAGES:
        model = found.get(language)
        if model is None:
            table.add_row(language, "none", "no: keys only", "", f"traceline models install {language}")
        else:
            answers = "yes" if model.supports_grammar else "yes, at a higher cost: fixed graph"
            table.add_row(language, model.name, answers, model.source, str(model.path))
    Console().print(table)


@models.command()
@click.argument("wanted", metavar="LANGUAGE|NAME")
@click.option("--from", "source", help="A mirror's address, the address of a zip file, a zip file, or a folder.")
@click.option("--list-url", default=PUBLISHER_LIST, show_default=True, help="Address of the list of models.")
def install(wanted: str, source: str | None, list_url: str) -> None:
    """Install the model of a language (vi, en, ko) or the model of that name, after trying whether it works."""
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True)) as bar:
        tasks: dict[str, TaskID] = {}

        def show(what: str, done: int, total: int) -> None:
            task = tasks[what] if what in tasks else tasks.setdefault(what, bar.add_task(what))
            bar.update(task, completed=done, total=total or None)

        model = install_model(read_settings().models_folder, wanted, source, list_url, show, try_model)
    note = (
        ""
        if model.supports_grammar
        else " It has a fixed graph: listening takes more of the processor, see docs/speech.md."
    )
    click.echo(f"Installed {model.name} for {model.language}: {model.path}{note}")
    click.echo("Restart the media process to use it.")


@models.command()
@click.argument("language", type=click.Choice(LANGUAGES))
def remove(language: str) -> None:
    """Remove the installed model of a language."""
    click.echo(f"Removed {remove_model(read_settings().models_folder, language)}")


@models.command()
@click.argument("language", type=click.Choice(LANGUAGES))
def path(language: str) -> None:
    """Print the folder of a language's model."""
    model = find_models(read_settings().models_folder).get(language)
    if model is None:
        raise UserError(f"No model is installed for {language}.", f"traceline models install {language}")
    click.echo(model.path)


def _show_available(list_url: str) -> None:
    table = Table("language", "name", "MB")
    for offer in sorted(read_list(list_url), key=lambda offer: (offer.language, offer.size)):
        if not offer.obsolete:
            table.add_row(offer.language, offer.name, f"{offer.size / 1e6:.0f}")
    Console().print(table)


commands: list[click.Command] = [models]
"""What the composition root adds to `traceline`."""
