"""The rule of a room: two seats, who is told what when somebody comes, is lost, comes back or goes. Pure.

The `caller` is the one whose script asks for a bridge; the `guest` is a practitioner, or a telephone that we rang.
Whoever comes first waits. A lost side keeps its seat for a while: a browser and a gateway come back by themselves.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Side = Literal["caller", "guest"]
OTHER: dict[Side, Side] = {"caller": "guest", "guest": "caller"}

Told = Literal["joined", "away", "gone", "ended", "replaced"]
"""`joined`: the other is there, talk. `away`: the other's sound is lost for the moment. `gone`, to a caller: the guest
was lost and did not come back in time, but has not hung up. `ended`: the other has gone for good. `replaced`: somebody
has come by another line, this one is no longer needed."""

RETURN_SECONDS = 15.0
"""How long a lost side may take to come back before it counts as gone: a browser needs two, a gateway up to ten."""


@dataclass(slots=True)
class Room:
    """Each method tells what is to be told to whom: pairs of side and news."""

    here: set[Side] = field(default_factory=set)
    lost: set[Side] = field(default_factory=set)
    joined_at: float | None = None
    seconds: float = 0.0
    over: bool = False

    @property
    def empty(self) -> bool:
        """Nobody is there, and nobody is expected back."""
        return not self.here and not self.lost

    def arrive(self, side: Side, now: float) -> list[tuple[Side, Told]]:
        """Somebody takes a seat: for the first time, back again, or in place of an older line of the same person."""
        told: list[tuple[Side, Told]] = [(side, "replaced")] if side in self.here else []
        self.here.add(side)
        self.lost.discard(side)
        if self.over and side == "caller":
            return [*told, ("caller", "ended")]
        self.over = False
        if OTHER[side] in self.here:
            self.joined_at = now if self.joined_at is None else self.joined_at
            told += [(side, "joined"), (OTHER[side], "joined")]
        return told

    def lose(self, side: Side) -> list[tuple[Side, Told]]:
        """The sound of a side is lost. The caller of `return_overdue` waits `RETURN_SECONDS`."""
        self.here.discard(side)
        self.lost.add(side)
        return [(OTHER[side], "away")] if OTHER[side] in self.here else []

    def return_overdue(self, side: Side, now: float) -> list[tuple[Side, Told]]:
        """A side that was lost has had its time. A guest who is lost has not hung up: nothing was said to an end, so
        the caller goes on waiting, and whoever comes then begins a talk anew."""
        if side not in self.lost:
            return []
        told = self.leave(side, now)
        if side == "caller":
            return told
        self.seconds = max(0.0, self.seconds - RETURN_SECONDS)
        self.over, self.joined_at = False, None
        return [("caller", "gone")] if "caller" in self.here else []

    def leave(self, side: Side, now: float) -> list[tuple[Side, Told]]:
        """A side has gone for good: hung up, given up, or lost for too long."""
        self.here.discard(side)
        self.lost.discard(side)
        talked = self.joined_at is not None
        self.seconds = now - self.joined_at if self.joined_at is not None else 0.0
        if OTHER[side] in self.here and (talked or side == "caller"):
            return [(OTHER[side], "ended")]
        # A caller whose line is just away hears of the end when it is back.
        self.over = side == "guest" and talked and "caller" in self.lost
        if not self.over:
            self.joined_at = None
        return []
