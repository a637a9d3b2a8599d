"""What a rehearsal believes about people: a small file that a department can replace."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from core.errors import UserError

SHIPPED = Path(__file__).with_name("assumptions.yaml")
FILE_NAME = "rehearsal.yaml"
"""What a department's own file is called, in the folder of its data."""
_HOURS = range(24)


@dataclass(frozen=True, slots=True)
class Assumptions:
    """The file, checked. `picks_up` has 24 shares for weekdays and 24 for weekends; `source` is the whole file."""

    weekdays: tuple[float, ...]
    weekends: tuple[float, ...]
    numbers: Mapping[str, float]
    not_picked_up: Mapping[str, float]
    network: Mapping[str, float]
    seconds: Mapping[str, Any]
    words_per_minute: Mapping[str, float]
    behaves: Mapping[str, float]
    speaks: Mapping[str, float]
    heard: Mapping[str, float]
    answers: Mapping[str, Mapping[str, float]]
    wrong_year_of_birth: float
    true_of: Mapping[str, float]
    numbers_given: Mapping[str, tuple[float, float]]
    source: Mapping[str, Any]

    def picks_up(self, weekday: int, hour: int) -> float:
        """The share of dials that a person picks up, on a weekday (0 Monday), begun in this hour."""
        return (self.weekends if weekday >= 5 else self.weekdays)[hour]


def read_assumptions(own: Path | None = None) -> Assumptions:
    """What is shipped, with what the department's `own` file says in its place. Raises UserError for a file that says
    what cannot be."""
    source = _read(SHIPPED)
    if own is not None and own.exists():
        given = _read(own)
        unknown = sorted(given.keys() - source.keys())
        if unknown:
            raise _wrong(f"nothing is called {', '.join(unknown)}")
        source = {name: _laid_over(value, given.get(name)) for name, value in source.items()}
    return make_assumptions(source)


def make_assumptions(source: Mapping[str, Any]) -> Assumptions:
    """The assumptions of a file's content. Raises UserError for what cannot be."""
    for name in ("numbers", "not_picked_up", "network", "heard"):
        _shares(name, source[name], together=True)
    for name in ("behaves", "speaks", "true_of"):
        _shares(name, source[name], together=name == "behaves")
    if not _is_number(source["seconds"]["per_key"]) or source["seconds"]["per_key"] < 0:
        raise _wrong("`per_key` needs seconds")
    _shares("wrong_year_of_birth", {"": source["wrong_year_of_birth"]}, together=False)
    for name, pair in {**source["numbers_given"], **_pairs(source["seconds"])}.items():
        if not (isinstance(pair, list) and len(pair) == 2 and all(map(_is_number, pair)) and pair[0] <= pair[1]):
            raise _wrong(f"{name} is no range such as [1, 12]")
    for name, speed in source["words_per_minute"].items():
        if not _is_number(speed) or speed <= 0:
            raise _wrong(f"{speed!r} words per minute ({name}) are not possible")
    for name, weights in source["answers"].items():
        if not all(_is_number(weight) and weight >= 0 for weight in _named(weights).values()):
            raise _wrong(f"the answers to {name} need weights")
        if sum(weights.values()) <= 0:
            raise _wrong(f"nobody answers {name}")
    return Assumptions(
        weekdays=_by_hour(source["picks_up"]["weekdays"]),
        weekends=_by_hour(source["picks_up"]["weekends"]),
        answers={
            name: {str(word).lower(): float(weight) for word, weight in weights.items()}
            for name, weights in source["answers"].items()
        },
        numbers_given={name: (float(pair[0]), float(pair[1])) for name, pair in source["numbers_given"].items()},
        source=source,
        **{
            name: source[name]
            for name in ("numbers", "not_picked_up", "network", "seconds", "words_per_minute", "behaves", "speaks")
        },
        **{name: source[name] for name in ("heard", "wrong_year_of_birth", "true_of")},
    )


def _read(path: Path) -> dict[str, Any]:
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UserError(f"{path.name} cannot be read: {error}", "Compare it with the one that is shipped.") from error
    return _named(found)


def _named(value: Any) -> dict[Any, Any]:
    if not isinstance(value, dict):
        raise _wrong(f"{value!r} is no list of names with values")
    return value


def _laid_over(shipped: Any, own: Any) -> Any:
    """The parts of a value are laid over by name."""
    if own is None:
        return shipped
    return {**shipped, **_named(own)} if isinstance(shipped, dict) else own


def _by_hour(given: Mapping[int, float]) -> tuple[float, ...]:
    """A share for each hour; an hour that is not named is like the one before."""
    _shares("picks_up", _named(given), together=False)
    if 0 not in given or not set(given) <= set(_HOURS):
        raise _wrong("`picks_up` needs the hour 0, and hours up to 23")
    shares: list[float] = []
    for hour in _HOURS:
        shares.append(float(given[hour]) if hour in given else shares[-1])
    return tuple(shares)


def _shares(name: str, shares: Mapping[Any, Any], *, together: bool) -> None:
    values = list(shares.values())
    if not all(_is_number(value) and 0 <= value <= 1 for value in values):
        raise _wrong(f"`{name}` needs shares from 0 to 1")
    if together and sum(values) > 1:
        raise _wrong(f"the shares of `{name}` are more than a whole")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _pairs(seconds: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in seconds.items() if name != "per_key"}


def _wrong(what: str) -> UserError:
    return UserError(f"The assumptions of a rehearsal are wrong: {what}.", "Compare them with docs/rehearsal.md.")
