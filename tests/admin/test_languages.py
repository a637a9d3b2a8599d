"""Vietnamese and English: every sentence of the console has both, errors of the packages below too."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir

from admin import labels
from admin.error_texts import CONTEXT, in_vietnamese
from admin.languages import catalogue
from flows.catalogue import Library
from flows.effects import EFFECTS
from ivr.calls.service import NO_SCRIPT
from ivr.campaigns.words import Disposition, Outcome
from tests.admin.conftest import Visitor
from tests.admin.province import Province

ROOT = Path(__file__).parents[2]
METHODS = [("**.py", "python"), ("templates/**.html", "jinja2")]
KEYWORDS = {"_": None, "gettext": None, "lazy_gettext": None}
# Whose errors people meet in the console.
SPEAKING = [
    *("core/login.py", "core/passwords.py", "core/users.py", "core/phones.py"),
    *("audio/bulk.py", "audio/quality.py", "audio/recordings.py", "audio/studio.py"),
    *("telehealth/appointments.py", "telehealth/hours.py", "telehealth/queue.py", "telehealth/registration.py"),
    *("telehealth/week.py", "telehealth/calling_back.py", "telehealth/consultations.py"),
    *("ivr/rehearsal/assumptions.py", "ivr/rehearsal/reading.py"),
    *(
        "tracing/lists/importing.py",
        "tracing/lists/service.py",
        "tracing/lists/sources.py",
        "tracing/people/locking.py",
        "tracing/people/matching.py",
        "tracing/people/merging.py",
        "tracing/people/two_people.py",
        "tracing/venues/places.py",
    ),
    "tracing/venues/taking.py",
    *("tracing/laboratory.py", "tracing/teams/assigning.py", "tracing/teams/service.py", "tracing/cases/editing.py"),
    *("tracing/followup/quarantining.py", "tracing/followup/visiting.py", "tracing/followup/doses.py"),
    *(
        str(path.relative_to(ROOT))
        for path in sorted((ROOT / "ivr/campaigns").glob("*.py"))
        if path.name != "commands.py"
    ),
    *(str(path.relative_to(ROOT)) for path in sorted((ROOT / "admin").rglob("*.py"))),
]


def written_sentences() -> set[str]:
    return {str(found[2]) for found in extract_from_dir(ROOT / "admin", method_map=METHODS, keywords=KEYWORDS)}


@pytest.mark.capability("C8")
def test_every_sentence_of_the_console_is_vietnamese_too() -> None:
    translated = {str(m.id): m for m in catalogue() if m.id and m.context is None}
    missing = {s for s in written_sentences() if s not in translated or not translated[s].string}
    assert missing == set()
    assert [m.id for m in translated.values() if m.fuzzy] == []


def test_the_catalogue_holds_nothing_that_is_no_longer_said() -> None:
    assert {str(m.id) for m in catalogue() if m.id and m.context is None} - written_sentences() == set()


def test_a_translation_speaks_the_same_values_as_its_sentence() -> None:
    from babel.messages.checkers import python_format

    for message in catalogue():
        if message.id and message.context != CONTEXT:
            python_format(catalogue(), message)


def errors_of(module: str) -> Iterator[tuple[str, str]]:
    """Every message and hint of a UserError or a refusal, with a sample in place of each value."""
    for node in ast.walk(ast.parse((ROOT / module).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("UserError", "NotAllowed", "_check"):
            for argument in node.args:
                text = sample(argument)
                if text is not None:
                    yield module, text


def sample(node: ast.expr) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(part.value if isinstance(part, ast.Constant) else "X1" for part in node.values)
    return None


@pytest.mark.capability("C8")
def test_every_error_a_person_can_cause_is_vietnamese_too() -> None:
    sentences = [error for module in SPEAKING for error in errors_of(module)]
    assert len(sentences) > 80
    assert [error for error in sentences if error[1] and not in_vietnamese(error[1])] == []


def test_values_inside_an_error_survive_the_translation() -> None:
    assert in_vietnamese("'0912' is not a phone number.") == "'0912' không phải là số điện thoại."


def test_a_visitor_switches_the_language_and_it_stays(province: Province, visitor: Callable[[str], Visitor]) -> None:
    son = visitor("son")
    assert "Records" in son.page("/records")
    response = son.post("/language", {"language": "vi", "next": "/records?flagged=1"})
    assert response.location == "/records?flagged=1"
    page = son.page("/records")
    assert "Hồ sơ" in page
    assert '<html lang="vi">' in page
    assert "Nguy cơ cao".lower() in page
    assert '<html lang="en">' in visitor("dung").page("/records")  # others keep theirs


def test_a_stranger_chooses_a_language_before_the_log_in(visitor: Callable[[str], Visitor]) -> None:
    stranger = visitor("")
    assert "Đăng nhập" in stranger.page("/login")  # the department's
    stranger.post("/language", {"language": "en"})
    assert "Sign in" in stranger.page("/login")


@pytest.mark.parametrize(
    "address", ["//evil.example", "https://evil.example", "/\\evil.example", "/\t/evil.example", ""]
)
def test_no_form_leads_to_another_site(visitor: Callable[[str], Visitor], address: str) -> None:
    assert visitor("son").post("/language", {"language": "vi", "next": address}).location == "/"


def test_how_calls_end_and_what_effects_did_have_words(script_library: Library) -> None:
    known = {f"{effect.name} → {outcome}" for effect in EFFECTS for outcome in effect.outcomes}
    handing_over = {f"{name} → {NO_SCRIPT}" for name in ("call.hand_over", "call.take_up", "tracing.begin_naming")}
    assert known | handing_over == labels.EFFECTS.keys()
    ends = {
        reason
        for document in script_library.documents.values()
        for reason in re.findall(r"'end': '(\w+)'", repr(document.data))
    }
    assert len(ends) > 5
    assert (ends | {"limit", "trouble"}) - labels.END_REASONS.keys() == set()
    reasons = {
        reason
        for document in script_library.documents.values()
        for reason in re.findall(r"'reason': \"'(\w+)'\"", repr(document.data))
    }
    assert reasons == labels.REASONS.keys()
    assert {str(word) for word in Outcome} == labels.OUTCOMES.keys()
    assert {str(word) for word in Disposition} == labels.DISPOSITIONS.keys()
