"""The simulated telephone network as a process of its own."""

from __future__ import annotations

import asyncio
import logging
import signal

import uvloop

from audio.prompts import PromptStore
from core.errors import UserError
from core.settings import Settings
from flows.catalogue import Library
from ivr.simulator.options import Chaos, Options
from ivr.simulator.server import SimulatedNetwork

log = logging.getLogger(__name__)


def rehearsal(settings: Settings) -> Options:
    """How the network behaves that stands in for Twilio in an installation: it repeats and reorders some of what it
    sends, and calls by keys run faster than life."""
    return Options(
        account_sid=settings.twilio_account_sid,
        auth_token=settings.twilio_auth_token,
        speed=4.0,
        hotline=settings.hotline,
        chaos=Chaos(seed=1, repeat_callbacks=0.1, late_callbacks=0.1, repeat_turns=0.05),
    )


def run_simulator(bind: str, options: Options, prompts: PromptStore, library: Library) -> None:
    """Serve at `bind` (`host:port`) until SIGTERM or SIGINT. Raises UserError for an address that cannot be used."""
    host, _, port = bind.rpartition(":")
    if not host or not port.isdecimal():
        raise UserError(f"{bind!r} is not an address.", "Write it as 127.0.0.1:8002.")
    try:
        uvloop.run(_serve(SimulatedNetwork(options, prompts, library, host=host, port=int(port))))
    except OSError as error:
        raise UserError(f"The simulator cannot listen at {bind}: {error.strerror}.", "Is it in use?") from error


async def _serve(simulated: SimulatedNetwork) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    async with simulated:
        log.info("event=simulator_ready url=%s", simulated.url)
        await stop.wait()
    log.info("event=simulator_stopped")
