"""Where lists come from, and how far each import has come."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from core.areas import area_column
from core.ids import new_id
from core.tables import Base


class ListSource(Base):
    """Somebody who sends lists. `mapping` is which of their columns is which of ours: {"Họ tên": "name", …}."""

    __tablename__ = "list_source"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(unique=True)
    mapping: Mapped[dict[str, Any]]
    used_at: Mapped[datetime]


class ListImport(Base):
    """A list that was uploaded. `state`: checking, checked (somebody decides), importing, done, failed, dropped. The
    file is kept sealed until it is imported or dropped, and no longer."""

    __tablename__ = "list_import"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    source_id: Mapped[UUID | None] = mapped_column(ForeignKey("list_source.id"))
    disease: Mapped[str]
    campaign_id: Mapped[UUID | None] = mapped_column(ForeignKey("campaign.id"))
    file_name: Mapped[str]
    content: Mapped[bytes | None] = mapped_column(LargeBinary)
    mapping: Mapped[dict[str, Any]]
    state: Mapped[str]
    rows: Mapped[int] = mapped_column(server_default=text("0"))
    rows_done: Mapped[int] = mapped_column(server_default=text("0"))
    errors: Mapped[int] = mapped_column(server_default=text("0"))
    error_rows: Mapped[bytes | None] = mapped_column(LargeBinary)  # sealed too: it repeats what stood in the list
    decisions: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))  # row -> same, new
    result: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    area: Mapped[str] = area_column()
    created_by: Mapped[UUID]
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
