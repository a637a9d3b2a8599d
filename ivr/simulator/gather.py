"""What `<Gather>` makes of the keys a person presses: pure, on the person's own clock."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Press:
    """A key, and how long after the previous one (or after the end of the prompt) it is pressed."""

    key: str
    after: float


@dataclass(frozen=True, slots=True)
class GatherRules:
    """The attributes of `<Gather>` with Twilio's defaults: five seconds between keys, `#` ends the input."""

    num_digits: int | None = None
    timeout: float = 5.0
    finish_on_key: str = "#"


@dataclass(frozen=True, slots=True)
class Gathered:
    """What the verb took, and how long it waited."""

    digits: str
    finished_on: str
    seconds: float


def gather(presses: Iterable[Press], rules: GatherRules) -> Gathered:
    """Take keys until the count is full, the finish key comes, or nothing comes within the timeout."""
    digits, seconds = "", 0.0
    for press in presses:
        if press.after > rules.timeout:
            break
        seconds += press.after
        if rules.finish_on_key and press.key in rules.finish_on_key:
            return Gathered(digits, press.key, seconds)
        digits += press.key
        if rules.num_digits is not None and len(digits) >= rules.num_digits:
            return Gathered(digits, "", seconds)
    return Gathered(digits, "", seconds + rules.timeout)
