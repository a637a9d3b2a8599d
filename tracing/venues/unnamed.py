"""People whose number a case gave, and of whom we have no name: the first year of birth that is keyed is theirs.

From then on a call to them asks for this year before it says anything about health, as it does of everybody else (N6).
Their name they say on the telephone; whoever hears it writes it down.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import update

from core.database import UnitOfWork
from flows.engine.state import Answer, State
from ivr.calls.model import Call
from tracing.people.model import Person

GIVEN = "birth_year_given"
_EARLIEST = 1900


class LearnsBirthYear:
    """The observer of calls that keeps it. Of somebody who has a name a year on file comes from a list or from a
    person who checked it, and a call never fills it in."""

    def answered(self, uow: UnitOfWork, call: Call, saved: Mapping[str, Answer], state: State) -> None:
        year = saved[GIVEN].value if GIVEN in saved else None
        if call.person_id is not None and isinstance(year, int) and _EARLIEST <= year <= uow.now().year:
            uow.session.execute(
                update(Person)
                .where(Person.id == call.person_id, Person.name == "", Person.birth_year.is_(None))
                .values(birth_year=year)
            )

    def ended(self, uow: UnitOfWork, call: Call, state: State) -> None:
        """Nothing to do."""
