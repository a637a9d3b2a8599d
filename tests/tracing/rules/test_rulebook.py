"""The rulebook: which rule holds where and when, what it cites, and what an author is told who made a mistake."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from copy import deepcopy
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import UserError
from flows.documents import Document
from tests.tracing.rules.rule_making import (
    ASSESSMENT,
    DECISION,
    EVERYBODY,
    PRACTICE,
    TEXT,
    file_spec,
    rule_spec,
    rules_of,
)
from tracing.followup.period import Period, period
from tracing.followup.quarantine import quarantine
from tracing.rules.loading import SCHEMA_FILE, rules_from
from tracing.rules.mistakes import RulebookError
from tracing.rules.model import Place
from tracing.rules.rulebook import FOLDER, Rulebook, load_rulebook, rulebook_of
from tracing.rules.situation import Situation

HERE = "38.380.14755"


BOOK = load_rulebook()


@pytest.fixture
def book() -> Rulebook:
    return BOOK


def followed(book: Rulebook, on: date, **changes: Any) -> Period:
    """The follow-up of a contact exposed and reported on one day."""
    rule = book.rule_for("covid-19", HERE, on)
    made = period(rule, Situation(on, **changes), [on])
    assert made is not None
    return made


# --- what is shipped


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(yaml.safe_load(SCHEMA_FILE.read_text(encoding="utf-8")))


def test_covid_and_measles_are_shipped(book: Rulebook) -> None:
    assert book.diseases == ("covid-19", "measles")


def test_what_is_not_certain_says_what_was_read_instead(book: Rulebook) -> None:
    caveats = [
        caveat
        for rule in book.rules
        for caveat in (
            *(decision.caveat for decision in rule.cites),
            *(exposure.caveat for exposure in rule.exposures.values()),
            *(course.caveat for course in rule.courses),
            *(rule.day_one.caveat, rule.practice.caveat, rule.assessment.caveat),
        )
    ]
    assert [caveat for caveat in caveats if not caveat.certain and not caveat.note] == []
    assert any(not caveat.certain for caveat in caveats)


@given(st.dates(date(2021, 7, 30), date(2030, 1, 1)))
def test_since_august_2021_every_day_has_exactly_one_covid_rule(on: date) -> None:
    valid = [rule for rule in BOOK.rules if rule.disease == "covid-19" and rule.valid_on(on)]
    assert len(valid) == 1


@pytest.mark.capability("N7")
@pytest.mark.parametrize(
    ("on", "confined_days", "days", "tests", "cited"),
    [
        (date(2021, 12, 15), 14, 28, [1, 7, 14], "5599/BYT-MT"),
        (date(2021, 12, 16), 7, 14, [1, 7], "10696/BYT-MT"),
        (date(2022, 2, 20), 7, 14, [1, 7], "10696/BYT-MT"),
        (date(2022, 2, 21), 5, 10, [5], "762/BYT-DP"),
    ],
)
def test_the_same_contact_under_two_rules_gets_two_answers_and_each_cites_its_decision(
    book: Rulebook, on: date, confined_days: int, days: int, tests: list[int], cited: str
) -> None:
    vaccinated: dict[str, Any] = {"doses": 2, "last_dose_on": on - timedelta(days=60)}
    made = followed(book, on, **vaccinated)
    assert made.number(made.last) == days
    assert [made.number(day) for day in made.tests] == tests
    assert made.cites[0].number == cited
    plan = quarantine(made.rule, Situation(on, **vaccinated), [on])
    assert plan.confined_until is not None
    assert made.number(plan.confined_until) == confined_days
    assert plan.cites[0].number == cited


@pytest.mark.capability("N7")
def test_who_is_not_vaccinated_stays_seven_days_and_is_watched_three_more_from_21_february_2022(book: Rulebook) -> None:
    made = followed(book, date(2022, 2, 21), doses=1, last_dose_on=date(2021, 12, 1))
    plan = quarantine(made.rule, Situation(date(2022, 2, 21), doses=1), [date(2022, 2, 21)])
    assert [(part.place, made.number(part.first), made.number(part.last)) for part in plan.parts] == [
        (Place.HOME, 1, 7),
        (Place.SELF_MONITORING, 8, 10),
    ]
    assert [made.number(day) for day in made.tests] == [7]


def test_what_could_not_be_checked_goes_along_with_the_dates(book: Rulebook) -> None:
    on = date(2021, 8, 2)
    rule = book.rule_for("covid-19", HERE, on)
    in_centre = period(rule, Situation(on), [on])
    at_home = quarantine(rule, Situation(on, facts=frozenset({"home_is_fit"})), [on])
    assert in_centre is not None
    assert [note["en"].partition(";")[1] for note in in_centre.doubts] == [";"]
    assert at_home.doubts == ()


def test_in_summer_2021_who_has_no_fit_home_goes_to_a_centre(book: Rulebook) -> None:
    on = date(2021, 8, 2)
    rule = book.rule_for("covid-19", HERE, on)
    at_home = Situation(on, facts=frozenset({"home_is_fit"}))
    assert quarantine(rule, Situation(on), [on]).place_on(on) is Place.CENTRALISED
    assert quarantine(rule, at_home, [on]).place_on(on) is Place.HOME


def test_measles_is_followed_for_21_days_after_the_last_exposure_unless_immune(book: Rulebook) -> None:
    on = date(2025, 3, 10)
    rule = book.rule_for("measles", HERE, on)
    susceptible = period(rule, Situation(on), [date(2025, 3, 3), date(2025, 3, 8)])
    assert susceptible is not None
    assert (susceptible.first, susceptible.last) == (date(2025, 3, 9), date(2025, 3, 29))
    assert period(rule, Situation(on, facts=frozenset({"immune"})), [on]) is None
    assert period(rule, Situation(on, doses=2), [on]) is None
    protected = period(rule, Situation(on, facts=frozenset({"immunoglobulin"})), [on])
    assert protected is not None
    assert protected.number(protected.last) == 28


# --- which rule


def test_the_smallest_area_wins() -> None:
    book = rulebook_of(
        rules_of(
            rule_spec(id="country"),
            rule_spec(id="province", area="38"),
            rule_spec(id="district", area="38.380", valid_from="2026-06-01"),
        )
    )
    assert book.rule_for("flu", "38.380.14755", date(2026, 7, 1)).id == "district"
    assert book.rule_for("flu", "38.380.14755", date(2026, 5, 1)).id == "province"
    assert book.rule_for("flu", "381", date(2026, 7, 1)).id == "country"
    assert book.rule_for("flu", "", date(2026, 7, 1)).id == "country"


def test_both_ends_of_a_rules_time_count() -> None:
    book = rulebook_of(rules_of(rule_spec(valid_from="2026-02-01", valid_until="2026-02-28")))
    assert book.rule_for("flu", "", date(2026, 2, 1)).id == "first"
    assert book.rule_for("flu", "", date(2026, 2, 28)).id == "first"
    for outside in (date(2026, 1, 31), date(2026, 3, 1)):
        with pytest.raises(
            UserError, match=rf"No rule for flu held on {outside}.*Add one to flu.yaml.*first: 2026-02-01"
        ):
            book.rule_for("flu", "", outside)


def test_an_unknown_disease_says_which_file_to_add(book: Rulebook) -> None:
    with pytest.raises(UserError, match=r"no rule for dengue.*Add dengue.yaml.*covid-19, measles"):
        book.rule_for("dengue", HERE, date(2026, 1, 1))


def test_a_follow_up_finds_its_rule_by_name(book: Rulebook) -> None:
    assert book.rule("covid-19/byt-762").decision.number == "762/BYT-DP"
    with pytest.raises(UserError, match="Put it back"):
        book.rule("covid-19/gone")


# --- mistakes of authors


def test_two_rules_of_one_area_on_one_day_are_a_mistake() -> None:
    earlier = rule_spec(id="earlier", valid_until="2026-03-01")
    later = rule_spec(id="later", valid_from="2026-03-01")
    with pytest.raises(RulebookError, match=r"flu.yaml: rule earlier: holds on the same days as later.*valid_until"):
        rulebook_of(rules_of(earlier, later))
    rulebook_of(rules_of(earlier, later | {"valid_from": "2026-03-02"}))
    rulebook_of(rules_of(earlier, later | {"area": "38"}))


def test_an_id_that_comes_twice_is_a_mistake() -> None:
    with pytest.raises(RulebookError, match="rule first: is there twice"):
        rulebook_of(rules_of(rule_spec(), rule_spec(area="38")))


def with_course(**changes: Any) -> dict[str, Any]:
    return rule_spec(courses=[EVERYBODY | changes])


PART = {"place": "home", "from_day": 1, "to_day": 5}


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        (rule_spec(valid_form="2026-01-01"), "does not|unexpected.*spelling"),
        ({k: v for k, v in rule_spec().items() if k != "day_one"}, "'day_one' is a required property. Add it"),
        (rule_spec(valid_from="1/1/2026"), "valid_from"),
        (rule_spec(valid_from="2026-02-30"), "2026-02-30 is no day of the calendar"),
        (rule_spec(valid_until="soon"), "must be the last day, YYYY-MM-DD, or null"),
        (rule_spec(valid_until="2025-01-01"), "ends before it begins"),
        (rule_spec(area="Thanh Hóa"), "area"),
        (rule_spec(decision=DECISION | {"certain": False}), "is not certain, and has no `note`.*Add it"),
        (rule_spec(exposures={"F1": {"text": TEXT, "decision": "9/X"}}), "cites 9/X, which the rule does not name"),
        (with_course(decision="9/X"), "cites 9/X"),
        (with_course(when="person.doses >= 2"), "no course is for everybody else"),
        (rule_spec(courses=[EVERYBODY, EVERYBODY | {"id": "b"}]), "nobody gets past the course everybody"),
        (rule_spec(courses=[EVERYBODY | {"when": "true"}, EVERYBODY]), "the course everybody is there twice"),
        (
            rule_spec(courses=[EVERYBODY | {"id": "a", "when": "person.dose > 1"}, EVERYBODY]),
            "`person.dose` is not known",
        ),
        (rule_spec(courses=[EVERYBODY | {"id": "a", "when": "answers.x"}, EVERYBODY]), "`answers` means nothing here"),
        (
            rule_spec(courses=[EVERYBODY | {"id": "a", "when": "person.doses >"}, EVERYBODY]),
            "the condition cannot be used",
        ),
        (with_course(quarantine=[PART | {"from_day": 2}]), "gap or overlap"),
        (with_course(quarantine=[PART, PART | {"from_day": 5, "to_day": 6}]), "gap or overlap"),
        (with_course(quarantine=[PART | {"to_day": 9}]), "quarantine lasts 9 days, follow-up 7"),
        (
            with_course(quarantine=[PART | {"place": "self_monitoring"}, PART | {"from_day": 6, "to_day": 7}]),
            "let out and confined again",
        ),
        (with_course(tests=[8]), "a test on day 8 of 7"),
        (rule_spec(practice=PRACTICE | {"calls_per_day": 0}), "calls_per_day"),
        (
            rule_spec(assessment=ASSESSMENT | {"levels": {"red": 10, "high": 30, "medium": 10}}),
            "the levels do not rise",
        ),
        (
            rule_spec(assessment=ASSESSMENT | {"factors": [{"when": "answers.itch", "points": 1, "why": TEXT}]}),
            "`answers.itch` is not known. Known are cough, red_flag",
        ),
    ],
)
def test_a_mistake_names_the_file_the_rule_and_what_to_do(spec: dict[str, Any], said: str) -> None:
    with pytest.raises(RulebookError, match=said) as raised:
        rules_of(spec)
    for mistake in raised.value.mistakes:
        assert str(mistake).startswith("flu.yaml:")
        assert "rule first" in str(mistake)
        assert mistake.advice


def test_every_mistake_is_shown_at_once_with_its_line(tmp_path: Path) -> None:
    text = (FOLDER / "measles.yaml").read_text(encoding="utf-8")
    (tmp_path / "measles.yaml").write_text(
        text.replace("person.immunoglobulin", "person.serum").replace("decision: Iowa HHS", "decision: Idaho", 1),
        encoding="utf-8",
    )
    (tmp_path / "flu.yaml").write_text("disease: [", encoding="utf-8")
    with pytest.raises(RulebookError) as raised:
        load_rulebook(tmp_path)
    shown = str(raised.value)
    assert len(raised.value.mistakes) == 3
    assert "flu.yaml:1: is not YAML" in shown
    line = next(n for n, each in enumerate(text.split("\n"), 1) if "person.immunoglobulin" in each)
    assert f"measles.yaml:{line}: rule byt-4845: `person.serum` is not known." in shown
    assert "cites Idaho" in shown


def _places(data: Any, where: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every part of a file."""
    parts = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in parts:
        yield (*where, key)
        yield from _places(value, (*where, key))


FULL = rule_spec(
    valid_until="2026-12-31",
    facts=[{"id": "immune", "label": TEXT}],
    courses=[
        EVERYBODY | {"id": "a", "when": "person.immune", "quarantine": [{"place": "home", "from_day": 1, "to_day": 5}]},
        EVERYBODY | {"tests": [1, 7]},
    ],
)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 99) | st.sampled_from(["", "x", "2026-13-01", "person.x", "-1", "<"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["id", "vi", "x"]), inner, max_size=2),
    max_leaves=4,
)


@settings(deadline=None, max_examples=300)
@given(st.sampled_from(sorted(_places(file_spec(FULL)), key=str)), ANYTHING)
def test_whatever_stands_in_a_file_it_is_used_or_refused_with_reasons(where: tuple[Any, ...], other: Any) -> None:
    whole = deepcopy(file_spec(FULL))
    part: Any = whole
    for key in where[:-1]:
        part = part[key]
    part[where[-1]] = other
    with suppress(RulebookError):
        rulebook_of(rules_from(Document("flu.yaml", whole)))


def test_a_file_has_the_name_of_its_disease() -> None:
    with pytest.raises(RulebookError, match=r"Name the file cold\.yaml"):
        rules_of(rule_spec(), disease="cold")


def test_a_rule_may_have_a_practice_and_an_assessment_of_its_own() -> None:
    own = ASSESSMENT | {"levels": {"red": 100, "high": 30, "medium": 1}}
    (rule,) = rules_of(rule_spec(practice=PRACTICE | {"calls_per_day": 2}, assessment=own))
    assert rule.practice.calls_per_day == 2
    assert rule.assessment.levels[-1] == (1, "medium")


def test_a_rule_is_certain_when_all_of_it_is() -> None:
    (rule,) = rules_of(rule_spec())
    assert rule.certain
    assert not replace(rule, also=BOOK.rule("measles/byt-4845").cites).certain
