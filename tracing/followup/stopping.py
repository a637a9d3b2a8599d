"""What is planned and does not fit any more is taken off: visits that have not happened, and calls that wait.

A call that rings or is just being dialed is left alone: it ends by itself and files its answers all the same, and a
dial that was chosen and not made asks once more (`tracing.followup.wanted`). So nothing here waits for a
target that somebody holds; whoever holds one may wait for a contact.
"""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import delete, select

from core.database import UnitOfWork
from ivr.campaigns.following import close
from ivr.campaigns.model import Target, TargetState
from ivr.campaigns.words import Disposition
from tracing.followup.model import FollowUpVisit


def take_off(uow: UnitOfWork, visits: Collection[UUID], targets: Collection[UUID]) -> None:
    """Remove these visits, and let nobody be called for these targets any more."""
    if targets:
        waiting = select(Target).where(Target.id.in_(targets), Target.state == TargetState.WAITING).order_by(Target.id)
        for target in uow.session.scalars(
            waiting.with_for_update(skip_locked=True, key_share=True).execution_options(populate_existing=True)
        ):
            close(target, Disposition.CALLED_OFF, uow.now())
    if visits:
        uow.session.flush()
        uow.session.execute(
            delete(FollowUpVisit)
            .where(FollowUpVisit.id.in_(visits), FollowUpVisit.result.is_(None))
            .execution_options(synchronize_session=False)
        )
