"""Rehearsals in the background: asked for on a page, made by the slow worker, and the report kept with the campaign.

Nothing else is written to the database: the rehearsal itself knows none.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert

from core.database import Database, UnitOfWork
from core.errors import UserError
from flows.catalogue import Library
from ivr.rehearsal.assumptions import FILE_NAME, read_assumptions
from ivr.rehearsal.doctors import OpenDoctors
from ivr.rehearsal.model import Rehearsal, RehearsalState
from ivr.rehearsal.reading import MOST_IN_BACKGROUND, MOST_PEOPLE, Wish, read_plan, reading
from ivr.rehearsal.report import Tell, rehearse

log = logging.getLogger(__name__)

REHEARSE = "rehearse"
"""The job's name in the outbox."""
_TELL_EVERY = 1.0
ReadDoctors = Callable[[UnitOfWork, str, datetime, datetime], OpenDoctors]
"""`read_doctors(uow, zone, begins, until)`: the department's doctors and what is taken of them. Only reads."""


@dataclass(frozen=True, slots=True)
class Rehearsing:
    """What rehearsals of an installation need: its database, scripts, lines, doctors, and the folder in which it may
    keep assumptions of its own."""

    database: Database
    library: Library
    told: Callable[[str], Mapping[str, Any]]
    lines: int | None
    zone: str
    home: Path
    read_doctors: ReadDoctors

    def make(
        self, campaign_id: UUID, wish: Wish, tell: Tell = lambda share: None, most: int = MOST_PEOPLE
    ) -> dict[str, Any]:
        """Rehearse a campaign; returns the report. Raises UserError when it cannot be rehearsed."""
        assumed = read_assumptions(self.home / FILE_NAME)
        with reading(self.database) as uow:
            plan = read_plan(uow, campaign_id, wish, self.library, self.told, self.lines, most)
            open_doctors = self.read_doctors(uow, self.zone, plan.begins, plan.until)
        return rehearse(plan, assumed, open_doctors, tell)

    def perform(self, payload: Mapping[str, Any]) -> None:
        """The job: make the rehearsal that `payload` names, unless a newer one was asked for meanwhile."""
        campaign_id, number = UUID(payload["campaign"]), int(payload["number"])
        asked = self._begin(campaign_id, number)
        if asked is None:
            return
        teller = _Teller(self.database, campaign_id, number)
        try:
            report = self.make(campaign_id, asked, teller.tell, MOST_IN_BACKGROUND)
        except UserError as error:
            self._end(campaign_id, number, RehearsalState.FAILED, problem=f"{error.message}\n{error.hint}")
        else:
            self._end(campaign_id, number, RehearsalState.DONE, report=report)

    def _begin(self, campaign_id: UUID, number: int) -> Wish | None:
        with self.database.unit() as uow:
            row = uow.session.get(Rehearsal, campaign_id, with_for_update=True)
            if row is None or row.number != number or row.state in (RehearsalState.DONE, RehearsalState.FAILED):
                return None
            row.state, row.share = RehearsalState.RUNNING, 0.0
            return Wish(row.seed, row.people)

    def _end(self, campaign_id: UUID, number: int, state: RehearsalState, **found: Any) -> None:
        with self.database.unit() as uow:
            uow.session.execute(
                update(Rehearsal)
                .where(Rehearsal.campaign_id == campaign_id, Rehearsal.number == number)
                .values(state=state, share=1.0, ended_at=uow.now(), **found)
            )
        log.info("event=rehearsed campaign=%s state=%s", campaign_id, state)


def order_rehearsal(uow: UnitOfWork, campaign_id: UUID, seed: int, people: int | None, asked_by: UUID | None) -> None:
    """Have a campaign rehearsed; its report takes the place of the one before."""
    fresh = {
        "state": RehearsalState.WAITING,
        "seed": seed,
        "people": people,
        "share": 0.0,
        "asked_by": asked_by,
        "asked_at": uow.now(),
        "ended_at": None,
        "report": None,
        "problem": None,
    }
    ordered = insert(Rehearsal).values(campaign_id=campaign_id, **fresh)
    ordered = ordered.on_conflict_do_update(
        index_elements=[Rehearsal.campaign_id], set_={**fresh, "number": Rehearsal.number + 1}
    )
    number = uow.session.scalars(ordered.returning(Rehearsal.number)).one()
    uow.send(REHEARSE, {"campaign": str(campaign_id), "number": number})


def rehearsal_of(uow: UnitOfWork, campaign_id: UUID) -> Rehearsal | None:
    """The newest rehearsal of a campaign."""
    return uow.session.get(Rehearsal, campaign_id, populate_existing=True)


class _Teller:
    """Keeps the page informed, about once a second."""

    def __init__(self, database: Database, campaign_id: UUID, number: int) -> None:
        self._database = database
        self._which = (Rehearsal.campaign_id == campaign_id, Rehearsal.number == number)
        self._told_at = 0.0

    def tell(self, share: float) -> None:
        if time.monotonic() - self._told_at < _TELL_EVERY:
            return
        self._told_at = time.monotonic()
        with self._database.unit() as uow:
            uow.session.execute(update(Rehearsal).where(*self._which).values(share=round(share, 3)))
