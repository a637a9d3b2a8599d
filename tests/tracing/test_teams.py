"""Work goes to the team that is nearest and has the least of it (T16)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
from sqlalchemy import select

from core.database import Database, UnitOfWork
from core.errors import UserError
from core.ids import new_id
from core.login import create_user
from tracing.cases.model import Contact, ContactChange
from tracing.people.model import Person
from tracing.teams.assigning import NEAREST, assign_new, reassign
from tracing.teams.choosing import Candidate, nearest
from tracing.teams.model import Team, TeamMember
from tracing.teams.service import change_team, make_team, set_members

PROVINCE, CITY, COAST = "38", "38.380", "38.382"
WARD = f"{CITY}.14755"
NEW_WARD = "2025.38.14758"  # lies wholly inside the old city
ME = new_id()


def contact(uow: UnitOfWork, area: str, team: UUID | None = None, follow_up: str = "follow_up") -> UUID:
    person = Person(
        id=new_id(), name="Nguyễn Văn An", phone=f"+8491{new_id().int % 10**7:07d}", area=area, created_at=uow.now()
    )
    uow.session.add(person)
    uow.session.flush()
    made = Contact(
        id=new_id(), person_id=person.id, disease="covid-19", area=area, source="list", reported_at=uow.now(),
        team_id=team, follow_up=follow_up,
    )  # fmt: skip
    uow.session.add(made)
    uow.session.flush()
    return made.id


def team_of(database: Database, contact_id: UUID) -> UUID | None:
    with database.unit() as uow:
        return uow.session.get_one(Contact, contact_id).team_id


def candidate(name: str, area: str, load: int = 0) -> Candidate:
    return Candidate(new_id(), name, area, load)


@pytest.mark.capability("T16")
@pytest.mark.parametrize(
    ("area", "chosen"),
    [
        (WARD, "ward"),
        (f"{CITY}.14758", "city"),
        (NEW_WARD, "city"),  # since the mergers people live in wards of another system
        (f"{COAST}.14830", "province"),
        ("", "department"),
        ("01.001", "department"),
    ],
)
def test_the_team_with_the_smallest_area_around_the_contact_gets_the_work(area: str, chosen: str) -> None:
    teams = [
        candidate("department", "", 0), candidate("province", PROVINCE, 0), candidate("city", CITY, 500),
        candidate("ward", WARD, 900),
    ]  # fmt: skip
    found = nearest(teams, area)
    assert found is not None
    assert found.name == chosen


@pytest.mark.capability("T16")
def test_of_two_teams_as_near_the_one_with_less_to_do_gets_the_work_and_then_the_name_decides() -> None:
    busy, idle = candidate("A", CITY, 3), candidate("B", CITY, 2)
    assert nearest([busy, idle], WARD) == idle
    even = candidate("A", CITY, 2)
    assert nearest([idle, even], WARD) == even == nearest([even, idle], WARD)


def test_a_team_that_could_not_see_the_contact_never_gets_it() -> None:
    assert nearest([candidate("coast", COAST)], WARD) is None


@pytest.mark.capability("T16")
def test_new_contacts_are_spread_in_bounded_batches_and_the_history_says_so(database: Database) -> None:
    with database.unit() as uow:
        north, south = make_team(uow, "Đội Bắc", CITY), make_team(uow, "Đội Nam", CITY)
        contact(uow, WARD, team=north.id)  # what they follow already counts
        listed = [contact(uow, WARD) for _ in range(5)]
        elsewhere = contact(uow, f"{COAST}.14830")
        dropped = contact(uow, WARD)
        uow.session.get_one(Contact, dropped).status = "dropped"
    with database.unit() as uow:
        assert assign_new(uow, limit=2) == 2
    with database.unit() as uow:
        assert assign_new(uow, limit=10) == 3
    with database.unit() as uow:
        assert assign_new(uow, limit=10) == 0
    teams = [team_of(database, each) for each in listed]
    assert (teams.count(north.id), teams.count(south.id)) == (2, 3)
    assert team_of(database, elsewhere) is None
    assert team_of(database, dropped) is None
    with database.unit() as uow:
        history = uow.session.scalars(select(ContactChange).where(ContactChange.contact_id == listed[0])).one()
        assert (history.what, history.before, history.after) == ("team", None, "Đội Nam")
        assert (history.why, history.by) == (NEAREST, None)


def test_contacts_nobody_can_take_do_not_stand_before_those_who_can_be_taken(database: Database) -> None:
    with database.unit() as uow:
        make_team(uow, "Đội Thành phố", CITY)
        for _ in range(3):
            contact(uow, COAST)
        last = contact(uow, WARD)
    with database.unit() as uow:
        assert assign_new(uow, limit=1) == 1
    assert team_of(database, last) is not None


def test_two_schedulers_give_nobody_two_teams(database: Database) -> None:
    with database.unit() as uow:
        make_team(uow, "Đội 1", CITY)
        make_team(uow, "Đội 2", CITY)
        for _ in range(40):
            contact(uow, WARD)

    def assign(_: int) -> int:
        with database.unit() as uow:
            return assign_new(uow, limit=10)

    with ThreadPoolExecutor(4) as pool:
        given = sum(pool.map(assign, range(16)))
    with database.unit() as uow:
        while more := assign_new(uow, limit=10):
            given += more
    with database.unit() as uow:
        per_team = [team.id for team in uow.session.scalars(select(Team))]
        held = [uow.session.query(Contact).filter_by(team_id=team).count() for team in per_team]
        assert uow.session.query(ContactChange).count() == given == 40
    assert sorted(held) == [20, 20]


@pytest.mark.capability("T16")
def test_by_hand_a_contact_gets_another_team_with_a_reason_that_stays(database: Database) -> None:
    with database.unit() as uow:
        one, other = make_team(uow, "Đội 1", CITY), make_team(uow, "Đội 2", PROVINCE)
        listed = contact(uow, WARD, team=one.id)
    with database.unit() as uow, pytest.raises(UserError, match="no reason"):
        reassign(uow, listed, other.id, by=ME, why=" ")
    for changed in (True, False):  # a second click changes nothing
        with database.unit() as uow:
            assert reassign(uow, listed, other.id, by=ME, why="Đội 1 quá tải") is changed
    with database.unit() as uow:
        (line,) = uow.session.scalars(select(ContactChange))
        assert (line.before, line.after, line.why, line.by) == ("Đội 1", "Đội 2", "Đội 1 quá tải", ME)


def test_a_contact_is_never_given_to_a_team_that_cannot_work_on_it(database: Database) -> None:
    with database.unit() as uow:
        coast, gone = make_team(uow, "Đội biển", COAST), make_team(uow, "Đội cũ", CITY)
        change_team(uow, gone.id, name="Đội cũ", area=CITY, active=False, by=ME)
        listed = contact(uow, WARD)
    for team, problem in ((coast, "another area"), (gone, "does not work")):
        with database.unit() as uow, pytest.raises(UserError, match=problem):
            reassign(uow, listed, team.id, by=ME, why="thử")
    assert team_of(database, listed) is None


def test_when_a_team_ends_its_work_others_take_it_over(database: Database) -> None:
    with database.unit() as uow:
        one, other = make_team(uow, "Đội 1", CITY), make_team(uow, "Đội 2", CITY)
        listed = contact(uow, WARD, team=one.id)
        change_team(uow, one.id, name="Đội 1", area=CITY, active=False, by=ME)
    with database.unit() as uow:
        assert assign_new(uow) == 1
    assert team_of(database, listed) == other.id
    with database.unit() as uow:
        lines = uow.session.scalars(select(ContactChange).order_by(ContactChange.id)).all()
        assert [(line.before, line.after) for line in lines] == [("Đội 1", None), (None, "Đội 2")]


def test_a_team_has_a_name_of_its_own_and_members_who_can_do_the_work(database: Database) -> None:
    with database.unit() as uow:
        team = make_team(uow, "  Đội   1 ", CITY)
        assert team.name == "Đội 1"
        tracer, _ = create_user(uow, login="lan", name="Lan", roles=["tracer"], area=WARD)
        away, _ = create_user(uow, login="mai", name="Mai", roles=["tracer"], area=COAST)
        administrator, _ = create_user(uow, login="hoa", name="Hoa", roles=["administrator"], area="")
        set_members(uow, team.id, [tracer.id])
    with database.unit() as uow, pytest.raises(UserError, match="a team called Đội 1 already"):
        make_team(uow, "Đội 1", COAST)
    for who, problem in ((away, "Mai works in another area"), (administrator, "Hoa may not work")):
        with database.unit() as uow, pytest.raises(UserError, match=problem):
            set_members(uow, team.id, [tracer.id, who.id])
    with database.unit() as uow:
        assert uow.session.scalars(select(TeamMember.user_id)).all() == [tracer.id]
