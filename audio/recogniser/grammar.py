"""From the phrases of a question to the grammar that Vosk takes. Pure; whoever calls it knows the vocabulary.

Vosk drops a word it does not know without a word, so that "열이 나요" becomes "나요", and a grammar it cannot parse
crashes the process: only whole phrases of plain, known words go in, and the JSON is written here.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass

MAX_PHRASES = 500
MAX_WORDS = 20
"""Words in one phrase."""
UNKNOWN_SYMBOLS = ("[unk]", "<UNK>", "<unk>")
"""What models call a word that is not in the grammar. Some have none."""

_WORD = re.compile(r"[^\W_]+(['’-][^\W_]+)*")
_PUNCTUATION = re.compile(r"[.,;:!?…\"“”«»()]+")


@dataclass(frozen=True, slots=True)
class BuiltGrammar:
    """`text` for Vosk; `phrases` that are in it; `unknown` phrases that had to be left out."""

    text: str
    phrases: tuple[str, ...]
    unknown: tuple[str, ...]


def plain(phrase: str) -> str:
    """A phrase as a model writes it: composed, lower case, without punctuation, single spaces."""
    return " ".join(_PUNCTUATION.sub(" ", unicodedata.normalize("NFC", phrase).lower()).split())


def build(
    phrases: Iterable[str],
    decoys: Iterable[str],
    knows: Callable[[str], bool],
    unknown_symbol: str | None,
) -> BuiltGrammar:
    """Keep the phrases whose every word the model knows; add the decoys that it knows and its unknown symbol."""
    kept: list[str] = []
    dropped: list[str] = []
    for phrase in dict.fromkeys(map(plain, phrases)):
        (kept if len(kept) < MAX_PHRASES and _usable(phrase, knows) else dropped).append(phrase)
    others = [d for d in dict.fromkeys(map(plain, decoys)) if d not in kept and _usable(d, knows)]
    entries = [*kept, *others, *([unknown_symbol] if unknown_symbol else [])]
    return BuiltGrammar(json.dumps(entries, ensure_ascii=False), tuple(kept), tuple(dropped))


def is_word(word: str) -> bool:
    """Letters and digits, perhaps joined by an apostrophe or hyphen: never a model's own symbol (`<s>`, `#0`)."""
    return _WORD.fullmatch(word) is not None


def _usable(phrase: str, knows: Callable[[str], bool]) -> bool:
    words = phrase.split()
    return 0 < len(words) <= MAX_WORDS and all(is_word(word) and knows(word) for word in words)
