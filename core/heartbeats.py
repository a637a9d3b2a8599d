"""Signs of life: every process writes what it is and how it fares, and the console reads it."""

from __future__ import annotations

import logging
import os
import socket
import threading
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Database, UnitOfWork
from core.tables import Base

log = logging.getLogger(__name__)

BEAT_SECONDS = 5.0


class Heartbeat(Base):
    __tablename__ = "heartbeat"

    process: Mapped[str] = mapped_column(primary_key=True)  # kind, host and number: `media@cdc1:3117`
    kind: Mapped[str]
    at: Mapped[datetime]
    status: Mapped[dict[str, Any]]


def beat(uow: UnitOfWork, kind: str, process: str, status: Mapping[str, Any]) -> None:
    """Write this process's sign of life."""
    values = {"kind": kind, "at": uow.now(), "status": dict(status)}
    uow.session.execute(
        insert(Heartbeat)
        .values(process=process, **values)
        .on_conflict_do_update(index_elements=["process"], set_=values)
    )


def keep_beating(database: Database, kind: str) -> None:
    """Beat from a thread for as long as this process lives: for processes whose own loop belongs to somebody else."""
    process = f"{kind}@{socket.gethostname()}:{os.getpid()}"
    never = threading.Event()

    def run() -> None:
        while True:
            try:
                with database.unit() as uow:
                    beat(uow, kind, process, {})
            except SQLAlchemyError as error:
                log.warning("event=heartbeat_missed error=%s", type(error).__name__)
            never.wait(BEAT_SECONDS)

    threading.Thread(target=run, name="heartbeat", daemon=True).start()
