"""One call that was answered: the real engine on one side, a simulated person on the other. Pure.

Time is the length of what is said and done: prompts by their words, then thinking, then keys or words.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from flows.engine.actions import Action, Bridge, HangUp, Listen, Play, Record
from flows.engine.answers.base import tidy
from flows.engine.answers.choice import Choice
from flows.engine.events import (
    CallEnded,
    CallStarted,
    DialEnded,
    Event,
    Hypothesis,
    KeysPressed,
    NothingHeard,
    PromptPlayed,
    SpeechHeard,
    VoiceMessage,
)
from flows.engine.kinds.ask import ASSURING, CONFIRMING, Ask
from flows.engine.script import Script
from flows.engine.state import State
from flows.engine.turn import Turn
from ivr.calls.turn import Perform, Progress, run
from ivr.rehearsal.assumptions import Assumptions
from ivr.rehearsal.chance import Chance
from ivr.rehearsal.doctors import Met
from ivr.rehearsal.people import People, Person
from ivr.simulator.plan import FINISH, intend, wrong_key
from ivr.simulator.understanding import Question

_MESSAGE_SECONDS = 12.0
_TIMES_WRONG = 2
# Nobody stays so long. The engine's own limits end a call before; this is for a script that waits for nothing.
_MOST_TURNS = 400
Meet = Callable[[str, datetime, float], Met]


@dataclass(frozen=True, slots=True)
class Next:
    """What happens next in the call, and when."""

    at: datetime
    event: Event


class Talk:
    """One call from the moment it is answered: `step` after `step` until it gives None."""

    def __init__(
        self,
        script: Script,
        state: State,
        people: People,
        person: Person,
        chance: Chance,
        assumed: Assumptions,
        perform: Callable[[datetime], Perform],
        meet: Meet,
    ) -> None:
        self.state = state
        self.person = person
        self.tail = 0.0
        """Seconds for which the line is still taken after the script has ended: the last words are being said."""
        self._script = script
        self._people = people
        self._chance = chance
        self._assumed = assumed
        self._perform = perform
        self._meet = meet
        self._asked: Counter[str] = Counter()
        self._shown = 0
        self._turns = 0

    def begin(self, at: datetime, answered_by: Literal["human", "machine"]) -> Next:
        """Somebody, or a machine, picks up."""
        return Next(at, CallStarted(at.isoformat(), answered_by))

    def step(self, now: Next) -> tuple[Progress, Next | None]:
        """Take what happens, and say what happens after it; None when the call is over then."""
        progress = run(self._script, self.state, now.event, self._perform(now.at))
        self.state = progress.state
        self._turns += 1
        if self.state.status == "ended":
            hears = not isinstance(now.event, CallEnded)
            self.tail = sum(self._seconds(each) for each in progress.actions if isinstance(each, Play) and hears)
            return progress, None
        return progress, self._following(now, progress.actions)

    # --- what the person does

    def _following(self, now: Next, actions: tuple[Action, ...]) -> Next:
        heard = sum(self._seconds(action) for action in actions if isinstance(action, Play))
        if self._turns > _MOST_TURNS:
            return _after(now, heard, lambda at: CallEnded(at, "hangup"))
        last = actions[-1] if actions else None
        machine = isinstance(now.event, CallStarted) and now.event.answered_by == "machine"
        if machine or isinstance(last, HangUp | Play) or last is None:
            return _after(now, heard, PromptPlayed)
        if self._hangs_up():
            share = 0.4 if self._turns <= 1 else 1.0
            return _after(now, heard * share + self._thinks(), lambda at: CallEnded(at, "hangup"))
        if isinstance(last, Bridge):
            return self._waits(now, heard, last)
        if isinstance(last, Record):
            message = min(_MESSAGE_SECONDS, last.max_seconds)
            return _after(now, heard + message, lambda at: VoiceMessage(at, "rehearsal", message))
        if not isinstance(last, Listen):
            return _after(now, heard, PromptPlayed)
        return self._answers(now, heard, last)

    def _waits(self, now: Next, heard: float, bridge: Bridge) -> Next:
        met = self._meet(bridge.target, now.at + timedelta(seconds=heard), bridge.ring_seconds)
        seconds = heard + met.waited + met.talked
        return _after(now, seconds, lambda at: DialEnded(at, met.outcome, met.talked))

    def _answers(self, now: Next, heard: float, listen: Listen) -> Next:
        node = self._script.steps.get(self.state.step or "")
        if not isinstance(node, Ask):
            return _after(now, heard + listen.wait_seconds, NothingHeard)
        confirming = self.state.phase in (CONFIRMING, ASSURING)
        first = not confirming and self._asked[node.name] == 0
        self._asked[node.name] += not confirming
        if first and self._shows("keeps_silent"):
            return _after(now, heard + listen.wait_seconds, NothingHeard)
        question = self._question(node, confirming, now)
        wrong = wrong_key(question, self._script.shortcuts) if first else None
        if wrong is not None and self._shows("presses_wrong_keys"):
            return self._keys(now, heard, listen, wrong)
        if confirming:
            return self._confirms(now, heard, listen, node)
        return self._gives(now, heard, listen, node, question)

    def _gives(self, now: Next, heard: float, listen: Listen, node: Ask, question: Question) -> Next:
        wanted = self._people.answer(self.person, _names(node), self._asked[node.name] - 1)
        if wanted is not None:
            self.person.truth[node.name] = wanted
        given = intend(question, self.person.sim, date.fromisoformat(self.state.context["today"]))
        if given is None:
            return _after(now, heard + listen.wait_seconds, NothingHeard)
        if given.turns_page:
            self._asked[node.name] -= 1
        said = [tidy(words) for words in given.phrases]
        phrases = [words for words in said if listen.grammar is not None and words in listen.grammar.phrases]
        if self.person.speaks and phrases and listen.grammar is not None:
            return self._speaks(now, heard, phrases[0])
        return self._keys(now, heard, listen, given.keys)

    def _confirms(self, now: Next, heard: float, listen: Listen, node: Ask) -> Next:
        """Yes to what was meant. The recogniser is trusted to have taken it or not: what was misheard is not played
        out, only what was not heard."""
        meanings = node.read_back.yes_no.meanings.get(self.state.language, {})
        phrases = [phrase for phrase, outcome in meanings.items() if outcome == "yes"]
        spoken = self.state.pending is not None and self.state.pending.source == "speech"
        if spoken and phrases and listen.grammar is not None and self.state.phase == CONFIRMING:
            return self._speaks(now, heard, phrases[0])
        return self._keys(now, heard, listen, "1")

    def _keys(self, now: Next, heard: float, listen: Listen, keys: str) -> Next:
        digits, finished = keys.removesuffix(FINISH), keys.endswith(FINISH)
        pause = 0.0
        if listen.keys is not None and not finished and not listen.keys.choices:
            pause = 0.0 if len(digits) >= listen.keys.max_digits else listen.keys.gap_seconds
        seconds = self._attended(heard) + self._thinks() + self._assumed.seconds["per_key"] * len(keys) + pause
        return _after(now, seconds, lambda at: KeysPressed(at, digits, finished))

    def _speaks(self, now: Next, heard: float, words: str) -> Next:
        outcome = self._chance.one_of(
            {**self._assumed.heard, "": max(0.0, 1 - sum(self._assumed.heard.values()))},
            *self._here("heard"),
        )
        decision: Literal["accept", "read_back", "reject"] = "reject"
        if outcome:
            decision = "accept" if outcome == "certain" else "read_back"
        length = 0.4 + 0.35 * len(words.split())
        hypotheses = (Hypothesis(words, 0.9),)
        return _after(
            now,
            self._attended(heard) + self._thinks() + length,
            lambda at: SpeechHeard(at, hypotheses, decision, length, outcome == "certain"),
        )

    # --- how they are

    def _hangs_up(self) -> bool:
        if self.person.behaviour == "hangs_up_at_once":
            return True
        if self.person.behaviour != "hangs_up_later":
            return False
        return len(self._asked) >= self._chance.whole(1, 8, self.person.number, "hangs up after", self.person.call)

    def _shows(self, behaviour: str) -> bool:
        """Whether the person behaves so now: twice in a call."""
        if self.person.behaviour != behaviour or self._shown >= _TIMES_WRONG:
            return False
        self._shown += 1
        return True

    def _attended(self, heard: float) -> float:
        return heard * 0.5 if self.person.behaviour == "interrupts" else heard

    def _thinks(self) -> float:
        slow = self.person.behaviour == "is_slow"
        return self._chance.between(*self._assumed.seconds["slow_thinks" if slow else "thinks"], *self._here("thinks"))

    def _here(self, what: str) -> tuple[object, ...]:
        return (self.person.number, what, self.person.call, self._turns)

    def _seconds(self, play: Play) -> float:
        speed = self._assumed.words_per_minute.get(play.prompt.language, 150)
        return 60 * sum(len(segment.text.split()) for segment in play.prompt.segments) / speed

    def _question(self, node: Ask, confirms: bool, now: Next) -> Question:
        """The question as somebody understands it who has heard it all."""
        turn = Turn(self._script, self.state, now.at.isoformat())
        offered: dict[str, str] = {}
        announced: set[int] = set()
        if isinstance(node.kind, Choice):
            keys = {id(text): key for key, text in node.kind.announce_offer.items()}
            offered = {keys[id(text)]: str(label) for label, text in node.kind.offers(turn)}
            hints = {id(text) for text in node.kind.hint(turn, True)}
            announced = {n for n, option in enumerate(node.kind.fixed) if id(option.announce) in hints}
        return Question(self._script.id, node, confirms, True, None, offered, frozenset(announced))


def _names(node: Ask) -> Iterator[str]:
    """What a question goes by, as simulated people know it."""
    for name in (node.name, node.name.rpartition("/")[2], node.save, node.keep):
        if name:
            yield name


def _after(now: Next, seconds: float, event: Callable[[str], Event]) -> Next:
    at = now.at + timedelta(seconds=round(seconds, 1))
    return Next(at, event(at.isoformat()))
