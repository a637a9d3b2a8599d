"""How the simulated network behaves: whom it speaks for, how fast time runs, and which troubles it makes on purpose."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Faults:
    """Troubles of the REST interface, used up one by one. Tests and rehearsals set them while the network runs."""

    lose_answers: int = 0
    """So many orders are taken, and then the connection breaks without an answer."""
    server_errors: int = 0
    """So many requests get 500 and change nothing."""
    too_many_requests: int = 0
    """So many requests get 429 and change nothing."""
    delay_seconds: float = 0.0
    """Every answer comes so much later; this one is not used up."""


@dataclass(frozen=True, slots=True)
class Chaos:
    """What a public network does to webhooks now and then. Shares are from 0 to 1; the seed makes them repeatable."""

    seed: int = 0
    repeat_callbacks: float = 0.0
    """Share of status callbacks that are delivered twice."""
    late_callbacks: float = 0.0
    """Share of status callbacks that are held back by up to `late_seconds`, so that later ones overtake them."""
    late_seconds: float = 2.0
    repeat_turns: float = 0.0
    """Share of answers during a call that are delivered twice; both must get the same reply."""


@dataclass(frozen=True, slots=True)
class Options:
    """`speed` divides every wait of a call driven by webhooks (rings, prompts, pauses, keys); streams are real time.

    `hotline` is the number that people dial. `numbers` are those the account may call from; empty allows any.
    """

    account_sid: str
    auth_token: str = field(repr=False)
    speed: float = 1.0
    calls_per_second: float | None = None
    hotline: str = "+842373850115"
    numbers: frozenset[str] = frozenset()
    webhook_seconds: float = 15.0
    connect_seconds: float = 5.0
    longest_call_seconds: float = 900.0
    chaos: Chaos = Chaos()
