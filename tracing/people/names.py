"""Names as people type them: compared without diacritics, case and spacing."""

from __future__ import annotations

import re
import unicodedata

_LETTERS = str.maketrans({"đ": "d", "Đ": "d"})
_NOT_WORD = re.compile(r"[^\w]+|_+")


def tidy(text: str) -> str:
    """The text composed (NFC), with single spaces and no invisible characters."""
    composed = unicodedata.normalize("NFC", text)
    if composed.isprintable():  # what is invisible is not printable
        return " ".join(composed.split())
    return " ".join("".join(c if c.isprintable() else " " for c in composed if unicodedata.category(c) != "Cf").split())


def plain(text: str) -> str:
    """The text without diacritics, in lower case, words apart by one space: `Đỗ  Thị HƯỜNG` is `do thi huong`."""
    decomposed = unicodedata.normalize("NFKD", text.translate(_LETTERS))
    letters = "".join(c for c in decomposed if not unicodedata.combining(c))
    # Hangul is taken apart by NFKD; put it together again.
    return " ".join(_NOT_WORD.split(unicodedata.normalize("NFC", letters).casefold())).strip()
