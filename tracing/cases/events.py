"""What may happen to a contact or a case. Frozen values; whoever writes them down adds author and time."""

from __future__ import annotations

from dataclasses import dataclass

from tracing.cases.axes import CaseClassification, Classification, Outcome


@dataclass(frozen=True, slots=True)
class Registered:
    """Somebody became known as a contact; `followed` when the rule asks for follow-up in their situation."""

    followed: bool = True


@dataclass(frozen=True, slots=True)
class Classified:
    """The rules made something of the exposure: distance, minutes, window."""

    classification: Classification


@dataclass(frozen=True, slots=True)
class OverriddenByHand:
    """A person said what this contact is; None takes it back, and the rules count again."""

    classification: Classification | None
    reason: str


@dataclass(frozen=True, slots=True)
class BecameCase:
    """The contact fell ill or tested positive, and a case was opened for them."""


@dataclass(frozen=True, slots=True)
class CaseDiscarded:
    """The case that this contact became was none."""


@dataclass(frozen=True, slots=True)
class Dropped:
    """The source case was none, or the exposure did not happen."""

    reason: str


@dataclass(frozen=True, slots=True)
class TakenUpAgain:
    """A dropped contact counts again. Nobody calls until follow-up is resumed."""

    reason: str


@dataclass(frozen=True, slots=True)
class NewExposure:
    """They were exposed again; the period restarts. `followed` when the rule asks for follow-up."""

    followed: bool = True


@dataclass(frozen=True, slots=True)
class PeriodCompleted:
    """The last day is over, and somebody talked with them on it."""


@dataclass(frozen=True, slots=True)
class Lost:
    """Nobody could reach them, as the rule of loss says."""


@dataclass(frozen=True, slots=True)
class FoundAgain:
    """Somebody reached a lost contact."""


@dataclass(frozen=True, slots=True)
class Cancelled:
    """A person ended the follow-up."""

    reason: str


@dataclass(frozen=True, slots=True)
class Resumed:
    """A person begins a follow-up again that was ended, completed or never asked for."""

    reason: str


ContactEvent = (
    Registered
    | Classified
    | OverriddenByHand
    | BecameCase
    | CaseDiscarded
    | Dropped
    | TakenUpAgain
    | NewExposure
    | PeriodCompleted
    | Lost
    | FoundAgain
    | Cancelled
    | Resumed
)


@dataclass(frozen=True, slots=True)
class CaseOpened:
    """A case came in: from a report, or because a contact became one."""

    classification: CaseClassification = CaseClassification.SUSPECTED


@dataclass(frozen=True, slots=True)
class CaseClassified:
    """The rules made something of symptoms and tests."""

    classification: CaseClassification


@dataclass(frozen=True, slots=True)
class CaseOverridden:
    """A person said what this case is; None takes it back."""

    classification: CaseClassification | None
    reason: str


@dataclass(frozen=True, slots=True)
class OutcomeKnown:
    """How it ended; `NONE_YET` takes an outcome back that was noted by mistake."""

    outcome: Outcome


CaseEvent = CaseOpened | CaseClassified | CaseOverridden | OutcomeKnown
