"""`Calls`: opens calls, takes their turns, ends them. Each method is a part of the caller's transaction.

Locks are taken in one order: the call, then whatever effects and observers lock. A turn that raises rolls back as a
whole, its receipt too, so that the carrier's repeat of the request takes it afresh.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal
from uuid import UUID

from core.database import UnitOfWork
from core.errors import TracelineError
from core.ids import new_id
from flows.catalogue import Library
from flows.engine.actions import Action, Effect
from flows.engine.advance import current_actions, start_state
from flows.engine.events import CallEnded, CallStarted, EffectDone, Event
from flows.engine.script import Script
from flows.engine.state import State, state_from_json, state_to_json
from ivr.calls.effects import EffectRequest, Effects, GoOn
from ivr.calls.log import Aside, Kind, asides_line
from ivr.calls.model import Call, CallState, FailureReason
from ivr.calls.observers import CallObserver
from ivr.calls.revisions import Revisions
from ivr.calls.status import TERMINAL, StatusReport, moves
from ivr.calls.store import change, lock, lock_and_claim, reply_of, write
from ivr.calls.turn import Progress, Render, StaleTurn, TakenOver, Turn, UnknownCall, ended_without_script, run

log = logging.getLogger(__name__)

Direction = Literal["inbound", "outbound"]

NO_SCRIPT = "no_script"
"""What comes of an effect whose script is not to be had. No effect declares it, so the script that asked ends politely,
unless it goes on `otherwise`."""


class Calls:
    """The calls of one installation: the scripts they follow, who carries out effects, who is told of answers."""

    def __init__(self, library: Library, effects: Effects, observers: Sequence[CallObserver] = ()) -> None:
        self._revisions = Revisions(library)
        self._effects = effects
        self._observers = tuple(observers)

    def open(
        self,
        uow: UnitOfWork,
        *,
        direction: Direction,
        carrier: str,
        remote_number: str,
        script: str,
        language: str = "",
        context: Mapping[str, Any] | None = None,
        provider_ref: str | None = None,
        person_id: UUID | None = None,
        campaign_id: UUID | None = None,
        target_id: UUID | None = None,
        attempt_id: UUID | None = None,
        area: str = "",
        resume_state: State | None = None,
    ) -> Call:
        """A new call that waits for turn 0, on the script's current revision.

        `language` is used if the script has it, otherwise the script's first. `context` is JSON, see
        `flows.engine.advance.start_state`. `resume_state` is where to begin instead of at the start; its revision
        counts. When that can no longer be followed, the call begins anew.
        """
        compiled = self._revisions.publish(uow, script)
        state = self._followed(uow, resume_state) or start_state(compiled, language, context)
        call = Call(
            id=new_id(),
            direction=direction,
            carrier=carrier,
            provider_ref=provider_ref,
            remote_number=remote_number,
            state=CallState.CREATED,
            script=state.script,
            revision=state.revision,
            language=state.language,
            context=dict(state.context),
            script_state=state_to_json(state),
            next_turn=0,
            person_id=person_id,
            campaign_id=campaign_id,
            target_id=target_id,
            attempt_id=attempt_id,
            area=area,
            created_at=uow.now(),
        )
        uow.session.add(call)
        uow.session.flush()
        write(uow, call, 0, [("opened", {"state": call.script_state})])
        return call

    def take_turn(
        self, uow: UnitOfWork, call_id: UUID, turn: int, event: Event, render: Render, asides: Sequence[Aside] = ()
    ) -> Turn | StaleTurn | UnknownCall:
        """Take turn number `turn` of a call with `event`, once, whatever the network repeats or reorders.

        A repeat gets the first one's reply. A turn that is not due changes nothing. `asides`: what happened on the line
        before the event, for the log.
        """
        claimed = lock_and_claim(uow, call_id, turn)
        if claimed is None:
            return UnknownCall(call_id)
        call, fresh = claimed
        if not fresh:
            reply = reply_of(uow, call_id, turn)
            if reply is None:
                return StaleTurn(call.next_turn, call.ended_at is not None)
            return Turn(reply, (), turn + 1, fresh=False, ended=call.ended_at is not None)
        if isinstance(event, CallStarted):
            _answered(uow, call, event)
        progress = self._advance(uow, call, self._revisions.at(uow, call.revision), event)
        change(call, next_turn=turn + 1)
        if progress.state.status == "ended":
            _close(uow, call, progress.state, CallState.COMPLETED)
        reply = render(call, progress.actions, call.next_turn)
        write(uow, call, turn, [*asides_line(asides), *progress.lines], reply)
        self._tell(uow, call, progress)
        return Turn(reply, progress.actions, call.next_turn, fresh=True, ended=call.ended_at is not None)

    def waiting(self, uow: UnitOfWork, call_id: UUID) -> tuple[Call, tuple[Action, ...]] | None:
        """The call, and what its telephone should be doing: the question it waits for, asked again. Changes nothing.
        No actions before the first turn and after the end; None for an unknown call."""
        call = uow.session.get(Call, call_id, populate_existing=True)
        if call is None:
            return None
        if call.ended_at is not None:
            return call, ()
        return call, current_actions(self._revisions.at(uow, call.revision), state_from_json(call.script_state))

    def end(
        self,
        uow: UnitOfWork,
        call_id: UUID,
        reason: str = "hangup",
        *,
        state: CallState = CallState.COMPLETED,
        failure_reason: FailureReason | None = None,
        raw_code: str | None = None,
        asides: Sequence[Aside] = (),
    ) -> bool:
        """The line is gone (`reason`: hangup, completed, failed). False when the call was over already, or unknown.

        A call whose script can no longer be followed ends as well: without the script."""
        call = lock(uow, call_id)
        if call is None or call.ended_at is not None:
            return False
        change(call, failure_reason=failure_reason, raw_code=raw_code)
        self._end(uow, call, reason, state, asides_line(asides))
        return True

    def remark(self, uow: UnitOfWork, call_id: UUID, asides: Sequence[Aside]) -> None:
        """Write asides that no turn takes along any more: the call has ended, or its sound is lost."""
        call = lock(uow, call_id)
        if call is not None:
            write(uow, call, call.next_turn, asides_line(asides))

    def apply_status(self, uow: UnitOfWork, call_id: UUID, report: StatusReport) -> bool:
        """Move the call along the lattice. False, and nothing changed, for a report that is late, repeated, of an
        unknown call, or of another call of the carrier's than ours."""
        call = lock(uow, call_id)
        if call is None:
            return False
        if None not in (report.provider_ref, call.provider_ref) and report.provider_ref != call.provider_ref:
            log.warning("event=status_of_another_call call=%s", call_id)
            return False
        if call.ended_at is None:
            call.provider_ref = call.provider_ref or report.provider_ref
        if not moves(call.state, report.state):
            return False
        change(
            call,
            state=report.state,
            failure_reason=report.failure_reason,
            raw_code=report.raw_code,
            answered_by=call.answered_by or report.answered_by,
            ringing_at=report.at if report.state is CallState.RINGING else call.ringing_at,
            answered_at=report.at if report.state is CallState.IN_PROGRESS else call.answered_at,
        )
        lines: list[tuple[Kind, Any]] = [("status", report)]
        if report.state in TERMINAL:
            self._end(uow, call, "hangup" if report.state is CallState.COMPLETED else "failed", report.state, lines)
        else:
            write(uow, call, call.next_turn, lines)
        return True

    def _followed(self, uow: UnitOfWork, earlier: State | None) -> State | None:
        """The state of an earlier call, if its revision can still be followed."""
        if earlier is None:
            return None
        try:
            self._revisions.at(uow, earlier.revision)
        except TracelineError:
            log.warning("event=begun_anew script=%s revision=%s", earlier.script, earlier.revision)
            return None
        return earlier

    def _take_over(self, uow: UnitOfWork, call: Call, language: str, done: EffectDone, go_on: GoOn) -> TakenOver:
        """The call is another script's from here on. The record of its answers, too. Raises TracelineError, and changes
        nothing, for one that is not there or cannot be followed."""
        compiled = self._revisions.publish(uow, go_on.script)
        earlier = self._followed(uow, go_on.earlier)
        script = self._revisions.at(uow, earlier.revision) if earlier else compiled
        state = earlier or start_state(compiled, language, go_on.context)
        spoken = language if language in script.languages else state.language
        call.script, call.revision, call.context = script.id, script.revision, dict(state.context)
        log.info("event=taken_over call=%s script=%s", call.id, script.id)
        return TakenOver(done, script, replace(state, language=spoken))

    def _advance(self, uow: UnitOfWork, call: Call, script: Script, event: Event) -> Progress:
        """Run the script on the event, effects included. The call stands where the script stands then."""

        def perform(effect: Effect, state: State) -> EffectDone | TakenOver:
            result = self._effects.perform(effect.name, EffectRequest(uow, call, state, effect.arguments))
            done = EffectDone(event.at, effect.name, result.outcome, result.result)
            if result.go_on is None:
                return done
            try:
                return self._take_over(uow, call, state.language, done, result.go_on)
            except TracelineError:
                log.exception("event=not_taken_over call=%s script=%s", call.id, result.go_on.script)
                return EffectDone(event.at, effect.name, NO_SCRIPT)

        progress = run(script, state_from_json(call.script_state), event, perform)
        change(call, script_state=state_to_json(progress.state), language=progress.state.language)
        return progress

    def _end(self, uow: UnitOfWork, call: Call, reason: str, state: CallState, lines: list[tuple[Kind, Any]]) -> None:
        event = CallEnded(uow.now().isoformat(), reason)
        try:
            script = self._revisions.at(uow, call.revision)
        except TracelineError:
            log.exception("event=ended_without_script call=%s revision=%s", call.id, call.revision)
            progress = ended_without_script(state_from_json(call.script_state), event)
            change(call, script_state=state_to_json(progress.state))
        else:
            progress = self._advance(uow, call, script, event)
        _close(uow, call, progress.state, state)
        write(uow, call, call.next_turn, [*lines, *progress.lines])
        self._tell(uow, call, progress)

    def _tell(self, uow: UnitOfWork, call: Call, progress: Progress) -> None:
        """Tell the observers of answers, and of the end: nothing comes after it, so it is told once per call."""
        for observer in self._observers:
            if progress.saved:
                observer.answered(uow, call, progress.saved, progress.state)
        for observer in self._observers:
            if call.ended_at is not None:
                observer.ended(uow, call, progress.state)


def _answered(uow: UnitOfWork, call: Call, event: CallStarted) -> None:
    state = CallState.IN_PROGRESS if moves(call.state, CallState.IN_PROGRESS) else call.state
    who = event.answered_by if event.answered_by != "unknown" else call.answered_by or "unknown"
    change(call, state=state, answered_at=call.answered_at or uow.now(), answered_by=who)


def _close(uow: UnitOfWork, call: Call, script_state: State, state: CallState) -> None:
    """The call is over. Only ever reached while `ended_at` is empty, under the call's lock."""
    change(call, state=state, end_reason=script_state.end_reason, ended_at=uow.now())
