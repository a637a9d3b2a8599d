"""Ask a question and wait for the answer, by keys, by speech, or both at once.

    breathing:
      ask: yes_no                       # the kind of answer, see flows.engine.answers
      say: {vi: "Anh chị có khó thở không?", en: "Are you short of breath?", ko: "숨이 차십니까?"}   # or `say_each`
      hint: {vi: "…", en: "…", ko: "…"}  # how to answer, in place of the usual words; `hint_keys` without speech
      save: short_of_breath             # a field of the record; `keep: name` is for the script alone
      confirm: speech                   # read back what was spoken; `always`: what was keyed too; `never`
      listen: both                      # or `keys`
      barge_in: true                    # a key or a word may cut the question short
      wait_seconds: 6
      tries: 3                          # silence, and wrong answers, may each happen so often
      no_input: {to: goodbye}           # own way out, and own reprompt: `say`; both may be left to the script
      no_match: {to: by_hand, say: {vi: "…", en: "…", ko: "…"}}
      implies: {no: {cough: false}}     # what else the answer tells, saved with it
      each_call: true                   # ask it again in a call that goes on with one that was broken off
      each_day: true                    # ask it again only if that was on another day, and forget what was said then
      on: {yes: red_flag, no: fever}    # by outcome; `next: fever` for all that are left

How it goes on: silence counts as no-input, anything that is no answer as no-match, each with its own reprompt and,
after `tries`, its own way out. After two vain attempts by speech the question goes on by keys only. The key * repeats
the question and counts as nothing; a script-wide shortcut key runs its subscript and comes back here.

A spoken answer that needs it is read back, to its end: nobody can say yes to what they have not heard. "No" asks again
and counts as no-match. Of the answer and its yes one at least must be certain (`SpeechHeard.certain`), or a key is
pressed. Whoever says something else than a clear yes was understood before, and is not told otherwise: the answer is
read back once more, with the keys, and may be confirmed in longer words (`AnswerKind.long_forms`), never with the same
yes again; these must be certain in any case, for those that mean yes and no sound alike.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

from flows.engine.actions import Grammar, Keys, Listen
from flows.engine.answers.base import PAGE, SKIPPED, AnswerKind, Reading, tidy
from flows.engine.answers.registry import ANSWER_KINDS
from flows.engine.answers.voice import Voice
from flows.engine.events import Event, KeysPressed, NothingHeard, SpeechHeard, VoiceMessage
from flows.engine.kinds.ask_parts import ReadBack, Reprompt, exits_of, implied_by, read_back_of, reprompt_of
from flows.engine.limits import DEFAULT_TRIES, LONGEST_HEARD, MAX_SUBSCRIPT_DEPTH, SPEECH_FAILURES_BEFORE_KEYS
from flows.engine.resume import ANSWERED_BEFORE
from flows.engine.script import NO_INPUT, NO_MATCH, Exit, Node, Path, Text
from flows.engine.state import Answer

if TYPE_CHECKING:
    from flows.engine.script import Builder
    from flows.engine.turn import Turn

REPEAT = "*"
CONFIRMING = "confirm"
"""The phase in which a yes is asked for, and the lesson that is learnt by saying it."""
ASSURING = "assure"
"""The phase after it: no clear yes was heard, so a key is asked for, or the answer in longer words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask(Node):
    key: ClassVar[str] = "ask"

    kind: AnswerKind
    say: Text
    hint: Text | None
    hint_keys: Text | None
    own_hint: bool
    save: str | None
    keep: str | None
    speech: bool
    speech_confirms: bool
    barge_in: bool
    wait_seconds: float
    tries: int
    no_input: Reprompt
    no_match: Reprompt
    keys_only: Text
    read_back: ReadBack
    implies: Mapping[str, Mapping[str, Any]]
    each_call: bool
    each_day: bool
    on: Mapping[str, str]

    @classmethod
    def compile(cls, build: Builder, name: str, spec: Mapping[str, Any]) -> Ask:
        kind_class = ANSWER_KINDS[spec["ask"]]
        kind = kind_class.compile(build, name, spec)
        for option in sorted(set().union(*(other.options for other in ANSWER_KINDS.values())) - kind_class.options):
            if option in spec:
                build.mistake(f"`{option}` does not go with `ask: {kind_class.key}`", option)
        save, keep = spec.get("save"), spec.get("keep")
        listen = spec.get("listen", "both" if kind_class.spoken_by_default else "keys")
        own_hint = spec.get("hint")
        return cls(
            name=name,
            kind=kind,
            say=build.said(spec),
            hint=build.text(own_hint, "hint") if isinstance(own_hint, Mapping) else None,
            hint_keys=build.optional_text(spec.get("hint_keys"), "hint_keys"),
            own_hint=own_hint is not None,
            save=save,
            keep=keep,
            speech=listen == "both",
            speech_confirms=spec.get("listen") != "keys",
            barge_in=spec.get("barge_in", True),
            wait_seconds=float(spec.get("wait_seconds", 6)),
            tries=spec.get("tries", DEFAULT_TRIES),
            no_input=reprompt_of(build, spec, NO_INPUT),
            no_match=reprompt_of(build, spec, NO_MATCH),
            keys_only=build.phrase("keys_only"),
            read_back=read_back_of(build, spec),
            implies=implied_by(build, spec, kind),
            each_call=spec.get("each_call", False),
            each_day=spec.get("each_day", False),
            on=exits_of(build, spec, kind),
        )

    # --- asking

    def enter(self, turn: Turn) -> str | None:
        outcome = self._answered_before(turn)
        if outcome is not None:
            turn.note("answered_before", outcome=outcome)
            return self.on[outcome]
        turn.phase = "ask"
        self._ask(turn)
        return None

    def _answered_before(self, turn: Turn) -> str | None:
        """The outcome of this question in the earlier call that this one goes on with, see `flows.engine.resume`.

        A question about a group was answered when everything that an outcome implies was.
        """
        before = turn.context.get(ANSWERED_BEFORE)
        if not isinstance(before, list | tuple) or self.each_call:
            return None
        if self.save:
            known = self.save in before and self.save in turn.answers
            outcome = self.kind.outcome_of(turn.answers[self.save].value) if known else None
            return outcome if outcome in self.on else None
        for outcome, implied in self.implies.items():
            if all(name in before and name in turn.answers for name in implied):
                return outcome
        return None

    def again(self, turn: Turn) -> None:
        if turn.phase == CONFIRMING:
            self._confirm(turn)
        elif turn.phase == ASSURING:
            self._assure(turn)
        else:
            self._ask(turn)

    def _speaks(self, turn: Turn) -> bool:
        """Whether speech is listened to now. A keyed number may be confirmed by voice all the same."""
        wanted = self.speech_confirms if _reading_back(turn) else self.speech
        return wanted and turn.speech_failures < SPEECH_FAILURES_BEFORE_KEYS and turn.has_speech()

    def _ask(self, turn: Turn) -> None:
        grammar = self.kind.grammar(turn) if self._speaks(turn) else None
        turn.say(self.say, self.barge_in)
        hint = self.hint if grammar is not None else self.hint_keys or self.hint
        if hint is not None:
            turn.say(hint, self.barge_in)
        elif not self.own_hint:
            for value, text in self.kind.offers(turn):
                turn.value = value
                turn.say(text, self.barge_in)
            for text in self.kind.hint(turn, grammar is not None):
                turn.say(text, self.barge_in)
        if isinstance(self.kind, Voice):
            turn.do(self.kind.record)
        else:
            heard = replace(grammar, certain=True, spare=True) if grammar is not None else None
            turn.do(Listen(self._keys(turn), heard, self.wait_seconds, self.barge_in))

    def _keys(self, turn: Turn) -> Keys | None:
        keys = self.kind.keys(turn)
        return _with_common(keys, turn) if keys is not None and keys.choices else keys

    # --- hearing

    def on_event(self, turn: Turn, event: Event) -> str | None:
        if isinstance(self.kind, Voice):
            return self._on_voice(turn, event)
        if isinstance(event, NothingHeard):
            return self._failed(turn, NO_INPUT, self.no_input)
        if isinstance(event, KeysPressed):
            return self._on_keys(turn, event.digits)
        if isinstance(event, SpeechHeard) and self._speaks(turn):
            return self._on_speech(turn, event)
        turn.ignore()
        return None

    def _on_keys(self, turn: Turn, digits: str) -> str | None:
        confirming = _reading_back(turn)
        taken = (self.read_back.yes_no if confirming else self.kind).key_choices()
        if not digits:
            return self._failed(turn, NO_INPUT, self.no_input)
        if REPEAT in digits:
            self.again(turn)
            return None
        # Only where single keys answer: elsewhere 0 may begin a date or a number.
        free = bool(taken) and digits not in taken and len(turn.stack) < MAX_SUBSCRIPT_DEPTH
        inside = any(frame.shortcut for frame in turn.stack)
        if free and not inside and digits in turn.script.shortcuts:
            turn.note("shortcut", key=digits)
            return turn.call(turn.script.shortcuts[digits], None, {}, shortcut=True)
        if confirming:
            return self._on_confirmed(turn, self.read_back.yes_no.read_keys(turn, digits))
        reading = self.kind.read_keys(turn, digits)
        if reading is None:
            return self._failed(turn, NO_MATCH, self.no_match)
        if reading.outcome == PAGE:
            self._ask(turn)
            return None
        answer = Answer(reading.value, "keys", digits[:LONGEST_HEARD], None, False, self.name, turn.turns, turn.at)
        return self._answered(turn, reading, answer, self.read_back.when == "always")

    def _on_speech(self, turn: Turn, event: SpeechHeard) -> str | None:
        best = event.hypotheses[0] if event.hypotheses and event.decision != "reject" else None
        phrase = tidy(best.text) if best else ""
        if _reading_back(turn):
            # An uncertain "yes" cannot confirm anything.
            sure = phrase if event.decision == "accept" else ""
            return self._on_confirmed(turn, self._read_confirmation(turn, sure), True)
        reading = self.kind.read_speech(turn, phrase) if best else None
        if reading is None or best is None:
            turn.speech_failures += 1
            return self._failed(turn, NO_MATCH, self.no_match)
        turn.learn(self.kind.key)
        heard = best.text[:LONGEST_HEARD]
        answer = Answer(
            reading.value, "speech", heard, best.confidence, False, self.name, turn.turns, turn.at, event.certain
        )
        return self._answered(turn, reading, answer, self.read_back.when != "never" or event.decision == "read_back")

    def _on_voice(self, turn: Turn, event: Event) -> str | None:
        if isinstance(event, NothingHeard):
            return self._failed(turn, NO_INPUT, self.no_input)
        if not isinstance(event, VoiceMessage) or not isinstance(self.kind, Voice):
            turn.ignore()
            return None
        if event.seconds < self.kind.min_seconds:
            return self._failed(turn, NO_INPUT, self.no_input)
        answer = Answer(event.recording_id, "voice", "", None, False, self.name, turn.turns, turn.at)
        return self._final(turn, Reading(event.recording_id, self.kind.outcomes[0]), answer)

    # --- what comes of it

    def _answered(self, turn: Turn, reading: Reading, answer: Answer, confirm: bool) -> str | None:
        if not confirm or reading.outcome == SKIPPED:
            return self._final(turn, reading, answer)
        turn.pending = answer
        turn.phase = CONFIRMING
        self._confirm(turn)
        turn.note("read_back", source=answer.source)
        return None

    def _confirm(self, turn: Turn) -> None:
        if turn.pending is None:
            return
        yes_no, speaks, short = self.read_back.yes_no, self._speaks(turn), turn.knows(CONFIRMING)
        self._read_back(turn, turn.pending, short)
        by_voice = yes_no.hint_short if short else yes_no.hint_speech
        turn.say(by_voice if speaks else yes_no.hint_keys, self.barge_in)
        self._hear_confirmation(turn, turn.pending, yes_no.grammar(turn) if speaks else None)

    def _assure(self, turn: Turn) -> None:
        if turn.pending is None:
            return
        self._read_back(turn, turn.pending, short=False)
        turn.say(self.read_back.yes_no.hint_keys, self.barge_in)
        forms = self.kind.long_forms(turn) if self._speaks(turn) else None
        if forms is not None:
            turn.say(forms.hint, self.barge_in)
        self._hear_confirmation(turn, turn.pending, forms.grammar if forms is not None else None)

    def _read_back(self, turn: Turn, pending: Answer, short: bool) -> None:
        turn.value = self.kind.spoken(turn, Reading(pending.value, ""))
        spoken = self.read_back.say_short if short else self.read_back.say_spoken
        turn.say(spoken if pending.source == "speech" else self.read_back.say_keyed, barge_in=False)

    def _hear_confirmation(self, turn: Turn, pending: Answer, grammar: Grammar | None) -> None:
        certain = turn.phase == ASSURING or not pending.certain
        heard = replace(grammar, certain=certain) if grammar is not None else None
        keys = _with_common(self.read_back.yes_no.keys(turn), turn)
        turn.do(Listen(keys, heard, self.wait_seconds, self.barge_in))

    def _read_confirmation(self, turn: Turn, phrase: str) -> Reading | None:
        """Yes or no to what was read back; None if the phrase is neither."""
        if turn.phase == CONFIRMING:
            return self.read_back.yes_no.read_speech(turn, phrase)
        forms = self.kind.long_forms(turn)
        if forms is None or turn.pending is None or phrase not in forms.values:
            return None
        same = forms.values[phrase] == turn.pending.value
        return Reading(same, "yes" if same else "no")

    def _on_confirmed(self, turn: Turn, reading: Reading | None, spoken: bool = False) -> str | None:
        pending = turn.pending
        if pending is None:
            turn.ignore("nothing_pending")
            return None
        if reading is not None and reading.value is True:
            if spoken and turn.phase == CONFIRMING:
                turn.learn(CONFIRMING)
            answer = replace(pending, confirmed=True)
            return self._final(turn, Reading(answer.value, self.kind.outcome_of(answer.value)), answer)
        if spoken and reading is None and turn.phase == CONFIRMING:
            turn.phase = ASSURING
            turn.note("not_certain")
            self._assure(turn)
            return None
        if spoken and reading is None:
            turn.speech_failures = SPEECH_FAILURES_BEFORE_KEYS
        elif spoken or (reading is not None and pending.source == "speech"):
            turn.speech_failures += 1
        if reading is None:
            return self._failed(turn, NO_MATCH, self.no_match)
        turn.pending = None
        turn.phase = "ask"
        turn.note("not_confirmed")
        return self._failed(turn, NO_MATCH, replace(self.no_match, say=self.read_back.again))

    def _final(self, turn: Turn, reading: Reading, answer: Answer) -> str | None:
        turn.phase = ""
        turn.pending = None
        turn.note("answered", outcome=reading.outcome, source=answer.source)
        if reading.outcome != SKIPPED:
            if self.save:
                turn.save(self.save, answer)
            if self.keep:
                turn.keep(self.keep, answer.value)
        for name, value in self.implies.get(reading.outcome, {}).items():
            turn.save(name, replace(answer, value=value))
        return self.on[reading.outcome]

    def _failed(self, turn: Turn, why: str, reprompt: Reprompt) -> str | None:
        counts = turn.no_input if why == NO_INPUT else turn.no_match
        count = counts.get(self.name, 0) + 1
        counts = {**counts, self.name: count}
        if why == NO_INPUT:
            turn.no_input = counts
        else:
            turn.no_match = counts
        turn.note(why, count=count)
        if count >= self.tries:
            turn.pending = None
            if reprompt.to is None:
                turn.end(why)
            return reprompt.to
        turn.say(reprompt.say, self.barge_in)
        if turn.before.speech_failures < SPEECH_FAILURES_BEFORE_KEYS <= turn.speech_failures:
            turn.note("speech_off")
            turn.say(self.keys_only, self.barge_in)
        self.again(turn)
        return None

    # --- for the linter

    def exits(self) -> Iterator[Exit]:
        for outcome, target in self.on.items():
            yield Exit(outcome, target)
        yield Exit(NO_INPUT, self.no_input.to)
        yield Exit(NO_MATCH, self.no_match.to)

    def texts(self) -> Iterator[tuple[str, Text]]:
        yield "say", self.say
        if self.hint:
            yield "hint", self.hint
        if self.hint_keys:
            yield "hint_keys", self.hint_keys
        yield from self.kind.texts()
        yield "no_input", self.no_input.say
        yield "no_match", self.no_match.say
        if self.speech or self.read_back.when == "always":
            yield "keys_only", self.keys_only
            yield from self.read_back.texts()

    def reads(self) -> Iterator[Path]:
        yield from self.kind.reads()

    def writes(self) -> Iterator[str]:
        if self.save:
            yield f"answers.{self.save}"
        if self.keep:
            yield f"values.{self.keep}"
        for names in self.implies.values():
            for name in names:
                yield f"answers.{name}"


def _reading_back(turn: Turn) -> bool:
    return turn.phase in (CONFIRMING, ASSURING)


def _with_common(keys: Keys, turn: Turn) -> Keys:
    """The keys of the answer, and those that are good at any question."""
    extra = [key for key in (*turn.script.shortcuts, REPEAT) if key not in keys.choices]
    return replace(keys, choices=(*keys.choices, *extra))
