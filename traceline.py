"""The composition root: reads the settings, wires the packages together, and is the `traceline` command.

Nothing else in the project knows every package. A process makes one `Traceline` and uses what it needs of it; each part
is made when first asked for, so that a process carries only what it uses.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Mapping
from functools import cached_property, partial
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import click
import redis
from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

import admin.bench
import audio.calibration.commands
import core.commands
import flows.bench
import flows.commands
import ivr.bench
import ivr.calls.commands
import ivr.campaigns.bench
import ivr.campaigns.commands
import ivr.media.bench.measure
import ivr.messages.commands
import ivr.rehearsal.bench
import ivr.replay_bench
import telehealth.bench
import telehealth.commands
import tracing.chains.bench
import tracing.followup.bench
import tracing.lists.bench
import tracing.lists.commands
import tracing.tables
from admin.app import create_app
from admin.context import ConsoleContext
from audio.models.registry import grammar_models
from audio.prompts import PromptStore
from audio.recogniser.vocabulary import knows
from audio.recordings import fault_of
from audio.shelf import Shelf
from core import encryption
from core.bench import bench_command
from core.clock import SystemClock
from core.commands import CommandLine
from core.database import Database, UnitOfWork
from core.errors import TracelineError, UserError
from core.heartbeats import keep_beating
from core.installation import running, stoppable
from core.jobs import SLOW_QUEUE, Jobs, run_worker
from core.login import FIRST_LOGIN, ensure_first_user
from core.logs import set_up_logs
from core.rekeying import rekey
from core.scheduling import Tick, run_schedule
from core.schema import upgrade
from core.settings import Settings, read_settings
from core.upkeep import clear_away
from flows.catalogue import Library, load_library
from flows.lint import LintTools
from ivr.calls.effects import Effects
from ivr.calls.service import Calls
from ivr.campaigns.dialer import Dialer
from ivr.campaigns.observer import EFFECTS, CampaignObserver
from ivr.campaigns.reaper import Reaper
from ivr.campaigns.standing import prepare_standing
from ivr.carriers.base import Carrier
from ivr.carriers.browser.carrier import BROWSER, BrowserCarrier
from ivr.carriers.browser.telephone import BrowserTelephone
from ivr.carriers.inbound import InboundPlan
from ivr.carriers.sip.carrier import SipCarrier
from ivr.carriers.sip.orders import SIP, call_off, order_leg
from ivr.carriers.sip.sweep import Sweep
from ivr.carriers.twilio_recordings import TwilioRecordings
from ivr.carriers.twilio_rest import STREAMS, WEBHOOKS, TwilioCarrier
from ivr.carriers.twilio_signature import Signatures
from ivr.carriers.twilio_streams.blueprint import stream_webhooks
from ivr.carriers.twilio_webhooks.blueprint import webhooks
from ivr.carriers.twilio_webhooks.sounds import sounds
from ivr.media.bridging.presence import LeavesRooms
from ivr.media.bridging.waiting import Legs
from ivr.media.process import MediaPlan, run_media
from ivr.messages.deletion import delete_due
from ivr.messages.provider import FETCH, FORGET, Fetcher
from ivr.messages.store import TRANSCRIBE, keep, keep_answer
from ivr.messages.transcribing import Transcriber
from ivr.rehearsal.commands import rehearse_command
from ivr.rehearsal.store import REHEARSE, Rehearsing
from ivr.simulator.demo.command import demo_command
from ivr.simulator.process import rehearsal, run_simulator
from telehealth import effects as telehealth_effects
from telehealth.calling_back import ReturnsUnreached
from telehealth.care import QueuesFlagged, queue_flagged
from telehealth.effects import ReleaseHolds
from telehealth.holds import expire_holds
from telehealth.queue import watch
from telehealth.rehearsal import read_doctors
from telehealth.sample import add_sample_practitioners
from tracing.areas.places import seed_areas
from tracing.followup import planning, settling, standing
from tracing.followup.observer import VisitObserver
from tracing.followup.wanted import WANTED
from tracing.hotline import hotline_plan
from tracing.lists.jobs import ListJobs
from tracing.lists.sample import list_of
from tracing.lists.service import BRING, CHECK
from tracing.people.duplicates import search
from tracing.people.straying import bring_strays
from tracing.records.filing import RecordObserver
from tracing.teams.assigning import assign_new
from tracing.venues.effects import EFFECTS as NAMING_EFFECTS
from tracing.venues.unnamed import LearnsBirthYear

CARRIERS = {
    STREAMS: "Twilio, keys and speech",
    WEBHOOKS: "Twilio, keys only",
    SIP: "Telephone line (SIP), keys and speech",
}


class Traceline:
    """The wired parts of one process."""

    def __init__(self, settings: Settings, connections: int = 5) -> None:
        self.settings = settings
        encryption.use_keys(encryption.load_keys(settings.secret_keys, settings.home, make=False))
        self.clock = SystemClock()
        self.database = Database(settings.database_url, self.clock, connections)
        self.redis = redis.Redis.from_url(settings.redis_url)

    @cached_property
    def library(self) -> Library:
        return load_library()

    @cached_property
    def prompts(self) -> PromptStore:
        settings = self.settings
        return PromptStore(settings.prompts_folder, settings.recordings_folder, shelf=Shelf(self.database))

    @cached_property
    def calls(self) -> Calls:
        effects = Effects()
        for name, handler in {**EFFECTS, **NAMING_EFFECTS}.items():
            effects.register(name, handler)
        telehealth_effects.register(effects)
        records = RecordObserver(self.library)
        # In this order: visits and doctors read the records and what the campaigns made of the call.
        observers = (
            *(records, CampaignObserver(), VisitObserver(), QueuesFlagged()),
            *(ReleaseHolds(), LeavesRooms(), ReturnsUnreached(), LearnsBirthYear()),
        )
        return Calls(self.library, effects, observers)

    @cached_property
    def carriers(self) -> Mapping[str, Carrier]:
        return {
            STREAMS: TwilioCarrier(STREAMS, self.settings),
            WEBHOOKS: TwilioCarrier(WEBHOOKS, self.settings),
            SIP: SipCarrier(self.database, self.calls, self.settings.sip_trunk),
        }

    @cached_property
    def dialer(self) -> Dialer:
        return Dialer(self.database, self.calls, self.carriers, self.told, self.settings.lines, WANTED)

    @cached_property
    def lists(self) -> ListJobs:
        return ListJobs(self.database, self.settings.zone, self.settings.language)

    @cached_property
    def jobs(self) -> Jobs:
        jobs = Jobs(self.database, self.redis, "traceline.perform")
        jobs.register("dial", self.dialer.dial)
        jobs.register("hang_up", self.dialer.hang_up)
        fetcher = Fetcher(self.database, TwilioRecordings(self.settings))
        jobs.register(FETCH, fetcher.fetch)
        jobs.register(FORGET, fetcher.forget)
        jobs.register(TRANSCRIBE, Transcriber(self.database, self.settings.models_folder).transcribe, slow=True)
        jobs.register(CHECK, self.lists.check, slow=True)
        jobs.register(BRING, self.lists.bring, slow=True)
        jobs.register(REHEARSE, _rehearsing(self.settings, self.database, self.library).perform, slow=True)
        return jobs

    def ticks(self) -> list[Tick]:
        """What the scheduler does again and again."""
        reaper = Reaper(self.database, self.calls, {**self.carriers, BROWSER: BrowserCarrier(self.database)})
        legs = Sweep(self.database, self.calls)
        return [
            Tick("campaigns.tick", 1, self.dialer.tick),
            Tick("campaigns.reap", 15, reaper.reap),
            Tick("outbox.sweep", 1, self.jobs.relay),
            Tick("sip.sweep", 2, legs.sweep),
            Tick("sip.clear_away", 3600, legs.clear_away),
            Tick("holds.expire", 15, lambda: self._in_unit(expire_holds)),
            Tick("queue.watch", 15, lambda: self._in_unit(watch)),
            Tick("teams.assign", 5, lambda: self._in_unit(assign_new)),
            Tick("people.search", 10, lambda: search(self.database)),
            Tick("people.gather", 60, lambda: bring_strays(self.database)),
            Tick("follow_up.plan", 10, lambda: planning.plan_new(self.database)),
            Tick("follow_up.order", 60, lambda: standing.order_calls(self.database)),
            Tick("queue.flagged", 60, lambda: queue_flagged(self.database)),
            Tick("follow_up.settle", 300, lambda: settling.settle_days(self.database)),
            Tick("lists.sweep", 10, self.lists.sweep),
            Tick("upkeep", 3600, lambda: clear_away(self.database)),
            Tick("prompts.clear_away", 3600, self.prompts.clear_away),
            Tick("messages.delete", 600, self._delete_due),
        ]

    def told(self, carrier: str) -> dict[str, Any]:
        """What every script is told of this installation."""
        return _told(self.settings, carrier)

    def inbound(self, uow: UnitOfWork, number: str, carrier: str, dialed: str = "") -> InboundPlan:
        """What a citizen hears who dials the hotline."""
        return hotline_plan(uow, number, self.told(carrier), self.settings, dialed)

    def web(self) -> Flask:
        """The web process: console, webhooks, prompt audio."""
        keep_beating(self.database, "web")
        self.jobs  # noqa: B018  (units of work now relay what they send)
        blueprints = (
            webhooks(self.calls, self.database, self.prompts, self.settings, self.inbound),
            stream_webhooks(self.calls, self.database, self.settings, self.inbound),
            sounds(self.prompts),
        )
        app = create_app(
            ConsoleContext(
                settings=self.settings,
                database=self.database,
                redis=self.redis,
                library=self.library,
                carriers=CARRIERS,
                webhooks=blueprints,
                telephone=BrowserTelephone(self.calls, self.told, self.settings),
            )
        )
        proxies = self.settings.trusted_proxies
        # Behind proxies the address in the audit log is the one that the outermost of ours saw.
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies)  # type: ignore[method-assign]
        return app

    def media(self) -> None:
        """The media process: live audio."""
        host, _, port = self.settings.media_bind.rpartition(":")
        plan = MediaPlan(
            host=host,
            port=int(port),
            carriers=(STREAMS, WEBHOOKS),
            models=grammar_models(self.settings.models_folder),
            measured=self.settings.models_folder,
            workers=self.settings.recogniser_workers,
            origin=self.settings.public_origin,
            address=self.settings.public_media_url.rstrip("/"),
            keep=self._keep_message,
            keep_answer=self._keep_answer if self.settings.answers_days else None,
            legs=Legs(order_leg, call_off) if self.settings.sip_trunk else None,
        )
        run_media(plan, self.database, self.calls, self.prompts, Signatures(self.settings).websocket)

    def sip(self) -> None:
        """The SIP process: telephones and the trunk."""
        from ivr.carriers.sip.process import SipPlan, run_sip  # its stack is native code, for this process only
        from ivr.carriers.sip.stack import Trunk

        if not self.settings.sip_bind:
            raise UserError("SIP is switched off.", "Set TRACELINE_SIP_BIND to an address of this machine.")
        host, _, port = self.settings.sip_bind.rpartition(":")
        user, password = self.settings.sip_user, self.settings.sip_password
        trunk = Trunk(self.settings.sip_trunk, user, password, self.settings.sip_transport)
        plan = SipPlan(
            host=host,
            port=int(port),
            allow=self.settings.sip_networks,
            trunk=trunk if trunk.address else None,
            hotline=self.settings.hotline,
            media_bind=self.settings.media_bind,
            most_calls=self.settings.sip_calls,
            media=self.settings.sip_media_networks,
            kept_free=self.settings.sip_kept_free,
            leave_seconds=self.settings.sip_leave_seconds,
        )
        run_sip(plan, self.database, self.calls, self.inbound)

    def _keep_message(self, uow: UnitOfWork, call_id: UUID, turn: int, ulaw: bytes) -> str:
        return keep(uow, call_id=call_id, turn=turn, ulaw=ulaw, days=self.settings.messages_days)

    def _keep_answer(self, uow: UnitOfWork, call_id: UUID, turn: int, ulaw: bytes) -> None:
        keep_answer(uow, call_id=call_id, turn=turn, ulaw=ulaw, days=self.settings.answers_days)

    def _delete_due(self) -> int:
        return delete_due(self.database, self.settings.messages_days, self.settings.answers_days)

    def work(self) -> None:
        """A worker process: jobs of the outbox."""
        keep_beating(self.database, "worker")
        self.jobs.relay_soon()
        run_worker(self.redis)

    def work_slowly(self) -> None:
        """A worker process for jobs that take minutes."""
        keep_beating(self.database, "slow-worker")
        run_worker(self.redis, SLOW_QUEUE)

    def schedule(self) -> None:
        """The scheduler process."""
        keep_beating(self.database, "scheduler")
        run_schedule(self.ticks())

    def simulate(self) -> None:
        """The simulated telephone network, in place of Twilio."""
        bind = urlsplit(self.settings.twilio_api_url).netloc
        run_simulator(bind, rehearsal(self.settings), self.prompts, self.library)

    def _in_unit(self, work: Callable[[UnitOfWork], object]) -> None:
        with self.database.unit() as uow:
            work(uow)


def _told(settings: Settings, carrier: str) -> dict[str, Any]:
    """What every script is told. Over webhooks we hear keys only."""
    speech = [] if carrier == WEBHOOKS else sorted(grammar_models(settings.models_folder))
    if not settings.recogniser_workers:
        speech = []
    return {
        "department": settings.spoken_name,
        "hotline": settings.hotline,
        "messages_days": settings.messages_days,
        "speech": speech,
    }


def _rehearsing(settings: Settings, database: Database, library: Library) -> Rehearsing:
    """What rehearsals of campaigns need. They are given no carrier."""
    told = partial(_told, settings)
    return Rehearsing(database, library, told, settings.lines, settings.zone, settings.home, read_doctors)


_worker: Traceline | None = None


def perform(row_id: int) -> None:
    """Do the job of one outbox row. RQ calls this by name, in a worker process."""
    if _worker is None:
        raise TracelineError("This is not a worker.", "Start one with `traceline process worker`.")
    _worker.jobs.perform(row_id)


# Connections of each process to the database, by how many units of work it has open at once. Together they stay below
# the hundred that PostgreSQL allows by default.
CONNECTIONS = {"web": 10, "media": 12, "worker": 4, "slow-worker": 2, "scheduler": 8, "simulator": 1, "sip": 5}


def _ready(kind: str) -> Traceline:
    """The wiring of a process that serves: logs on, schema there."""
    set_up_logs()
    app = Traceline(read_settings(), CONNECTIONS[kind])
    upgrade(app.database.engine)
    return app


def web_app() -> Flask:
    """What `wsgi.py` serves."""
    return _ready("web").web()


def prepare(settings: Settings, *, sample: bool = False) -> str | None:
    """What is done once, before the processes start; gives the one-time password of the first user when it is made
    now. `sample` adds doctors who do not exist."""
    encryption.load_keys(settings.secret_keys, settings.home)  # nothing but a first start makes keys
    app = Traceline(settings)
    upgrade(app.database.engine)
    rekey(app.database)
    with app.database.unit() as uow:
        seed_areas(uow, settings.province)
        prepare_standing(uow, settings.call_back_carrier, settings.zone)
        first_password = ensure_first_user(uow)
        if sample:
            add_sample_practitioners(uow, settings.zone)
    app.database.close()
    return first_password


prepare_sample = partial(prepare, sample=True)


@click.group(cls=CommandLine)
@click.pass_context
def main(ctx: click.Context) -> None:
    """Traceline: the telephone of a health department."""
    ctx.obj = LintTools(_known_to_model, _fault_of_recording)
    ctx.meta[ivr.campaigns.commands.CARRIERS] = CARRIERS


def _known_to_model(language: str, word: str) -> bool | None:
    """For the linter of scripts: None for a language without a model."""
    path = grammar_models(read_settings().models_folder).get(language)
    return None if path is None else knows(path, word)


def _fault_of_recording(clip: str, language: str) -> str | None:
    """For the linter of scripts: a clip without a recording is spoken by the machine, which is no fault."""
    return fault_of(read_settings().recordings_folder, language, clip)


@main.command()
def up() -> None:
    """Run everything on this machine until Ctrl-C."""
    with stoppable(), running(read_settings(), prepare) as (settings, first_password):
        click.echo(f"The console: http://{settings.web_bind}")
        if settings.sip_bind:
            click.echo(f"SIP telephones: sip:hotline@{settings.sip_bind}")
        if first_password:
            click.echo(f"Log in as {FIRST_LOGIN} with the one-time password {first_password}")
        signal.pause()


@main.command(hidden=True)
@click.argument("kind", type=click.Choice(["media", "sip", "worker", "slow-worker", "scheduler", "simulator"]))
def process(kind: str) -> None:
    """Run one process of this installation in the foreground."""
    global _worker
    app = _ready(kind)
    if kind in ("worker", "slow-worker"):
        _worker = app
    runs: dict[str, Callable[[], None]] = {
        "media": app.media,
        "sip": app.sip,
        "worker": app.work,
        "slow-worker": app.work_slowly,
        "scheduler": app.schedule,
        "simulator": app.simulate,
    }
    runs[kind]()


ivr.campaigns.commands.campaign.add_command(
    rehearse_command(lambda database: _rehearsing(read_settings(), database, load_library()))
)
main.add_command(demo_command(prepare_sample, list_of, STREAMS))
main.add_command(
    bench_command(
        flows.bench.benches
        | ivr.bench.benches
        | ivr.replay_bench.benches
        | telehealth.bench.benches
        | ivr.campaigns.bench.benches
        | ivr.media.bench.measure.benches
        | ivr.rehearsal.bench.benches
        | admin.bench.benches
        | tracing.followup.bench.benches
        | tracing.lists.bench.benches
        | tracing.chains.bench.benches
    )
)
for package in (
    core.commands,
    audio.calibration.commands,
    flows.commands,
    ivr.calls.commands,
    ivr.campaigns.commands,
    ivr.messages.commands,
    telehealth.commands,
    tracing.lists.commands,
):
    for command in package.commands:
        main.add_command(command)


if __name__ == "__main__":
    # Run as a module, this file is `__main__`; workers are called under the name `traceline`.
    from traceline import main as command_line

    command_line()
