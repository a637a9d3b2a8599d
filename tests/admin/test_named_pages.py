"""From a case who is called to contacts who are called: the whole way through the console (N4, N11), and venues."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
import redis
from sqlalchemy import func, select

from core.audit import AuditEntry
from core.clock import SimulatedClock
from core.database import Database
from flows.catalogue import Library
from ivr.campaigns.model import Campaign
from tests.admin.conftest import Visitor
from tests.admin.province import CITY, COAST, Province
from tests.tracing.naming import BORN, NamingDesk, case_of, naming_calls, somebody, venue, was_there
from tracing import days
from tracing.cases.model import Case, Contact
from tracing.people.model import Person
from tracing.venues.model import NamedContact, Venue, VenueVisit

Visit = Callable[[str], Visitor]
CHI, HOA, UNKNOWN = "+84911222333", "+84987111222", "+84903444555"
TOKEN = re.compile(r'name="token" value="([^"]+)"')
HOME = f"{CITY}.14755"


@pytest.fixture
def desk(database: Database, clock: SimulatedClock, script_library: Library, redis_client: redis.Redis) -> NamingDesk:
    return NamingDesk(database, clock, naming_calls(script_library), redis_client)


@pytest.fixture
def chi(database: Database, province: Province) -> UUID:
    """Chi of the city, a confirmed case; the case."""
    with database.unit() as uow:
        onset = days.today(uow) - timedelta(days=2)
    return case_of(database, somebody(database, "Trần Thị Chi", CHI, area=HOME), onset=onset, area=HOME)


def token(page: str) -> str:
    found = TOKEN.search(page)
    assert found, "the page has a button"
    return found[1]


def choices(page: str, value: str = "take") -> dict[str, str]:
    return dict.fromkeys(re.findall(r'name="(choice\.[^"]+)"', page), value)


def read(page: str) -> str:
    """The words of a page."""
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


@pytest.mark.capability("N4")
@pytest.mark.capability("N11")
def test_a_case_is_called_keys_numbers_and_hangs_up_and_one_button_calls_them(
    desk: NamingDesk, visitor: Visit, chi: UUID, database: Database, province: Province
) -> None:
    somebody(database, "Lê Thị Hoa", HOA, area=HOME)
    thao, address = visitor("thao"), f"/cases/{chi}/named"
    page = thao.page(address)
    assert thao.post(f"{address}/call", {"token": token(page)}).status_code == 302
    assert "The case is being asked" in thao.page(address)
    desk.tick()
    desk.talk(CHI, "1", BORN, "1", "0987111222", "1", "1", "1", "0987111222", "1", "1")
    desk.press(CHI, "0911222333")
    desk.press(CHI, "1")
    desk.press(CHI, "0903444555")
    desk.press(CHI, "1")
    desk.hang_up(CHI)
    page = thao.page(address)
    words = read(page)
    assert "Lê Thị Hoa" in words
    assert "this number is not on file; the call asks for the name" in words
    assert len(choices(page)) == 2
    form = {"token": token(page), **choices(page)}
    first, second = thao.post(address, form), thao.post(address, form)
    assert first.location == second.location
    assert first.location.startswith("/campaigns/")
    for _ in range(3):  # a call a second
        desk.tick()
        desk.wait(seconds=1)
    assert {HOA, UNKNOWN} <= set(desk.network.numbers)
    assert desk.dials()[HOA] == desk.dials()[UNKNOWN] == 1
    with database.unit() as uow:
        contacts = uow.session.scalars(select(Contact).where(Contact.case_id == chi)).all()
        assert [contact.created_by for contact in contacts] == [province.users["thao"]] * 2
        assert uow.session.scalar(select(func.count()).select_from(Person).where(Person.phone == UNKNOWN)) == 1
    after = read(thao.page(address))
    assert "Nobody is waiting for a decision" in after
    assert "Contacts already 2" in after


@pytest.mark.capability("T10")
def test_who_was_at_the_same_place_is_shown_with_the_minutes_and_may_be_put_aside(
    visitor: Visit, chi: UUID, database: Database
) -> None:
    market, hoa = venue(database, area=HOME), somebody(database, "Lê Thị Hoa", HOA, area=HOME)
    own = person_of(database, chi)
    was_there(database, market, own, 20, 90)
    was_there(database, market, hoa, 19.5, 90, off=15)
    thao, address = visitor("thao"), f"/cases/{chi}/named"
    page = thao.page(address)
    assert "Chợ Vườn Hoa" in page
    assert "60 min between 45 and 75" in read(page)
    assert "Could pass the disease on from" in read(page)
    thao.post(address, {"token": token(page), **choices(page, "aside")})
    aside = read(thao.page(address))
    assert "Put aside (1)" in aside
    assert "Nobody is waiting for a decision" in aside
    page = thao.page(address)
    thao.post(address, {"token": token(page), **choices(page, "take")})
    with database.unit() as uow:
        assert uow.session.scalars(select(Contact.person_id).where(Contact.case_id == chi)).one() == hoa


def person_of(database: Database, case_id: UUID) -> UUID:
    with database.unit() as uow:
        found = uow.session.get_one(Case, case_id).person_id
    assert found is not None
    return found


def test_of_a_telephone_that_several_share_nobody_is_guessed(visitor: Visit, chi: UUID, database: Database) -> None:
    for name in ("Lê Thị Hoa", "Lê Thị Lan"):
        somebody(database, name, HOA, area=HOME)
    with database.unit() as uow:
        uow.session.add(NamedContact(case_id=chi, phone=HOA, said_at=uow.now()))
    thao, address = visitor("thao"), f"/cases/{chi}/named"
    page = thao.page(address)
    response = thao.post(address, {"token": token(page), **choices(page)})
    assert response.status_code == 400
    assert "Several people have this number." in response.text
    with database.unit() as uow:
        assert uow.session.scalars(select(Contact).where(Contact.case_id == chi)).all() == []


@pytest.mark.capability("C2")
def test_somebody_of_another_district_is_not_named_and_may_be_taken(
    visitor: Visit, chi: UUID, database: Database
) -> None:
    market = venue(database, area=HOME)
    was_there(database, market, person_of(database, chi), 20, 90)
    was_there(database, market, somebody(database, "Lê Thị Hoa", HOA, area=f"{COAST}.14830"), 20, 90)
    thao, address = visitor("thao"), f"/cases/{chi}/named"
    page = thao.page(address)
    assert "Somebody of another area" in page
    assert "Lê Thị Hoa" not in page
    assert HOA[-3:] not in read(page).split("Whom")[-1]
    assert thao.json(address)["proposals"][0]["phone"] is None
    thao.post(address, {"token": token(page), **choices(page)})
    with database.unit() as uow:
        assert uow.session.scalars(select(Contact.area).where(Contact.case_id == chi)).one() == f"{COAST}.14830"


def test_a_doctor_may_look_and_not_decide(visitor: Visit, chi: UUID, database: Database) -> None:
    with database.unit() as uow:
        uow.session.add(NamedContact(case_id=chi, phone=UNKNOWN, said_at=uow.now()))
    dung = visitor("dung")
    page = dung.page(f"/cases/{chi}/named")
    assert "You may look, and not decide." in page
    assert choices(page) == {}
    assert dung.post(f"/cases/{chi}/named", {"token": str(chi)}).status_code == 403


@pytest.mark.capability("C3")
def test_every_look_and_every_decision_is_in_the_audit_log(visitor: Visit, chi: UUID, database: Database) -> None:
    with database.unit() as uow:
        uow.session.add(NamedContact(case_id=chi, phone=UNKNOWN, said_at=uow.now()))
    thao, address = visitor("thao"), f"/cases/{chi}/named"
    page = thao.page(address)
    thao.post(address, {"token": token(page), **choices(page)})
    with database.unit() as uow:
        lines = uow.session.scalars(select(AuditEntry).where(AuditEntry.subject == f"case:{chi}")).all()
    assert {"case.named", "case.named.decide"} <= {line.action for line in lines}
    assert not [line for line in lines if UNKNOWN[-7:] in str(line.detail)]


def test_a_case_whom_nobody_can_call_is_said_and_no_campaign_is_left(
    visitor: Visit, database: Database, province: Province
) -> None:
    nobody = case_of(database, None, area=HOME)
    thao, address = visitor("thao"), f"/cases/{nobody}/named"
    with database.unit() as uow:
        before = uow.session.scalar(select(func.count()).select_from(Campaign))
    response = thao.post(f"{address}/call", {"token": token(thao.page(address))})
    assert response.status_code == 400
    assert "Enter who it is, with a telephone number, first." in response.text
    with database.unit() as uow:
        assert uow.session.scalar(select(func.count()).select_from(Campaign)) == before


@pytest.mark.capability("T10")
def test_a_visit_of_a_case_is_added_with_a_new_place_and_the_next_one_finds_it(
    visitor: Visit, chi: UUID, database: Database
) -> None:
    thao, address = visitor("thao"), f"/cases/{chi}/visits/new"
    assert "No place of such a name is on file." in thao.page(f"{address}?q=dinh")
    form = {
        "new": "1", "name": "Đình làng Đông Sơn", "kind": "worship", "area": HOME, "day": "2026-11-22",
        "arrived": "19:00", "left": "00:30", "unsure": "30",
    }  # fmt: skip
    assert thao.post(address, form).location == f"/cases/{chi}/named"
    alike = thao.post(address, {**form, "name": "dinh lang dong son", "day": "2026-11-21"})
    assert alike.status_code == 400
    assert "Is it one of these?" in alike.text
    with database.unit() as uow:
        place = uow.session.scalars(select(Venue).where(Venue.kind == "worship")).one()
        visit = uow.session.scalars(select(VenueVisit).where(VenueVisit.venue_id == place.id)).one()
        assert visit.left_at - visit.arrived_at == timedelta(hours=5, minutes=30)
        assert visit.uncertain_minutes == 30
    found = thao.page(f"{address}?q=dinh+lang")
    assert f"venue={place.id}" in found
    page = thao.page(f"/venues/{place.id}")
    assert "Trần Thị Chi" in page
    assert f"/cases/{chi}/named" in page
    assert "Đình làng" in thao.page("/venues?q=dinh lang")
    thao.post(f"/venues/visits/{visit.id}/remove")
    assert "Nobody of your area is on file as a visitor yet." in thao.page(f"/venues/{place.id}")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"day": ""}, "No day is given."),
        ({"day": "2026-12-24"}, "The visit lies in the future."),
        ({"arrived": "7 giờ"}, "A time cannot be read."),
        ({"name": " "}, "The venue needs a name."),
        ({"kind": "moon"}, "There is no kind of venue"),
        ({"area": COAST}, "This area is not yours to give."),
    ],
)
def test_what_cannot_be_of_a_visit_is_said_and_nothing_is_kept(
    visitor: Visit, chi: UUID, database: Database, change: dict[str, str], said: str
) -> None:
    form = {
        "new": "1", "name": "Đình làng", "kind": "worship", "area": HOME, "day": "2026-11-22", "arrived": "19:00",
        "left": "20:00",
    }  # fmt: skip
    response = visitor("thao").post(f"/cases/{chi}/visits/new", {**form, **change})
    assert response.status_code == 400
    assert said in read(response.text).replace("&#39;", "'")
    with database.unit() as uow:
        assert not uow.session.scalars(select(Venue).where(Venue.kind == "worship")).all()


@pytest.mark.capability("C2")
def test_a_place_of_another_district_is_not_there(visitor: Visit, province: Province) -> None:
    assert visitor("thao").get(f"/venues/{province.binh.venue}").status_code == 404
    assert visitor("thao").json("/venues")["venues"][0]["name"] == f"Quán của {province.an.name}"
    assert len(visitor("thao").json("/venues")["venues"]) == 1
    visitor("thao").post(f"/venues/visits/{province.binh.visit}/remove")
    assert len(visitor("son").json(f"/venues/{province.binh.venue}")["visits"]) == 1
