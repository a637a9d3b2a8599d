"""A rehearsal asked for on a page: made in the background, kept with its campaign, and nothing else is touched."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import InternalError

from core.clock import SimulatedClock
from core.database import Database
from core.errors import UserError
from core.jobs import Jobs
from core.outbox import OutboxRow
from core.settings import Settings
from flows.catalogue import load_library
from ivr.campaigns import service
from ivr.campaigns.plan import CampaignPlan
from ivr.campaigns.service import NewTarget
from ivr.campaigns.settle import add_do_not_call
from ivr.rehearsal.doctors import NoDoctors
from ivr.rehearsal.model import RehearsalState
from ivr.rehearsal.reading import Wish, read_plan, reading
from ivr.rehearsal.report import as_bytes
from ivr.rehearsal.store import REHEARSE, Rehearsing, order_rehearsal, rehearsal_of

pytestmark = pytest.mark.capability("N3")

SECRET = "Nguyễn Thị Bí Mật"
WHO = {"name": SECRET, "birth_year": 1977}
NOT_OURS = ("rehearsal", "outbox")


@pytest.fixture
def rehearsing(database: Database, settings: Settings) -> Rehearsing:
    return Rehearsing(
        database=database,
        library=load_library(),
        told=lambda carrier: {"department": {"vi": "CDC"}, "hotline": "+842373850115", "speech": []},
        lines=20,
        zone="Asia/Ho_Chi_Minh",
        home=settings.home,
        read_doctors=lambda uow, zone, begins, until: NoDoctors,
    )


def _campaign(database: Database, people: int = 30, **plan: object) -> UUID:
    with database.unit() as uow:
        values = {"name": "F1", "script": "contact-interview", "carrier": "network", "cap": 10, "pace": 5.0, **plan}
        campaign = service.create_campaign(uow, CampaignPlan(**values))  # type: ignore[arg-type]
        targets = [
            NewTarget(
                f"+8491{n // 2:07d}", "vi", {"person": {"name": SECRET, "birth_year": 1977}}, uuid4(), f"38.{n % 3}"
            )
            for n in range(people)
        ]
        service.add_targets(uow, campaign.id, targets)
    return campaign.id


def _everything(database: Database) -> dict[str, list[str]]:
    """Every row of every table but the rehearsals and the outbox, as text."""
    with database.unit() as uow:
        tables = uow.session.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")).all()
        return {
            table: sorted(uow.session.scalars(text(f'SELECT t::text FROM "{table}" AS t')).all())
            for table in tables
            if table not in NOT_OURS
        }


def test_the_report_is_kept_with_the_campaign_and_nothing_else_is_written_and_nobody_is_dialed(
    rehearsing: Rehearsing, database: Database
) -> None:
    campaign = _campaign(database)
    before = _everything(database)
    with database.unit() as uow:
        order_rehearsal(uow, campaign, seed=1, people=None, asked_by=None)
    rehearsing.perform({"campaign": str(campaign), "number": 1})

    with database.unit() as uow:
        found = rehearsal_of(uow, campaign)
        assert found is not None
        assert (found.state, found.share, found.problem) == (RehearsalState.DONE, 1.0, None)
        assert found.report is not None
        assert found.report["people"] == 30
        assert found.report["telephones"] == 15
        assert {row.job for row in uow.session.scalars(select(OutboxRow))} == {REHEARSE}
        written = as_bytes(found.report).decode()
    assert _everything(database) == before
    assert SECRET not in written
    assert "1977" not in written
    assert "+84" not in written


def test_the_look_at_the_campaign_can_write_nothing(database: Database) -> None:
    with pytest.raises(InternalError, match="read-only"), reading(database) as uow:
        add_do_not_call(uow, "+84912345678", "a rehearsal went astray")


def test_the_same_wish_within_the_hour_gives_the_same_bytes(
    rehearsing: Rehearsing, database: Database, clock: SimulatedClock
) -> None:
    campaign = _campaign(database)
    once = rehearsing.make(campaign, Wish())
    clock.advance(timedelta(minutes=20))
    assert as_bytes(rehearsing.make(campaign, Wish())) == as_bytes(once)
    assert as_bytes(rehearsing.make(campaign, Wish(seed=2))) != as_bytes(once)


def test_a_newer_wish_takes_the_place_of_an_older_one(rehearsing: Rehearsing, database: Database) -> None:
    campaign = _campaign(database)
    for seed in (1, 2):
        with database.unit() as uow:
            order_rehearsal(uow, campaign, seed=seed, people=10, asked_by=None)
    rehearsing.perform({"campaign": str(campaign), "number": 1})
    with database.unit() as uow:
        found = rehearsal_of(uow, campaign)
        assert found is not None
        assert (found.number, found.state, found.report) == (2, RehearsalState.WAITING, None)
    for _ in range(2):  # a job may come twice
        rehearsing.perform({"campaign": str(campaign), "number": 2})
    with database.unit() as uow:
        found = rehearsal_of(uow, campaign)
        assert found is not None
        assert found.report is not None
        assert (found.report["seed"], found.report["people"]) == (2, 10)


def test_more_people_than_the_list_has_are_like_those_on_it(rehearsing: Rehearsing, database: Database) -> None:
    campaign = _campaign(database, people=6)
    with reading(database) as uow:
        plan = read_plan(uow, campaign, Wish(people=20), rehearsing.library, rehearsing.told, 20)
    assert len(plan.places) == 20
    assert {place.area for place in plan.places} == {"38.0", "38.1", "38.2"}
    assert len({place.telephone for place in plan.places}) >= 10


def test_numbers_of_the_do_not_call_list_are_known_without_being_read(
    rehearsing: Rehearsing, database: Database
) -> None:
    campaign = _campaign(database, people=6)
    with database.unit() as uow:
        add_do_not_call(uow, "+84910000001", "asked in writing")
    with reading(database) as uow:
        plan = read_plan(uow, campaign, Wish(), rehearsing.library, rehearsing.told, None)
    assert [place.barred for place in plan.places].count(True) == 2


def test_what_cannot_be_rehearsed_is_said_on_the_page(rehearsing: Rehearsing, database: Database) -> None:
    campaign = _campaign(database, people=0)
    with database.unit() as uow:
        order_rehearsal(uow, campaign, seed=1, people=None, asked_by=None)
    rehearsing.perform({"campaign": str(campaign), "number": 1})
    with database.unit() as uow:
        found = rehearsal_of(uow, campaign)
        assert found is not None
        assert found.state == RehearsalState.FAILED
        assert found.problem is not None
        assert "nobody to call" in found.problem
    with database.unit() as uow:
        service.abort(uow, campaign)
    with pytest.raises(UserError, match="not over"):
        rehearsing.make(campaign, Wish(people=5))
    with pytest.raises(UserError, match="no such campaign"):
        rehearsing.make(uuid4(), Wish())


def test_a_running_campaign_goes_on_from_where_it_stands(rehearsing: Rehearsing, database: Database) -> None:
    campaign = _campaign(database)
    with database.unit() as uow:
        service.start(uow, campaign)
        uow.session.execute(text("UPDATE target SET state = 'done', disposition = 'completed' WHERE area = '38.1'"))
        uow.session.execute(text("UPDATE target SET outcomes = '{\"no_answer\": 2}', attempts = 2 WHERE area = '38.2'"))
    with reading(database) as uow:
        plan = read_plan(uow, campaign, Wish(), rehearsing.library, rehearsing.told, None)
    assert len(plan.places) == 20
    assert [place.attempts for place in plan.places if place.area == "38.2"] == [2] * 10


def test_the_job_is_done_by_the_slow_worker_and_a_job_for_nothing_does_nothing(
    rehearsing: Rehearsing, database: Database, redis_client: object
) -> None:
    jobs = Jobs(database, redis_client, "none")  # type: ignore[arg-type]
    jobs.register(REHEARSE, rehearsing.perform, slow=True)
    rehearsing.perform({"campaign": str(uuid4()), "number": 1})
