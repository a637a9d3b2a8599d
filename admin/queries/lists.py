"""Lists that came in: the page of them, and one; each is seen where whoever brought it works."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from admin.policy import Viewer, scoped
from admin.queries.paging import AnySelect, Page, page_of
from core.areas import Area, within
from core.database import UnitOfWork
from core.users import User
from ivr.campaigns.model import Campaign
from tracing.lists.model import ListImport, ListSource


@dataclass(frozen=True, slots=True)
class ListRow:
    """A line of the page: the file, who sent and who brought it, and how it stands."""

    id: UUID
    file_name: str
    source: str | None
    by: str | None
    state: str
    rows: int
    rows_done: int
    errors: int
    result: dict[str, Any]
    created_at: datetime


def list_lists(uow: UnitOfWork, viewer: Viewer, before: str | None = None, size: int = 30) -> Page[ListRow]:
    """The lists of the viewer's area, newest first."""
    query: AnySelect = (
        select(
            *(ListImport.id, ListImport.file_name, ListSource.name, User.name, ListImport.state, ListImport.rows),
            *(ListImport.rows_done, ListImport.errors, ListImport.result, ListImport.created_at),
        )
        .outerjoin(ListSource, ListSource.id == ListImport.source_id)
        .outerjoin(User, User.id == ListImport.created_by)
    )
    return page_of(uow, scoped(query, ListImport.area, viewer), ListImport.id, before, lambda row: ListRow(*row), size)


@dataclass(frozen=True, slots=True)
class ListPage:
    """One list, with the name of its source and the campaign that it is for."""

    row: ListImport
    source: str
    campaign: Campaign | None


def find_list(uow: UnitOfWork, viewer: Viewer, list_id: UUID) -> ListPage | None:
    """The list, None when there is none or it is not the viewer's to see."""
    found = uow.session.execute(
        select(ListImport, ListSource.name, Campaign)
        .outerjoin(ListSource, ListSource.id == ListImport.source_id)
        .outerjoin(Campaign, Campaign.id == ListImport.campaign_id)
        .where(ListImport.id == list_id, within(ListImport.area, viewer.area))
    ).first()
    return ListPage(found[0], found[1] or "", found[2]) if found else None


def areas_of(uow: UnitOfWork, viewer: Viewer) -> list[Area]:
    """Provinces and districts of the viewer, and their communes since there are no districts, to narrow a list to."""
    found = select(Area).where(within(Area.path, viewer.area)).order_by(Area.path)
    return list(uow.session.scalars(found))
