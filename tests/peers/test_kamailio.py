"""A trunk that asks for a password: once registered, calls come in and go out; a wrong password is shown."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from ipaddress import IPv4Network
from pathlib import Path

import pytest

from ivr.calls.model import CallState
from ivr.carriers.sip import stack as stacks
from ivr.carriers.sip.stack import Ended, SipStack, Trunk
from tests.peers.kamailio import KAMAILIO, kamailio
from tests.peers.office import NUMBER, Office, until
from tests.peers.sipp import SIPP, answers, finish, hang_up, hangs_up, invite, pause, press, sipp
from tests.ports import free_port

pytestmark = [
    pytest.mark.system,
    pytest.mark.slow,
    pytest.mark.timeout(120),
    pytest.mark.skipif(KAMAILIO is None, reason="Kamailio is not installed (apt install kamailio)"),
    pytest.mark.skipif(SIPP is None, reason="sipp is not installed (apt install sip-tester)"),
]

USER, PASSWORD = "02373850115", "province 38; two words"


@pytest.mark.capability("I15")
def test_a_registered_gateway_is_rung_and_rings_through_its_trunk(
    open_office: Callable[..., Office], tmp_path: Path, port: int, media_port: int
) -> None:
    trunk, outside = free_port(), port
    with kamailio(tmp_path, port=trunk, outside=outside, password=PASSWORD):
        ours = open_office("media", "sip", sip_trunk=f"127.0.0.1:{trunk}", sip_user=USER, sip_password=PASSWORD)
        until(lambda: (ours.status(ours.processes["sip"]) or {})["registration"] == "registered", what="registration")

        steps = (invite(), pause(2), press("2"), pause(1), hang_up(2))
        steps = tuple(step.replace("sip:hotline@", f"sip:{USER}@") for step in steps)
        with sipp(tmp_path, *steps, port=outside, remote=f"127.0.0.1:{trunk}", media_port=media_port) as telephone:
            call = ours.next_call(0)
            finish(telephone, tmp_path, outside)
        call = ours.ended(call.id)
        assert call.remote_number == "+84912340000"  # what the trunk asserts, not what the telephone says
        assert call.language == "en"

        with sipp(tmp_path, answers(), pause(2), hangs_up(), port=outside, media_port=media_port) as telephone:
            call = ours.ended(ours.dial())
            finish(telephone, tmp_path, outside)
        assert call.state == CallState.COMPLETED
        assert call.answered_at is not None


async def registered(stack: SipStack, begins: str) -> str:
    """What the sign of life would say of it, once it begins so."""
    async with asyncio.timeout(20):
        while not stack.registration.startswith(begins):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    return stack.registration


@asynccontextmanager
async def registering(trunk: int, password: str) -> AsyncIterator[SipStack]:
    """Our SIP stack alone, which registers at a trunk."""
    stack = SipStack("127.0.0.1", free_port(), Trunk(f"127.0.0.1:{trunk}", USER, password), lambda call: None)
    await stack.start(lambda: None)
    stack.allow([IPv4Network("127.0.0.0/8")], [])
    await stack.open()
    keeping = asyncio.ensure_future(stack.keep_registered())
    try:
        yield stack
    finally:
        keeping.cancel()
        await stack.close()


@pytest.mark.capability("C10")
def test_a_wrong_password_is_refused_shown_and_tried_again(
    tmp_path: Path, port: int, caplog: pytest.LogCaptureFixture
) -> None:
    async def dial(trunk: int) -> None:
        async with registering(trunk, "guessed") as stack:
            assert (await registered(stack, "failed")).startswith("failed: 401")
            call = await stack.dial(f"sip:{NUMBER}@127.0.0.1:{trunk}", "+842373850115")
            async with asyncio.timeout(10):
                while not isinstance(ended := await call.events.get(), Ended):
                    pass
            assert ended.reason.startswith("407")

    trunk = free_port()
    with kamailio(tmp_path, port=trunk, outside=port, password=PASSWORD):
        asyncio.run(dial(trunk))
    assert "guessed" not in caplog.text


def test_a_trunk_that_comes_later_is_registered_at_then(
    tmp_path: Path, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def wait(trunk: int) -> None:
        async with registering(trunk, PASSWORD) as stack:
            await registered(stack, "failed")
            with kamailio(tmp_path, port=trunk, outside=port, password=PASSWORD):
                await registered(stack, "registered")

    monkeypatch.setattr(stacks, "REGISTER_AGAIN", 0.2)
    asyncio.run(wait(free_port()))
