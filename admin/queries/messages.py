"""Voice messages that the viewer may hear: the list, one message, those of a call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select, true

from admin.policy import Viewer
from admin.queries.paging import AnySelect, Page, page_of
from admin.queries.treated import seen_messages
from core.database import UnitOfWork
from ivr.calls.model import Call
from ivr.messages.model import Kind, VoiceMessageRow
from ivr.messages.store import transcript_of
from tracing.people.model import Person


@dataclass(frozen=True, slots=True)
class MessageRow:
    """A message with who left it, and what it says."""

    message: VoiceMessageRow
    person: str
    phone: str

    @property
    def id(self) -> UUID:
        return self.message.id

    @property
    def transcript(self) -> str | None:
        return transcript_of(self.message)

    @property
    def state(self) -> str:
        """Where the sound is: `here`, `coming` (the carrier still has it), `lost`, `deleted`."""
        if self.message.deleted_at is not None:
            return "deleted"
        if self.message.lost_at is not None:
            return "lost"
        return "here" if self.message.fetched_at is not None else "coming"


def list_messages(uow: UnitOfWork, viewer: Viewer, before: str | None) -> Page[MessageRow]:
    """Newest first."""
    return page_of(uow, _query(viewer), VoiceMessageRow.id, before, _row)


def find_message(uow: UnitOfWork, viewer: Viewer, message: UUID) -> MessageRow | None:
    """None when there is none, or it is not for the viewer."""
    row = uow.session.execute(_query(viewer).where(VoiceMessageRow.id == message)).first()
    return None if row is None else _row(row)


def messages_of(uow: UnitOfWork, viewer: Viewer, call: UUID) -> Mapping[str, MessageRow]:
    """Those of one call, by the recording id that its log knows."""
    rows = uow.session.execute(_query(viewer).where(VoiceMessageRow.call_id == call))
    return {str(row[0]): _row(row) for row in rows}


def _query(viewer: Viewer) -> AnySelect:
    # One look at the call of each message. Messages are few beside the calls; but PostgreSQL cannot know how few calls
    # are the viewer's, and would read all of them.
    call = (
        select(Call.person_id, Call.remote_number)
        .where(Call.id == VoiceMessageRow.call_id, seen_messages(viewer))
        .limit(1)
        .lateral("call_of")
    )
    query: AnySelect = (
        select(VoiceMessageRow.id, VoiceMessageRow, func.coalesce(Person.name, ""), call.c.remote_number)
        .select_from(VoiceMessageRow)
        .join(call, true())
        .outerjoin(Person, Person.id == call.c.person_id)
    )
    return query.where(VoiceMessageRow.kind == Kind.MESSAGE)


def _row(row: tuple[UUID, VoiceMessageRow, str, str]) -> MessageRow:
    return MessageRow(*row[1:])
