"""Looking at a campaign for its rehearsal: where, how and in which language people are called, and nothing of who they
are. Names, numbers, answers and contexts are never read.

The look is taken in a transaction that PostgreSQL lets only read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, text

from core.database import Database, UnitOfWork
from core.errors import UserError
from flows.catalogue import Library
from ivr.campaigns.model import Campaign, DoNotCall, Target, TargetState
from ivr.campaigns.rules import is_over, is_standing, window_of
from ivr.campaigns.window import next_allowed
from ivr.rehearsal.chance import Chance
from ivr.rehearsal.plan import Place, Plan, copy_of

MOST_PEOPLE = 200_000
MOST_IN_BACKGROUND = 50_000
"""What the slow worker gets done well within the time that a job has."""
LONGEST = timedelta(days=30)
_LONGEST_CALL = timedelta(hours=1)
_AT_ONCE = 5_000


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants to see: chance by `seed`; `people` how many (None: the list as it is); `begins` (None: the
    next full hour within calling hours)."""

    seed: int = 1
    people: int | None = None
    begins: datetime | None = None


@contextmanager
def reading(database: Database) -> Iterator[UnitOfWork]:
    """A unit of work in which nothing can be written, and whose looks all see the same moment."""
    with database.unit() as uow:
        uow.session.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
        yield uow


def read_plan(
    uow: UnitOfWork,
    campaign_id: UUID,
    wish: Wish,
    library: Library,
    told: Callable[[str], Mapping[str, Any]],
    lines: int | None,
    most: int = MOST_PEOPLE,
) -> Plan:
    """The plan of a rehearsal of this campaign. Raises UserError for one that is over, that stands for ever, or that
    has nobody to call or more than `most`, and for a wish that cannot be."""
    found = uow.session.get(Campaign, campaign_id, populate_existing=True)
    if found is None:
        raise UserError("There is no such campaign.", "It may have been removed.")
    if is_standing(found) or is_over(found):
        raise UserError("Only a planned campaign that is not over can be rehearsed.", "Choose another one.")
    if wish.people is not None and not 1 <= wish.people <= most:
        raise UserError(f"{wish.people} people cannot be rehearsed.", f"Give 1 to {most}.")
    script = library.script(found.script)
    campaign = copy_of(found)
    begins = _begins(campaign, wish.begins or uow.now(), exact=wish.begins is not None)
    if campaign.last_moment is not None and campaign.last_moment <= begins:
        raise UserError("The campaign's last moment has passed.", "Give it a later one first.")
    places = _places(uow, found)
    if wish.people is not None:
        places = _so_many(places or [Place(0, found.area, "", found.language)], wish)
    if not places:
        raise UserError("The campaign has nobody to call.", "Import a list first, or say how many people there are.")
    if len(places) > most:
        raise UserError(f"A rehearsal has at most {most} people here.", "Say how many people there are.")
    return Plan(
        campaign=campaign,
        places=places,
        begins=begins,
        until=min(begins + LONGEST, (campaign.last_moment or begins + LONGEST) + _LONGEST_CALL),
        scripts={script.id: script},
        told=told(campaign.carrier),
        lines=lines,
        seed=wish.seed,
    )


def _begins(campaign: Campaign, moment: datetime, *, exact: bool) -> datetime:
    """The next full hour in which people may be called, so that rehearsals within the same hour begin alike."""
    if not exact:
        moment = moment.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    return next_allowed(moment, window_of(campaign))


def _places(uow: UnitOfWork, campaign: Campaign) -> list[Place]:
    """Those who are still to be called. Telephones are told apart without reading their numbers: equal ones are
    encrypted alike."""
    telephone = func.dense_rank().over(order_by=Target.phone)
    barred = select(DoNotCall.at).where(DoNotCall.phone == Target.phone).exists()
    rows = uow.session.execute(
        select(
            telephone,
            Target.area,
            Target.zone,
            Target.language,
            Target.person_id.is_not(None),
            barred,
            Target.attempts,
            Target.outcomes,
            Target.disposition,
            Target.next_at,
            Target.last_moment,
        )
        .where(Target.campaign_id == campaign.id, Target.state != TargetState.DONE)
        .order_by(Target.id)
        .execution_options(yield_per=_AT_ONCE)
    )
    return [Place(*row) for row in rows]


def _so_many(places: Sequence[Place], wish: Wish) -> list[Place]:
    """As many people as are wished for: some of those on the list, or the list again and again, each time with
    telephones of its own."""
    wanted = wish.people or len(places)
    telephones = max(place.telephone for place in places) + 1
    chance = Chance(wish.seed)
    order = sorted(range(len(places)), key=lambda number: chance.draw("people", number))
    rounds = ((place, again) for again in range(-(-wanted // len(places))) for place in order)
    picked = sorted((again, place) for (place, again), _ in zip(rounds, range(wanted), strict=False))
    return [replace(places[place], telephone=places[place].telephone + again * telephones) for again, place in picked]
