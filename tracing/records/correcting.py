"""Correcting one answer of a record, with a reason. Nothing is overwritten: the answer that was given stays, with where
it came from, and what follows from the answers is worked out again in the same transaction."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import or_, select

from core.database import UnitOfWork
from core.errors import NotAllowed, UserError
from core.ids import new_id
from flows.deriving import is_worse, work_out
from flows.forms import Field, Form
from ivr.calls.model import Call
from tracing.records.filing import Forms, supersede
from tracing.records.following import follow
from tracing.records.model import Record, RecordAnswer

STAFF, DERIVED = "staff", "script"
"""Where an answer comes from that a person gave, and one that follows from others."""
MOST_REASON = 500
RECORDING = "recording"


class _AsDerived:
    """See AS_DERIVED."""


AS_DERIVED: Final = _AsDerived()
"""The value that takes a decision by hand about a derived field back: it follows from the answers again."""


@dataclass(frozen=True, slots=True)
class Corrected:
    """What a correction brought: the new answer, and risk and flag before and after it."""

    answer: RecordAnswer
    risk: tuple[str | None, str | None]
    flagged: tuple[bool, bool]


def correct(
    uow: UnitOfWork,
    forms: Forms,
    record_id: UUID,
    field: str,
    value: Any,
    *,
    reason: str,
    by: UUID,
    roles: Collection[str],
    seen: UUID | None,
) -> Corrected:
    """Put `value` in the place of the current answer to `field`; None is "not answered". `seen` is the answer that the
    corrector looked at (None: there was none). Putting an answer back as it was is a correction too.

    Raises UserError when the value does not fit the field, when the reason is missing, when somebody else has changed
    the answer meanwhile, when it would change nothing, and while a call still fills the record; NotAllowed when none of
    the roles may change the field. Then nothing is changed.
    """
    why = _reason(reason)
    record = uow.session.get(Record, record_id, with_for_update=True, populate_existing=True)
    if record is None:
        raise UserError("There is no such record.", "Look it up in the list again.")
    form = forms.form(record.form)
    asked = form.field(field)
    if not may_correct(asked, roles):
        raise NotAllowed("You may not correct this answer.", "Ask somebody whose work it is.")
    _refuse_while_called(uow, record)
    current = current_answers(uow, record.id)
    standing = current.get(field)
    if (standing.id if standing else None) != seen:
        raise UserError(
            "Somebody changed this answer while you looked at it.", "See what it is now, and correct it if you must."
        )
    before = _tolerant(form, current)
    if isinstance(value, _AsDerived):
        kept, source = _derived_anew(form, current, field), DERIVED
    else:
        kept, source = asked.accept(value), STAFF
    if not _changes(form, standing, field, kept, source):
        raise UserError("The answer is this already.", "Close the correction, or choose another answer.")
    risk, flagged = record.risk, record.flagged
    put = {field: _put(uow, record, field, kept, source, by, why)}
    answer = put[field]
    after = work_out(form, _values({**current, field: answer}))
    for name in after.keys() - {field}:
        if _gives_way(form.by_name[name], current.get(name), before.get(name), after[name]):
            put[name] = _put(uow, record, name, after[name], DERIVED, by, why)
    if "risk" in put:
        record.risk = None if put["risk"].value is None else str(put["risk"].value)
    if "flagged" in put:
        record.flagged = put["flagged"].value is True
    uow.session.flush()
    follow(uow, record, field, standing.value if standing else None, answer)
    return Corrected(answer, (risk, record.risk), (flagged, record.flagged))


def may_correct(field: Field, roles: Collection[str]) -> bool:
    """Whether one of the roles may change the field. A voice message is what it is."""
    return field.type != RECORDING and not set(field.may_change).isdisjoint(roles)


def current_answers(uow: UnitOfWork, record_id: UUID) -> dict[str, RecordAnswer]:
    """The answers that count, by field."""
    rows = select(RecordAnswer).where(RecordAnswer.record_id == record_id, RecordAnswer.superseded_at.is_(None))
    return {row.field: row for row in uow.session.scalars(rows)}


def is_being_called(uow: UnitOfWork, record: Record) -> bool:
    """Whether a call goes on that fills this record, or may go on with it."""
    mine = select(RecordAnswer.call_id).where(RecordAnswer.record_id == record.id, RecordAnswer.call_id.is_not(None))
    fills = [Call.id.in_(mine), Call.id == record.call_id]
    if record.state == "draft" and record.person_id is not None:
        target = select(Call.target_id).where(Call.id == record.call_id, Call.target_id.is_not(None)).scalar_subquery()
        fills.append((Call.target_id == target) & (Call.person_id == record.person_id))
    going_on = select(Call.id).where(Call.ended_at.is_(None), or_(*fills)).limit(1)
    return uow.session.scalar(going_on) is not None


def _refuse_while_called(uow: UnitOfWork, record: Record) -> None:
    if is_being_called(uow, record):
        raise UserError("A call still fills this record.", "Correct it when the call is over.")


def _reason(text: str) -> str:
    reason = " ".join(text.split())
    if not reason:
        raise UserError("A correction needs a reason.", "Write in a few words why the answer is corrected.")
    if len(reason) > MOST_REASON:
        raise UserError("The reason is too long.", f"Use at most {MOST_REASON} characters.")
    return reason


def _changes(form: Form, standing: RecordAnswer | None, field: str, value: Any, source: str) -> bool:
    """To set by hand what had followed from the answers is a change: it stays from then on."""
    if standing is None:
        return value is not None
    by_hand = field in form.derived and source != standing.source
    return by_hand or type(standing.value) is not type(value) or standing.value != value


def _values(answers: Mapping[str, RecordAnswer]) -> dict[str, Any]:
    return {name: answer.value for name, answer in answers.items()}


def _derived_anew(form: Form, current: Mapping[str, RecordAnswer], field: str) -> Any:
    if field not in form.derived:
        raise UserError("This answer does not follow from others.", "Give the answer itself.")
    return work_out(form, _values(current))[field]


def _tolerant(form: Form, current: Mapping[str, RecordAnswer]) -> Mapping[str, Any]:
    """What followed before; nothing, when an answer that is about to be corrected made no sense."""
    try:
        return work_out(form, _values(current))
    except UserError:
        return {}


def _gives_way(field: Field, standing: RecordAnswer | None, before: Any, after: Any) -> bool:
    """Whether a derived field changes with a correction. What a person set by hand gives way only to something worse,
    which they did not know of; a flag that an earlier call raised stays while this correction has no part in it."""
    if standing is None:
        return after != before or after not in (None, False)
    if after in (before, standing.value):
        return False
    return standing.source != STAFF or is_worse(field, after, standing.value)


def _put(uow: UnitOfWork, record: Record, field: str, value: Any, source: str, by: UUID, reason: str) -> RecordAnswer:
    supersede(uow, record, RecordAnswer.field == field)
    answer = RecordAnswer(
        id=new_id(),
        record_id=record.id,
        field=field,
        value=value,
        source=source,
        at=uow.now(),
        corrected_by=by,
        correction_reason=reason,
    )
    uow.session.add(answer)
    uow.session.flush()
    return answer
