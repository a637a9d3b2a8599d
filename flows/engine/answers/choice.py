"""One of several options, fixed in the script or offered while the call runs.

    ask: choice
    say: {vi: "Anh chị cần giúp gì nhất?", en: "What do you need most?", ko: "무엇이 가장 필요하십니까?"}
    choices:
      - {id: food, label: {vi: "thức ăn", en: "food", ko: "음식"}, words: {vi: [đồ ăn]}}
      - {id: none, key: "0", label: {vi: "không cần gì", en: "nothing", ko: "없음"}}
    save: need
    on: {food: thanks, none: thanks}

The value is the option's id, which is also its outcome. An option without `key` takes the next free one; its label is
also a spoken phrase unless `words` gives others for the language. More than nine options are read in pages, the last
key of a page (9) turning it; their keys are given out page by page.

`choices_from: {path: values.offer.slots, id: id, label: spoken}` puts the items of a list first (a label is text, or a
mapping of languages): they are numbered from 1, spoken by their ordinal ("the first"), and share the outcome `chosen`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from flows.engine.actions import Grammar, Keys
from flows.engine.answers.base import PAGE, SKIPPED, AnswerKind, Reading, invert, tidy
from flows.engine.limits import MAX_OPTIONS_PER_PAGE
from flows.engine.script import Path, Text
from flows.engine.spoken import speak

if TYPE_CHECKING:
    from flows.engine.script import Builder
    from flows.engine.turn import Turn

CHOSEN = "chosen"
OFFER_KEYS = "12345678"
TURN_PAGE = "9"


@dataclass(frozen=True, slots=True)
class Option:
    """One option, ready: how it is keyed, named, announced and spoken in each language."""

    id: str
    key: str
    label: Mapping[str, str]
    words: Mapping[str, tuple[str, ...]]
    announce: Text | None


@dataclass(frozen=True, slots=True)
class Offer:
    """Where the options of a running call come from."""

    path: Path
    id: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice(AnswerKind):
    key: ClassVar[str] = "choice"
    options: ClassVar[frozenset[str]] = frozenset({"choices", "choices_from"})
    spoken_by_default: ClassVar[bool] = True

    fixed: tuple[Option, ...]
    pages: tuple[tuple[Option, ...], ...]
    offer: Offer | None
    announce_offer: Mapping[str, Text]
    ordinals: tuple[Mapping[str, tuple[str, ...]], ...]
    more: Text
    meanings: Mapping[str, Mapping[str, str]]

    @classmethod
    def compile(cls, build: Builder, name: str, spec: Mapping[str, Any]) -> Choice:
        choices, source = spec.get("choices") or [], spec.get("choices_from")
        if not choices and not source:
            build.mistake("a choice needs `choices` or `choices_from`", "choices")
        paged = len(choices) > MAX_OPTIONS_PER_PAGE
        fixed = tuple(_option(build, spec, index, paged) for index in range(len(choices)))
        used = [option.key for option in fixed]
        if not paged:
            for index, key in enumerate(used):
                if key in used[:index]:
                    build.mistake(
                        f"key {key} is used twice in this question", "choices", str(index), "key", rule="key_used_twice"
                    )
        ids = [option.id for option in fixed]
        for index, option_id in enumerate(ids):
            if option_id in ids[:index]:
                build.mistake(f"two options are called {option_id}", "choices", str(index), "id")
            if option_id in (SKIPPED, CHOSEN):
                build.mistake(f"an option cannot be called {option_id}", "choices", str(index), "id")
        size = MAX_OPTIONS_PER_PAGE - 1
        pages = tuple(fixed[start : start + size] for start in range(0, len(fixed), size)) if paged else (fixed,)
        offer = None
        if source:
            offer = Offer(tuple(source["path"].split(".")), source.get("id", "id"), source.get("label", "label"))
        return cls(
            outcomes=((CHOSEN,) if offer else ()) + tuple(ids),
            fixed=fixed,
            pages=pages,
            offer=offer,
            announce_offer={
                key: _announce(build, "option_offered", f"offered-{key}", key) for key in OFFER_KEYS if offer
            },
            ordinals=tuple(build.common_words(f"ordinal_{n}") for n in range(1, MAX_OPTIONS_PER_PAGE)) if offer else (),
            more=build.phrase("more_options"),
            meanings=invert({option.id: option.words for option in fixed}, build),
        )

    # --- the options on the table

    def _page(self, turn: Turn) -> int:
        _, _, page = turn.phase.partition(":")
        return int(page) % len(self.pages) if page.isdecimal() else 0

    def _offered(self, turn: Turn) -> list[tuple[str, Any, Any]]:
        """(key, id, label) of the options offered in this call."""
        items = turn.lookup(self.offer.path) if self.offer else None
        if not isinstance(items, list | tuple) or self.offer is None:
            return []
        taken = {option.key for option in self.fixed}
        keys = [key for key in OFFER_KEYS if key not in taken]
        return [
            (key, item.get(self.offer.id), item.get(self.offer.label))
            for key, item in zip(keys, items, strict=False)
            if isinstance(item, Mapping)
        ]

    def keys(self, turn: Turn) -> Keys:
        keys = [key for key, _, _ in self._offered(turn)]
        keys += [option.key for option in self.pages[self._page(turn)]]
        if len(self.pages) > 1:
            keys.append(TURN_PAGE)
        return Keys(choices=tuple(keys))

    def grammar(self, turn: Turn) -> Grammar | None:
        phrases = list(self.meanings.get(turn.language, ()))
        for ordinal, _ in zip(self.ordinals, self._offered(turn), strict=False):
            phrases += [tidy(word) for word in ordinal.get(turn.language, ())]
        return Grammar(turn.language, tuple(phrases)) if phrases else None

    def read_keys(self, turn: Turn, digits: str) -> Reading | None:
        for key, item, _ in self._offered(turn):
            if key == digits:
                return Reading(item, CHOSEN)
        page = self._page(turn)
        if digits == TURN_PAGE and len(self.pages) > 1:
            turn.phase = f"ask:{(page + 1) % len(self.pages)}"
            return Reading(None, PAGE)
        for option in self.pages[page]:
            if option.key == digits:
                return Reading(option.id, option.id)
        return None

    def read_speech(self, turn: Turn, phrase: str) -> Reading | None:
        for ordinal, (_, item, _) in zip(self.ordinals, self._offered(turn), strict=False):
            if phrase in map(tidy, ordinal.get(turn.language, ())):
                return Reading(item, CHOSEN)
        found = self.meanings.get(turn.language, {}).get(phrase)
        return Reading(found, found) if found else None

    def outcome_of(self, value: Any) -> str:
        return value if any(option.id == value for option in self.fixed) else CHOSEN

    def hint(self, turn: Turn, speech: bool) -> tuple[Text, ...]:
        texts = [option.announce for option in self.pages[self._page(turn)] if option.announce]
        return (*texts, self.more) if len(self.pages) > 1 else tuple(texts)

    def offers(self, turn: Turn) -> Iterator[tuple[Any, Text]]:
        for key, _, label in self._offered(turn):
            yield speak(label, "language", turn.language), self.announce_offer[key]

    def spoken(self, turn: Turn, reading: Reading) -> Any:
        for _, item, label in self._offered(turn):
            if item == reading.value:
                return speak(label, "language", turn.language)
        for option in self.fixed:
            if option.id == reading.value:
                return option.label.get(turn.language, option.id)
        return reading.value

    def texts(self) -> Iterator[tuple[str, Text]]:
        for option in self.fixed:
            if option.announce:
                yield f"option-{option.id}", option.announce
        for key, text in self.announce_offer.items():
            yield f"offered-{key}", text
        if len(self.pages) > 1:
            yield "more_options", self.more

    def reads(self) -> Iterator[Path]:
        if self.offer:
            yield self.offer.path

    def phrases(self) -> Iterator[tuple[str, str, str]]:
        for language, meanings in self.meanings.items():
            for phrase, option in meanings.items():
                yield language, phrase, option
        for number, ordinal in enumerate(self.ordinals, 1):
            for language, words in ordinal.items():
                for word in words:
                    yield language, tidy(word), f"ordinal_{number}"

    def key_choices(self) -> tuple[str, ...]:
        offered = OFFER_KEYS if self.offer else ""
        turns = TURN_PAGE if len(self.pages) > 1 else ""
        return tuple(dict.fromkeys((*(option.key for option in self.pages[0]), *offered, *turns)))


def _option(build: Builder, spec: Mapping[str, Any], index: int, paged: bool) -> Option:
    choice = spec["choices"][index]
    where = ("choices", str(index))
    key = choice.get("key")
    if paged:
        if key:
            build.mistake("a menu of several pages gives out its keys itself; leave `key` away", *where, "key")
        key = str(index % (MAX_OPTIONS_PER_PAGE - 1) + 1)
    elif key is None:
        taken = {other.get("key") for other in spec["choices"]}
        free = [k for k in "123456789" if k not in taken]
        before = sum(1 for other in spec["choices"][:index] if "key" not in other)
        key = free[before]
    label = choice.get("label") or {}
    words = build.words(choice["words"], *where, "words") if "words" in choice else {}
    build.text(label, *where, "label")
    return Option(
        id=str(choice.get("id")),
        key=key,
        label=label,
        words={language: words.get(language) or (label.get(language, ""),) for language in build.languages},
        announce=None
        if spec.get("hint") == "none"
        else _announce(build, "option", f"option-{choice.get('id')}", key, label),
    )


def _announce(build: Builder, phrase: str, part: str, key: str, label: Mapping[str, str] | None = None) -> Text:
    fixed = {"key": dict.fromkeys(build.languages, key)}
    if label is not None:
        fixed["label"] = dict(label)
    return build.phrase(phrase, part, **fixed)
