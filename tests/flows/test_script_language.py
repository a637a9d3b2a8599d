"""Reading scripts: what is refused, and whether the author is told where and why."""

from __future__ import annotations

from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from core.errors import UserError
from flows.catalogue import LIBRARY, load_library
from flows.documents import parse_document, read_document
from flows.expressions import ExpressionError, compile_expression
from flows.load import load_script, schema
from flows.mistakes import ScriptError
from flows.templates import TemplateError, compile_text
from tests.flows.script_making import HEAD, TAIL, Telephone, compiled, question


def refused(steps: str, head: str = HEAD, **subscripts: str) -> str:
    with pytest.raises(ScriptError) as caught:
        compiled(steps, head, **subscripts)
    return str(caught.value)


@pytest.mark.capability("F1")
def test_the_published_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(schema())


@pytest.mark.capability("F1")
def test_every_mistake_is_told_at_once_with_its_line() -> None:
    with pytest.raises(ScriptError) as caught:
        compiled("""
  a: {ask: yes_no, say: {vi: "Hỏi {person.name", en: "Ask"}, save: x, on: {yes: nowhere, no: done}}
  b: {set: {x: "1 +"}, next: done}
  c: {ask: yes_no, say: {vi: "Hỏi"}, save: y, on: {yes: done}}
  d: {ask: yes_no, speak: 5}
  e: {jump: done}
""")
    told = [(mistake.where[1], mistake.rule) for mistake in caught.value.mistakes]
    assert ("a", "script") in told
    assert ("a", "missing_step") in told
    assert ("b", "script") in told
    assert ("c", "missing_language") in told
    assert ("c", "script") in told
    assert ("d", "schema") in told
    assert ("e", "schema") in told
    lines = {mistake.where[1]: mistake.line for mistake in caught.value.mistakes}
    assert lines["b"] == lines["a"] + 1
    assert isinstance(caught.value, UserError)


@pytest.mark.capability("F4")
def test_a_script_with_a_prompt_missing_in_one_language_is_refused() -> None:
    assert "has no text in `en`" in refused('  a: {say: {vi: "Chào."}, next: done}')
    assert "has no text in `en`" in refused(
        "  a: {ask: choice, say: {vi: a, en: b}, choices: [{id: x, label: {vi: x}}], next: done}"
    )


@pytest.mark.capability("F4")
def test_a_language_that_is_not_there_yet_is_listed_with_all_it_lacks() -> None:
    with pytest.raises(ScriptError) as caught:
        compiled(question("yes_no"), head=HEAD.replace("[vi, en]", "[vi, en, fr]"))
    lacking = {(Path(mistake.file).name, *mistake.where) for mistake in caught.value.mistakes}
    assert ("small", "steps", "q", "say") in lacking
    assert ("phrases.yaml", "phrases", "no_input") in lacking
    assert ("phrases.yaml", "words", "confirm_yes") in lacking


@pytest.mark.parametrize(
    ("steps", "told"),
    [
        ("  a: {say: {vi: a, en: b}, next: gone}", "there is no step `gone`"),
        ("  a: {ask: yes_no, say: {vi: a, en: b}, on: {yes: done}}", "the outcome `no` leads nowhere"),
        ("  a: {ask: yes_no, say: {vi: a, en: b}, on: {yes: done, no: done, maybe: done}}", "`maybe` is no outcome"),
        ("  a: {ask: yes_no, say: {vi: a, en: b}, next: done, implies: {maybe: {x: 1}}}", "`maybe` is no outcome"),
        (
            "  a: {ask: yes_no, say: {vi: a, en: b}, next: done, range: {min: 1}}",
            "`range` does not go with `ask: yes_no`",
        ),
        ("  a: {ask: choice, say: {vi: a, en: b}, next: done}", "needs `choices`"),
        ("  a: {ask: number, say: {vi: a, en: b}, range: {min: 5, max: 1}, next: done}", "holds nothing"),
        (
            "  a: {ask: digits, say: {vi: a, en: b}, digits: {min: 5, max: 1}, next: done}",
            "at least 5 digits but at most 1",
        ),
        ("  a: {ask: yes_no, next: done}", "`say` or `say_each`"),
        ("  a: {ask: guess, say: {vi: a, en: b}, next: done}", "'guess' is not one of"),
        ('  a: {set: {x: "1"}, save: [y], next: done}', "`y` is saved here but not set here"),
        ('  a: {branch: [{when: "foo == 1", to: done}], else: done}', "`foo` is not known"),
        ('  a: {branch: [{when: "foo(1) == 1", to: done}], else: done}', "the function `foo` does not exist"),
        ('  a: {branch: [{when: "has(answers.x)", to: done}], else: done}', "write `answers.x != null`"),
        ('  a: {branch: [{when: "!has( values.x.y )", to: done}], else: done}', "`has` is always true"),
        (
            '  a: {branch: [{when: "foo == 1", to: done}], else: done}',
            "known are answers, values, params, person, language, department, hotline, today",
        ),
        ("  a: {effect: call.opt_out}", "an effect needs `on` or `otherwise`"),
        ("  a: {call: elsewhere, next: done}", "there is no script `elsewhere`"),
        ("  a: {bridge: \"'phone:+84'\", on: {answered: done}}", "the outcome `busy` leads nowhere"),
        ("  a: {wait: 5}", "a step needs `ask`"),
        ("  A: {end: completed}", "does not match"),
        ('  a: {say: {vi: "{foo.bar}", en: b}, next: done}', "`{foo.bar}` is not known"),
        ('  a: {say: {vi: "{values.x|loud}", en: b}, next: done}', "after the bar stands one of"),
        ('  a: {say: {vi: "{values.x:>5}", en: b}, next: done}', "takes no format"),
        ('  a: {say: {vi: "{values..x}", en: b}, next: done}', "is no name of a value"),
    ],
)
def test_a_mistake_is_refused_with_a_sentence(steps: str, told: str) -> None:
    assert told in refused(steps)


@pytest.mark.capability("F12")
def test_a_key_used_twice_in_a_question_is_refused() -> None:
    choices = '[{id: x, key: "1", label: {vi: x, en: x}}, {id: y, key: "1", label: {vi: y, en: y}}]'
    assert "key 1 is used twice" in refused(
        f"  a: {{ask: choice, say: {{vi: a, en: b}}, choices: {choices}, next: done}}"
    )


def test_a_phrase_of_two_options_is_refused() -> None:
    choices = "[{id: x, label: {vi: Nhà, en: x}}, {id: y, label: {vi: nhà, en: y}}]"
    told = refused(f"  a: {{ask: choice, say: {{vi: a, en: b}}, choices: {choices}, next: done}}")
    assert "`nhà` (vi) means both x and y" in told


@pytest.mark.capability("F12")
def test_a_question_without_ways_out_for_silence_and_nonsense_is_refused() -> None:
    told = refused(question("yes_no"), head=HEAD.replace("ways_out: {no_input: silent, no_match: lost}", ""))
    assert "`no_input` has no way out" in told
    assert "`no_match` has no way out" in told


def test_a_way_out_that_is_no_step_is_refused_though_only_a_subscript_asks() -> None:
    """Otherwise the call would end in `trouble`, at the third silence of some caller."""
    sub = "id: sub\ntitle: {vi: a, en: a}\ndirection: subscript\nlanguages: [vi, en]\nsteps:\n"
    sub += "  x: {ask: yes_no, say: {vi: a, en: b}, next: back}\n  back: {return: ok}\n"
    told = refused("  a: {call: sub, next: done}", head=HEAD.replace("no_input: silent", "no_input: gone"), sub=sub)
    assert "ways_out/no_input: there is no step `gone`" in told
    assert told.count("there is no step") == 1
    told = refused("  a: {call: sub, next: done}", sub=f"{sub}ways_out: {{no_match: nowhere}}\n")
    assert "ways_out/no_match: there is no step `nowhere`" in told


def test_the_word_has_inside_a_text_is_no_function() -> None:
    compiled("  a: {branch: [{when: \"answers.x == 'has(x)'\", to: done}], else: done}")


def test_a_subscript_must_be_one_and_speak_the_languages() -> None:
    other = "id: other\ntitle: {vi: a}\ndirection: inbound\nlanguages: [vi]\nsteps:\n  x: {return: ok}\n"
    told = refused("  a: {call: other, next: done}", other=other)
    assert "`other` is no subscript" in told
    assert "does not speak `en`" in told


def test_yes_and_no_are_words_in_a_script_not_booleans() -> None:
    document = parse_document("on: {yes: a, no: b, off: c}\nsure: true\nday: 2026-01-01")
    assert document.data == {"on": {"yes": "a", "no": "b", "off": "c"}, "sure": True, "day": "2026-01-01"}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "is empty"),
        ("a: [1", "is not YAML"),
        ("a: 1\na: 2", "the key `a` is given twice"),
        ("1: a", "is not text; put it in quotes"),
        ("a: &x [*x]", "contains itself"),
        ("a: !!python/object:os.system {}", "is not YAML"),
        ("[a, b]", "is not of type 'object'"),
        ("just words", "is not of type 'object'"),
    ],
)
def test_what_is_no_script_is_refused_with_its_place(text: str, told: str) -> None:
    with pytest.raises(ScriptError) as caught:
        load_script(parse_document(text, "bad.yaml"), read_document(LIBRARY / "phrases.yaml"), {})
    assert told in str(caught.value)
    assert "bad.yaml:" in str(caught.value)


def test_a_library_tells_the_mistakes_of_all_its_files(tmp_path: Path) -> None:
    for name, text in (("one", "id: one"), ("two", "id: other"), ("three", "x: [")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "script.yaml").write_text(text)
    (tmp_path / "one" / "form.yaml").write_bytes(b"\xff\xfe")
    (tmp_path / "phrases.yaml").write_text((LIBRARY / "phrases.yaml").read_text())
    with pytest.raises(ScriptError) as caught:
        load_library(tmp_path)
    files = {mistake.file for mistake in caught.value.mistakes}
    assert files == {"one/script.yaml", "two/script.yaml", "three/script.yaml", "one/form.yaml"}


def test_a_script_may_only_save_into_fields_its_form_has(tmp_path: Path) -> None:
    (tmp_path / "phrases.yaml").write_text((LIBRARY / "phrases.yaml").read_text())
    (tmp_path / "small").mkdir()
    script = f"{HEAD}record: small\nsteps:\n{question('yes_no')}\n{TAIL}"
    (tmp_path / "small" / "script.yaml").write_text(script)
    form = "id: small\ntitle: {vi: a, en: a}\nfields:\n  - {name: other, type: yes_no, label: {vi: a, en: a}}\n"
    (tmp_path / "small" / "form.yaml").write_text(form)
    with pytest.raises(ScriptError, match="saves `answer`, which the form `small` does not have"):
        load_library(tmp_path)


@pytest.mark.capability("F1")
def test_the_revision_follows_the_content_and_not_the_writing() -> None:
    one = compiled(question("yes_no"))
    same = compiled("  # a remark\n" + question("yes_no"))
    other = compiled(question("yes_no", tries="2"))
    assert one.revision == same.revision
    assert one.revision != other.revision


@pytest.mark.capability("F1")
def test_the_revision_follows_the_subscripts_too() -> None:
    sub = "id: sub\ntitle: {vi: a, en: a}\ndirection: subscript\nlanguages: [vi, en]\nsteps:\n  x: {return: ok}\n"
    steps = "  a: {call: sub, next: done}"
    assert compiled(steps, sub=sub).revision != compiled(steps, sub=sub.replace("ok", "okay")).revision


def test_a_script_may_have_its_own_words_for_a_common_phrase() -> None:
    own = HEAD + "phrases: {no_input: {vi: 'Alô?', en: 'Hello?'}}"
    call = Telephone(compiled(question("yes_no"), head=own)).start().silence()
    assert call.said.startswith("Alô? Hỏi?")
    play = call.actions[0]
    assert play.prompt.segments[0].clip == "small/phrases/no_input/say/0"  # type: ignore[union-attr]


# --- expressions


@pytest.mark.parametrize(
    ("source", "scope", "value"),
    [
        ("answers.fever == true", {"answers": {"fever": True}}, True),
        ("answers.fever == true", {"answers": {"fever": None}}, False),
        ("[answers.a, answers.b].filter(x, x == true).size()", {"answers": {"a": True, "b": None}}, 1),
        ("values['a'] + 1", {"values": {"a": 1}}, 2),
        ("values.a.filter(x, x > 1)", {"values": {"a": [3, 1, 2]}}, [3, 2]),
        ("values['a'].map(x, x + 1)", {"values": {"a": [3, 1]}}, [4, 2]),
        ("'answers.x'", {}, "answers.x"),
    ],
)
def test_an_expression_gives_its_value(source: str, scope: dict[str, object], value: object) -> None:
    expression = compile_expression(source)
    assert {path[0] for path in expression.needs} == set(scope)
    assert expression.evaluate(scope) == (True, value)


@pytest.mark.parametrize(
    "source",
    ["1 / 0", "answers.a > 3", "values.x.y.z", "int('x')", "[1][5]", "b'raw'", "timestamp('2026-01-01T00:00:00Z')"],
)
def test_an_expression_that_cannot_be_worked_out_says_so_and_does_not_raise(source: str) -> None:
    worked, why = compile_expression(source).evaluate({"answers": {"a": None}, "values": {"x": None}})
    assert not worked
    assert isinstance(why, str)


@pytest.mark.capability("N2")
@pytest.mark.parametrize("source", ["values.x.map(n, n)", "values['x'].filter(n, n != 'a')", "values.map(n, n)"])
def test_names_are_not_gone_through_in_an_order_that_they_do_not_have(source: str) -> None:
    worked, why = compile_expression(source).evaluate({"values": {"x": {"a": 1, "b": 2, "c": 3}}})
    assert not worked
    assert "in any order" in why


@pytest.mark.parametrize(
    "source", ["{'a': 1, 'b': 2}.map(n, n)", "(true ? values.a : values.b).map(n, n)", "[[1]].exists(x, x.map(n, n))"]
)
def test_what_may_have_no_order_is_not_gone_through(source: str) -> None:
    with pytest.raises(ExpressionError, match="`map` follows a list"):
        compile_expression(source)


@pytest.mark.parametrize("source", ["1 +", "foo", "answer.x == 1", "system('ls')", ""])
def test_an_expression_that_is_none_is_refused(source: str) -> None:
    with pytest.raises(ExpressionError):
        compile_expression(source)


# --- texts


def test_a_text_is_cut_at_its_values() -> None:
    text = compile_text({"vi": "Chào {person.name}, {values.day|date}."}, "s/a/say", {}, False)
    pieces = [getattr(piece, "clip", None) or ".".join(piece.path) for piece in text.pieces["vi"]]  # type: ignore[union-attr]
    assert pieces == ["s/a/say/0", "person.name", "s/a/say/1", "values.day", "s/a/say/2"]


def test_doubled_braces_are_braces() -> None:
    assert compile_text({"vi": "{{a}}"}, "c", {}, False).fixed["vi"].text == "{a}"


@pytest.mark.parametrize("text", ["{", "}", "{}", "{0}", "{a!r}", "{os.system}", "{person.name[0]}x{"])
def test_braces_that_do_not_fit_are_refused(text: str) -> None:
    with pytest.raises(TemplateError):
        compile_text({"vi": text}, "c", {}, False)


def test_common_phrases_with_mistakes_are_refused() -> None:
    phrases = parse_document("phrases: {yes_no: 5}\nwords: {}\n", "phrases.yaml")
    script = parse_document(f"{HEAD}\nsteps:\n{question('yes_no')}\n{TAIL}", "small")
    with pytest.raises(ScriptError) as caught:
        load_script(script, phrases, {})
    assert [(mistake.file, mistake.line) for mistake in caught.value.mistakes] == [("phrases.yaml", 1)]
