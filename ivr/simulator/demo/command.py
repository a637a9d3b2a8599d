"""`traceline demo`: a fresh installation, the simulated network as its carrier, and the demo played against them."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import click

from core.errors import TracelineError
from core.installation import Prepare, running, stoppable, wait_until_up
from core.login import FIRST_LOGIN
from core.processes import Program
from core.settings import Settings, read_settings
from ivr.simulator.demo.installation import demo_settings
from ivr.simulator.demo.run import Demo, Outcome, run_demo, show, terminal
from ivr.simulator.people import SimPerson


@contextmanager
def demo_running(settings: Settings, prepare: Prepare) -> Iterator[tuple[Settings, str]]:
    """A fresh installation below the home of these settings, up with its simulated network. Gives its settings and the
    one-time password of the first user."""
    fresh = demo_settings(settings)
    simulator = Program("simulator", [sys.executable, "-m", "traceline", "process", "simulator"])
    with running(fresh, prepare, [simulator]) as (alive, first_password):
        wait_until_up(f"{alive.twilio_api_url}/simulator/calls")
        if first_password is None:
            raise TracelineError("The demo's database is not empty.", "Remove the folder `demo` of the data folder.")
        yield alive, first_password


def demo_command(prepare: Prepare, list_of: Callable[[Sequence[SimPerson]], bytes], carrier: str) -> click.Command:
    """The command `demo`. `list_of` writes people as the list that a health station would send; the campaign dials
    through `carrier`."""

    @click.command()
    @click.option("--exit", "leave", is_flag=True, help="Stop everything when the campaign is over.")
    @click.option("--json", "as_json", is_flag=True, help="Print the figures as one JSON object on the last line.")
    @click.option("--people", default=60, show_default=True, type=click.IntRange(1, 5000))
    @click.option("--inbound", default=10, show_default=True, type=click.IntRange(0, 500))
    @click.option("--seed", default=1, show_default=True, help="The same seed makes the same people.")
    def demo(leave: bool, as_json: bool, people: int, inbound: int, seed: int) -> None:
        """Show it at work: a campaign of simulated people, over the same protocols as the real ones."""
        screen = terminal()
        screen.print("Starting PostgreSQL, Redis and every process …")
        outcome: Outcome | None = None
        with stoppable(), demo_running(read_settings(), prepare) as (settings, first_password):
            story = Demo(
                web=settings.public_url,
                simulator=settings.twilio_api_url,
                login=FIRST_LOGIN,
                first_password=first_password,
                carrier=carrier,
                list_of=list_of,
                database_url=settings.database_url,
                people=people,
                inbound=inbound,
                seed=seed,
            )
            outcome = run_demo(story, screen)
            show(outcome, screen)
            if not leave:
                address, password = settings.public_url, outcome.password
                screen.print(f"The console: [bold]{address}[/]  login {FIRST_LOGIN}, password {password}")
                screen.print("Ctrl-C ends everything.")
                signal.pause()
        if outcome is None:
            sys.exit(130)  # interrupted before there was anything to tell
        if as_json:
            click.echo(json.dumps(outcome.figures, ensure_ascii=False))
        if outcome.failed:
            sys.exit(1)

    return demo
