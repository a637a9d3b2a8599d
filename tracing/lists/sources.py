"""Who sends lists, and which of their columns is which of ours: said once, offered next time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from core.database import UnitOfWork
from core.errors import UserError
from tracing.lists.columns import Assigned, is_header
from tracing.lists.model import ListSource
from tracing.people.names import tidy

MOST_SOURCES = 200
LONGEST_NAME = 120


def sources(uow: UnitOfWork) -> Sequence[ListSource]:
    """Those whose lists came last."""
    return uow.session.scalars(select(ListSource).order_by(ListSource.used_at.desc()).limit(MOST_SOURCES)).all()


def source_named(uow: UnitOfWork, name: str) -> ListSource | None:
    return uow.session.scalar(select(ListSource).where(ListSource.name == tidy(name)))


def source_of_header(uow: UnitOfWork, header: Sequence[str]) -> ListSource | None:
    """The source, latest first, by whose columns this header names all that is required; None when the header says it
    by itself, or nobody's columns do."""
    if is_header(header):
        return None
    return next((source for source in sources(uow) if is_header(header, source.mapping)), None)


def remember(uow: UnitOfWork, name: str, mapping: Assigned) -> ListSource:
    """Keep what somebody said of the columns of a source: headers that are said again are as they were said last."""
    written = tidy(name)
    if not written or len(written) > LONGEST_NAME:
        raise UserError("The name of the source cannot be used.", "Write who sends the list, in at most 120 letters.")
    uow.session.execute(insert(ListSource).values(name=written, mapping={}, used_at=uow.now()).on_conflict_do_nothing())
    source = uow.session.scalars(
        select(ListSource).where(ListSource.name == written).with_for_update().execution_options(populate_existing=True)
    ).one()
    both: Mapping[str, str] = {**source.mapping, **mapping}
    source.mapping, source.used_at = dict(both), uow.now()
    return source
