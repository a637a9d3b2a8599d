"""The simulated network as a server: REST and control interface on one address. Tests open it on any free port."""

from __future__ import annotations

from collections.abc import Iterable
from types import TracebackType
from typing import Self

import aiohttp
from aiohttp import web

from audio.prompts import PromptStore
from flows.catalogue import Library
from ivr.simulator.control import Control
from ivr.simulator.ears import Ears
from ivr.simulator.network import Network
from ivr.simulator.options import Options
from ivr.simulator.people import SimPerson
from ivr.simulator.rest import Rest

LARGEST_REQUEST = 64 * 2**20


class SimulatedNetwork:
    """`async with SimulatedNetwork(options, prompts, library, people) as simulated:` serves at `simulated.url`.

    Without `prompts` and `library` people understand nothing: give them `dictated` answers. Inside, `network` has the
    calls, the talks and the troubles; `network.settled()` waits until everything is over.
    """

    def __init__(
        self,
        options: Options,
        prompts: PromptStore | None = None,
        library: Library | None = None,
        people: Iterable[SimPerson] = (),
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        self.options = options
        self.url = ""
        self._prompts = prompts
        self._library = library
        self._people = list(people)
        self._host = host
        self._port = port

    async def __aenter__(self) -> Self:
        # No limit on connections: every call may hold a stream while another request of it goes out.
        self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        ears = Ears(self._prompts) if self._prompts else None
        scripts = self._library.scripts if self._library else {}
        self.network = Network(self.options, self._session, ears, scripts)
        try:
            if ears:
                await ears.learn()
            self.network.add_people(self._people)
            app = web.Application(client_max_size=LARGEST_REQUEST)
            app.add_routes([*Rest(self.network).routes(), *Control(self.network, self._library).routes()])
            self._runner = web.AppRunner(app, access_log=None)
            await self._runner.setup()
            site = web.TCPSite(self._runner, self._host, self._port)
            await site.start()
        except BaseException:
            await self._session.close()
            raise
        port = self._runner.addresses[0][1]
        self.url = self.network.base_url = f"http://{self._host}:{port}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.network.close()
        await self._runner.cleanup()
        await self._session.close()
