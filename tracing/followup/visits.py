"""What came of follow-up calls, in the words of SORMAS."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class VisitOutcome(StrEnum):
    COOPERATIVE = "cooperative"  # they talked, and answered
    UNCOOPERATIVE = "uncooperative"  # they were reached, and would not answer
    UNAVAILABLE = "unavailable"  # nobody answered, or somebody else
    NOT_PERFORMED = "not_performed"  # we did not call

    @property
    def reached(self) -> bool:
        return self in (VisitOutcome.COOPERATIVE, VisitOutcome.UNCOOPERATIVE)


@dataclass(frozen=True, slots=True)
class VisitResult:
    """One try to talk with somebody; `at` is on the department's clock, so that its day and hour are the local ones."""

    at: datetime
    outcome: VisitOutcome

    @property
    def day(self) -> date:
        return self.at.date()
