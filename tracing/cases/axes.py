"""The three axes of a contact, and the two of a case, in the words of SORMAS.

Contact status says whether the contact stands; follow-up status whether somebody calls; classification whether there
was an exposure at all. They are separate: a contact whose follow-up is completed is still active, and a confirmed one
may be lost.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ContactStatus(StrEnum):
    ACTIVE = "active"
    DROPPED = "dropped"  # not a contact after all, or the source case was none
    CONVERTED = "converted"  # became a case


class FollowUpStatus(StrEnum):
    FOLLOW_UP = "follow_up"  # being called
    COMPLETED = "completed"  # the period is over
    CANCELLED = "cancelled"  # ended by a person, or because the contact was dropped or became a case
    LOST = "lost"  # could not be reached any more
    NO_FOLLOW_UP = "no_follow_up"  # the rule asks for none


class Classification(StrEnum):
    UNCONFIRMED = "unconfirmed"
    CONFIRMED = "confirmed"
    NOT_A_CONTACT = "not_a_contact"


class CaseClassification(StrEnum):
    SUSPECTED = "suspected"
    PROBABLE = "probable"
    CONFIRMED = "confirmed"
    NOT_A_CASE = "not_a_case"


class Outcome(StrEnum):
    NONE_YET = "none_yet"
    RECOVERED = "recovered"
    DECEASED = "deceased"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class ContactAxes:
    """Where a contact stands. `by_rule` is what the rules made of the exposure, `by_hand` what a person said instead
    (None: nobody did); both stay visible, and `classification` is what counts."""

    status: ContactStatus
    follow_up: FollowUpStatus
    by_rule: Classification = Classification.UNCONFIRMED
    by_hand: Classification | None = None

    @property
    def classification(self) -> Classification:
        return self.by_rule if self.by_hand is None else self.by_hand

    @property
    def called(self) -> bool:
        """Whether anybody may call them for follow-up. Whoever queues a call asks this again when dialing."""
        return self.follow_up is FollowUpStatus.FOLLOW_UP

    @property
    def interviewed(self) -> bool:
        """Whether a list's campaign may call them as a contact, also before anybody worked out their follow-up."""
        return self.status is ContactStatus.ACTIVE and self.follow_up is not FollowUpStatus.CANCELLED


@dataclass(frozen=True, slots=True)
class CaseAxes:
    """Where a case stands; `by_rule` and `by_hand` as for contacts."""

    by_rule: CaseClassification
    by_hand: CaseClassification | None = None
    outcome: Outcome = Outcome.NONE_YET

    @property
    def classification(self) -> CaseClassification:
        return self.by_rule if self.by_hand is None else self.by_hand

    @property
    def stands(self) -> bool:
        """Whether this is a case: only then are its contacts contacts."""
        return self.classification is not CaseClassification.NOT_A_CASE
