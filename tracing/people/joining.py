"""Two rows that cannot stand beside each other once their people are one: what becomes of them.

Contacts of one source become one contact with the exposures of both, and so it goes on below them; an exposure, a dose
or a visit to a venue that both had is had once. What cannot be joined without deciding which of the two is right (two
appointments at one hour, two first doses on differing days) stays with the entry that it belongs to.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from core.database import UnitOfWork
from core.tables import Base
from tracing.cases.axes import ContactStatus, FollowUpStatus
from tracing.people.journal import Journal, columns_of
from tracing.people.pointing import pointing_at

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Joining:
    """Rows with the same `key` are one. They are not when both know something of `unlike` and it differs. `values` is
    what the row that stays takes over; always, where it knows nothing, what the other knows."""

    key: tuple[str, ...]
    unlike: tuple[str, ...] = ()
    values: Callable[[Row, Row], dict[str, Any]] = lambda stays, goes: {}


def _contact(stays: Row, goes: Row) -> dict[str, Any]:
    """The contact of both: exposed from the first to the last day, as near to the case as the nearer, and as it stands
    where more care is asked for: the axes come from one of the two, together."""
    said = min((stays, goes), key=lambda row: (_STATUSES.index(row["status"]), _FOLLOW_UPS.index(row["follow_up"])))
    together: dict[str, Any] = {name: said[name] for name in _AXES}
    together["generation"] = min(stays["generation"], goes["generation"])
    together["facts"] = sorted({*stays["facts"], *goes["facts"]})
    for name, choose in (("first_exposed_on", min), ("last_exposed_on", max)):
        days = [row[name] for row in (stays, goes) if row[name] is not None]
        together[name] = choose(days) if days else None
    return together


_STATUSES = (ContactStatus.CONVERTED, ContactStatus.ACTIVE, ContactStatus.DROPPED)
_FOLLOW_UPS = (
    FollowUpStatus.FOLLOW_UP,
    FollowUpStatus.LOST,
    FollowUpStatus.COMPLETED,
    FollowUpStatus.CANCELLED,
    FollowUpStatus.NO_FOLLOW_UP,
)
_AXES = ("status", "follow_up", "by_rule", "by_hand", "became_case_id")

JOININGS: dict[str, Joining] = {
    "contact": Joining(("person_id", "disease", "case_id", "source_contact_id"), values=_contact),
    "exposure": Joining(("contact_id", "day", "kind", "place", "venue_id")),
    "dose": Joining(("person_id", "disease", "number"), unlike=("given_on", "vaccine")),
    "venue_visit": Joining(("person_id", "venue_id", "arrived_at"), unlike=("left_at",)),
}


def move_all(uow: UnitOfWork, journal: Journal, table: str, goes: UUID, stays: UUID) -> None:
    """Have everything that points at the row `goes` of this table point at `stays`. What cannot stand beside what is
    there is joined with it, or stays where it is."""
    for other, column in pointing_at(table):
        at_rest = left_behind(journal)
        columns = columns_of(other)
        found = select(columns["id"]).where(columns[column] == goes).order_by(columns["id"]).with_for_update()
        ids = [row for row in uow.session.scalars(found) if (other, str(row)) not in at_rest]
        if ids and not _moved(uow, journal, other, column, ids, stays):
            for row in ids:
                if not _moved(uow, journal, other, column, [row], stays):
                    _join(uow, journal, other, column, row, stays)


def left_behind(journal: Journal) -> set[tuple[str, str]]:
    """(table, id) of what stayed with the entry that was merged."""
    return {(step["table"], row) for step in journal.steps if step["do"] == "leave" for row in step["ids"]}


def _moved(uow: UnitOfWork, journal: Journal, table: str, column: str, ids: list[UUID], to: UUID) -> bool:
    """Whether the rows could be moved: the database knows what cannot stand beside what."""
    done = len(journal.steps)
    try:
        with uow.session.begin_nested():
            journal.move(table, column, ids, to)
    except IntegrityError:
        del journal.steps[done:]
        return False
    return True


def _join(uow: UnitOfWork, journal: Journal, table: str, column: str, goes: UUID, to: UUID) -> None:
    joining = JOININGS.get(table)
    partner = None if joining is None else _partner(uow, table, joining, column, goes, to)
    if joining is None or partner is None:
        journal.leave(table, goes)
        return
    stands, other = journal.read(table, partner), journal.read(table, goes)
    if any(stands[name] and other[name] and stands[name] != other[name] for name in joining.unlike):
        journal.leave(table, goes)
        return
    known = {name: value for name, value in other.items() if stands[name] is None and value is not None}
    values = known | joining.values(stands, other)
    move_all(uow, journal, table, goes, partner)
    # The one goes before the other takes over what may be there only once.
    journal.remove(table, goes)
    journal.change(table, partner, {name: value for name, value in values.items() if value != stands[name]})


def _partner(uow: UnitOfWork, table: str, joining: Joining, column: str, goes: UUID, to: UUID) -> UUID | None:
    """The row that would be the same as this one if its `column` pointed at `to`."""
    one, other = (Base.metadata.tables[table].alias(name) for name in ("one", "other"))
    same = [one.c[name].is_not_distinct_from(other.c[name]) for name in joining.key if name != column]
    found = select(other.c.id).where(one.c.id == goes, other.c[column] == to, *same)
    return uow.session.scalars(found).one_or_none()
