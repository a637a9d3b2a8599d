"""Two entries become one person, and two again: nothing is lost, and nothing is there twice."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import Range

from core.database import Database
from core.errors import UserError
from core.ids import new_id
from core.tables import Base
from ivr.calls.model import Call
from ivr.campaigns.model import Target
from telehealth.model import Appointment, Practitioner, QueueEntry
from tests.tracing.people.people_making import (
    BY,
    DISEASE,
    OTHER,
    TODAY,
    a_call,
    a_campaign,
    a_case,
    a_contact,
    a_person,
    a_target,
    exposed,
    on_file,
)
from tracing.cases.model import Contact, Exposure, LabTest
from tracing.followup.model import FollowUp, FollowUpVisit
from tracing.people.joining import JOININGS
from tracing.people.matching import find_by_phone, load_roster
from tracing.people.merging import merge, undo
from tracing.people.model import Dose, NotDuplicate, Person, PersonMerge
from tracing.people.pointing import OF_ENTRIES, PERSON, pointing_at
from tracing.people.straying import bring_strays
from tracing.people.two_people import not_the_same, take_back_not_the_same
from tracing.records.model import Record

pytestmark = pytest.mark.capability("T12")


def two(database: Database) -> tuple[UUID, UUID]:
    with database.unit() as uow:
        kept = a_person(uow, birth_year=1985)
        return kept.id, a_person(uow, "nguyen van an", OTHER, sex="male", address="12 Lê Lợi").id


def merged(database: Database, kept: UUID, other: UUID) -> PersonMerge:
    with database.unit() as uow:
        return merge(uow, kept, other, by=BY, why=["same_name"])


def undone(database: Database, made: PersonMerge) -> PersonMerge:
    with database.unit() as uow:
        return undo(uow, made.id, by=BY)


def owner(database: Database, table: type[Base], row: UUID) -> UUID:
    with database.unit() as uow:
        return uow.session.get_one(table, row).person_id  # type: ignore[attr-defined]


def test_everything_that_points_at_a_person_is_known_to_the_merge(database: Database) -> None:
    """A table of tomorrow with a `person_id`, or a foreign key to people or contacts, is part of it at once."""
    columns = text(
        "SELECT table_name, column_name FROM information_schema.columns"
        " WHERE table_schema = 'public' AND column_name LIKE '%person_id'"
    )
    keys = text(
        "SELECT c.conrelid::regclass::text, a.attname, c.confrelid::regclass::text FROM pg_constraint c"
        " JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = ANY(c.conkey)"
        " WHERE c.contype = 'f' AND c.confrelid IN ('person'::regclass, 'contact'::regclass)"
    )
    with database.unit() as uow:
        named = {(table, column) for table, column in uow.session.execute(columns)}
        pointed = {(table, column, to) for table, column, to in uow.session.execute(keys)}
    people = named | {(table, column) for table, column, to in pointed if to == PERSON}
    assert {one for one in people if one[0] not in OF_ENTRIES} == set(pointing_at(PERSON))
    assert {(table, column) for table, column, to in pointed if to == "contact"} == set(pointing_at("contact"))
    for table, _ in [*pointing_at(PERSON), *pointing_at("contact")]:
        assert "id" in Base.metadata.tables[table].primary_key.columns, f"{table}: rows are moved by their id"


def test_rows_that_a_merge_takes_away_and_keeps_hold_nothing_sealed(database: Database) -> None:
    """The journal keeps them as the database writes them; a new encryption key would not reach them there."""
    for name in [*JOININGS, "follow_up_visit"]:
        for column in Base.metadata.tables[name].columns:
            assert type(column.type).__name__ != "EncryptedText", f"{name}.{column.name}"


def test_what_only_the_other_entry_knew_is_filled_in_and_taken_out_again(database: Database) -> None:
    kept, other = two(database)
    before = on_file(database)
    made = merged(database, kept, other)
    with database.unit() as uow:
        person = uow.session.get_one(Person, kept)
        assert (person.birth_year, person.sex, person.address) == (1985, "male", "12 Lê Lợi")
        assert uow.session.get_one(Person, other).merged_into == kept
    undone(database, made)
    assert on_file(database) == before


def test_contacts_of_one_case_become_one_with_the_exposures_of_both(database: Database) -> None:
    kept, other = two(database)
    with database.unit() as uow:
        case = a_case(uow, "BN1")
        mine, theirs = a_contact(uow, kept, case, 3), a_contact(uow, other, case, 3, 5)
        alone = a_contact(uow, other, a_case(uow, "BN2"), 1)
        below = Contact(
            id=new_id(), person_id=a_person(uow, "Cháu", "+84911111111").id, disease=DISEASE, source="person",
            source_contact_id=theirs, reported_at=uow.now(), generation=2,
        )  # fmt: skip
        uow.session.add(below)
        uow.session.add(
            LabTest(
                person_id=other, contact_id=theirs, disease=DISEASE, kind="pcr", sampled_on=TODAY, created_at=uow.now()
            )
        )
    before = on_file(database)
    made = merged(database, kept, other)
    with database.unit() as uow:
        contacts = uow.session.scalars(select(Contact).where(Contact.person_id == kept)).all()
        assert {contact.id for contact in contacts} == {mine, alone}
        days = uow.session.scalars(select(Exposure.day).where(Exposure.contact_id == mine)).all()
        assert sorted(days) == [TODAY - timedelta(days=5), TODAY - timedelta(days=3)]
        joined = uow.session.get_one(Contact, mine)
        assert joined.first_exposed_on == TODAY - timedelta(days=5)
        assert uow.session.get_one(Contact, below.id).source_contact_id == mine
        assert uow.session.scalars(select(LabTest.contact_id)).one() == mine
    undone(database, made)
    assert on_file(database) == before


def test_one_period_and_one_calendar_count_after_a_merge_and_visited_days_are_kept(database: Database) -> None:
    kept, other = two(database)
    with database.unit() as uow:
        case = a_case(uow, "BN1")
        a_contact(uow, kept, case, 6)
        a_contact(uow, other, a_case(uow, "BN2"), 2)
        for person in (kept, other):
            uow.session.add(
                FollowUpVisit(
                    person_id=person, disease=DISEASE, day=TODAY - timedelta(days=1), nth=1, result="cooperative",
                    at=uow.now(),
                )
            )  # fmt: skip
    from tracing.followup.planning import replan

    with database.unit() as uow:
        for person in (kept, other):
            replan(uow, person, DISEASE)

    def periods() -> dict[UUID, tuple[object, object]]:
        with database.unit() as uow:
            rows = uow.session.scalars(select(FollowUp).where(FollowUp.superseded_at.is_(None)))
            return {row.person_id: (row.first_day, row.last_day) for row in rows}

    def visits(person: UUID) -> list[tuple[object, int, str | None]]:
        with database.unit() as uow:
            rows = uow.session.scalars(select(FollowUpVisit).where(FollowUpVisit.person_id == person))
            return sorted(((row.day, row.nth, row.result) for row in rows), key=str)

    before, calendars = periods(), {person: visits(person) for person in (kept, other)}
    assert set(before) == {kept, other}
    made = merged(database, kept, other)
    assert set(periods()) == {kept}
    assert periods()[kept][1] == before[other][1], "the later exposure counts"
    done = [visit for visit in visits(kept) if visit[2] is not None]
    assert [visit[1] for visit in done] == [1, 2]
    assert visits(other) == []
    open_days = [visit[:2] for visit in visits(kept) if visit[2] is None]
    assert len(open_days) == len(set(open_days))
    undone(database, made)
    assert periods() == before
    assert {person: visits(person) for person in (kept, other)} == calendars


def test_of_two_waiting_targets_of_one_campaign_one_is_dialed(database: Database) -> None:
    kept, other = two(database)
    with database.unit() as uow:
        people = [uow.session.get_one(Person, person) for person in (kept, other)]
        campaign, second = a_campaign(uow), a_campaign(uow, "Đợt hai")
        targets = [a_target(uow, campaign, person) for person in people]
        answered = a_target(uow, second, people[1], state="done", disposition="completed", done_at=uow.now())
        waiting = a_target(uow, second, people[0])
    before = on_file(database)
    made = merged(database, kept, other)
    with database.unit() as uow:
        live = uow.session.scalars(select(Target.id).where(Target.state == "waiting")).all()
        assert live == [targets[0]]
        assert uow.session.get_one(Target, answered).person_id == kept, "what was answered is the person's"
        assert uow.session.get_one(Target, waiting).disposition == "called_off"
    undone(database, made)
    assert on_file(database) == before


def test_a_call_in_flight_ends_on_the_kept_person_and_is_not_made_again(database: Database) -> None:
    kept, other = two(database)
    with database.unit() as uow:
        mine, theirs = (uow.session.get_one(Person, person) for person in (kept, other))
        campaign = a_campaign(uow)
        waits = a_target(uow, campaign, mine)
        talks = a_target(uow, campaign, theirs, state="calling")
        call = a_call(uow, theirs, state="in_progress", ended_at=None, target_id=talks)
    merged(database, kept, other)
    with database.unit() as uow:
        assert uow.session.get_one(Call, call).person_id == kept
        assert uow.session.get_one(Target, talks).person_id == kept
        assert uow.session.get_one(Target, waits).state == "done"


def test_records_appointments_queue_and_doses_go_along_and_what_contradicts_stays(database: Database) -> None:
    kept, other = two(database)
    starts = datetime(2026, 11, 24, 2, tzinfo=UTC)
    with database.unit() as uow:
        doctor = Practitioner(id=new_id(), name="BS. Dung", languages=["vi"], zone="Asia/Ho_Chi_Minh", active=True)
        second = Practitioner(id=new_id(), name="BS. Mai", languages=["vi"], zone="Asia/Ho_Chi_Minh", active=True)
        uow.session.add_all([doctor, second])
        uow.session.flush()

        def appointment(person: UUID, who: Practitioner, hours: int) -> Appointment:
            begins = starts + timedelta(hours=hours)
            return Appointment(
                id=new_id(), practitioner_id=who.id, during=Range(begins, begins + timedelta(minutes=15)),
                state="booked", person_id=person, language="vi", created_at=uow.now(),
            )  # fmt: skip

        mine, clash, free = appointment(kept, doctor, 0), appointment(other, second, 0), appointment(other, doctor, 3)
        record = Record(id=new_id(), form="contact_interview", person_id=other, language="vi", created_at=uow.now())
        entry = QueueEntry(id=new_id(), person_id=other, urgency=1, language="vi", created_at=uow.now())
        uow.session.add_all([mine, clash, free, record, entry])
        doses = [
            Dose(id=new_id(), person_id=person, disease=DISEASE, number=number, given_on=given, created_at=uow.now())
            for person, number, given in (
                (kept, 1, None), (other, 1, TODAY), (kept, 2, TODAY), (other, 2, TODAY - timedelta(days=9)),
            )
        ]  # fmt: skip
        uow.session.add_all(doses)
    before = on_file(database)
    made = merged(database, kept, other)
    assert owner(database, Record, record.id) == owner(database, QueueEntry, entry.id) == kept
    assert owner(database, Appointment, free.id) == kept
    assert owner(database, Appointment, clash.id) == other, "two at one hour: a person has to decide"
    with database.unit() as uow:
        assert uow.session.get_one(Dose, doses[0].id).given_on == TODAY
        assert uow.session.get(Dose, doses[1].id) is None
        assert uow.session.get_one(Dose, doses[3].id).person_id == other
    undone(database, made)
    assert on_file(database) == before


def test_what_was_added_after_the_merge_stays_with_the_kept_person(database: Database) -> None:
    kept, other = two(database)
    with database.unit() as uow:
        case = a_case(uow, "BN1")
        mine, theirs = a_contact(uow, kept, case, 3), a_contact(uow, other, case, 5)
    made = merged(database, kept, other)
    with database.unit() as uow:
        added = exposed(uow, mine, TODAY)
        record = Record(id=new_id(), form="contact_interview", person_id=kept, language="vi", created_at=uow.now())
        uow.session.add(record)
        uow.session.get_one(Person, kept).address = "34 Trần Phú"
    done = undone(database, made)
    assert done.moved["since"]["record"] == 1
    assert owner(database, Record, record.id) == kept
    with database.unit() as uow:
        assert uow.session.get_one(Exposure, added).contact_id == mine
        first, last = uow.session.get_one(Contact, mine), uow.session.get_one(Contact, theirs)
        assert (first.first_exposed_on, first.last_exposed_on) == (TODAY - timedelta(days=3), TODAY)
        assert last.person_id == other
        assert uow.session.get_one(Person, kept).address == "34 Trần Phú", "what somebody wrote since is theirs"


def test_merges_in_a_chain_are_undone_from_the_last(database: Database) -> None:
    first, second = two(database)
    with database.unit() as uow:
        third = a_person(uow, "N. V. An", "+84911111111").id
        case = a_case(uow, "BN1")
        for person, ago in ((first, 1), (second, 2), (third, 3)):
            a_contact(uow, person, case, ago)
    states = [on_file(database)]
    inner = merged(database, second, third)
    states.append(on_file(database))
    outer = merged(database, first, second)
    with database.unit() as uow:
        assert uow.session.get_one(Person, third).merged_into == first, "whoever opens it comes to the end at once"
        assert len(uow.session.scalars(select(Exposure.id)).all()) == 3
        assert [person.id for person in find_by_phone(uow, "+84911111111")] == [first]
    with pytest.raises(UserError, match="merged again later"):
        undone(database, inner)
    undone(database, outer)
    assert on_file(database) == states[1]
    undone(database, inner)
    assert on_file(database) == states[0]


def test_merging_and_undoing_twice_is_doing_it_once(database: Database) -> None:
    kept, other = two(database)
    made = merged(database, kept, other)
    assert merged(database, kept, other).id == made.id
    assert undone(database, made).undone_at == undone(database, made).undone_at
    with database.unit() as uow:
        assert len(uow.session.scalars(select(PersonMerge)).all()) == 1
    with pytest.raises(UserError):
        merged(database, kept, kept)
    with pytest.raises(UserError):
        merged(database, kept, new_id())


def test_who_is_not_a_duplicate_is_not_merged_and_that_can_be_taken_back(database: Database) -> None:
    kept, other = two(database)
    with database.unit() as uow:
        not_the_same(uow, other, kept, by=BY)
        not_the_same(uow, kept, other, by=BY)
    with pytest.raises(UserError, match="two people"):
        merged(database, kept, other)
    with database.unit() as uow:
        assert take_back_not_the_same(uow, kept, other)
        assert not take_back_not_the_same(uow, kept, other)
    merged(database, kept, other)


def test_who_is_not_the_merged_entry_is_not_the_kept_one_either(database: Database) -> None:
    kept, other = two(database)
    with database.unit() as uow:
        brother = a_person(uow, "Nguyễn Văn Anh").id
        not_the_same(uow, other, brother, by=BY)
    made = merged(database, kept, other)
    with pytest.raises(UserError, match="two people"):
        merged(database, kept, brother)
    undone(database, made)
    with database.unit() as uow:
        assert len(uow.session.scalars(select(NotDuplicate)).all()) == 1
    merged(database, kept, brother)


def test_a_list_that_names_a_merged_entry_means_the_one_that_stands(database: Database) -> None:
    kept, other = two(database)
    merged(database, kept, other)
    with database.unit() as uow:
        assert load_roster(uow, [OTHER]).match(OTHER, "Nguyễn Văn An", None) == kept


def test_two_merges_at_once_neither_hang_nor_lose_anything(database: Database) -> None:
    first, second = two(database)
    with database.unit() as uow:
        third = a_person(uow, "N. V. An", "+84911111111").id
        case = a_case(uow, "BN1")
        for person in (first, second, third):
            a_contact(uow, person, case, 1)
            a_call(uow, uow.session.get_one(Person, person))
    before = on_file(database)
    start = threading.Barrier(4)
    refused: list[UserError] = []
    broken: list[BaseException] = []

    def do(kept: UUID, other: UUID) -> None:
        start.wait()
        try:
            merged(database, kept, other)
        except UserError as error:
            refused.append(error)
        except BaseException as error:
            broken.append(error)

    pairs = [(first, second), (second, first), (second, third), (third, first)]
    threads = [threading.Thread(target=do, args=pair) for pair in pairs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not broken
    with database.unit() as uow:
        standing = uow.session.scalars(select(PersonMerge).order_by(PersonMerge.id.desc())).all()
        people = uow.session.scalars(select(Person).where(Person.merged_into.is_(None))).all()
        assert len(people) == 3 - len(standing)
        assert set(uow.session.scalars(select(Call.person_id))) <= {person.id for person in people}
    for made in standing:
        undone(database, made)
    assert on_file(database) == before


def test_what_strays_to_a_merged_entry_is_brought_to_the_one_that_stands(database: Database) -> None:
    kept, other = two(database)
    made = merged(database, kept, other)
    with database.unit() as uow:  # somebody who read the entry before the merge
        record = Record(id=new_id(), form="contact_interview", person_id=other, language="vi", created_at=uow.now())
        uow.session.add(record)
    assert bring_strays(database) == 1
    assert bring_strays(database) == 0
    assert owner(database, Record, record.id) == kept
    undone(database, made)
    assert owner(database, Record, record.id) == other


def test_somebody_of_whom_only_the_number_was_known_gets_the_name(database: Database) -> None:
    with database.unit() as uow:
        keyed, listed = a_person(uow, "").id, a_person(uow, "Nguyễn Văn An").id
    made = merged(database, keyed, listed)
    with database.unit() as uow:
        assert uow.session.get_one(Person, keyed).name_search == "nguyen van an"
    undone(database, made)
    with database.unit() as uow:
        assert uow.session.get_one(Person, keyed).name == ""
