"""What the figures of reports count, that they add up, and that the rows behind each are exactly those."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import count as counter
from itertools import pairwise
from pathlib import Path
from random import Random
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.country.areas import country
from core.database import Database, UnitOfWork
from core.ids import new_id
from ivr.calls.model import Call, ScriptRevision
from ivr.campaigns.model import Target
from tests.admin.province import settle_campaign
from tracing.cases.model import Case, Contact
from tracing.followup.model import FollowUpVisit
from tracing.people.model import Person
from tracing.records.model import Record
from tracing.reports.asked import Asked
from tracing.reports.counting import count, count_one, dispositions
from tracing.reports.figures import BY_KEY, FIGURES, Source
from tracing.reports.listing import rows_behind, targets_behind
from tracing.reports.places import REST, parts_of

ZONE = "Asia/Ho_Chi_Minh"
DAY = date(2026, 11, 23)
HAM_RONG = "2025.38.14758"  # a commune since July 2025, made of communes of the old Thành phố Thanh Hóa
OLD_HAM_RONG = "38.380.14755"  # one of these
SAM_SON = "38.382.14830"
DIVIDED = next(
    unit.path
    for unit in country()
    if unit.path.startswith("38.") and unit.level == "commune" and len(country().successors(unit.path)) > 1
)
_phones = counter(900_000_000)


def local(hour: int, minute: int = 0, day: date = DAY) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=ZoneInfo(ZONE)).astimezone(UTC)


def asked(**changes: object) -> Asked:
    return replace(Asked(since=DAY, until=DAY, zone=ZONE, province="38"), **changes)  # type: ignore[arg-type]


@dataclass
class Book:
    """Writes what reports are about."""

    uow: UnitOfWork

    def person(self, area: str = HAM_RONG) -> UUID:
        key = new_id()
        phone = f"+84{next(_phones)}"
        self.uow.session.add(
            Person(id=key, name="Lê Thị Cúc", phone=phone, area=area, birth_year=1990, created_at=self.uow.now())
        )
        self.uow.session.flush()
        return key

    def case(self, at: datetime, area: str = HAM_RONG, **more: object) -> UUID:
        key = new_id()
        given = {"disease": "covid-19", "by_rule": "confirmed", **more}
        self.uow.session.add(Case(id=key, reported_at=at, area=area, person_id=self.person(area), **given))
        self.uow.session.flush()
        return key

    def contact(self, at: datetime, area: str = HAM_RONG, **more: object) -> Contact:
        given = {"disease": "covid-19", "source": "list", "follow_up": "follow_up", "person_id": self.person(area)}
        contact = Contact(id=new_id(), reported_at=at, area=area, **(given | more))
        self.uow.session.add(contact)
        self.uow.session.flush()
        return contact

    def call(self, person: UUID, at: datetime, area: str = HAM_RONG, *, answered: bool = True, **more: object) -> UUID:
        """A call; one that is answered begins a record."""
        key = new_id()
        if self.uow.session.get(ScriptRevision, "r") is None:
            self.uow.session.add(
                ScriptRevision(revision="r", script="contact-interview", source="{}", created_at=self.uow.now())
            )
            self.uow.session.flush()
        given = {"direction": "outbound", "answered_by": "human" if answered else None}
        self.uow.session.add(
            Call(
                id=key, carrier="twilio", remote_number="+84900000000", state="completed" if answered else "failed",
                script="contact-interview", revision="r", language="vi", context={}, script_state={}, person_id=person,
                area=area, created_at=at, answered_at=at if answered else None, ended_at=at, **(given | more),
            )
        )  # fmt: skip
        self.uow.session.flush()
        if answered:
            self.uow.session.add(
                Record(
                    id=new_id(), form="contact_interview", person_id=person, call_id=key, language="vi", area=area,
                    created_at=at,
                )
            )  # fmt: skip
            self.uow.session.flush()
        return key

    def visit(self, person: UUID, day: date, result: str | None = None, nth: int = 1, **more: object) -> None:
        self.uow.session.add(
            FollowUpVisit(person_id=person, disease="covid-19", day=day, nth=nth, result=result, **more)
        )
        self.uow.session.flush()


@pytest.fixture
def uow(database: Database) -> Iterator[UnitOfWork]:
    with database.unit() as uow:
        yield uow


@pytest.fixture
def book(uow: UnitOfWork) -> Book:
    return Book(uow)


pytestmark = [pytest.mark.forged_calls("rows of calls without a conversation")]


@pytest.mark.capability("T13")
def test_a_day_begins_and_ends_at_the_departments_midnight(book: Book, uow: UnitOfWork) -> None:
    for at in (local(0) - timedelta(microseconds=1), local(0), local(23, 59), local(0) + timedelta(days=1)):
        book.case(at)
    assert count(uow, asked()).total["f0"] == 2
    two_days = count(uow, asked(since=DAY - timedelta(days=1)))
    assert {day: figures["f0"] for day, figures in two_days.days.items()} == {DAY - timedelta(days=1): 1, DAY: 2}


@pytest.mark.capability("T13")
def test_a_day_on_which_clocks_change_has_all_its_hours(book: Book, uow: UnitOfWork) -> None:
    zone, day = ZoneInfo("Europe/Berlin"), date(2026, 10, 25)  # twenty-five hours
    first = datetime(2026, 10, 25, tzinfo=zone).astimezone(UTC)
    for hours in (-0.01, 0, 24.99, 25):
        book.case(first + timedelta(hours=hours))
    there = asked(since=day, until=day, zone="Europe/Berlin")
    assert count(uow, there).days[day]["f0"] == 2
    assert there.ends - there.begins == timedelta(hours=25)


@pytest.mark.capability("T13")
def test_who_was_found_to_be_no_case_or_no_contact_does_not_count(book: Book, uow: UnitOfWork) -> None:
    book.case(local(9), by_rule="confirmed", by_hand="not_a_case")
    book.case(local(9), by_rule="not_a_case", by_hand="suspected")
    book.contact(local(9), status="dropped")
    book.contact(local(9), status="converted")
    told = count(uow, asked()).total
    assert (told["f0"], told["contacts"]) == (1, 1)


@pytest.mark.capability("T13")
def test_contacts_are_counted_by_generation_and_these_add_up(book: Book, uow: UnitOfWork) -> None:
    for generation in (1, 1, 2, 3, 4):
        book.contact(local(9), generation=generation)
    told = count(uow, asked()).total
    assert [told[key] for key in ("f1", "f2", "f3", "contacts")] == [2, 1, 2, 5]


@pytest.mark.capability("T13")
def test_reached_means_that_they_answered_a_question_within_a_day_of_being_reported(
    book: Book, uow: UnitOfWork
) -> None:
    reported = local(22)
    exactly, late, before, nobody, never = (book.contact(reported) for _ in range(5))
    book.call(exactly.person_id, reported + timedelta(hours=24))
    book.call(late.person_id, reported + timedelta(hours=24, seconds=1))
    book.call(before.person_id, reported - timedelta(seconds=1))  # about something else
    book.call(nobody.person_id, reported + timedelta(hours=1), answered=False)
    told = count(uow, asked()).total
    assert (told["contacts"], told["reached"], told["not_reached"]) == (5, 1, 3)
    assert {row.person_id for row in rows_behind(uow, asked(), BY_KEY["not_reached"]).rows} == {
        before.person_id, nobody.person_id, never.person_id,
    }  # fmt: skip


@pytest.mark.capability("T13")
def test_the_median_is_of_the_hours_from_the_case_to_the_first_call_with_each_contact(
    book: Book, uow: UnitOfWork
) -> None:
    case = book.case(local(8))
    waited = [2.0, 5.0, 30.0, 40.0]
    for hours in waited:
        contact = book.contact(local(9), case_id=case)
        book.call(contact.person_id, local(8) + timedelta(hours=hours))
        book.call(contact.person_id, local(8) + timedelta(hours=hours + 7))  # a later call changes nothing
    book.contact(local(9), case_id=case)  # not reached: does not count
    assert count(uow, asked()).total["hours"] == pytest.approx(statistics.median(waited))
    behind = rows_behind(uow, asked(), BY_KEY["hours"]).rows
    assert sorted(row.hours for row in behind if row.hours is not None) == pytest.approx(waited)
    assert count(uow, asked(disease="measles")).total["hours"] is None


@pytest.mark.capability("T13")
def test_what_is_due_today_is_done_or_in_vain_or_open(book: Book, uow: UnitOfWork) -> None:
    for result in ("cooperative", "uncooperative", "unavailable", "not_performed", None):
        book.visit(book.person(), DAY, result)
    book.visit(book.person(), DAY + timedelta(days=1))
    told = count(uow, asked()).total
    assert [told[key] for key in ("due", "done", "unavailable", "open")] == [5, 2, 1, 2]


@pytest.mark.capability("T13")
def test_places_of_both_systems_come_together_in_the_units_asked_for(book: Book, uow: UnitOfWork) -> None:
    for area in (HAM_RONG, OLD_HAM_RONG, SAM_SON, DIVIDED, ""):
        book.case(local(9), area)
    new = count(uow, asked())
    assert new.parts[HAM_RONG]["f0"] == 2
    assert new.parts[REST]["f0"] == 2  # the commune that was divided, and nobody knows where
    old = count(uow, asked(system="old"))
    assert old.parts["38.380"]["f0"] == (3 if DIVIDED.startswith("38.380.") else 2)
    assert old.parts[REST]["f0"] == 1
    district = count(uow, asked(system="old", area="38.380"))
    assert district.parts[OLD_HAM_RONG]["f0"] == 1
    assert district.total["f0"] == old.parts["38.380"]["f0"]


@pytest.mark.parametrize("system", ["new", "old"])
@pytest.mark.parametrize("whole", ["", "2025.38", "38", "38.380", "2025.79", HAM_RONG])
@pytest.mark.capability("T13")
def test_no_place_belongs_to_two_parts_and_each_part_holds_what_belongs_to_it(whole: str, system: str) -> None:
    parts = parts_of(whole, system, "38")
    for path, holder in parts.part_of.items():
        assert country().holds(holder, path)
        assert [unit for unit in parts.units if country().holds(unit, path)] == [holder]
    assert set(parts.units) <= parts.part_of.keys()


def scatter(book: Book, seed: int, rows: int = 40) -> None:
    """Anything, around the borders of three days."""
    random = Random(seed)
    areas = (HAM_RONG, OLD_HAM_RONG, SAM_SON, DIVIDED, "38.380", "2025.38", "2025.79.26824", "")
    cases = [book.case(local(8) - timedelta(days=1))]
    for _ in range(rows):
        area, disease = random.choice(areas), random.choice(("covid-19", "measles"))
        at = local(0) + timedelta(minutes=random.choice((-1, 0, 1)) + 720 * random.randint(-3, 5))
        if random.random() < 0.2:
            cases.append(book.case(at, area, disease=disease, by_hand=random.choice((None, "not_a_case"))))
            continue
        contact = book.contact(
            at, area, disease=disease, generation=random.randint(1, 4), status=random.choice(("active", "dropped")),
            follow_up=random.choice(("completed", "lost", "follow_up")), case_id=random.choice((None, *cases)),
        )  # fmt: skip
        for _ in range(random.randint(0, 2)):
            later = at + timedelta(hours=random.choice((-1, 0, 23, 24, 25)))
            book.call(contact.person_id, later, area, answered=random.random() < 0.6)
        for nth in range(random.randint(0, 2)):
            result = random.choice((None, "cooperative", "unavailable", "not_performed"))
            book.visit(contact.person_id, (at + timedelta(days=1)).date(), result, nth + 1)


def rows_in_all(uow: UnitOfWork, about: Asked, key: str) -> int:
    """How many rows stand on the pages of the list, seven at a time; none twice."""
    seen: set[UUID] = set()
    before = ""
    while True:
        page = rows_behind(uow, about, BY_KEY[key], before, size=7)
        assert seen.isdisjoint(row.id for row in page.rows)
        seen |= {row.id for row in page.rows}
        if page.older is None:
            return len(seen)
        before = page.older


@pytest.mark.capability("N18")
@pytest.mark.parametrize(("area", "system"), [("", "new"), ("", "old"), ("38.380", "new"), (HAM_RONG, "new")])
def test_behind_every_figure_stand_exactly_the_rows_that_it_counts(
    book: Book, uow: UnitOfWork, area: str, system: str
) -> None:
    scatter(book, seed=18)
    about = asked(since=DAY - timedelta(days=1), until=DAY + timedelta(days=1), area=area, system=system)
    told = count(uow, about)
    for figure in FIGURES:
        cells = [(about, told.total)]
        cells += [(replace(about, since=day, until=day), told.days.get(day, {})) for day in about.days]
        cells += [(replace(about, part=part), told.parts.get(part, {})) for part in (*about.parts.units[:9], REST)]
        cells += [(replace(about, part=part), figures) for part, figures in told.parts.items()]
        cells += [(replace(about, disease=name), figures) for name, figures in told.diseases.items() if name]
        for narrowed, figures in cells:
            rows = rows_in_all(uow, narrowed, figure.key)
            assert rows == count_one(uow, narrowed, figure)
            if not figure.median:
                assert rows == figures.get(figure.key, 0), (figure.key, narrowed)
            elif rows:
                hours = [row.hours or 0.0 for row in rows_behind(uow, narrowed, figure, size=rows).rows]
                assert figures[figure.key] == pytest.approx(statistics.median(hours))
            else:
                assert figures.get(figure.key) is None


@pytest.mark.capability("T13")
@pytest.mark.parametrize("seed", range(4))
def test_days_parts_and_diseases_add_up_to_the_whole(book: Book, uow: UnitOfWork, seed: int) -> None:
    scatter(book, seed)
    about = asked(since=DAY - timedelta(days=2), until=DAY + timedelta(days=2), area=("", "38")[seed % 2])
    told = count(uow, about)
    assert told.total["contacts"]
    for figure in FIGURES:
        if figure.median:
            continue
        whole = told.total[figure.key]
        part_days = {(part, day): each for day in about.days for part, each in told.parts_on(day).items()}
        assert part_days == {(part, day): each for part in told.parts for day, each in told.days_of(part).items()}
        for grouped in (told.days, told.parts, part_days):
            assert sum(figures.get(figure.key) or 0 for figures in grouped.values()) == whole, figure.key
        if figure.source is not Source.CALLS:
            assert sum(figures.get(figure.key) or 0 for figures in told.diseases.values()) == whole
    for one, pieces in {"contacts": ("f1", "f2", "f3"), "due": ("done", "unavailable", "open")}.items():
        assert sum(told.total[key] or 0 for key in pieces) == told.total[one]


@given(st.dates(date(2024, 1, 1), date(2030, 1, 1)), st.integers(0, 365))
@pytest.mark.capability("T13")
def test_days_follow_each_other_without_gap_or_overlap(since: date, days: int) -> None:
    about = asked(since=since, until=since + timedelta(days=days))
    spans = [(each.begins, each.ends) for each in (replace(about, since=day, until=day) for day in about.days)]
    assert spans[0][0] == about.begins
    assert spans[-1][1] == about.ends
    assert all(before[1] == after[0] for before, after in pairwise(spans))


@pytest.mark.capability("I12")
@pytest.mark.capability("N18")
def test_dispositions_of_a_campaign_add_up_and_open_its_people(book: Book, uow: UnitOfWork) -> None:
    campaign = settle_campaign(uow, "Chợ Vườn Hoa", "38")
    uow.session.flush()
    for disposition, area in (("completed", HAM_RONG), ("completed", SAM_SON), ("refused", HAM_RONG)):
        uow.session.add(
            Target(
                campaign_id=campaign, person_id=book.person(area), phone="+84912345678", language="vi", context={},
                area=area, state="done", disposition=disposition, outcomes={}, next_at=uow.now(),
            )
        )  # fmt: skip
    uow.session.flush()
    (whole,) = dispositions(uow, "", [campaign])
    assert (whole.dispositions, whole.targets) == ({"completed": 2, "refused": 1}, 3)
    (city,) = dispositions(uow, "38.380", [campaign])
    assert city.dispositions == {"completed": 1, "refused": 1}
    assert len(targets_behind(uow, "38.380", campaign, "completed").rows) == 1
    assert len(targets_behind(uow, "", campaign, "").rows) == 3


def test_every_figure_is_defined_in_the_documents_in_the_same_words() -> None:
    told = " ".join((Path(__file__).parents[2] / "docs/reports.md").read_text(encoding="utf-8").split())
    for figure in FIGURES:
        for words in (figure.title, figure.definition):
            assert words.en in told
            assert words.vi in told
        assert figure.definition.en.endswith(".")
        assert figure.definition.vi.endswith(".")
