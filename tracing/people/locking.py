"""The locks of a merge, in one order everywhere: people, calls, attempts, targets.

Whom a lock has to cover may change while we wait for it. Then we let go of all of them and begin again.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import or_, select

from core.database import UnitOfWork
from core.errors import UserError
from ivr.calls.model import Call
from ivr.campaigns.model import Attempt, AttemptState, Target
from tracing.people.model import Person

_TIMES = 5  # so often others may change what is to be locked, before somebody has to try again


def lock_people(uow: UnitOfWork, one: UUID, other: UUID) -> tuple[Person, Person]:
    """The two, locked with the entries that are part of them in the order of their ids. Who only refers to one of them
    does not wait."""
    if one == other:
        raise UserError("These are one entry, not two.", "Choose two.")
    family = or_(Person.id.in_((one, other)), Person.merged_into.in_((one, other)))
    query = select(Person).where(family).order_by(Person.id).execution_options(populate_existing=True)
    for _ in range(_TIMES):
        hold = uow.session.begin_nested()
        locked = {person.id: person for person in uow.session.scalars(query.with_for_update(key_share=True))}
        if {person.id for person in uow.session.scalars(query)} == set(locked):
            hold.commit()
            break
        hold.rollback()  # lets go of the locks: others were merged while we waited
    else:
        raise UserError("This person is being merged just now.", "Try again in a minute.")
    found = {person: locked[person] for person in (one, other) if person in locked}
    if len(found) < 2:
        raise UserError("There is no such person.", "Look at the list again.")
    return found[one], found[other]


def lock_calls(uow: UnitOfWork, people: Sequence[UUID]) -> None:
    """Lock the calls, live attempts and targets of these people, so that no call of theirs moves on meanwhile. Raises
    UserError when calls to them begin again and again."""
    targets = select(Target.id).where(Target.person_id.in_(people))
    calls = select(Call.id).where(Call.person_id.in_(people)).order_by(Call.id)
    for _ in range(_TIMES):
        hold = uow.session.begin_nested()
        locked = uow.session.scalars(calls.with_for_update()).all()
        live = select(Attempt.id).where(Attempt.target_id.in_(targets), Attempt.state != AttemptState.ENDED)
        uow.session.scalars(live.order_by(Attempt.id).with_for_update(key_share=True)).all()
        uow.session.scalars(targets.order_by(Target.id).with_for_update()).all()
        if uow.session.scalars(calls).all() == locked:
            hold.commit()
            return
        hold.rollback()  # lets go of the locks
    raise UserError("This person is being called just now.", "Try again in a minute.")
