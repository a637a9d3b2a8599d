"""An answer is certain only if a second recogniser that could have heard something else heard the same."""

import pytest

from audio.decoys import rivals_for
from audio.recogniser.model import MIN_RIVALS, LoadedModel

pytestmark = pytest.mark.capability("N1")


@pytest.fixture
def model(monkeypatch):
    """A model without Vosk, which knows the words it is given."""
    loaded = LoadedModel.__new__(LoadedModel)
    loaded.takes_grammar = True
    loaded.unknown_symbol = None
    monkeypatch.setattr(loaded, "recogniser", lambda grammar: grammar, raising=False)
    return loaded


def teach(model, words):
    model.knows = frozenset(words).__contains__
    model.rivals = model._rivals


def test_a_second_recogniser_that_knows_hardly_any_other_words_agrees_with_nothing(model):
    few = rivals_for("vi", ())[-MIN_RIVALS // 2 :]
    teach(model, {"vâng", *few})
    opinion = model.second_opinion("vi", ("vâng",))
    opinion.accept(bytes(1600))
    assert opinion.finish() == []


def test_a_second_recogniser_that_knows_other_words_listens_for_all_of_them(model):
    teach(model, {"vâng", *(word for rival in rivals_for("vi", ()) for word in rival.split())})
    grammar = model.second_opinion("vi", ("vâng",))
    assert grammar.phrases == ("vâng",)
    assert len(grammar.text.split(",")) > MIN_RIVALS


def test_a_language_nobody_wrote_other_words_for_has_no_certain_answer(model):
    teach(model, {"是的"})
    assert model.second_opinion("zh", ("是的",)).finish() == []


def test_a_model_that_hears_all_its_words_needs_no_second_opinion(model):
    model.takes_grammar = False
    assert model.second_opinion("vi", ("vâng",)) is None
