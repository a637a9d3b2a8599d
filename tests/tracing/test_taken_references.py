"""Of a million reference numbers, one draw in 256 is taken: then another is drawn, and nothing is lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import select

from core import ids
from core.clock import SimulatedClock
from core.database import Database
from core.errors import TracelineError
from core.ids import under_free_reference
from ivr.calls.service import Calls
from tests.tracing.test_records import HA, HEALTHY, Talk
from tracing.cases.service import NewCase, open_case
from tracing.people.model import Person
from tracing.records.model import Record

Draw = Callable[[list[str]], None]


@pytest.fixture
def draw(monkeypatch: pytest.MonkeyPatch) -> Draw:
    """The next references that are drawn, in this order."""

    def these(references: list[str]) -> None:
        queue: Iterator[str] = iter(references)
        monkeypatch.setattr(ids, "new_reference", lambda: next(queue))

    return these


def test_a_call_whose_reference_is_taken_files_its_answers_under_another(
    database: Database, calls: Calls, clock: SimulatedClock, draw: Draw
) -> None:
    talks = []
    for name in ("Hà", "Hải"):
        with database.unit() as uow:
            person = Person(**{**HA, "name": name}, language="vi", created_at=uow.now())
            uow.session.add(person)
        talks.append(Talk(database, calls, clock, person))
    draw(["KT402917", "KT402917", "KT402917", "KT402918"])
    for talk in talks:
        talk.dial().answer(HEALTHY)
    with database.unit() as uow:
        assert set(uow.session.scalars(select(Record.reference))) == {"KT402917", "KT402918"}
    assert [talk.record().record.state for talk in talks] == ["complete", "complete"]
    assert talks[1].values()["household_size"] == 4


def test_a_case_without_a_number_gets_one_that_is_free(database: Database, draw: Draw) -> None:
    draw(["KT402917", "KT402917", "KT402918"])
    with database.unit() as uow:
        cases = [open_case(uow, NewCase("covid-19", area="38"), by=None) for _ in range(2)]
        assert [case.number for case in cases] == ["KT402917", "KT402918"]


def test_nobody_draws_for_ever() -> None:
    with pytest.raises(TracelineError, match="No reference number is free"):
        under_free_reference(lambda reference: None)
