"""Random merges, undos and additions: whatever happens, nothing is lost and nothing is there twice."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import func, select, text

from core.database import Database
from core.errors import UserError
from ivr.calls.model import Call
from ivr.campaigns.model import Target
from tests.tracing.people.people_making import (
    BY,
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
from tracing.cases.model import Contact, Exposure
from tracing.followup.model import FollowUp
from tracing.people.merging import merge, undo
from tracing.people.model import Person

Fact = tuple[str, Any]  # ("exposed", (case, days ago)) or ("call", id)
ANY = st.integers(min_value=0, max_value=999)


class Merging(RuleBasedStateMachine):
    """A model of who knows what: each fact belongs to the entry that it would go back to."""

    database: Database

    def __init__(self) -> None:
        super().__init__()
        self.facts: dict[UUID, set[Fact]] = {}
        self.part_of: dict[UUID, UUID] = {}  # entry -> the entry that it was merged into just then
        self.merges: list[tuple[UUID, UUID, UUID]] = []  # (merge, kept, merged), those that stand
        self.made_for: dict[UUID, UUID] = {}  # contact -> the entry that it was made for
        self.changes = 0
        self.before: dict[UUID, tuple[int, list[UUID], Any]] = {}

    @initialize()
    def begin(self) -> None:
        with self.database.unit() as uow:
            uow.session.execute(text("TRUNCATE person, disease_case, campaign, call CASCADE"))
            self.cases = [a_case(uow, f"BN{number}") for number in range(3)]
            self.campaigns = [a_campaign(uow, name) for name in ("một", "hai")]
        for _ in range(3):
            self.somebody()

    def root(self, entry: UUID) -> UUID:
        while entry in self.part_of:
            entry = self.part_of[entry]
        return entry

    @property
    def standing(self) -> list[UUID]:
        return [entry for entry in self.facts if entry not in self.part_of]

    def one_of(self, number: int) -> UUID:
        return self.standing[number % len(self.standing)]

    @precondition(lambda self: len(self.facts) < 6)
    @rule()
    def somebody(self) -> None:
        with self.database.unit() as uow:
            person = a_person(uow, phone=f"+8491234{len(self.facts):04d}")
        self.facts[person.id] = set()
        self.changes += 1

    @rule(who=ANY, case=st.integers(0, 2), ago=st.integers(0, 3))
    def exposure(self, who: int, case: int, ago: int) -> None:
        person, day = self.one_of(who), TODAY - timedelta(days=ago)
        with self.database.unit() as uow:
            where = (Contact.person_id == person, Contact.case_id == self.cases[case])
            contact = uow.session.scalars(select(Contact).where(*where)).one_or_none()
            if contact is None:
                self.made_for[a_contact(uow, person, self.cases[case], ago)] = person
                owner = person
            else:
                owner = self.made_for[contact.id]
                if not uow.session.scalar(
                    select(func.count()).where(Exposure.contact_id == contact.id, Exposure.day == day)
                ):
                    exposed(uow, contact.id, day)
                    contact.first_exposed_on = min(contact.first_exposed_on or day, day)
                    contact.last_exposed_on = max(contact.last_exposed_on or day, day)
                else:
                    return
        self.facts[owner].add(("exposed", (case, ago)))
        self.changes += 1

    @rule(who=ANY)
    def call(self, who: int) -> None:
        person = self.one_of(who)
        with self.database.unit() as uow:
            self.facts[person].add(("call", a_call(uow, uow.session.get_one(Person, person))))
        self.changes += 1

    @rule(who=ANY, campaign=st.integers(0, 1))
    def call_list(self, who: int, campaign: int) -> None:
        person = self.one_of(who)
        with self.database.unit() as uow:
            on_list = (Target.person_id == person, Target.campaign_id == self.campaigns[campaign])
            if not uow.session.scalar(select(func.count()).where(*on_list)):
                a_target(uow, self.campaigns[campaign], uow.session.get_one(Person, person))
        self.changes += 1

    @rule(one=ANY, other=ANY)
    def two_become_one(self, one: int, other: int) -> None:
        kept, merged = self.one_of(one), self.one_of(other)
        before = (self.changes, [made for made, _, _ in self.merges], on_file(self.database))
        with self.database.unit() as uow:
            if kept == merged:
                with pytest.raises(UserError):
                    merge(uow, kept, merged, by=BY)
                return
            made = merge(uow, kept, merged, by=BY)
        self.merges.append((made.id, kept, merged))
        self.part_of[merged] = kept
        self.before[made.id] = before

    @precondition(lambda self: self.merges)
    @rule(which=ANY)
    def one_becomes_two(self, which: int) -> None:
        made, kept, merged = self.merges[which % len(self.merges)]
        last = [merge_id for merge_id, *both in self.merges if kept in both][-1]
        with self.database.unit() as uow:
            if last != made:
                with pytest.raises(UserError):
                    undo(uow, made, by=BY)
                return
            undo(uow, made, by=BY)
        self.merges.remove((made, kept, merged))
        del self.part_of[merged]
        changes, stood, snapshot = self.before[made]
        if changes == self.changes and stood == [merge_id for merge_id, _, _ in self.merges]:
            assert on_file(self.database) == snapshot

    @invariant()
    def everybody_has_what_is_theirs_once(self) -> None:
        expected: dict[UUID, set[Fact]] = {person: set() for person in self.standing}
        for entry, facts in self.facts.items():
            expected[self.root(entry)] |= facts
        with self.database.unit() as uow:
            exposures = select(Contact.person_id, Contact.case_id, Exposure.day).join(
                Contact, Contact.id == Exposure.contact_id
            )
            found: dict[UUID, Counter[Fact]] = {person: Counter() for person in self.standing}
            for person, case, day in uow.session.execute(exposures):
                found[person]["exposed", (self.cases.index(case), (TODAY - day).days)] += 1
            for person, call in uow.session.execute(select(Call.person_id, Call.id)):
                found[person]["call", call] += 1
        assert found == {person: Counter(facts) for person, facts in expected.items()}

    @invariant()
    def contacts_know_their_first_and_last_day(self) -> None:
        with self.database.unit() as uow:
            rows = uow.session.execute(
                select(
                    Contact.first_exposed_on, Contact.last_exposed_on, func.min(Exposure.day), func.max(Exposure.day)
                )
                .join(Exposure, Exposure.contact_id == Contact.id)
                .group_by(Contact.id)
            )
            for first, last, earliest, latest in rows:
                assert (first, last) == (earliest, latest)

    @invariant()
    def nobody_waits_twice_for_a_call_nor_is_followed_twice(self) -> None:
        with self.database.unit() as uow:
            person = func.coalesce(Person.merged_into, Person.id)
            waiting = uow.session.execute(
                select(person, Target.campaign_id)
                .join(Target, Target.person_id == Person.id)
                .where(Target.state == "waiting")
            ).all()
            assert len(waiting) == len(set(waiting))
            followed = uow.session.scalars(select(FollowUp.person_id).where(FollowUp.superseded_at.is_(None))).all()
            assert len(followed) == len(set(followed))
            assert set(followed) <= set(self.standing)


@pytest.mark.capability("T12")
def test_nothing_is_lost_and_nothing_is_there_twice_whatever_happens(database: Database) -> None:
    class Here(Merging):
        pass

    Here.database = database
    run_state_machine_as_test(Here, settings=settings(max_examples=12, stateful_step_count=16, deadline=None))
