"""Kill -9 of any process of ours in the middle of a campaign: no answer is lost, nobody is dialed twice."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
from sqlalchemy import func, select

from core.clock import SystemClock
from core.database import Database
from core.encryption import load_keys, use_keys
from core.installation import wait_until_up
from ivr.campaigns.model import Attempt
from ivr.simulator.demo.run import run_demo, terminal
from tests.system.conftest import Department

pytestmark = [pytest.mark.system, pytest.mark.slow, pytest.mark.timeout(900)]

PEOPLE = 10
# In this order, one after another, each while people are talking.
VICTIMS = (
    ("process media",),
    ("audio.recogniser",),
    ("gunicorn", "wsgi:app"),
    ("process worker",),
    ("process scheduler",),
    ("redis-server",),
    ("postgres", "-D"),
)


def _calls(department: Department) -> list[dict[str, Any]]:
    answer = requests.get(f"{department.settings.twilio_api_url}/simulator/calls", timeout=10)
    return list(answer.json())


def _talking(department: Department) -> int:
    return sum(call["status"] == "in-progress" for call in _calls(department))


@pytest.mark.capability("F2", "N12", "I11", "A2")
def test_no_death_loses_an_answer_or_dials_twice(department: Department) -> None:
    over = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        story = pool.submit(run_demo, department.demo(PEOPLE, inbound=2), terminal())
        story.add_done_callback(lambda _: over.set())
        killed = []
        for victim in VICTIMS:
            # On a busy machine, what died with the one before takes its time to come back.
            while not over.wait(2.0) and (_talking(department) < 2 or not department.running(*victim)):
                pass
            if over.is_set():
                break
            department.kill(*victim)
            killed.append(victim)
            wait_until_up(f"{department.settings.public_url}/readyz")
            over.wait(5.0)
        outcome = story.result()
    assert killed == list(VICTIMS)
    findings = outcome.findings
    assert findings.right > 40
    assert (findings.wrong, findings.lost, findings.strangers, findings.unattended) == ([], [], [], [])
    assert outcome.figures["by_disposition"].get("completed", 0) >= PEOPLE // 2
    assert _dials_beyond_attempts(department) == {}


def _dials_beyond_attempts(department: Department) -> dict[str, int]:
    """Numbers that rang more often than they have attempts that were given to the carrier."""
    rang = Counter(call["to"] for call in _calls(department) if call["direction"] == "outbound-api")
    use_keys(load_keys("", department.settings.home))
    database = Database(department.settings.database_url, SystemClock())
    with database.unit() as uow:
        ordered = dict(
            uow.session.execute(
                select(Attempt.phone, func.count()).where(Attempt.placing_at.is_not(None)).group_by(Attempt.phone)
            ).all()
        )
    database.close()
    return {phone: times for phone, times in rang.items() if times > ordered.get(phone, 0)}
