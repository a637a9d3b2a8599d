"""Records: the forms that calls fill. `RecordObserver` writes them in the turn's own transaction."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.dialects.postgresql import distinct_on, insert

from core.database import UnitOfWork
from core.errors import UserError
from core.ids import new_id, under_free_reference
from flows.deriving import work_out
from flows.engine.script import Script
from flows.engine.state import Answer, State, state_from_json
from flows.forms import Field, Form
from ivr.calls.model import Call
from ivr.calls.provenance import turn_of
from tracing.records.model import Record, RecordAnswer

log = logging.getLogger(__name__)

# How a script ends when it has asked all it has to ask; after a red flag the doctor goes on.
COMPLETE = frozenset({"completed", "red_flag"})
# Nothing of a call that ends so says anything about the person we meant to call.
_NOBODYS = frozenset({"wrong_person", "ineligible"})


class Forms(Protocol):
    """Where scripts and record forms are found (`flows.catalogue.Library`)."""

    def script(self, script_id: str) -> Script: ...
    def form(self, name: str) -> Form: ...


class RecordObserver:
    """Writes what was answered into the record of the call, each answer with where it came from."""

    def __init__(self, forms: Forms) -> None:
        self._forms = forms

    def answered(self, uow: UnitOfWork, call: Call, saved: Mapping[str, Answer], state: State) -> None:
        """File the answers that became final. A script saves answers only once it knows who is speaking."""
        form_name = self._forms.script(call.script).record
        if form_name is None:
            return
        fields = self._forms.form(form_name).by_name
        answers = {name: answer for name, answer in saved.items() if name in fields}
        if not answers:
            return
        record = _record_of(uow, call) or _open(uow, call, form_name)
        supersede(uow, record, RecordAnswer.field.in_(answers))
        for name, answer in answers.items():
            turn = turn_of(call, state, answer)
            uow.session.add(_row(uow, record, call, turn, name, answer, _kept(call, fields[name], answer)))
        record.language = state.language
        _assess(record, self._forms.form(form_name), state)

    def ended(self, uow: UnitOfWork, call: Call, state: State) -> None:
        """The record is complete, stays a draft, or belongs to nobody."""
        record = _record_of(uow, call)
        if record is None:
            return
        form = self._forms.form(record.form)
        if call.end_reason in _NOBODYS:
            _disown(uow, record, call, form)
            return
        _assess(record, form, state, over=True)
        if call.end_reason in COMPLETE:
            record.state = "complete"
            record.completed_at = uow.now()


def _record_of(uow: UnitOfWork, call: Call) -> Record | None:
    """The call's record: its own, or the draft that an earlier call to the same target broke off."""
    own = uow.session.scalar(select(Record).where(Record.call_id == call.id).with_for_update())
    if own is not None or call.target_id is None or call.person_id is None:
        return own
    return uow.session.scalar(
        select(Record)
        .join(Call, Call.id == Record.call_id)
        .where(Call.target_id == call.target_id, Record.state == "draft", Record.person_id == call.person_id)
        .order_by(Record.created_at.desc())
        .limit(1)
        .with_for_update(of=Record)
    )


def _open(uow: UnitOfWork, call: Call, form: str) -> Record:
    """A new record. A reference that is taken costs another one, never the turn and what was answered in it."""
    row = insert(Record).values(
        id=new_id(),
        form=form,
        person_id=call.person_id,
        call_id=call.id,
        state="draft",
        language=call.language,
        flagged=False,
        area=call.area,
        created_at=uow.now(),
    )

    def under(reference: str) -> Record | None:
        named = row.values(reference=reference).on_conflict_do_nothing(index_elements=[Record.reference])
        return uow.session.scalar(named.returning(Record))

    return under_free_reference(under)


def supersede(uow: UnitOfWork, record: Record, which: ColumnElement[bool]) -> None:
    """Close what was answered before: nothing is overwritten."""
    uow.session.execute(
        update(RecordAnswer)
        .where(RecordAnswer.record_id == record.id, RecordAnswer.superseded_at.is_(None), which)
        .values(superseded_at=uow.now())
    )


def _disown(uow: UnitOfWork, record: Record, call: Call, form: Form) -> None:
    """A wrong person spoke: what this call brought is nobody's. A record that an earlier call began stays the person's,
    as if this call had not been."""
    if record.call_id == call.id:
        record.person_id = None
        return
    supersede(uow, record, RecordAnswer.call_id == call.id)
    in_record = select(RecordAnswer.call_id).where(RecordAnswer.record_id == record.id, RecordAnswer.call_id != call.id)
    theirs = uow.session.scalars(
        select(Call)
        .where(Call.id.in_(in_record), func.coalesce(Call.end_reason, "").not_in(_NOBODYS))
        .order_by(Call.created_at, Call.id)
    ).all()
    _reopen(uow, record, [each.id for each in theirs])
    record.risk, record.flagged = None, False
    for each in theirs:
        record.language = each.language
        _assess(record, form, state_from_json(each.script_state), over=True)


def _reopen(uow: UnitOfWork, record: Record, calls: Sequence[UUID]) -> None:
    """Let the newest answer to each question count again that came in one of these calls, or in none (staff)."""
    newest = (
        select(RecordAnswer.id)
        .where(RecordAnswer.record_id == record.id)
        .where(RecordAnswer.call_id.in_(calls) | RecordAnswer.call_id.is_(None))
        .ext(distinct_on(RecordAnswer.field))
        .order_by(RecordAnswer.field, RecordAnswer.at.desc(), RecordAnswer.id.desc())
    )
    uow.session.execute(update(RecordAnswer).where(RecordAnswer.id.in_(newest)).values(superseded_at=None))


def _kept(call: Call, field: Field, answer: Answer) -> Any:
    """The value as the form types it. One that does not fit is kept as it was given: better odd than lost."""
    try:
        return field.accept(answer.value)
    except UserError:
        log.warning("event=answer_outside_form call=%s field=%s", call.id, field.name)
        return answer.value


def _row(uow: UnitOfWork, record: Record, call: Call, turn: int, name: str, answer: Answer, value: Any) -> RecordAnswer:
    return RecordAnswer(
        id=new_id(),
        record_id=record.id,
        field=name,
        value=value,
        source=answer.source,
        heard=answer.heard,
        confidence=answer.confidence,
        confirmed=answer.confirmed,
        call_id=call.id,
        turn=turn,
        step=answer.step,
        at=datetime.fromisoformat(answer.at) if answer.at else uow.now(),
    )


def _assess(record: Record, form: Form, state: State, over: bool = False) -> None:
    """Risk and flag as the form derives them: in the call, or, when it broke off before that, from what had been said.
    A flag, once raised, is not taken back by a later call."""
    found: Mapping[str, Any] = state.values
    if over and "risk" in form.derived and "risk" not in found:
        found = _worked_out(form, state)
    risk = found.get("risk")
    record.risk = str(risk) if risk is not None else record.risk
    record.flagged = record.flagged or found.get("flagged") is True


def _worked_out(form: Form, state: State) -> Mapping[str, Any]:
    """The end of a call never fails because of what somebody keyed."""
    try:
        return work_out(form, {name: answer.value for name, answer in state.answers.items()})
    except UserError:
        log.warning("event=risk_not_worked_out script=%s", state.script)
        return {}
