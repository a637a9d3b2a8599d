"""Answers take turns on a worker, a tenth of a second of sound each; none waits until another has been heard out."""

import pytest

from audio.recogniser.grammar import BuiltGrammar
from audio.recogniser.worker import TURN_BYTES, Desk


class _Recogniser:
    deaf = False

    def __init__(self, heard, name):
        self._heard, self._name = heard, name

    def accept(self, pcm):
        self._heard.append((self._name, len(pcm)))

    def finish(self):
        return [{"word": self._name, "conf": 1.0, "start": 0.0, "end": 1.0}]


class _Model:
    """Stands where Vosk does. Recognisers are called by the first phrase of their grammar."""

    def __init__(self):
        self.heard = []

    def grammar(self, _language, phrases):
        return BuiltGrammar("", tuple(phrases), ())

    def recogniser(self, grammar):
        return _Recogniser(self.heard, grammar.phrases[0])

    def second_opinion(self, _language, phrases, doubting):
        return _Recogniser(self.heard, f"{'doubting' if doubting else 'second'} {phrases[0]}")


@pytest.fixture
def model():
    return _Model()


@pytest.fixture
def desk(model):
    return Desk(model)


def open_(desk, number, phrase, certain=False):
    header = {"op": "open", "id": number, "language": "ko", "phrases": [phrase], "certain": certain, "doubting": False}
    return desk.take(header, b"")


def work_off(desk):
    results = []
    while desk.busy:
        results += [result] if (result := desk.work()) is not None else []
    return results


@pytest.mark.capability("A2")
def test_two_answers_take_turns(desk, model):
    open_(desk, 1, "long")
    open_(desk, 2, "short")
    desk.take({"op": "feed", "id": 1}, bytes(3 * TURN_BYTES + 2))
    desk.take({"op": "finish", "id": 1}, b"")
    desk.take({"op": "feed", "id": 2}, bytes(TURN_BYTES))
    desk.take({"op": "finish", "id": 2}, b"")
    assert [result["id"] for result in work_off(desk)] == [2, 1]
    assert [name for name, _ in model.heard] == ["long", "short", "long", "long", "long"]
    assert sum(size for name, size in model.heard if name == "long") == 3 * TURN_BYTES + 2


def test_a_result_tells_how_much_was_heard_and_what_it_cost(desk):
    open_(desk, 1, "yes")
    desk.take({"op": "feed", "id": 1}, bytes(16_000))
    desk.take({"op": "finish", "id": 1}, b"")
    (result,) = work_off(desk)
    assert result["sound"] == 1.0
    assert result["spent"] > 0
    assert (result["words"][0]["word"], result["opinion"]) == ("yes", None)


def test_a_second_opinion_hears_the_same_sound(desk, model):
    open_(desk, 1, "yes", certain=True)
    desk.take({"op": "feed", "id": 1}, bytes(TURN_BYTES))
    desk.take({"op": "finish", "id": 1}, b"")
    (result,) = work_off(desk)
    assert model.heard == [("yes", TURN_BYTES), ("second yes", TURN_BYTES)]
    assert result["opinion"][0]["word"] == "second yes"


def test_an_answer_that_was_cancelled_is_not_worked_on(desk, model):
    open_(desk, 1, "yes")
    desk.take({"op": "feed", "id": 1}, bytes(3 * TURN_BYTES))
    desk.take({"op": "cancel", "id": 1}, b"")
    assert work_off(desk) == []
    assert model.heard == []
    assert desk.take({"op": "finish", "id": 1}, b"") == {"op": "result", "id": 1, "words": None}
    assert desk.take({"op": "feed", "id": 1}, bytes(TURN_BYTES)) is None
