"""The person during one call: understands, decides, answers, checks read-backs, and remembers what was meant."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from audio import speech
from audio.prompts import ClipInfo
from flows.engine.kinds.ask import Ask
from flows.engine.script import Script
from ivr.simulator.ears import Ears
from ivr.simulator.gather import Press
from ivr.simulator.people import Habit, SimPerson
from ivr.simulator.plan import Intention, intend, same_words, wrong_key
from ivr.simulator.understanding import Heard, Question, Understanding

KEY_GAP = 0.4
ZONE = ZoneInfo("Asia/Ho_Chi_Minh")


@dataclass(frozen=True, slots=True)
class Reaction:
    """What the person does: presses keys, or says words, or hangs up, or (all empty) nothing. `after` is in seconds."""

    keys: str = ""
    words: str = ""
    hangs_up: bool = False
    after: float = 0.8

    def presses(self) -> list[Press]:
        """The keys in time."""
        return [Press(key, self.after if index == 0 else KEY_GAP) for index, key in enumerate(self.keys)]


NOTHING = Reaction()


@dataclass(slots=True)
class Memory:
    """What the report says about one call."""

    meant: dict[str, Any] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)
    spoken: int = 0
    keyed: int = 0
    asked: list[str] = field(default_factory=list)
    not_understood: int = 0
    puzzled_by: list[str] = field(default_factory=list)
    corrected: int = 0
    script: str | None = None


@dataclass(frozen=True, slots=True)
class _Given:
    """An answer that has been given, and is not yet known to have been taken."""

    node: Ask
    intention: Intention
    source: str


class Mind:
    """One person in one call."""

    def __init__(
        self,
        person: SimPerson,
        ears: Ears | None,
        understanding: Understanding,
        scripts: Mapping[str, Script],
        machine: bool = False,
    ) -> None:
        self.person = person
        self.memory = Memory()
        self._ears = ears
        self._understanding = understanding
        self._scripts = scripts
        self._deaf = machine or person.dictated is not None
        self._dictated = list(person.dictated or ())
        self._clips: list[str] = []
        self._unknown = 0
        self._last: Ask | None = None
        self._given: _Given | None = None
        self._asked: Counter[str] = Counter()
        self._confirms = 0
        self._habit_shown: Counter[str] = Counter()
        self._chance = random.Random(f"{person.seed}/call")  # noqa: S311  (repeatable, nothing secret)

    # --- hearing

    async def hears_file(self, wav: bytes) -> None:
        """A sound that was downloaded has been played."""
        if not self._deaf and self._ears is not None:
            self._hears([await self._ears.file(wav)])

    async def hears_sound(self, ulaw: bytes) -> None:
        """A stretch of a stream has been played."""
        if not self._deaf and self._ears is not None:
            self._hears(await self._ears.sound(ulaw))

    def _hears(self, clips: list[ClipInfo | None]) -> None:
        for clip in clips:
            if clip is None:
                self._unknown += 1
            elif clip.language == self.person.language:
                self._clips.append(clip.text)

    def interrupts(self) -> bool:
        """Whether the person answers before the prompt is over: an impatient one does, once the question is clear."""
        if self.person.habit is not Habit.IMPATIENT or not self._clips:
            return False
        question = self._understand().question
        if question is None:
            return False
        return self._confirms == 0 if question.confirms else self._asked[question.node.name] == 0

    async def says(self, words: str) -> bytes:
        """The person's voice: 8 kHz samples."""
        return await asyncio.to_thread(speech.speak, words, self.person.speaker)

    # --- answering

    async def reacts(self, speech: bool, gathered: bool = False) -> Reaction:
        """It is the person's turn. `speech` says that somebody listens; `gathered` that the application surely waits
        for keys, so that not understanding is its fault."""
        if self._dictated:
            return _dictated(self._dictated.pop(0), self._pause())
        if self._deaf:
            return NOTHING
        heard = self._understand()
        question = heard.question
        if question is None:
            if self._unknown or gathered:
                self._puzzled()
            if self._clips:
                self._settle(None)
            # Without a question it may only be half said: what was heard is kept for the next pause.
            if gathered:
                self._clips = []
            self._unknown = 0
            return NOTHING
        if self._unknown or not heard.complete:
            self._puzzled()
        self._clips, self._unknown = [], 0
        self._settle(question)
        self._last = question.node
        self.memory.script = question.script
        return self._confirm(question) if question.confirms else self._answer(question, speech)

    def over(self) -> None:
        """The call has ended in good order: what was answered last has been taken."""
        if not self._understand().complete:
            self._puzzled()
        self._settle(None)

    def unsettled(self) -> Mapping[str, Any]:
        """What was answered last when the line broke, by field: the person never heard whether it was taken."""
        return self._given.intention.meant if self._given is not None else {}

    def _understand(self) -> Heard:
        return self._understanding.of(self._clips, self.person.language, self._last, self.memory.script)

    def _puzzled(self) -> None:
        self.memory.not_understood += 1
        self.memory.puzzled_by.append(" / ".join(self._clips)[-2000:])

    def _settle(self, question: Question | None) -> None:
        """Whatever comes after an answer, other than the same question or its read-back, means that it was taken."""
        given = self._given
        if given is None or (question is not None and question.confirms):
            return
        if question is None or question.node is not given.node:
            self.memory.meant |= given.intention.meant
            self.memory.sources |= dict.fromkeys(given.intention.meant, given.source)
            if given.source == "speech":
                self.memory.spoken += 1
            else:
                self.memory.keyed += 1
        self._given = None

    def _answer(self, question: Question, speech: bool) -> Reaction:
        node, person = question.node, self.person
        self._confirms = 0
        if node.name not in self.memory.asked:
            self.memory.asked.append(node.name)
        first = self._asked[node.name] == 0
        self._asked[node.name] += 1
        if person.habit is Habit.HANGS_UP and len(self.memory.asked) > person.hangs_up_after:
            return Reaction(hangs_up=True, after=self._pause())
        if first and person.habit is Habit.SILENCE and self._shows("silence", 2):
            return NOTHING
        wrong = wrong_key(question, self._shortcuts(question))
        if first and wrong and person.habit is Habit.WRONG_KEYS and self._shows("wrong_keys", 2):
            return Reaction(keys=wrong, after=self._pause())
        intention = intend(question, person, datetime.now(ZONE).date())
        if intention is None:
            self._puzzled()
            return NOTHING
        if intention.message:
            self._given = _Given(node, intention, "voice")
            return Reaction(words=intention.message, after=self._pause())
        aloud = person.habit is Habit.VOICE and speech and question.speech and first and self._still_speaks()
        if aloud and intention.phrases:
            self._given = _Given(node, intention, "speech")
            return Reaction(words=self._chance.choice(intention.phrases[:3]), after=self._pause())
        if intention.turns_page:
            self._asked[node.name] -= 1
        else:
            self._given = _Given(node, intention, "keys")
        return Reaction(keys=intention.keys, after=self._pause())

    def _still_speaks(self) -> bool:
        limit = self.person.speaks_up_to
        return limit is None or self.memory.spoken < limit

    def _confirm(self, question: Question) -> Reaction:
        """Yes only to what was meant. The first time by voice, if the answer was spoken; then by keys."""
        given = self._given
        self._confirms += 1
        right = given is not None and (question.value is None or same_words(question.value, given.intention.sounds))
        if not right:
            self.memory.corrected += 1
            self._given = None
        words = question.node.read_back.yes_no.meanings.get(self.person.language, {})
        phrases = [phrase for phrase, outcome in words.items() if outcome == ("yes" if right else "no")]
        aloud = given is not None and given.source == "speech" and question.speech and self._confirms == 1
        if aloud and phrases:
            return Reaction(words=self._chance.choice(phrases[:2]), after=self._pause())
        return Reaction(keys="1" if right else "2", after=self._pause())

    def _shortcuts(self, question: Question) -> Mapping[str, str]:
        script = self._scripts.get(question.script)
        return script.shortcuts if script else {}

    def _shows(self, habit: str, times: int) -> bool:
        self._habit_shown[habit] += 1
        return self._habit_shown[habit] <= times

    def _pause(self) -> float:
        """How long the person thinks."""
        base = 4.2 if self.person.habit is Habit.SLOW else 0.5
        return round(base + self._chance.random() * 0.6, 2)


def _dictated(item: str, after: float) -> Reaction:
    if item == "hang_up":
        return Reaction(hangs_up=True, after=after)
    if item.startswith("say:"):
        return Reaction(words=item.removeprefix("say:"), after=after)
    return Reaction(keys=item, after=after)
