"""Rehearsing a campaign on its page, in a browser without script."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select

from core.audit import AuditEntry
from core.database import Database
from core.outbox import OutboxRow
from core.settings import Settings
from flows.catalogue import Library
from ivr.campaigns.model import Campaign
from ivr.rehearsal.doctors import NoDoctors
from ivr.rehearsal.store import REHEARSE, Rehearsing
from tests.admin.conftest import Visitor
from tests.admin.province import Province

pytestmark = pytest.mark.capability("N3")
Visit = Callable[[str], Visitor]


@pytest.fixture
def worker(database: Database, settings: Settings, script_library: Library) -> Rehearsing:
    """The slow worker's part."""
    return Rehearsing(
        database=database,
        library=script_library,
        told=lambda carrier: {"department": {"vi": "CDC"}, "hotline": "+842373850115", "speech": []},
        lines=10,
        zone=settings.zone,
        home=settings.home,
        read_doctors=lambda uow, zone, begins, until: NoDoctors,
    )


def _payloads(database: Database) -> list[dict[str, object]]:
    with database.unit() as uow:
        return [row.payload for row in uow.session.scalars(select(OutboxRow).where(OutboxRow.job == REHEARSE))]


def test_a_campaign_is_rehearsed_from_its_page_and_the_newest_report_is_kept(
    province: Province, visitor: Visit, database: Database, worker: Rehearsing
) -> None:
    son = visitor("son")
    address = f"/campaigns/{province.campaign}/rehearsal"
    assert address in son.page(f"/campaigns/{province.campaign}")
    assert "has not been rehearsed yet" in son.page(address)

    assert son.post(address, {"seed": "7", "people": "25"}).location == address
    assert "waits for its turn" in son.page(address)
    (payload,) = _payloads(database)
    worker.perform(payload)

    page = son.page(address)
    assert '<svg class="plot"' in page
    assert "hx-trigger" not in page  # it is over: nothing is asked for again
    assert " style=" not in page
    told = son.json(address)
    assert (told["state"], told["seed"], told["report"]["people"]) == ("done", 7, 25)

    assert son.post(address, {"seed": "8", "people": "5"}).status_code == 302
    assert son.json(address)["report"] is None
    with database.unit() as uow:
        lines = uow.session.scalars(select(AuditEntry).where(AuditEntry.action == "campaign.rehearse")).all()
        assert [line.detail for line in lines] == [{"seed": 7, "people": 25}, {"seed": 8, "people": 5}]


def test_the_page_follows_the_worker_and_stops_asking_when_it_is_done(
    province: Province, visitor: Visit, database: Database, worker: Rehearsing
) -> None:
    son = visitor("son")
    address = f"/campaigns/{province.campaign}/rehearsal"
    son.post(address, {"people": "5"})
    part = {"HX-Request": "true"}
    assert 'hx-trigger="every 2s"' in son.page(address)
    assert son.get(address, headers=part).status_code == 200
    (payload,) = _payloads(database)
    worker.perform(payload)
    done = son.get(address, headers=part)
    assert done.status_code == 286
    assert '<svg class="plot"' in done.text


@pytest.mark.parametrize(("kind", "begins"), [("html", "<!doctype html>"), ("json", "{\n")])
def test_the_report_can_be_kept_as_a_file(
    province: Province, visitor: Visit, database: Database, worker: Rehearsing, kind: str, begins: str
) -> None:
    son = visitor("son")
    address = f"/campaigns/{province.campaign}/rehearsal"
    son.post(address, {"people": "5"})
    (payload,) = _payloads(database)
    worker.perform(payload)
    file = son.get(f"{address}?as={kind}")
    assert file.headers["Content-Disposition"] == f"attachment; filename=rehearsal.{kind}"
    assert file.text.startswith(begins)


@pytest.mark.parametrize("given", [{"people": "0"}, {"people": "many"}, {"people": "9" * 30}, {"seed": "-1"}])
def test_a_wish_that_cannot_be_is_refused_in_words(
    province: Province, visitor: Visit, database: Database, given: dict[str, str]
) -> None:
    answer = visitor("son").post(f"/campaigns/{province.campaign}/rehearsal", given)
    assert answer.status_code == 400
    assert "no number that can be used here" in answer.text
    assert _payloads(database) == []


def test_only_who_may_start_the_campaign_may_rehearse_it(
    province: Province, visitor: Visit, database: Database
) -> None:
    address = f"/campaigns/{province.campaign}/rehearsal"
    for login in ("thao", "tuan", "dung"):
        assert visitor(login).get(address).status_code == 403
        assert visitor(login).post(address).status_code == 403
    assert address not in visitor("thao").page(f"/campaigns/{province.campaign}")
    assert _payloads(database) == []


def test_why_there_is_no_report_is_said_in_the_readers_language(
    province: Province, visitor: Visit, database: Database, worker: Rehearsing
) -> None:
    son = visitor("son")
    address = f"/campaigns/{province.campaign}/rehearsal"
    son.post(address, {"people": "5"})
    with database.unit() as uow:
        uow.session.get_one(Campaign, province.campaign).state = "aborted"
    (payload,) = _payloads(database)
    worker.perform(payload)
    assert "not over can be rehearsed" in son.page(address)
    son.post("/language", {"language": "vi"})
    assert "chưa kết thúc" in son.page(address)
