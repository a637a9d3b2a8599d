"""An action of a page that may be refused: the page is shown again with what to do, and nothing of it was done."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from admin.current import uow
from admin.errors import user_message
from core.errors import UserError

Result = TypeVar("Result")


def attempt(action: Callable[[], Result]) -> tuple[Result | None, tuple[str, str] | None]:
    """What the action gave, or its problem (message and hint, in the viewer's language). What a refused action had
    written already is taken back; the request goes on."""
    try:
        with uow().session.begin_nested():
            return action(), None
    except UserError as error:
        return None, user_message(error)
