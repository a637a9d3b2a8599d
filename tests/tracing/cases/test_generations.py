"""F0, F1, F2, F3: who is of which generation follows from who is a case and who met whom."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracing.cases.generations import generations, label

pytestmark = pytest.mark.capability("T7")

AN, BINH, CHI, DUNG, EM = "An", "Bình", "Chi", "Dũng", "Em"
CHAIN = [(AN, BINH), (BINH, CHI), (CHI, DUNG)]
people = st.integers(0, 12)
links = st.lists(st.tuples(people, people), max_size=40)
cases = st.sets(people, max_size=4)


def test_a_contact_of_a_case_is_f1_and_their_contact_f2() -> None:
    assert generations([AN], CHAIN) == {AN: 0, BINH: 1, CHI: 2, DUNG: 3}
    assert label(2) == "F2"


def test_when_an_f1_becomes_a_case_their_contacts_move_up_one() -> None:
    assert generations([AN, BINH], CHAIN) == {AN: 0, BINH: 0, CHI: 1, DUNG: 2}


def test_who_has_two_sources_is_of_the_nearer_ones_making() -> None:
    assert generations([AN, EM], [*CHAIN, (EM, DUNG)])[DUNG] == 1


def test_when_the_source_case_was_none_nobody_is_a_contact_of_it() -> None:
    assert generations([], CHAIN) == {}


def test_two_who_met_each_other_do_no_harm() -> None:
    assert generations([AN], [*CHAIN, (CHI, BINH), (BINH, AN)]) == {AN: 0, BINH: 1, CHI: 2, DUNG: 3}


@given(cases, links)
def test_everybody_but_a_case_is_one_further_than_their_nearest_source(
    ill: set[int], met: list[tuple[int, int]]
) -> None:
    found = generations(ill, met)
    for person, generation in found.items():
        sources = [found[source] for source, contact in met if contact == person and source in found]
        assert generation == (0 if person in ill else 1 + min(sources))
    for source, contact in met:
        if source in found:
            assert found[contact] <= found[source] + 1


@given(cases, links, people)
def test_another_case_never_moves_anybody_further_away(ill: set[int], met: list[tuple[int, int]], new: int) -> None:
    before, now = generations(ill, met), generations(ill | {new}, met)
    assert all(now[person] <= generation for person, generation in before.items())


@given(cases, st.data())
def test_the_order_in_which_meetings_are_told_does_not_matter(ill: set[int], data: st.DataObject) -> None:
    met = data.draw(links)
    assert generations(ill, met) == generations(ill, data.draw(st.permutations(met)))


def test_five_thousand_contacts_in_a_row_are_no_trouble() -> None:
    assert generations([0], [(n, n + 1) for n in range(5000)])[5000] == 5000
