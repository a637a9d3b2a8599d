"""What happens on a call's session comes to its conductor one thing at a time, also the session's end."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from audio.codec import ULAW_FRAME
from ivr.media.inbox import Inbox
from ivr.media.session import Closed, Frame, SessionEvent


class Broken:
    """A session whose codec has a fault that nobody foresaw."""

    async def events(self) -> AsyncIterator[SessionEvent]:
        yield Frame(bytes(ULAW_FRAME))
        raise KeyError("a slip")


async def test_a_session_that_breaks_is_lost_and_leaves_no_deaf_call(caplog: pytest.LogCaptureFixture) -> None:
    session: Any = Broken()
    async with Inbox(session) as inbox:
        assert await inbox.get() == Frame(bytes(ULAW_FRAME))
        assert await inbox.get() == Closed("lost")
    assert "event=session_broken" in caplog.text
