"""What was found for a case becomes contacts, exposures and calls with one decision, and only once (N4)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select, text

from core.database import Database, UnitOfWork
from core.errors import UserError
from ivr.campaigns.model import Campaign, Target
from tests.tracing.naming import AN, LAN, MINH, PLAN, case_of, somebody, venue, was_there
from tracing import days
from tracing.cases.model import Case, Contact, Exposure
from tracing.people.model import Person
from tracing.rules.rulebook import shipped
from tracing.venues.meeting import near_visits
from tracing.venues.model import NamedContact, Venue
from tracing.venues.overlap import Window
from tracing.venues.places import AlikeVenues, NewVenue, NewVisit, add_venue, add_visit
from tracing.venues.proposals import Findings, Proposal, find_for
from tracing.venues.taking import Choice, Taken, call_case, look_again, put_aside, take

USER = UUID(int=7)


@pytest.fixture
def an(database: Database) -> UUID:
    """An, a confirmed case of COVID-19 who fell ill two days ago; the case."""
    with database.unit() as uow:
        onset = days.today(uow) - timedelta(days=2)
    return case_of(database, somebody(database, "Nguyễn Văn An", AN), onset=onset)


def keyed(database: Database, case_id: UUID, phone: str, met_on: date | None = None) -> None:
    with database.unit() as uow:
        uow.session.add(NamedContact(case_id=case_id, phone=phone, met_on=met_on, said_at=uow.now()))


def found(uow: UnitOfWork, case_id: UUID) -> tuple[Case, Findings]:
    case = uow.session.get_one(Case, case_id)
    return case, find_for(uow, case, shipped().rule_for(case.disease, case.area, days.today(uow)))


def proposals(database: Database, case_id: UUID) -> Sequence[Proposal]:
    with database.unit() as uow:
        return found(uow, case_id)[1].proposals


def take_all(database: Database, case_id: UUID, *chosen: Choice) -> Taken:
    with database.unit() as uow:
        case, findings = found(uow, case_id)
        choices = chosen or [Choice(each.key, each.person.id if each.person else None) for each in findings.open]
        return take(uow, case, findings, choices, by=USER, plan=PLAN)


def count(database: Database, table: type) -> int:
    with database.unit() as uow:
        return uow.session.scalar(select(func.count()).select_from(table)) or 0


def at_the_market(database: Database, case_id: UUID, *others: UUID, minutes: int = 60, hours_ago: float = 20) -> UUID:
    """The case was at the market, and these people at the same time."""
    market = venue(database)
    with database.unit() as uow:
        own = uow.session.get_one(Case, case_id).person_id
    assert own is not None
    was_there(database, market, own, hours_ago, 120)
    for person in others:
        was_there(database, market, person, hours_ago, minutes)
    return market


@pytest.mark.capability("N4")
@pytest.mark.capability("T10")
def test_one_case_becomes_contacts_and_calls_without_a_name_typed(database: Database, an: UUID) -> None:
    lan = somebody(database, "Lê Thị Lan", LAN)
    market = at_the_market(database, an, lan, minutes=45)
    keyed(database, an, MINH, date(2026, 11, 22))
    taken = take_all(database, an)
    assert (taken.new, taken.known) == (2, 0)
    with database.unit() as uow:
        contacts = {
            uow.session.get_one(Person, contact.person_id).phone: contact
            for contact in uow.session.scalars(select(Contact).where(Contact.case_id == an))
        }
        assert contacts.keys() == {LAN, MINH}
        assert {(c.source, c.generation) for c in contacts.values()} == {("venue", 1), ("keyed", 1)}
        exposures = {each.contact_id: each for each in uow.session.scalars(select(Exposure))}
        at_market, met = exposures[contacts[LAN].id], exposures[contacts[MINH].id]
        assert (at_market.venue_id, at_market.minutes, at_market.place) == (market, 45, "Chợ Vườn Hoa")
        assert (met.kind, met.day, met.by) == ("person", date(2026, 11, 22), USER)
        campaign = uow.session.get_one(Campaign, taken.campaign_id)
        assert (campaign.state, campaign.script, campaign.created_by) == ("running", "contact-interview", USER)
        targets = uow.session.scalars(select(Target).where(Target.campaign_id == campaign.id)).all()
        assert {target.phone: target.context["person"]["name"] for target in targets} == {LAN: "Lê Thị Lan", MINH: ""}
    assert all(proposal.settled for proposal in proposals(database, an))


@pytest.mark.capability("N4")
def test_the_same_decision_twice_adds_nobody_and_calls_nobody(database: Database, an: UUID) -> None:
    keyed(database, an, MINH)
    key = proposals(database, an)[0].key
    first, second = (take_all(database, an, Choice(key)) for _ in range(2))
    assert (first.new, second.new, second.campaign_id) == (1, 0, None)
    assert (count(database, Person), count(database, Contact), count(database, Target)) == (2, 1, 1)


@pytest.mark.capability("N11")
def test_two_officers_who_decide_at_once_make_one_person_of_one_number(database: Database, an: UUID) -> None:
    """Two cases named the same unknown number."""
    other = case_of(database, somebody(database, "Trần Văn Hai", "+84911000222"))
    for case_id in (an, other):
        keyed(database, case_id, MINH)
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda case_id: take_all_or_nothing(database, case_id), [an, other, an, other]))
    assert sum(made) == 2
    with database.unit() as uow:
        people = uow.session.scalars(select(Person).where(Person.phone == MINH)).all()
        assert len(people) == 1
        contacts = uow.session.scalars(select(Contact).where(Contact.person_id == people[0].id)).all()
        assert {contact.case_id for contact in contacts} == {an, other}


def take_all_or_nothing(database: Database, case_id: UUID) -> int:
    with database.unit() as uow:
        case, findings = found(uow, case_id)
        return take(uow, case, findings, [Choice(findings.proposals[0].key)], by=USER, plan=PLAN).new


@pytest.mark.capability("N4")
def test_a_family_shares_a_telephone_and_a_person_says_who_it_was(database: Database, an: UUID) -> None:
    lan, hoa = somebody(database, "Lê Thị Lan", LAN), somebody(database, "Lê Thị Hoa", LAN)
    keyed(database, an, LAN)
    proposal = proposals(database, an)[0]
    assert {person.id for person in proposal.people} == {lan, hoa}
    assert proposal.person is None
    take_all(database, an, Choice(proposal.key, hoa))
    with database.unit() as uow:
        assert uow.session.scalars(select(Contact.person_id)).one() == hoa


@pytest.mark.capability("T10")
def test_a_meeting_at_an_event_is_an_exposure_at_an_event(database: Database, an: UUID) -> None:
    wedding = at_the_market(database, an, somebody(database, "Lê Thị Lan", LAN))
    with database.unit() as uow:
        uow.session.get_one(Venue, wedding).kind = "event"
    take_all(database, an)
    with database.unit() as uow:
        assert uow.session.scalars(select(Exposure.kind)).one() == "event"


def test_somebody_else_with_the_telephone_of_a_known_person_was_not_at_the_market(database: Database, an: UUID) -> None:
    lan = somebody(database, "Lê Thị Lan", LAN)
    at_the_market(database, an, lan)
    keyed(database, an, LAN)
    only = proposals(database, an)
    assert len(only) == 1
    assert only[0].keyed is not None
    assert len(only[0].seen) == 1
    take_all(database, an, Choice(only[0].key, None))
    with database.unit() as uow:
        exposure = uow.session.scalars(select(Exposure)).one()
        assert exposure.venue_id is None
    left = [each for each in proposals(database, an) if not each.settled]
    assert [each.person.id for each in left if each.person] == [lan]


def test_what_was_put_aside_stays_aside_until_somebody_looks_again(database: Database, an: UUID) -> None:
    at_the_market(database, an, somebody(database, "Lê Thị Lan", LAN))
    keyed(database, an, MINH)
    with database.unit() as uow:
        case, findings = found(uow, an)
        put_aside(uow, case, findings.open, USER)
        put_aside(uow, case, findings.open, USER)
    assert [each.put_aside for each in proposals(database, an)] == [True, True]
    with database.unit() as uow:
        case, findings = found(uow, an)
        assert findings.open == []
        look_again(uow, case, findings.put_aside)
    assert [each.put_aside for each in proposals(database, an)] == [False, False]


def test_a_later_meeting_is_added_to_the_contact_and_calls_nobody_again(database: Database, an: UUID) -> None:
    lan = somebody(database, "Lê Thị Lan", LAN)
    at_the_market(database, an, lan, hours_ago=50)
    assert take_all(database, an).new == 1
    at_the_market(database, an, lan, hours_ago=6)
    again = [each for each in proposals(database, an) if not each.settled]
    assert [each.contact_id is not None for each in again] == [True]
    taken = take_all(database, an, Choice(again[0].key, lan))
    assert (taken.new, taken.known, taken.campaign_id) == (0, 1, None)
    assert (count(database, Exposure), count(database, Target)) == (2, 1)


def test_a_proposal_that_is_gone_changes_nothing(database: Database, an: UUID) -> None:
    keyed(database, an, MINH)
    with pytest.raises(UserError, match="not on the list"):
        take_all(database, an, Choice(proposals(database, an)[0].key), Choice(f"p{uuid4()}"))
    assert (count(database, Contact), count(database, Campaign)) == (0, 0)


def test_only_a_confirmed_case_of_whom_we_know_the_name_is_called(database: Database) -> None:
    nameless = case_of(database, somebody(database, "", LAN))
    suspected = case_of(database, somebody(database, "Lê Thị Lan", LAN), by_rule="suspected")
    for case_id in (nameless, suspected, case_of(database, None)):
        with pytest.raises(UserError), database.unit() as uow:
            call_case(uow, uow.session.get_one(Case, case_id), by=USER, plan=PLAN)


@pytest.mark.capability("T10")
def test_short_meetings_are_shown_and_not_marked_and_the_longest_come_first(database: Database, an: UUID) -> None:
    """The definition of F1 speaks of 15 minutes."""
    short, long = somebody(database, "Ngắn", LAN), somebody(database, "Dài", MINH)
    at_the_market(database, an, short, minutes=5)
    at_the_market(database, an, long, minutes=50)
    with database.unit() as uow:
        case = uow.session.get_one(Case, an)
        rule = shipped().rule_for("covid-19", "38", date(2022, 1, 20))
        findings = find_for(uow, case, rule)
    assert [(each.person.name, each.likely) for each in findings.proposals if each.person] == [
        ("Dài", True),
        ("Ngắn", False),
    ]


def test_two_people_who_enter_one_place_are_told_of_it(database: Database) -> None:
    with database.unit() as uow:
        add_venue(uow, NewVenue("Chợ Vườn Hoa", "market", area="38.380"), USER)
    for name in ("cho vuon hoa", "Chợ vườn hoa Thanh Hóa"):
        with database.unit() as uow, pytest.raises(AlikeVenues) as told:
            add_venue(uow, NewVenue(name, "market", area="38.380.14755"), USER)
        assert [each.name for each in told.value.venues] == ["Chợ Vườn Hoa"]
    with database.unit() as uow:
        add_venue(uow, NewVenue("Chợ Vườn Hoa", "market", area="38.382"), USER)  # another district's
        add_venue(uow, NewVenue("Chợ Vườn Hoa", "market", area="38.380"), USER, another=True)


@pytest.mark.parametrize(
    ("from_hours", "minutes", "off", "problem"),
    [
        (2, -1, 0, "left before"),
        (48, 25 * 60, 0, "a day at most"),
        (-30, 60, 0, "future"),
        (2, 60, 721, "unsure"),
    ],
)
def test_a_visit_that_cannot_be_is_refused(
    database: Database, an: UUID, from_hours: float, minutes: int, off: int, problem: str
) -> None:
    market = venue(database)
    lan = somebody(database, "Lê Thị Lan", LAN)
    arrived = database.clock.now() - timedelta(hours=from_hours)
    visit = NewVisit(market, lan, arrived, arrived + timedelta(minutes=minutes), off)
    with pytest.raises(UserError, match=problem), database.unit() as uow:
        add_visit(uow, visit, USER)


def test_the_same_visit_entered_twice_is_one(database: Database) -> None:
    market, lan = venue(database), somebody(database, "Lê Thị Lan", LAN)
    for _ in range(2):
        with database.unit() as uow:
            at = uow.now() - timedelta(hours=2)
            visit, new = add_visit(uow, NewVisit(market, lan, at, at + timedelta(hours=1)), USER)
    assert not new
    assert visit


FILL = """
INSERT INTO venue (id, name, kind, created_at) SELECT gen_random_uuid(), 'Chợ ' || n, 'market', now()
FROM generate_series(1, 10) n;
INSERT INTO person (id, name, phone, created_at)
SELECT gen_random_uuid(), 'Người ' || n, (SELECT phone FROM person LIMIT 1), now() FROM generate_series(1, 100) n;
INSERT INTO venue_visit (id, venue_id, person_id, arrived_at, left_at, source, created_at)
SELECT gen_random_uuid(), v.id, p.id, d.at, d.at + interval '30 minutes', 'list', now()
FROM (SELECT id, row_number() OVER () n FROM venue) v
CROSS JOIN (SELECT id, row_number() OVER () n FROM person WHERE name LIKE 'Người %') p
CROSS JOIN LATERAL (
  SELECT timestamptz '2026-11-20' - make_interval(days => day, mins => (p.n * 7)::int) AS at
  FROM generate_series(0, :days) day
) d;
ANALYZE venue_visit;
"""


@pytest.mark.capability("T10")
def test_who_was_there_costs_the_same_however_many_visits_there_are(database: Database, an: UUID) -> None:
    """The rows of visits that are read, of ten thousand and of a hundred thousand."""
    read: list[int] = []
    for day_count in (9, 99):
        with database.unit() as uow:
            uow.session.execute(text("TRUNCATE venue_visit"))
            uow.session.execute(text("DELETE FROM person WHERE name LIKE 'Người %'"))
            uow.session.execute(text("DELETE FROM venue"))
            for statement in FILL.split(";\n"):
                if statement.strip():
                    uow.session.execute(text(statement), {"days": day_count} if ":days" in statement else {})
        read.append(rows_read(database, an))
    assert 0 < read[1] <= read[0] * 1.1


def rows_read(database: Database, case_id: UUID) -> int:
    """How many rows of visits are read for one visit of the case, by the database's own count."""
    with database.unit() as uow:
        own = uow.session.get_one(Case, case_id).person_id
        market = uow.session.scalars(text("SELECT id FROM venue ORDER BY name LIMIT 1")).one()
        uow.session.execute(
            text(
                "INSERT INTO venue_visit (id, venue_id, person_id, arrived_at, left_at, source, created_at) VALUES "
                "(gen_random_uuid(), :v, :p, '2026-11-17 08:00+07', '2026-11-17 12:00+07', 'person', now())"
            ),
            {"v": market, "p": own},
        )
        assert own is not None
        noon = datetime(2026, 11, 17, 5, tzinfo=UTC)
        window = Window(noon - timedelta(days=2), noon + timedelta(days=2))
        query = near_visits(own, window, 0).compile(uow.session.get_bind(), compile_kwargs={"literal_binds": True})
        plan = uow.session.scalars(text(f"EXPLAIN (ANALYZE, FORMAT JSON) {query}".replace(":", "\\:"))).one()
        return sum(scanned(plan[0]["Plan"]))


def scanned(node: dict[str, Any]) -> Iterator[int]:
    """The rows that every scan of visits looked at, those it passed over too."""
    if node.get("Relation Name") == "venue_visit":
        yield node["Actual Loops"] * (node["Actual Rows"] + node.get("Rows Removed by Filter", 0))
    for child in node.get("Plans", ()):
        yield from scanned(child)
