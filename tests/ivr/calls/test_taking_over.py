"""One script hands a call over to another; whatever is wrong with that one, nobody is cut off without a word."""

from __future__ import annotations

import shutil
from pathlib import Path
from uuid import UUID

import pytest

from core.database import Database
from flows.catalogue import LIBRARY, Library, load_library
from flows.engine.actions import HangUp, Play
from ivr.calls.effects import Effects
from ivr.calls.log import read_log
from ivr.calls.model import Call, CallState
from ivr.calls.service import Calls
from ivr.calls.turn import MOST_EFFECTS, Turn
from ivr.campaigns.rang_back import hand_over
from tests.ivr.world import open_call, started

SCRIPT = """
id: {name}
title: {{vi: "Chuyển", en: "Hand over"}}
direction: inbound
languages: [vi, en]
start: on
ways_out: {{no_input: bye, no_match: bye}}
steps:
  on:
    effect: call.hand_over
    with: {{script: "'{other}'"}}
    on: {{done: bye}}
  bye: {{end: completed}}
"""


@pytest.fixture
def scripts(tmp_path: Path) -> Library:
    shutil.copy(LIBRARY / "phrases.yaml", tmp_path)
    for name, other in (("ping", "pong"), ("pong", "ping"), ("to-nobody", "removed")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "script.yaml").write_text(SCRIPT.format(name=name, other=other), encoding="utf-8")
    return load_library(tmp_path)


@pytest.fixture
def switchboard(scripts: Library) -> Calls:
    effects = Effects()
    effects.register("call.hand_over", hand_over)
    return Calls(scripts, effects)


def answer(database: Database, calls: Calls, script: str) -> tuple[UUID, Turn]:
    call_id = open_call(database, calls, direction="inbound", script=script)
    with database.unit() as uow:
        taken = calls.take_turn(uow, call_id, 0, started(), lambda *_: b"")
    assert isinstance(taken, Turn)
    return call_id, taken


@pytest.mark.capability("F3", "N2")
def test_a_script_that_is_not_there_ends_the_call_with_an_apology(database: Database, switchboard: Calls) -> None:
    call_id, taken = answer(database, switchboard, "to-nobody")
    assert [type(action) for action in taken.actions] == [Play, HangUp]
    assert "hệ thống đang gặp trục trặc" in str(taken.actions)
    with database.unit() as uow:
        call = uow.session.get_one(Call, call_id)
        lines = read_log(uow, call_id)
    assert (call.script, call.state, call.end_reason) == ("to-nobody", CallState.COMPLETED, "trouble")
    assert [line.data["outcome"] for line in lines if line.kind == "effect"] == ["no_script"]


@pytest.mark.capability("F3", "N2")
def test_scripts_that_hand_over_to_each_other_for_ever_are_stopped_politely(
    database: Database, switchboard: Calls
) -> None:
    call_id, taken = answer(database, switchboard, "ping")
    assert "hệ thống đang gặp trục trặc" in str(taken.actions)
    with database.unit() as uow:
        call = uow.session.get_one(Call, call_id)
        lines = read_log(uow, call_id)
    assert (call.state, call.end_reason) == (CallState.COMPLETED, "trouble")
    assert len([line for line in lines if line.kind == "effect"]) == MOST_EFFECTS
