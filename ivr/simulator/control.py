"""The simulator's own interface under `/simulator`, for the demo, rehearsals and tests. Only this machine may use it.

| request | does |
|---|---|
| `POST /simulator/people` | adds people: a JSON list (`SimPerson.to_json`), or `{"seed", "count", …}` to make them |
| `GET /simulator/people` | everybody |
| `POST /simulator/dial` | `{"phone", "url", …}`: this person dials the hotline, whose voice webhook is `url` |
| `GET /simulator/calls` | every call as the REST interface shows it |
| `GET /simulator/report` | see `ivr.simulator.report` |
| `POST /simulator/faults` | sets `ivr.simulator.options.Faults` |

To dial, `status_callback` may name where the hotline's number reports the end of its calls, as a number at Twilio does:
without it nobody tells the application that a caller has hung up between two turns.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, fields
from typing import Any

import orjson
from aiohttp import web

from core.errors import UserError
from flows.catalogue import Library
from ivr.simulator.network import Network
from ivr.simulator.options import Faults
from ivr.simulator.people import make_people, person_from_json
from ivr.simulator.report import report

Handler = Callable[[web.Request], Awaitable[web.Response]]


class Control:
    """The handlers, mounted beside the REST interface."""

    def __init__(self, network: Network, library: Library | None) -> None:
        self._network = network
        self._library = library

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/simulator/people", _local(self._add_people)),
            web.get("/simulator/people", _local(self._list_people)),
            web.post("/simulator/dial", _local(self._dial)),
            web.get("/simulator/calls", _local(self._calls)),
            web.get("/simulator/report", _local(self._report)),
            web.post("/simulator/faults", _local(self._faults)),
        ]

    async def _add_people(self, request: web.Request) -> web.Response:
        body = await _json(request)
        if isinstance(body, Mapping):
            people = _made(body)
        elif isinstance(body, list) and all(isinstance(item, Mapping) for item in body):
            people = [person_from_json(item) for item in body]
        else:
            raise UserError("People are a JSON list of objects, or an object with `seed` and `count`.")
        self._network.add_people(people)
        return _answer([person.to_json() for person in people], 201)

    async def _list_people(self, request: web.Request) -> web.Response:
        return _answer([person.to_json() for person in self._network.people.values()])

    async def _dial(self, request: web.Request) -> web.Response:
        body = await _json(request)
        if not isinstance(body, Mapping) or not str(body.get("url", "")).startswith(("http://", "https://")):
            raise UserError("To dial, give `phone` and `url`, the address of the hotline's voice webhook.")
        person = self._network.people.get(str(body.get("phone")))
        if person is None:
            raise UserError("Nobody has this number.", "Add people first.")
        call = self._network.dial(person, str(body["url"]), str(body.get("status_callback", "")))
        return _answer(call.to_json(), 201)

    async def _calls(self, request: web.Request) -> web.Response:
        return _answer([call.to_json() for call in self._network.calls.values()])

    async def _report(self, request: web.Request) -> web.Response:
        library = self._library
        return _answer(report(self._network, library.scripts if library else {}, library.forms if library else {}))

    async def _faults(self, request: web.Request) -> web.Response:
        body = await _json(request)
        names = {item.name: type(getattr(self._network.faults, item.name)) for item in fields(Faults)}
        if not isinstance(body, Mapping) or not set(body) <= set(names):
            raise UserError(f"Faults are {', '.join(names)}.")
        for name, value in body.items():
            if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
                raise UserError(f"{name} must be a number from 0 on.")
            setattr(self._network.faults, name, names[name](value))
        return _answer(asdict(self._network.faults))


def _made(body: Mapping[str, Any]) -> list[Any]:
    unknown = sorted(set(body) - {"seed", "count", "languages", "spoken"})
    if unknown or not isinstance(body.get("seed"), int) or not isinstance(body.get("count"), int):
        raise UserError("To make people, give whole numbers `seed` and `count`, and maybe `languages`, `spoken`.")
    lists = {name: body[name] for name in ("languages", "spoken") if name in body}
    if not all(isinstance(value, list) and all(isinstance(item, str) for item in value) for value in lists.values()):
        raise UserError("`languages` and `spoken` are lists of language codes.")
    return make_people(body["seed"], body["count"], **lists)


def _local(handler: Handler) -> Handler:
    """Only from this machine, whatever address the server listens on; a person's mistake becomes a clear 400."""

    async def guarded(request: web.Request) -> web.Response:
        if request.remote is None or not ipaddress.ip_address(request.remote).is_loopback:
            return _answer({"error": "The simulator is controlled from its own machine only."}, 403)
        try:
            return await handler(request)
        except UserError as error:
            return _answer({"error": str(error)}, 400)

    return guarded


async def _json(request: web.Request) -> Any:
    try:
        return orjson.loads(await request.read())
    except orjson.JSONDecodeError as error:
        raise UserError(f"The request is not JSON: {error}.") from error


def _answer(body: Any, status: int = 200) -> web.Response:
    return web.Response(body=orjson.dumps(body), status=status, content_type="application/json")
