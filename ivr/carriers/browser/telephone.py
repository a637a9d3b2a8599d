"""Opening a call from a browser: which script, in which language, told of a person who is made up."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from core.database import UnitOfWork
from core.settings import Settings
from flows.engine.script import Script
from flows.stubs import CONTEXT
from ivr.calls.model import Call
from ivr.calls.service import Calls
from ivr.carriers.browser.carrier import BROWSER
from ivr.lines.presence import line_address
from ivr.lines.protocol import PATH
from ivr.lines.tickets import CallTicket, write_ticket


@dataclass(frozen=True, slots=True)
class MadeUpPerson:
    """Whom an outbound script believes to be calling."""

    name: str
    birth_year: int


MADE_UP = MadeUpPerson("Nguyễn Thị Thử", 1990)
"""“Thử” is Vietnamese for a try."""


class BrowserTelephone:
    """The telephone of the console. `told(carrier)` is what every script is told of this installation."""

    def __init__(self, calls: Calls, told: Callable[[str], Mapping[str, Any]], settings: Settings) -> None:
        self._calls = calls
        self._told = told
        self._zone = ZoneInfo(settings.zone)
        self._media = settings.public_media_url.rstrip("/")
        self.origin = settings.public_origin

    def open(self, uow: UnitOfWork, script: Script, language: str, person: MadeUpPerson, area: str) -> Call:
        """A call of nobody: it belongs to no person and no campaign, has no number, and lies in the officer's area.
        Everything else is as in any call; what it books is booked. An outbound script is told of `person`."""
        today = uow.now().astimezone(self._zone).date().isoformat()
        context = {**CONTEXT, **self._told(BROWSER), "today": today}
        if script.direction == "outbound":
            context["person"] = {"name": person.name, "birth_year": person.birth_year}
        else:
            del context["person"]
        call = self._calls.open(
            uow,
            direction="outbound" if script.direction == "outbound" else "inbound",
            carrier=BROWSER,
            remote_number="",
            script=script.id,
            language=language,
            context=context,
            area=area,
        )
        call.provider_ref = str(call.id)  # so that the reaper has something to ask for
        return call

    def ticket(self, uow: UnitOfWork, call: Call) -> dict[str, str]:
        """Lets one line carry the call's sound, with captions: the `ticket`, and the `url` to connect to."""
        url = line_address(uow, self._media) + PATH
        return {"url": url, "ticket": write_ticket(CallTicket(call.id, captions=True))}
