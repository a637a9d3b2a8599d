"""What cannot be read as a list at all."""

from __future__ import annotations


class BadFile(Exception):
    """The file cannot be read as a list; `key` names the message."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key
