"""Where lists come from, and how far each import has come."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from core.areas import area_column
from core.encryption import EncryptedText
from core.ids import new_id
from core.tables import Base


class ListSource(Base):
    """Somebody who sends lists. `mapping` is which of their columns is which of ours: {"Họ tên": "name", …}."""

    __tablename__ = "list_source"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(unique=True)
    mapping: Mapped[dict[str, Any]]
    used_at: Mapped[datetime]


class ListState(StrEnum):
    """Where an import stands. `columns`, `checked`: it waits for somebody. The last four are its ends but one: what
    `failed` can be tried again."""

    COLUMNS = "columns"  # nobody knows yet which column is which
    CHECKING = "checking"
    CHECKED = "checked"
    IMPORTING = "importing"
    DONE = "done"
    FAILED = "failed"
    DROPPED = "dropped"


class ListImport(Base):
    """A list that was uploaded. The file is kept until it is imported or dropped, and no longer; file and findings are
    sealed under `key`, and gone with it."""

    __tablename__ = "list_import"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    source_id: Mapped[UUID | None] = mapped_column(ForeignKey("list_source.id"))
    disease: Mapped[str]
    campaign_id: Mapped[UUID | None] = mapped_column(ForeignKey("campaign.id"))
    for_campaign: Mapped[bool] = mapped_column(server_default=text("false"))  # a plan is to follow
    start: Mapped[bool] = mapped_column(server_default=text("false"))  # the campaign starts when everybody is on it
    file_name: Mapped[str]
    key: Mapped[str | None] = mapped_column(EncryptedText)
    content: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    findings: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)  # what the check found, as JSON
    mapping: Mapped[dict[str, Any]]  # header -> our column, "" for none
    state: Mapped[str]
    rows: Mapped[int] = mapped_column(server_default=text("0"))
    rows_done: Mapped[int] = mapped_column(server_default=text("0"))
    errors: Mapped[int] = mapped_column(server_default=text("0"))
    decisions: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))  # row -> a person's id, or "new"
    leave_out: Mapped[bool] = mapped_column(server_default=text("false"))  # the wrong rows, the others are imported
    result: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    area: Mapped[str] = area_column()
    created_by: Mapped[UUID]
    created_at: Mapped[datetime]
    alive_at: Mapped[datetime | None]  # the last sign of life of the job; None: it waits for its turn
    ended_at: Mapped[datetime | None]
