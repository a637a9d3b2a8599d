"""Receipts: a request that may be repeated takes effect once, and every repeat gets the same reply, byte for byte."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Index, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from core.database import UnitOfWork
from core.tables import Base


class ReceiptRow(Base):
    __tablename__ = "receipt"

    key: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    reply: Mapped[bytes | None]

    # Rows come in order of time, so that this costs a turn nothing, and removing old ones reads only those.
    __table_args__ = (Index("ix_receipt_at", "at", postgresql_using="brin"),)


@dataclass(frozen=True, slots=True)
class Receipt:
    """`fresh`: this unit of work claimed the key. Otherwise `reply` is what was answered before."""

    fresh: bool
    reply: bytes = b""


def claim(uow: UnitOfWork, key: str) -> Receipt:
    """Claim a key. When another transaction holds it, waits until that one has committed or rolled back."""
    claimed = uow.session.execute(
        insert(ReceiptRow).values(key=key, at=uow.now()).on_conflict_do_nothing().returning(ReceiptRow.key)
    ).scalar()
    if claimed is not None:
        return Receipt(fresh=True)
    reply = uow.session.execute(select(ReceiptRow.reply).where(ReceiptRow.key == key)).scalar()
    return Receipt(fresh=False, reply=reply or b"")


def keep_reply(uow: UnitOfWork, key: str, reply: bytes) -> None:
    """Keep what was answered to the claimed key."""
    uow.session.execute(update(ReceiptRow).where(ReceiptRow.key == key).values(reply=reply))
