"""The simulator as a process: it comes up, answers, and leaves when told to."""

import multiprocessing
import socket
import time

import pytest
import requests

from audio.prompts import PromptStore
from core.errors import UserError
from flows.catalogue import Library
from ivr.simulator.process import run_simulator
from tests.ivr.simulator.conftest import options


def serve(bind, folder):
    run_simulator(bind, options(), PromptStore(folder, folder), Library(folder))


def test_it_answers_until_it_is_told_to_stop(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as free:
        bind = f"127.0.0.1:{free.getsockname()[1]}"
    process = multiprocessing.get_context("spawn").Process(target=serve, args=(bind, tmp_path))
    process.start()
    try:
        until = time.monotonic() + 30
        report = None
        while report is None and time.monotonic() < until:
            try:
                report = requests.get(f"http://{bind}/simulator/report", timeout=5).json()
            except requests.ConnectionError:
                process.join(0.1)
        assert report is not None
        assert report["people"] == []
    finally:
        assert process.pid is not None
        process.terminate()
        process.join(15)
    assert process.exitcode == 0


@pytest.mark.parametrize("bind", ["8002", "127.0.0.1:web"])
def test_an_address_that_is_none_is_refused(bind, tmp_path):
    with pytest.raises(UserError, match="is not an address"):
        serve(bind, tmp_path)


def test_an_address_in_use_is_said_to_be(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(UserError, match="cannot listen"):
        serve(f"127.0.0.1:{taken.getsockname()[1]}", tmp_path)
