"""The bench of the console, small: a province of a few hundred people, and every page asked for."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from admin.bench.filling import fill
from admin.bench.pages import ask
from admin.bench.waves import DAYS, waves
from core.clock import SimulatedClock
from core.database import Database
from core.tables import Base
from tracing.cases.model import Contact
from tracing.people.model import Person
from tracing.records.model import Record
from tracing.reports.asked import Asked
from tracing.reports.counting import count

pytestmark = [pytest.mark.forged_calls("the logs of a bench are of one call for all")]
PEOPLE = 400


def test_a_small_province_is_made_the_same_twice_and_its_keys_fit(database: Database, clock: SimulatedClock) -> None:
    rows = fill(database, PEOPLE)
    assert rows["person"] == PEOPLE
    assert rows["call_event"] > 3 * PEOPLE
    with database.unit() as uow:
        for table in Base.metadata.tables.values():
            for key in table.foreign_keys:
                orphans = (
                    select(func.count())
                    .select_from(table)
                    .where(key.parent.is_not(None), key.parent.not_in(select(key.column)))
                )
                assert uow.session.scalar(orphans) == 0, key.parent
        names = uow.session.scalars(select(Person.name).order_by(Person.id)).all()
        today = clock.now().date()
        told = count(uow, Asked(today - timedelta(days=DAYS // 10), today, "Asia/Ho_Chi_Minh", "38"))
        newest = uow.session.scalar(select(func.max(Contact.reported_at)))
        assert newest is not None
        assert newest <= clock.now()
        assert uow.session.scalar(select(func.count()).select_from(Record)) == rows["record"]
    assert len(set(names)) > PEOPLE / 4
    assert told.total["reached"]


def test_waves_end_with_one_that_is_going_on() -> None:
    from random import Random

    weights = waves(Random(1))
    assert len(weights) == DAYS
    assert weights[-10] > 20 * min(weights)


@pytest.mark.patient
def test_every_page_is_found_and_answers_both_viewers(console: Flask, database: Database) -> None:
    fill(database, PEOPLE)
    costs, files, left_out = ask(console, database, times=1)
    assert [cost for cost in costs if cost.status >= 500] == []
    assert [file for file in files if file.status >= 500] == []
    asked_once = {file.page for file in files}
    assert {"/lists/out", "/reports/export"} <= asked_once
    assert all(file.kilobytes > 0 for file in files if file.status == 200)
    seen = {cost.page for cost in costs} | asked_once
    found = {rule.rule for rule in console.url_map.iter_rules() if "GET" in (rule.methods or ())}
    assert {"/", "/records", "/records?q=", "/reports", "/calls/<uuid:call_id>"} <= seen
    assert {cost.viewer for cost in costs} == {"province", "commune"}
    assert len(found - seen - set(left_out)) < 10  # the log-in, static files, signs of life
