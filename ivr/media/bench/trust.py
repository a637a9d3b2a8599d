"""`measure_trust`: whether an answer that matters is ever saved wrong, and how many are settled by voice.

Synthetic people answer the library's questions, or say something else, by voice alone, and answer the read-back: yes if
it is right, no if it is not, or something else again. The real model hears them, the real rules decide, the real engine
asks on. Whoever is not understood is sent to the keys, and counts as that.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from audio.calibration.fit import Heard, points
from audio.calibration.hearing import Hearing
from audio.calibration.report import figures
from audio.calibration.samples import Sample
from audio.decision import Evidence, Thresholds
from flows.catalogue import Library
from flows.engine.actions import Grammar, Listen
from flows.engine.advance import advance, start_state
from flows.engine.events import CallStarted, Event, Hypothesis, NothingHeard, SpeechHeard
from flows.engine.kinds.ask import ASSURING, CONFIRMING, Ask
from flows.engine.state import State, Step
from ivr.media.bench.trust_people import ANSWERS, Caller, callers
from ivr.media.bench.trust_sound import Spoken, Voices

AT = "2026-01-01T08:00:00+07:00"
THREADS = 2
MAX_TURNS = 12


@dataclass(frozen=True, slots=True)
class Taken:
    """How many of the utterances `said` (so many different `phrases`) were taken for a yes: `by_one` recogniser, as
    after an answer that was certain itself, and for `certain`, by two."""

    said: int
    phrases: int
    by_one: int
    certain: int


@dataclass(frozen=True, slots=True)
class Told:
    """How it went with one caller. `outcome`: `voice` (the right answer saved, by voice alone), `one_key` (the right
    answer was read back, and only its yes is left to a key), `keys` (the answer is left to them) or `wrong` (saved, and
    not what was meant); `first` is what there was to decide on after the first utterance, were it not read back."""

    caller: Caller
    outcome: str
    read_backs: int
    first: Evidence | None


class Trial:
    """Conversations with one model."""

    def __init__(self, library: Library, model: Path, thresholds: Thresholds | None = None) -> None:
        self._script = library.script("trust")
        self._hearing = Hearing("ko", model)
        self._thresholds = thresholds or self._hearing.thresholds
        self._voices = Voices()
        self._heard: dict[tuple[Spoken, tuple[str, ...]], Evidence | None] = {}

    def talk(self, people: Sequence[Caller], progress: Callable[[str], None] = lambda _: None) -> list[Told]:
        """One conversation with each."""
        self._voices.prepare((one for caller in people for one in caller.utterances), progress)
        told = []
        with ThreadPoolExecutor(THREADS) as executor:
            for number, one in enumerate(executor.map(self._one, people), 1):
                told.append(one)
                if number % 20 == 0:
                    progress(f"{number} of {len(people)} conversations")
        return told

    def _one(self, caller: Caller) -> Told:
        step = self._take(start_state(self._script, "ko", {"entry": caller.kind}), CallStarted(AT, "human"))
        read_backs, first = 0, self._hear(caller.says, _phrases(step))
        for _ in range(MAX_TURNS):
            listen = step.actions[-1] if step.actions else None
            if not isinstance(listen, Listen):
                break
            if listen.grammar is None:
                return Told(caller, "one_key" if _is_right(caller, step.state) else "keys", read_backs, first)
            read_backs += step.state.pending is not None
            step = self._take(step.state, self._event(_reply(caller, step.state), listen.grammar))
        answer = step.state.answers.get("answer")
        if answer is None:
            return Told(caller, "keys", read_backs, first)
        right = caller.means is not None and answer.value == caller.means
        return Told(caller, "voice" if right else "wrong", read_backs, first)

    def _take(self, state: State, event: Event) -> Step:
        return advance(self._script, state, event)

    def _event(self, spoken: Spoken, grammar: Grammar) -> Event:
        evidence = self._hear(spoken, grammar.phrases)
        if evidence is None:
            return NothingHeard(AT)
        opinion = evidence.opinion if grammar.certain else None
        weighed = replace(evidence, thresholds=self._thresholds, opinion=opinion)
        hypotheses = (Hypothesis(evidence.best.text, evidence.best.confidence),) if evidence.best else ()
        return SpeechHeard(AT, hypotheses, weighed.decision(), evidence.seconds, weighed.certain)

    def taken_for(self, spoken: Iterable[Spoken], meanings: Mapping[str, bool]) -> Taken:
        """What becomes of these when yes or no is asked for with such phrases, by one recogniser and by two."""
        counts: Counter[str] = Counter()
        said = sorted(set(spoken), key=repr)
        with ThreadPoolExecutor(THREADS) as executor:
            heard = list(executor.map(lambda one: self._hear(one, tuple(meanings)), said))
        for evidence in heard:
            if evidence is None or evidence.best is None:
                continue
            weighed = replace(evidence, thresholds=self._thresholds)
            means = meanings.get(evidence.best.text)
            counts["by_one"] += means is True and replace(weighed, opinion=None).decision() == "accept"
            counts["certain"] += means is True and weighed.certain
        return Taken(len(said), len({one.text for one in said}), counts["by_one"], counts["certain"])

    def meanings(self, phase: str) -> dict[str, bool]:
        """The phrases of a phase of the question of yes or no, and what each says."""
        node = self._script.steps["yes_no"]
        assert isinstance(node, Ask)
        phrases = node.read_back.yes_no.phrases() if phase == CONFIRMING else node.kind.long_phrases()
        return {phrase: outcome == "yes" for language, phrase, outcome in phrases if language == "ko"}

    def _hear(self, spoken: Spoken, phrases: tuple[str, ...]) -> Evidence | None:
        """The same sound is heard alike every time: once is enough."""
        key = (spoken, phrases)
        if key not in self._heard:
            self._heard[key] = self._hearing.hear(self._voices.sound(spoken), phrases)
        return self._heard[key]


def _phrases(step: Step) -> tuple[str, ...]:
    """What the question that is being asked can be answered with."""
    listen = step.actions[-1]
    return listen.grammar.phrases if isinstance(listen, Listen) and listen.grammar is not None else ()


def _reply(caller: Caller, state: State) -> Spoken:
    if state.pending is None:
        return caller.says
    if caller.strays is not None:
        return caller.strays
    if state.phase == ASSURING:
        return caller.longer(bool(state.pending.value) is _is_right(caller, state))
    return caller.confirms if _is_right(caller, state) else caller.denies


def _is_right(caller: Caller, state: State) -> bool:
    """Whether what is being read back is what was meant."""
    pending = state.pending
    return caller.means is not None and pending is not None and pending.value == caller.means


def measure_trust(
    library: Library,
    model: Path,
    thresholds: Thresholds | None = None,
    people: Sequence[Caller] | None = None,
    plot: Path | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Talk to all of them. Raises UserError for a folder that is no model.

    `saved_wrong` is the claim: answers on file that nobody gave. `answers` and `off_list` say how the conversations
    ended; `first_utterance` what the recogniser makes of what is said first, were it not read back; `confirming` and
    `longer_words` what is taken for a yes where one is asked for, and `phrases` how many different things people say.
    """
    trial = Trial(library, model, thresholds)
    asked = people if people is not None else callers()
    told = trial.talk(asked, progress)
    heard = [Heard(_sample(one.caller), one.first) for one in told]
    used = thresholds or Thresholds()
    if plot is not None:
        from audio.calibration.plot import draw  # matplotlib takes a second to load

        draw(plot, heard, points(heard), used, bound=0.02)
    return {
        "saved_wrong": sum(one.outcome == "wrong" for one in told),
        "answers": _ends(one for one in told if one.caller.means is not None),
        "off_list": _ends(one for one in told if one.caller.means is None),
        "read_backs": sum(one.read_backs for one in told),
        "phrases": len({spoken.text for one in asked for spoken in one.utterances}),
        "confirming": _step(trial, asked, CONFIRMING),
        "longer_words": _step(trial, asked, ASSURING),
        "first_utterance": [asdict(line) for line in figures(heard, used)],
    }


def _step(trial: Trial, people: Sequence[Caller], phase: str) -> dict[str, dict[str, int]]:
    """The step at which a yes is asked for, alone: whatever was said before, and whoever got there."""
    meanings = trial.meanings(phase)
    strays = [one.says for one in people if one.means is None] + [one.strays for one in people if one.strays]
    if phase == CONFIRMING:
        yes, no = [one.confirms for one in people], [one.denies for one in people]
    else:
        yes, no = [one.longer(True) for one in people], [one.longer(False) for one in people]
    said = {"yes": yes, "no": no, "stray": strays}
    return {name: asdict(trial.taken_for(spoken, meanings)) for name, spoken in said.items()}


def _ends(told: Iterable[Told]) -> dict[str, int]:
    counts = Counter(one.outcome for one in told)
    return {"callers": counts.total()} | {outcome: counts[outcome] for outcome in ("voice", "one_key", "keys", "wrong")}


def _sample(caller: Caller) -> Sample:
    meanings: dict[object, list[str]] = {}
    for phrase, means in ANSWERS[caller.kind].items():
        meanings.setdefault(means, []).append(phrase)
    given = list(meanings).index(caller.means) if caller.means is not None else None
    return Sample(Path(caller.says.text), tuple(map(tuple, meanings.values())), given, caller.kind)
