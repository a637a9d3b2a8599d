"""Venues and who was there when: added once, found by what people remember of the name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from core.areas import holds
from core.database import UnitOfWork
from core.errors import UserError
from core.ids import new_id
from tracing.people.model import Person
from tracing.venues.model import LONGEST_VISIT, MOST_UNCERTAIN, Venue, VenueVisit

KINDS = ("home", "work", "school", "market", "transport", "health", "worship", "event", "other")
LONGEST_NAME = 200
ALIKE = 0.45
"""From this share of common trigrams on two names may mean one place: "chợ Vườn Hoa" and "Chợ vườn hoa Thanh Hóa"."""
MOST_ALIKE = 5


@dataclass(frozen=True, slots=True)
class NewVenue:
    """A place or an event as somebody enters it. `area` is a path of official codes, empty when nobody knows."""

    name: str
    kind: str = "other"
    address: str = ""
    area: str = ""


@dataclass(frozen=True, slots=True)
class NewVisit:
    """Somebody was there from `arrived_at` to `left_at` (with a time zone), each give or take `uncertain_minutes`."""

    venue_id: UUID
    person_id: UUID
    arrived_at: datetime
    left_at: datetime
    uncertain_minutes: int = 0
    source: str = "person"  # list, call, person


class AlikeVenues(UserError):
    """There are venues of such a name already; `venues` are they. Whoever means another one says so."""

    def __init__(self, venues: Sequence[Venue]) -> None:
        super().__init__("There is a venue of such a name already.", "Choose it, or say that yours is another one.")
        self.venues = tuple(venues)


def add_venue(uow: UnitOfWork, new: NewVenue, by: UUID | None, *, another: bool = False) -> Venue:
    """A venue. Raises UserError for one without a name or of an unknown kind, and AlikeVenues when it may be there
    already, unless somebody said that it is `another`."""
    name = " ".join(new.name.split())
    if not name or len(name) > LONGEST_NAME:
        raise UserError("The venue needs a name.", f"Write what people call it, in at most {LONGEST_NAME} signs.")
    if new.kind not in KINDS:
        raise UserError(f"There is no kind of venue {new.kind!r}.", f"Choose one of {', '.join(KINDS)}.")
    # Two people who enter one place at the same time: the second sees what the first has entered.
    uow.session.execute(select(func.pg_advisory_xact_lock(func.hashtext("tracing.venues"))))
    if not another and (alike := venues_alike(uow, name, new.area)):
        raise AlikeVenues(alike)
    venue = Venue(
        id=new_id(),
        name=name,
        kind=new.kind,
        address=" ".join(new.address.split()),
        area=new.area,
        created_at=uow.now(),
        created_by=by,
    )
    uow.session.add(venue)
    uow.session.flush()
    return venue


def venues_alike(uow: UnitOfWork, name: str, area: str) -> list[Venue]:
    """Venues whose names look like this one, the most alike first: those in the same area, or where either area holds
    the other. Chains of shops have one name in every district."""
    typed = func.lower(func.immutable_unaccent(name))
    found = uow.session.scalars(
        select(Venue)
        .where(Venue.name_search.op("%")(typed), func.similarity(Venue.name_search, typed) >= ALIKE)
        .order_by(func.similarity(Venue.name_search, typed).desc(), Venue.id)
        .limit(10 * MOST_ALIKE)
    )
    near = [venue for venue in found if holds(area, venue.area) or holds(venue.area, area)]
    return near[:MOST_ALIKE]


def add_visit(uow: UnitOfWork, new: NewVisit, by: UUID | None) -> tuple[UUID, bool]:
    """The visit's id, and whether it is new: the same person at the same venue from the same moment is one visit.
    Raises UserError for times that cannot be, and for a venue or person that is not there."""
    if new.arrived_at > new.left_at:
        raise UserError("They left before they arrived.", "Exchange the times, or correct one.")
    if new.left_at - new.arrived_at > LONGEST_VISIT:
        raise UserError("A visit lasts a day at most.", "Enter one for each day.")
    if new.arrived_at > uow.now() + timedelta(days=1):
        raise UserError("The visit lies in the future.", "Correct the day.")
    if not 0 <= new.uncertain_minutes <= MOST_UNCERTAIN:
        raise UserError("Nobody can be that unsure of a time.", "Give at most 12 hours.")
    for table, key in ((Venue, new.venue_id), (Person, new.person_id)):
        if uow.session.get(table, key) is None:
            raise UserError("The venue or the person is not there any more.", "Look for them again.")
    values = {
        "id": new_id(),
        "venue_id": new.venue_id,
        "person_id": new.person_id,
        "arrived_at": new.arrived_at,
        "left_at": new.left_at,
        "uncertain_minutes": new.uncertain_minutes,
        "source": new.source,
        "created_at": uow.now(),
        "created_by": by,
    }
    made = uow.session.execute(
        insert(VenueVisit).values(values).on_conflict_do_nothing().returning(VenueVisit.id)
    ).scalar()
    if made is not None:
        return made, True
    same = select(VenueVisit.id).where(VenueVisit.venue_id == new.venue_id, VenueVisit.person_id == new.person_id)
    return uow.session.scalars(same.where(VenueVisit.arrived_at == new.arrived_at)).one(), False
