"""The errors that Traceline raises on purpose. Each says what to do; none is swallowed.

`UserError`: a person gave something wrong; shown to them. `Retryable` and `Permanent`: something outside failed; a job
is tried again after the first, never after the second.
"""

from __future__ import annotations


class TracelineError(Exception):
    """`message` says what is wrong, `hint` what to do about it."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message if not hint else f"{message} {hint}")
        self.message = message
        self.hint = hint


class UserError(TracelineError):
    """What a person gave cannot be used. Nothing has been changed."""


class NotAllowed(TracelineError):
    """The user has no right to this. The message never says whether the thing exists."""


class Retryable(TracelineError):
    """Something outside failed in a way that may pass."""


class Permanent(TracelineError):
    """Something outside refused; trying again would be refused again."""
