"""Rules about spoken words: which of them could be taken for their opposite where nothing is asked any more."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations

from flows.engine.kinds.ask import Ask
from flows.engine.script import Script

Phrase = tuple[str, str, str]
"""Language, phrase, outcome."""


def word_findings(script: Script) -> Iterator[tuple[str, str, str]]:
    """(rule, step, message) for words that confirm and are a part of words that deny, or the other way round; and for
    answers that would be saved from speech without being read back."""
    told: set[str] = set()
    for name, node in script.steps.items():
        if not isinstance(node, Ask) or not node.speech:
            continue
        confirming, longer = tuple(node.read_back.yes_no.phrases()), tuple(node.kind.long_phrases())
        for message in (
            *_halves(confirming),
            *_halves(longer),
            *_repeated(longer, (*confirming, *node.kind.phrases())),
        ):
            if message not in told:
                told.add(message)
                yield "half_an_answer", "", message
        if (node.save or node.implies) and node.read_back.when == "never":
            yield (
                "unconfirmed_answer",
                name,
                "saves what is spoken without reading it back: leave `confirm: never` away",
            )


def _halves(phrases: tuple[Phrase, ...]) -> Iterator[str]:
    """Whose beginning or end is lost says the opposite. By whole words."""
    for (language, part, meaning), (other, whole, opposite) in permutations(phrases, 2):
        words, all_words = part.split(), whole.split()
        count = len(words)
        if language == other and meaning != opposite and words in (all_words[:count], all_words[-count:]):
            yield f"`{part}` ({meaning}) is the beginning or the end of `{whole}` ({opposite}, {language})"


def _repeated(longer: tuple[Phrase, ...], others: tuple[Phrase, ...]) -> Iterator[str]:
    """What was misheard once is misheard again: the longer words must be other words."""
    known = {(language, phrase) for language, phrase, _ in others}
    for language, phrase, _ in longer:
        if (language, phrase) in known:
            yield f"`{phrase}` ({language}) confirms an answer in longer words, but is an answer or a yes itself"
