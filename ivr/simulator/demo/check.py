"""What was saved, held against what the simulated people meant. Pure: two reports in, figures out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

# Written by scripts, not said by people.
_ASSESSED = frozenset({"risk", "flagged"})


@dataclass(slots=True)
class Findings:
    """`wrong`: saved, and not what the person meant. `lost`: the person answered it to the end of a finished
    interview, and it is not on file; or the person answered something, and has no record at all. `strangers`: records
    of people who said that they are somebody else. `unattended`: flagged, with neither slot nor queue place.
    `unflagged`: heard out, in need of a doctor, and not flagged. `differing`: calls that their logs do not make again.
    """

    right: int = 0
    wrong: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)
    unattended: list[str] = field(default_factory=list)
    unflagged: list[str] = field(default_factory=list)
    differing: list[str] = field(default_factory=list)
    spoken: int = 0
    keyed: int = 0
    flagged: int = 0

    @property
    def failed(self) -> bool:
        found = (self.wrong, self.lost, self.strangers, self.unattended, self.unflagged, self.differing)
        return any(found)


def check(
    people: Sequence[Mapping[str, Any]],
    records: Sequence[Mapping[str, Any]],
    appointments: Iterable[Mapping[str, Any]],
    queue: Iterable[Mapping[str, Any]],
) -> Findings:
    """Compare the simulator's report with the console's records, appointments and queue."""
    found = Findings()
    meant = {person["phone"]: _said(person, "meant") for person in people}
    unsettled = {person["phone"]: _said(person, "unsettled") for person in people}
    strangers = {person["phone"] for person in people if person["habit"] == "wrong_person"}
    in_need = {person["phone"] for person in people if person["expects_doctor"]}
    on_file = {record["phone"] for record in records}
    # What was answered as the line broke is not among what was meant: it need not be on file.
    found.lost += [f"{phone}: no record" for phone, said in meant.items() if said and phone not in strangers | on_file]
    # An interview that was broken off goes on in a later call, and that call books.
    attended = {row["phone"] for row in (*appointments, *queue)}
    for record in records:
        name = record["reference"]
        if record["phone"] in strangers:
            found.strangers.append(name)
        if record["flagged"]:
            found.flagged += 1
            if record["phone"] not in attended:
                found.unattended.append(name)
        elif record["state"] == "complete" and record["phone"] in in_need:
            found.unflagged.append(name)
        _compare(found, name, record, meant.get(record["phone"], {}), unsettled.get(record["phone"], {}))
    return found


def _said(person: Mapping[str, Any], which: str) -> dict[str, Any]:
    """All that a person said, in whichever call: what is true of a person does not change between calls."""
    return {name: value for talk in person["talks"] for name, value in talk[which].items()}


def _compare(
    found: Findings, name: str, record: Mapping[str, Any], meant: Mapping[str, Any], unsettled: Mapping[str, Any]
) -> None:
    """An answer given as the line broke may be on file or not; if it is, it is the one that was given."""
    known = {**unsettled, **meant}
    for field_name, answer in record["answers"].items():
        if field_name in _ASSESSED:
            continue
        found.spoken += answer["source"] in ("speech", "voice")
        found.keyed += answer["source"] == "keys"
        if field_name in known and answer["value"] == known[field_name]:
            found.right += 1
        else:
            said = repr(known[field_name]) if field_name in known else "nothing"
            found.wrong.append(f"{name}/{field_name}: on file {answer['value']!r}, meant {said}")
    if record["state"] == "complete":
        found.lost += [f"{name}/{field_name}" for field_name in meant if field_name not in record["answers"]]
