"""The rehearsal itself: the campaign's own rules, an event at a time, on a virtual clock. Pure: values in, counts out.

Whom to call next, whether a dial may be made, what is made of a call and what follows from it are the functions that
the dialer uses (`ivr.campaigns.choosing`, `rules`, `following`); the talk is `flows.engine`. What stands here is what a
database does in reality: who is due, in order, and which events come when.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from heapq import heappop, heappush
from itertools import count
from uuid import UUID
from zoneinfo import ZoneInfo

from flows.engine.actions import Effect
from flows.engine.advance import start_state
from flows.engine.events import EffectDone
from flows.engine.resume import resume_state
from flows.engine.state import State, state_from_json, state_to_json
from flows.stubs import STUBS, stub_answer
from ivr.calls.model import Call, CallState
from ivr.calls.turn import Perform
from ivr.campaigns.choosing import chosen, room_of
from ivr.campaigns.following import answered, claimed, close, ending_of, follow, let_go
from ivr.campaigns.model import Target, TargetState
from ivr.campaigns.rules import context_of, free_again, is_past, pace_of, refusal
from ivr.campaigns.words import REACHED_SOMEBODY, Disposition
from ivr.rehearsal.assumptions import Assumptions
from ivr.rehearsal.chance import Chance
from ivr.rehearsal.counts import Counts
from ivr.rehearsal.doctors import Caller, Doctors, Met
from ivr.rehearsal.people import People, Ringing, year_of_birth
from ivr.rehearsal.plan import Plan, target_of
from ivr.rehearsal.talk import Next, Talk
from ivr.rehearsal.waiting import Waiting, place_of
from ivr.simulator.network import DETECTION_SECONDS

_CAMPAIGN = "campaign"
_SECOND = timedelta(seconds=1)
Tell = Callable[[float], None]


@dataclass(slots=True)
class _Live:
    """A call in progress."""

    number: int
    target: Target
    placed_at: datetime | None = None
    ringing: Ringing | None = None
    talk: Talk | None = None
    answered_at: datetime | None = None
    asked_doctors: bool = False
    opted_out: bool = False


@dataclass(frozen=True, slots=True)
class Heard:
    """A call as it went before, for rehearsals of the same people with other lines."""

    seconds: float
    tail: float
    state: State
    saved: tuple[tuple[int, int], ...]
    opted_out: bool


class Simulation:
    """One rehearsal. `heard` keeps how calls went, so that the same people need not be heard out again when only the
    lines are others; calls that came to doctors are not kept, for their hours go."""

    def __init__(
        self,
        plan: Plan,
        assumed: Assumptions,
        doctors: Doctors,
        heard: dict[tuple[object, ...], Heard] | None = None,
    ) -> None:
        self.counts = Counts(plan.begins, ZoneInfo(plan.campaign.zone))
        self._plan = plan
        self._campaign = plan.campaign
        self._assumed = assumed
        self._doctors = doctors
        self._heard = heard
        self._chance = Chance(plan.seed)
        self._people = People(self._chance, assumed)
        self._pace = pace_of(self._campaign.pace)
        self._recent: deque[datetime] = deque(maxlen=self._pace.calls)
        self._script = plan.scripts[self._campaign.script]
        self._barred = {str(place.telephone) for place in plan.places if place.barred}
        self._targets = [
            target_of(place, number, plan.begins, year_of_birth(self._chance, number))
            for number, place in enumerate(plan.places)
        ]
        self._dials: dict[str, int] = {}
        self._talks: dict[int, int] = {}
        self._waiting = Waiting(self._campaign, self._targets)
        self._events: list[tuple[datetime, int, Callable[[datetime], None]]] = []
        self._order = count()
        self._busy: set[str] = set()
        self._live = 0
        self._undialed = 0
        self._left = len(self._targets)
        self._tick_at = plan.begins

    @property
    def targets(self) -> list[Target]:
        """Everybody on the list, as they stand."""
        return self._targets

    def run(self, tell: Tell = lambda share: None) -> Counts:
        """Until everybody has an end, or the plan's last moment comes; `tell` hears how much has been done."""
        now, told = self._plan.begins, 0
        self._tick_at = now
        while self._left and now < self._plan.until:
            while self._events and self._events[0][0] <= self._tick_at:
                moment, _, happens = heappop(self._events)
                happens(moment)
            now = self._tick_at
            self._tick_at = now + _SECOND if self._tick(now) else self._next_due(now)
            done = len(self._targets) - self._left
            if done - told >= max(1, len(self._targets) // 50):
                told = done
                tell(done / len(self._targets))
        self.counts.ended = min(now, self._plan.until)
        self.counts.lines(self.counts.ended, 0)
        for target in self._targets:
            if target.state != TargetState.DONE:
                self.counts.ends["unfinished"] += 1
        return self.counts

    # --- time

    def _at(self, moment: datetime, happens: Callable[[datetime], None]) -> None:
        heappush(self._events, (moment, next(self._order), happens))

    def _stir(self, moment: datetime) -> None:
        """Something has changed: the scheduler's next tick, at the next full second, may find somebody to call. The
        ticks between would change nothing, so they are left out."""
        self._tick_at = min(self._tick_at, self._full_second(moment))

    def _next_due(self, now: datetime) -> datetime:
        """The next tick that may find somebody to call though nothing has happened until then."""
        moments = [self._plan.until, self._waiting.next_due(now), self._campaign.last_moment]
        ahead = min(moment for moment in moments if moment is not None and moment > now)
        return max(now + _SECOND, self._full_second(ahead))

    def _full_second(self, moment: datetime) -> datetime:
        ahead = (moment - self._plan.begins).total_seconds()
        return self._plan.begins + timedelta(seconds=-(-ahead // 1))

    # --- whom to call

    def _tick(self, now: datetime) -> bool:
        """What the scheduler's tick does. False: another one would do nothing until something happens."""
        left = self._left
        if is_past(self._campaign, now):
            for target in self._waiting.take_all():
                close(target, Disposition.OVERDUE, now)
                self._done(target, now)
            return False
        opened = self._waiting.opened(now)
        due = self._callable(now, opened)
        picked = chosen({_CAMPAIGN: due}, {_CAMPAIGN: self._live}, (), self._plan.lines)[_CAMPAIGN]
        taken = {target.id for target in picked}
        for target in due:
            if target.id not in taken:
                self._waiting.add(target)
        for target in picked:
            self._claim(target, now)
        full = self._live >= self._plan.limit and self._waiting.anybody_due(now, opened)
        self.counts.lines(now, 0, full=full)
        return bool(picked) or self._left < left

    def _callable(self, now: datetime, opened: Collection[str]) -> list[Target]:
        """The targets to call now as far as the cap and the pace go; those on the do-not-call list are closed."""
        room = room_of(self._campaign, self._live, self._undialed)
        due = self._waiting.take_due(now, room, opened, self._busy)
        for target in due:
            if target.phone in self._barred:
                close(target, Disposition.REFUSED, now)
                self._done(target, now)
        return [target for target in due if target.phone not in self._barred]

    def _claim(self, target: Target, now: datetime) -> None:
        claimed(target)
        self._live += 1
        self._undialed += 1
        self._busy.add(target.phone)
        self._waiting.served(target, now)
        live = _Live(place_of(target), target)
        self._at(now, lambda at: self._dial(live, at))

    # --- a call

    def _dial(self, live: _Live, now: datetime) -> None:
        target = live.target
        why = refusal(self._campaign, target, now, target.phone in self._barred)
        if why is not None:
            let_go(self._campaign, target, why, now)
            self._undialed -= 1
            self._over(live, now)
            return
        recent = [moment for moment in self._recent if moment > now - self._pace.per]
        held_until = free_again(len(recent), min(recent, default=None), self._pace)
        if held_until is not None:
            self._at(held_until, lambda at: self._dial(live, at))
            return
        self._undialed -= 1
        self._stir(now)
        self._recent.append(now)
        live.placed_at = now
        self.counts.dialed[self.counts.hour_of_day(now)] += 1
        self.counts.days_dialed[self.counts.day(now)] += 1
        self.counts.lines(now, 1)
        dial = self._dials[target.phone] = self._dials.get(target.phone, 0) + 1
        zone = self._waiting.window(target.zone).zone
        live.ringing = self._people.ring(target.phone, dial, now, zone, self._campaign.ring_seconds)
        at = now + timedelta(seconds=round(live.ringing.seconds, 1))
        follows = self._picked_up if live.ringing.answered_by else self._failed
        self._at(at, lambda at: follows(live, at))

    def _failed(self, live: _Live, now: datetime) -> None:
        assert live.ringing is not None
        self.counts.lines(now, -1)
        self._settle(live, now, CallState.FAILED, self._opening(live.target, now))

    def _picked_up(self, live: _Live, now: datetime) -> None:
        assert live.ringing is not None
        live.answered_at = now
        target, human = live.target, live.ringing.answered_by == "human"
        state = self._opening(target, now)
        number = self._talks[live.number] = self._talks.get(live.number, 0) + human
        known = self._known(live, number, state) if human else None
        if known is not None:
            self._replay(live, now, known)
            return
        person = self._people.person(live.number, number, state.language, live.ringing.stranger)
        live.talk = Talk(
            self._script,
            state,
            self._people,
            person,
            self._chance,
            self._assumed,
            lambda at: self._effects(live, at),
            lambda where, at, seconds: self._meets(live, where, at, seconds),
        )
        begins = now + timedelta(seconds=DETECTION_SECONDS)
        following = live.talk.begin(begins, "human" if human else "machine")
        saved: list[tuple[int, int]] = []
        self._at(begins, lambda at: self._turn(live, following, saved))

    def _turn(self, live: _Live, what: Next, saved: list[tuple[int, int]]) -> None:
        assert live.talk is not None
        progress, following = live.talk.step(what)
        self.counts.turns += 1
        if progress.saved:
            saved.append((len(progress.state.answers), len(progress.saved)))
            answered(live.target, *saved[-1])
        if following is not None:
            self._at(following.at, lambda at: self._turn(live, following, saved))
            return
        self._remember(live, what.at, saved)
        self._talked(live, what.at, live.talk.state, live.talk.tail)

    def _talked(self, live: _Live, now: datetime, state: State, tail: float) -> None:
        assert live.answered_at is not None
        assert live.placed_at is not None
        counts = self.counts
        counts.talk_seconds += (now - live.answered_at).total_seconds() + tail
        self._at(now + timedelta(seconds=tail), lambda at: counts.lines(at, -1))
        outcome = self._settle(live, now, CallState.COMPLETED, state)
        if outcome not in REACHED_SOMEBODY:
            return
        counts.answered[counts.hour_of_day(live.placed_at)] += 1
        if live.number not in counts.reached_at:
            counts.reached_at[live.number] = live.answered_at
            counts.days_reached[counts.day(live.answered_at)] += 1
        flag = state.answers.get("flagged")
        if state.end_reason == "red_flag" or (flag is not None and flag.value is True):
            counts.flagged += 1
            counts.days_flagged[counts.day(now)] += 1
        counts.red_flags += state.end_reason == "red_flag"

    def _settle(self, live: _Live, now: datetime, call_state: CallState, state: State) -> str:
        assert live.ringing is not None
        failed = call_state is CallState.FAILED
        call = Call(
            id=UUID(int=0),
            state=call_state,
            failure_reason=live.ringing.failure,
            end_reason="failed" if failed else state.end_reason,
            answered_by=live.ringing.answered_by or None,
            answered_at=live.answered_at,
        )
        ending = ending_of(call, state)
        self.counts.outcomes[ending.outcome] += 1
        follow(
            self._campaign,
            live.target,
            ending.outcome,
            now,
            reached=ending.reached,
            resume_state=state_to_json(state) if ending.may_go_on else None,
            barred=live.target.phone in self._barred,
        )
        self._doctors.hung_up(self._caller(live))
        self._over(live, now)
        return ending.outcome

    def _over(self, live: _Live, now: datetime) -> None:
        self._live -= 1
        self._stir(now)
        self._busy.discard(live.target.phone)
        if live.target.state == TargetState.WAITING:
            self._waiting.add(live.target)
        else:
            self._done(live.target, now)

    def _done(self, target: Target, now: datetime) -> None:
        self._left -= 1
        self.counts.ends[target.disposition] += 1
        self.counts.done_at[place_of(target)] = (now, target.disposition)

    def _opening(self, target: Target, now: datetime) -> State:
        """The state in which a call to the target begins, as the dialer opens it."""
        context = context_of(self._campaign, target, self._plan.told, now)
        if target.resume_state:
            return resume_state(state_from_json(target.resume_state), context)
        return start_state(self._script, target.language, context)

    # --- what scripts ask for

    def _effects(self, live: _Live, now: datetime) -> Perform:
        def perform(effect: Effect, state: State) -> EffectDone:
            at = now.isoformat()
            if effect.name == "call.opt_out":
                self._barred.add(live.target.phone)
                live.opted_out = True
                return EffectDone(at, effect.name, "done")
            live.asked_doctors = True
            came = self._doctors.perform(effect.name, effect.arguments, self._caller(live, state.language), now)
            if came is None:
                came = stub_answer(STUBS[effect.name], 0, state.language) if effect.name in STUBS else ("refused", {})
            return EffectDone(at, effect.name, *came)

        return perform

    def _meets(self, live: _Live, where: str, at: datetime, ring_seconds: float) -> Met:
        low, high = self._assumed.seconds["talk_with_doctor"]
        return self._doctors.meet(where, at, ring_seconds, self._chance.between(low, high, live.number, "doctor"))

    def _caller(self, live: _Live, language: str = "") -> Caller:
        return Caller(live.number, language or live.target.language, live.target.area, self._live)

    # --- calls that went so before

    def _known(self, live: _Live, number: int, state: State) -> Heard | None:
        return self._heard.get(self._key(live, number, state)) if self._heard is not None else None

    def _key(self, live: _Live, number: int, state: State) -> tuple[object, ...]:
        before = state.context.get("answered_before", ())
        same_day = state.context.get("answered_on") == state.context.get("today")
        return live.number, number, tuple(before), same_day

    def _remember(self, live: _Live, now: datetime, saved: Iterable[tuple[int, int]]) -> None:
        if self._heard is None or live.asked_doctors or live.talk is None or live.answered_at is None:
            return
        if live.ringing is None or live.ringing.answered_by != "human":
            return
        key = self._key(live, self._talks[live.number], self._opening(live.target, live.answered_at))
        seconds = (now - live.answered_at).total_seconds()
        state = _in_short(live.talk.state)
        self._heard[key] = Heard(seconds, live.talk.tail, state, tuple(saved), live.opted_out)

    def _replay(self, live: _Live, now: datetime, known: Heard) -> None:
        today = {"today": self._opening(live.target, now).context["today"]}

        def ends(at: datetime) -> None:
            for answers, new in known.saved:
                answered(live.target, answers, new)
            if known.opted_out:
                self._barred.add(live.target.phone)
            self._talked(live, at, replace(known.state, context=today), known.tail)

        self._at(now + timedelta(seconds=known.seconds), ends)


def _in_short(state: State) -> State:
    """What is still asked of a call that is over. Where a later call may go on from it, that is its answers."""
    flag = state.answers.get("flagged")
    final = state.end_reason in ("completed", "red_flag")
    answers = ({"flagged": flag} if flag is not None else {}) if final else state.answers
    context = {"today": state.context.get("today")}
    return replace(state, answers=answers, context=context, values={}, learned=(), params={})
