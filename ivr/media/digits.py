"""Keys become an answer: a pure collector for one question. It knows no clock; the listener tells it of the gap."""

from __future__ import annotations

from dataclasses import dataclass

from flows.engine.actions import Keys


@dataclass(frozen=True, slots=True)
class Keyed:
    """A complete input, without the finish key. `finished`: the finish key ended it."""

    digits: str
    finished: bool = False


class KeyCollector:
    """Collects keys until they are an answer, or can no longer become one.

    With `choices`, an input is complete as soon as no longer choice begins with it; a key that begins no choice is
    complete too, and the script says that it was no answer. Without, it is complete at `max_digits`. The finish key
    ends any input early, unless it is itself a choice.
    """

    def __init__(self, keys: Keys) -> None:
        self._keys = keys
        self._digits = ""

    @property
    def started(self) -> bool:
        """At least one key has been pressed."""
        return bool(self._digits)

    def press(self, key: str) -> Keyed | None:
        """One key. Returns the input if this completes it."""
        if key == self._keys.finish and not self._begins_choice(self._digits + key):
            return Keyed(self._digits, finished=True)
        self._digits += key
        return Keyed(self._digits) if self._complete() else None

    def gap_over(self) -> Keyed:
        """The pause after a key grew too long: what was keyed is the input, be it enough or not."""
        return Keyed(self._digits)

    def _complete(self) -> bool:
        choices = self._keys.choices
        if choices:
            return not any(choice != self._digits and choice.startswith(self._digits) for choice in choices)
        return len(self._digits) >= self._keys.max_digits

    def _begins_choice(self, digits: str) -> bool:
        return any(choice.startswith(digits) for choice in self._keys.choices)


class Stragglers:
    """Recognises keys that belong to the answer before, and must not be taken for one to the question now asked.

    - A key pressed before the question began to be said, or in its first 0.7 s, was pressed once too often: nobody
      answers what they have not heard. After silence it counts, for the same question is being asked again.
    - "Four digits, then the hash key": at the fourth digit we already go on, so the hash arrives in the next question.
      Only the first key, and only soon after, is taken for such a straggler.

    Over webhooks Twilio itself drops what is pressed between two `<Gather>`s.
    """

    QUESTION_SECONDS = 0.7
    FINISH_SECONDS = 2.0

    def __init__(self) -> None:
        self._answered = False
        self._finish = ""
        self._until = 0.0

    def keyed(self, keys: Keys, keyed: Keyed, now: float) -> None:
        """An answer by keys was complete at `now`."""
        self._answered = True
        self._finish = "" if keyed.finished else keys.finish
        self._until = now + self.FINISH_SECONDS

    def spoke(self) -> None:
        """The answer was spoken."""
        self._answered = True
        self._finish = ""

    def silent(self) -> None:
        """There was no answer."""
        self._answered = False
        self._finish = ""

    def why_not(self, key: str, keys: Keys, at: float, began: float) -> str:
        """Why this first key, pressed `at`, is none to the question with `keys` that `began` to be said then: its
        reason for the log, empty if it counts."""
        if self._answered and at < began + self.QUESTION_SECONDS:
            return "too_soon"
        straggler = key == self._finish and at < self._until and key not in keys.choices
        self._finish = ""
        return "finish_of_last_answer" if straggler else ""
