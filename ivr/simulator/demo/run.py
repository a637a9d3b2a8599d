"""The demo itself: people are made, a supervisor uploads their list and starts a campaign, citizens dial the hotline,
and when it is quiet everything saved is held against what was meant."""

from __future__ import annotations

import secrets
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from rich.console import Console as Terminal
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from core.clock import SystemClock
from core.database import Database
from core.errors import TracelineError
from flows.catalogue import LIBRARY, Library
from ivr.calls.replaying import replay_stored, stored_calls
from ivr.calls.revisions import Revisions
from ivr.simulator.demo.check import Findings, check
from ivr.simulator.demo.console import Console
from ivr.simulator.demo.patience import patient_session
from ivr.simulator.people import MILD, Habit, SimPerson, make_people

# The habits of sixty people. Most know what they want and press before the end of the prompt, so that sixty real-time
# interviews fit into a few minutes.
MIX = {
    Habit.IMPATIENT: 18,
    Habit.VOICE: 10,
    Habit.RED_FLAG: 6,
    Habit.KEYS: 5,
    Habit.NO_ANSWER: 4,
    Habit.BUSY: 4,
    Habit.MACHINE: 4,
    Habit.WRONG_KEYS: 2,
    Habit.SILENCE: 2,
    Habit.HANGS_UP: 2,
    Habit.WRONG_PERSON: 2,
    Habit.SLOW: 1,
}
INBOUND_MIX = {Habit.KEYS: 4, Habit.VOICE: 3, Habit.RED_FLAG: 2, Habit.WRONG_KEYS: 1}
SPOKEN_ANSWERS = 4
# After this the demo gives up and says so.
LONGEST_SECONDS = 900.0
_LOOK_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Demo:
    """What the demo is told. `list_of` writes people as the list that a health station would send. `database_url` is
    where the calls are, to be made again from their logs when all is over."""

    web: str
    simulator: str
    login: str
    first_password: str
    carrier: str
    list_of: Callable[[Sequence[SimPerson]], bytes]
    database_url: str
    people: int = 60
    inbound: int = 10
    seed: int = 1


@dataclass(slots=True)
class Outcome:
    """What came of it; `figures` is the JSON of the command."""

    figures: dict[str, Any] = field(default_factory=dict)
    findings: Findings = field(default_factory=Findings)
    troubles: list[str] = field(default_factory=list)
    password: str = ""

    @property
    def failed(self) -> bool:
        return self.findings.failed or bool(self.troubles)


def run_demo(demo: Demo, terminal: Terminal) -> Outcome:
    """Run it against the processes that are up. Raises TracelineError when something does not answer."""
    began = time.monotonic()
    network = _Network(demo.simulator)
    called = _brief(make_people(demo.seed, demo.people, mix=MIX))
    callers = _callers(demo, {person.phone for person in called})
    network.add([*called, *callers])

    supervisor = Console(demo.web)
    password = secrets.token_urlsafe(12)
    supervisor.log_in(demo.login, demo.first_password, password)
    campaign = supervisor.create_campaign(demo.list_of(called), _plan(demo))
    for index, person in enumerate(callers):
        # Half of those who dial reach the hotline with live sound, half by keys alone.
        network.dial(person, f"{demo.web}/twilio/inbound{'/stream' if index % 2 else ''}")
    _follow(supervisor, network, campaign, len(callers), terminal, began)

    report = network.report()
    records = supervisor.records()
    appointments = [row for row in supervisor.appointments() if row["state"] == "booked"]
    findings = check(report["people"], records, appointments, supervisor.queue())
    replayed, findings.differing = _replayed(demo.database_url)
    progress = supervisor.campaign(campaign)
    figures = {
        "targets": progress["targets"],
        "calls": report["calls"],
        "completed": sum(call["status"] == "completed" for person in report["people"] for call in person["calls"]),
        "by_disposition": progress["by_disposition"],
        "records": len(records),
        "flagged": findings.flagged,
        "appointments": len(appointments),
        "answers_spoken": findings.spoken,
        "answers_keyed": findings.keyed,
        "answers_wrong": len(findings.wrong),
        "replayed": f"{replayed - len(findings.differing)} of {replayed}",
        "seconds": round(time.monotonic() - began, 1),
    }
    troubles = [f"{item['kind']}: {item['what']}" for item in report["troubles"]]
    if report["not_understood"]:
        troubles.append(f"{report['not_understood']} prompts that the simulated people could not understand")
    return Outcome(figures, findings, troubles, password)


def _replayed(database_url: str) -> tuple[int, list[str]]:
    """How many calls there are on file, and those that came out otherwise when made again from their logs."""
    database = Database(database_url, SystemClock(), pool_size=1)
    try:
        with database.unit() as uow:
            done = list(replay_stored(uow, Revisions(Library(LIBRARY)), stored_calls(uow)))
    finally:
        database.close()
    return len(done), [str(one) for one in done if not one.same]


def show(outcome: Outcome, terminal: Terminal) -> None:
    """The summary table, and whatever is wrong."""
    table = Table(title="What came of it", show_header=False)
    for name, value in outcome.figures.items():
        shown = ", ".join(f"{k} {v}" for k, v in value.items()) if isinstance(value, dict) else str(value)
        table.add_row(name.replace("_", " "), shown)
    terminal.print(table)
    findings = outcome.findings
    for what, rows in (
        ("Saved answers that nobody meant", findings.wrong),
        ("Answers given that are not on file", findings.lost),
        ("Records of people who were somebody else", findings.strangers),
        ("Flagged people with neither slot nor queue place", findings.unattended),
        ("People in need of a doctor who are not flagged", findings.unflagged),
        ("Calls that their logs do not make again", findings.differing),
        ("Troubles on the line", outcome.troubles),
    ):
        if rows:
            terminal.print(f"[red]{what}:[/] {'; '.join(rows[:10])}")
    if not outcome.failed:
        terminal.print(f"[green]All {findings.right} answers on file are what the people meant.[/]")


def _brief(people: Sequence[SimPerson]) -> list[SimPerson]:
    """Those who speak are well, and take to the keys after some answers, so that their interviews, where every spoken
    answer is read back, do not hold up the others; but the first of them has a fever, and is offered a doctor."""
    speaking = [person for person in people if person.habit is Habit.VOICE]
    well = {
        person.phone: replace(
            person, speaks_up_to=SPOKEN_ANSWERS, intent={k: v for k, v in person.intent.items() if k not in MILD}
        )
        for person in speaking
    }
    if speaking:
        first = well[speaking[0].phone]
        well[first.phone] = replace(first, intent={**first.intent, "fever": True})
    return [well.get(person.phone, person) for person in people]


def _callers(demo: Demo, taken: set[str]) -> list[SimPerson]:
    made = make_people(demo.seed + 1000, demo.inbound * 2, mix=INBOUND_MIX)
    return [person for person in made if person.phone not in taken][: demo.inbound]


def _plan(demo: Demo) -> dict[str, Any]:
    """The fields of the form for a new campaign. A real one calls in daytime and waits hours between tries."""
    soon, never = "5s, 10s, 10s", ""
    retries: dict[str, str] = dict.fromkeys(("busy", "no_answer", "machine", "failed", "lost"), soon)
    retries["breakoff"] = "5s"
    retries |= dict.fromkeys(("wrong_person", "callback", "rejected", "unreachable"), never)
    return {
        "name": "Truy vết F1 chợ Vườn Hoa",
        "script": "contact-interview",
        "carrier": demo.carrier,
        "window_from": "00:00",
        "window_until": "23:59",
        "weekdays": ["0", "1", "2", "3", "4", "5", "6"],
        "cap": "70",
        "pace": "10",
        "max_attempts": "4",
        "on_machine": "message",
        **{f"retry.{outcome}": delays for outcome, delays in retries.items()},
    }


def _follow(console: Console, network: _Network, campaign: str, callers: int, terminal: Terminal, began: float) -> None:
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=terminal) as progress:
        people: TaskID = progress.add_task("people called", total=None)
        inbound: TaskID = progress.add_task("citizens who dialed", total=callers)
        while True:
            now = console.campaign(campaign)
            calls = network.calls()
            progress.update(people, total=now["targets"], completed=now["done"])
            over = sum(call["direction"] == "inbound" and call["status"] == "completed" for call in calls)
            live = sum(call["status"] in ("ringing", "in-progress") for call in calls)
            progress.update(inbound, completed=over, description=f"citizens who dialed ({live} lines up)")
            if now["state"] == "finished" and live == 0 and over >= callers:
                return
            if time.monotonic() - began > LONGEST_SECONDS:
                raise TracelineError(f"The demo is not over after {LONGEST_SECONDS:.0f} s.", "See the logs folder.")
            time.sleep(_LOOK_SECONDS)


class _Network:
    """The simulated telephone network's own interface."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._session = patient_session()

    def add(self, people: Sequence[SimPerson]) -> None:
        self._ask("POST", "people", [person.to_json() for person in people])

    def dial(self, person: SimPerson, url: str) -> None:
        self._ask("POST", "dial", {"phone": person.phone, "url": url})

    def calls(self) -> list[dict[str, Any]]:
        return list(self._ask("GET", "calls"))

    def report(self) -> dict[str, Any]:
        return dict(self._ask("GET", "report"))

    def _ask(self, method: str, what: str, body: Any = None) -> Any:
        answer = self._session.request(method, f"{self._address}/simulator/{what}", json=body, timeout=30)
        if not answer.ok:
            raise TracelineError(f"The simulator answered {answer.status_code}: {answer.text[:500]}")
        return answer.json()


def terminal() -> Terminal:
    """Progress goes to standard error, so that standard output holds the result alone."""
    return Terminal(file=sys.stderr)
