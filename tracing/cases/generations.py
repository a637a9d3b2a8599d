"""Generations: F0 is a case, F1 its contact, F2 a contact of an F1, and so on. Pure.

A generation is never stored as a fact about somebody: it follows from who is a case and who met whom. When an F1
becomes a case it is F0, and its contacts, F2 until then, are F1 without anybody touching them.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Hashable, Iterable, Mapping
from typing import TypeVar

Person = TypeVar("Person", bound=Hashable)

CASE = 0


def generations(cases: Iterable[Person], links: Iterable[tuple[Person, Person]]) -> Mapping[Person, int]:
    """Everybody's generation: the fewest steps from a case along `links` (source, contact).

    Who has several sources is of the nearest case's making. Who is reached from no case any more (the source case was
    none) is not in the answer. Circles do no harm; the cost grows with the number of links.
    """
    contacts: dict[Person, list[Person]] = defaultdict(list)
    for source, contact in links:
        contacts[source].append(contact)
    found = dict.fromkeys(cases, CASE)
    waiting = deque(found)
    while waiting:
        source = waiting.popleft()
        for contact in contacts[source]:
            if contact not in found:
                found[contact] = found[source] + 1
                waiting.append(contact)
    return found


def label(generation: int) -> str:
    """`F0`, `F1`, `F2`, … as people write it."""
    return f"F{generation}"
