"""A rehearsal keeps the rules of dialing, and shows what other numbers of lines would do."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from datetime import datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from flows.catalogue import Library, load_library
from ivr.calls.model import FailureReason
from ivr.campaigns.model import TargetState
from ivr.rehearsal.doctors import NoDoctors
from ivr.rehearsal.people import People
from ivr.rehearsal.plan import Place
from ivr.rehearsal.report import as_bytes, rehearse
from ivr.rehearsal.simulation import Simulation
from tests.ivr.rehearsal.plans import MONDAY, a_plan, assumptions, at_every_hour

pytestmark = pytest.mark.capability("N3")

_AGAIN = """
import sys
from flows.catalogue import load_library
from ivr.rehearsal.doctors import NoDoctors
from ivr.rehearsal.report import as_bytes, rehearse
from ivr.rehearsal.page import page
from tests.ivr.rehearsal.plans import a_plan, assumptions
report = rehearse(a_plan(load_library(), 60, seed=int(sys.argv[1])), assumptions(), NoDoctors)
sys.stdout.buffer.write(as_bytes(report) + page(report, "vi").encode() + page(report, "en").encode())
"""


@pytest.fixture(scope="module")
def library() -> Library:
    return load_library()


def _in_a_process(seed: int, hash_seed: str) -> bytes:
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "TZ": "UTC"}
    return subprocess.run(
        [sys.executable, "-c", _AGAIN, str(seed)], env=environment, check=True, capture_output=True
    ).stdout


def test_the_same_seed_gives_the_same_bytes_in_every_process_and_another_seed_other_ones() -> None:
    once, again, other = _in_a_process(1, "1"), _in_a_process(1, "2"), _in_a_process(2, "1")
    assert once == again
    assert once != other


class Watched(People):
    """Looks on at every dial."""

    def __init__(self, simulation: Simulation) -> None:
        super().__init__(simulation._chance, simulation._assumed)
        self.dials: list[tuple[str, datetime, str]] = []

    def ring(self, phone, dial, now, zone, ring_seconds):  # type: ignore[no-untyped-def]
        self.dials.append((phone, now, str(zone)))
        return super().ring(phone, dial, now, zone, ring_seconds)


def test_nobody_is_dialed_outside_the_hours_of_their_own_clocks_or_twice_at_a_time_or_faster_than_the_pace(
    library: Library,
) -> None:
    zones = ["", "Asia/Seoul", "Europe/Berlin", "America/New_York"]
    places = [Place(number // 2, area=f"38.{number % 3}", zone=zones[number % 4]) for number in range(200)]
    last = MONDAY + timedelta(days=3)
    plan = a_plan(library, places, cap=6, lines=5, pace=0.5, weekdays=(0, 2), last_moment=last)
    simulation = Simulation(plan, assumptions(), NoDoctors())
    simulation._people = watched = Watched(simulation)
    counts = simulation.run()

    assert len(watched.dials) == sum(counts.outcomes.values()) > 200
    for _, now, zone in watched.dials:
        local = now.astimezone(ZoneInfo(zone))
        assert time(8) <= local.time() < time(20)
        assert local.weekday() in (0, 2)
        assert now < last
    moments = [now for _, now, _ in watched.dials]
    assert min(later - now for now, later in pairwise(moments)) >= timedelta(seconds=2)
    # The last words of a call are said when its line counts as free.
    assert max(counts.peaks.values()) <= 5 + 4
    assert sum(counts.ends.values()) == 200
    assert all(target.state == TargetState.DONE for target in simulation.targets)


def test_more_lines_never_reach_fewer_people_where_one_hour_is_like_another(library: Library) -> None:
    reached = []
    for lines in (1, 2, 4, 8, 16):
        plan = a_plan(library, 150, cap=50, lines=lines, last_moment=MONDAY + timedelta(hours=12))
        reached.append(len(Simulation(plan, at_every_hour(0.4), NoDoctors()).run().reached_at))
    assert reached == sorted(reached)
    assert reached[0] < reached[-1]


def test_people_who_share_a_telephone_are_called_one_after_another_and_areas_take_turns(library: Library) -> None:
    places = [Place(0, area="38.1") for _ in range(5)] + [Place(1 + n, area=f"38.{n % 2}") for n in range(40)]
    simulation = Simulation(a_plan(library, places, cap=10), assumptions(), NoDoctors())
    simulation._people = watched = Watched(simulation)
    simulation.run()
    first = [phone for phone, now, _ in watched.dials if now < MONDAY + timedelta(seconds=1)]
    assert Counter(first).most_common(1)[0][1] == 1


def test_who_is_on_the_do_not_call_list_is_never_dialed_and_holds_up_nobody(library: Library) -> None:
    places = [Place(number, barred=number < 50 or number % 2 == 0) for number in range(80)]
    simulation = Simulation(a_plan(library, places), assumptions(), NoDoctors())
    simulation._people = watched = Watched(simulation)
    counts = simulation.run()
    assert all(int(phone) % 2 for phone, _, _ in watched.dials)
    assert counts.ends["refused"] >= 65
    assert min(now for _, now, _ in watched.dials) < MONDAY + timedelta(minutes=1)


def test_a_dead_number_and_one_that_nobody_answers_end_as_the_retry_plan_says(library: Library) -> None:
    retries = {"unreachable": "1h", "no_answer": "1h, 1h"}
    dead = assumptions(numbers={"dead": 1.0, "strangers": 0.0, "never_answer": 0.0}, network={"failed": 0, "lost": 0})
    counts = Simulation(a_plan(library, 10, retries=retries), dead, NoDoctors()).run()
    assert counts.ends == {"failed": 10}
    assert counts.outcomes == {FailureReason.UNREACHABLE: 20}

    silent = assumptions(
        numbers={"dead": 0.0, "strangers": 0.0, "never_answer": 1.0},
        network={"failed": 0, "lost": 0},
        not_picked_up={"busy": 0.0, "machine": 0.0, "rejected": 0.0},
    )
    counts = Simulation(a_plan(library, 10, retries=retries), silent, NoDoctors()).run()
    assert counts.ends == {"unresponsive": 10}
    assert counts.outcomes == {"no_answer": 30}


def test_the_report_adds_up_and_says_what_was_assumed(library: Library) -> None:
    report = rehearse(a_plan(library, 120), assumptions(), NoDoctors)
    assert sum(report["dispositions"].values()) == report["people"] == 120
    assert sum(report["outcomes"].values()) == report["dials"] == sum(day["dialed"] for day in report["days"])
    assert sum(hour["dialed"] for hour in report["hours"]) == report["dials"]
    assert sum(int(times) * people for times, people in report["attempts"].items()) == report["dials"]
    assert report["reached"]["curve"][-1][1] == report["reached"]["total"]
    assert [run["lines"] for run in report["lines"]["runs"]] == [10, 20, 40, 80]
    assert report["assumed"]["picks_up"]["weekdays"]["18"] == assumptions().picks_up(0, 18)
    assert as_bytes(report) == as_bytes(rehearse(a_plan(library, 120), assumptions(), NoDoctors))


def test_a_call_that_was_heard_before_goes_the_same_way_again(library: Library) -> None:
    plan, heard = a_plan(library, 80), {}
    first = Simulation(plan, assumptions(), NoDoctors(), heard).run()
    again = Simulation(plan, assumptions(), NoDoctors(), heard).run()
    assert heard
    assert again.turns < first.turns / 4
    assert again.ends == first.ends
    assert again.outcomes == first.outcomes
    assert again.reached_at == first.reached_at


OUTBOUND = [name for name, found in load_library().scripts.items() if found.direction == "outbound"]


@pytest.mark.parametrize("script", OUTBOUND)
def test_every_script_that_calls_out_comes_to_an_end_with_everybody(library: Library, script: str) -> None:
    counts = Simulation(a_plan(library, 25, script=script), assumptions(), NoDoctors()).run()
    assert counts.ends["unfinished"] == 0
    assert sum(counts.ends.values()) == 25
    assert counts.turns < 25 * 150
    assert counts.reached_at
