"""A chain: everybody connected with a case, as plain values. Pure.

A node is a person: all their contacts and cases of one disease together, however often they were listed. Somebody
outside the viewer's area is a node without a name, with generation and area only; nothing else of them is in these
values, so that nothing can be drawn, listed or downloaded by mistake.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from tracing.cases.axes import CaseAxes, CaseClassification, ContactAxes, ContactStatus, FollowUpStatus

MOST = 5_000
"""How many people a chain holds at most; of a larger one the nearest are kept."""


class Standing(StrEnum):
    """What somebody is in the chain, in one word: for the look of a node and for its title."""

    CASE = "case"  # confirmed
    SUSPECTED = "suspected"  # suspected or probable
    NOT_A_CASE = "not_a_case"
    FOLLOWED = "followed"  # a contact whom somebody calls
    COMPLETED = "completed"
    LOST = "lost"
    NOT_FOLLOWED = "not_followed"  # a contact whom nobody has to call, or whose calls were cancelled
    DROPPED = "dropped"
    OUTSIDE = "outside"  # not in the viewer's area


@dataclass(frozen=True, slots=True)
class Node:
    """A person of the chain. `key` names them in addresses and pictures. `generation` None: reached from no case that
    stands. `case_id` is the newest case they are, `contact_id` the newest contact the viewer may see. `since` is the
    onset of a case, else the first exposure. A case of which only the number is known has no `person_id` and no name.
    """

    key: str
    generation: int | None
    standing: Standing
    area: str
    name: str = ""
    number: str = ""
    person_id: UUID | None = None
    case_id: UUID | None = None
    contact_id: UUID | None = None
    active: bool = False
    onset_on: date | None = None
    first_exposed_on: date | None = None
    last_exposed_on: date | None = None

    @property
    def seen(self) -> bool:
        return self.standing is not Standing.OUTSIDE

    @property
    def is_case(self) -> bool:
        """Whether the tracer's filter "only cases" keeps them; of people outside only the generation is known."""
        return self.standing in (Standing.CASE, Standing.SUSPECTED) or (not self.seen and self.generation == 0)

    @property
    def since(self) -> date | None:
        return self.onset_on or self.first_exposed_on


@dataclass(frozen=True, slots=True)
class Edge:
    """`target` met `source`: keys of nodes. `days` are those of the exposures, in order; none when the target is
    outside the viewer's area."""

    source: str
    target: str
    days: tuple[date, ...] = ()


@dataclass(frozen=True, slots=True)
class Venue:
    """A place where two people of the chain or more were exposed."""

    key: str
    id: UUID
    name: str
    seen: bool  # whether its page may be opened


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody was exposed at a venue, by `source`; None: nobody knows by whom."""

    venue: str
    person: str
    source: str | None
    day: date


@dataclass(frozen=True, slots=True)
class Chain:
    """Everybody connected with `focus`, in an order that depends on nothing but them. `cut`: there are more."""

    focus: str
    disease: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    venues: tuple[Venue, ...] = ()
    visits: tuple[Visit, ...] = ()
    cut: bool = False


def standing_of_case(axes: CaseAxes) -> Standing:
    """What a case is called in a picture."""
    if not axes.stands:
        return Standing.NOT_A_CASE
    return Standing.CASE if axes.classification is CaseClassification.CONFIRMED else Standing.SUSPECTED


_FOLLOWED = {
    FollowUpStatus.FOLLOW_UP: Standing.FOLLOWED,
    FollowUpStatus.COMPLETED: Standing.COMPLETED,
    FollowUpStatus.LOST: Standing.LOST,
}


def standing_of_contacts(axes: Sequence[ContactAxes]) -> Standing:
    """What somebody is who is a contact once or several times: whoever is called once is called. The most urgent of
    followed, lost, completed; dropped only who is a contact of nobody any more."""
    active = [each for each in axes if each.status is ContactStatus.ACTIVE]
    if not active:
        return Standing.DROPPED
    found = {_FOLLOWED.get(each.follow_up, Standing.NOT_FOLLOWED) for each in active}
    order = (Standing.FOLLOWED, Standing.LOST, Standing.COMPLETED, Standing.NOT_FOLLOWED)
    return next(each for each in order if each in found)
