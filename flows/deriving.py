"""What follows from the answers of a form: how high the risk is, whether a doctor should be asked.

A form says it once (`derived`), and whatever needs it asks here: the script during the call (`set: derived`), and a
correction of the record years later. Pure.

    derived_from: covid-symptoms       # the values of covid-symptoms/derived.yaml come first
    derived:
      risk: "values.symptoms_risk"
      flagged: "values.risk == 'high' || values.risk == 'red'"
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from core.errors import UserError
from flows.documents import Document
from flows.engine.script import Expression
from flows.expressions import ExpressionError, compile_expression
from flows.forms import Field, Form
from flows.mistakes import Mistake

DERIVED = "derived"
"""`set: derived` in a script: the values of its form, worked out now; those that are fields are saved."""

_ROOTS = ("answers", "values")


def read_derived(form: Form, document: Document, shared: Mapping[str, Document]) -> tuple[Form, list[Mistake]]:
    """The form with what its document derives, and every mistake in it. `shared` are documents of values that several
    forms begin with, by the folder they stand in."""
    mistakes: list[Mistake] = []
    found: dict[str, Expression] = {}
    source = document.data.get("derived_from")
    if source is not None and source not in shared:
        mistakes.append(document.mistake(f"there is no `{source}/derived.yaml`", "derived_from"))
    for part in (*([shared[source]] if source in shared else []), document):
        for name, text in (part.data.get(DERIVED) or {}).items():
            try:
                expression = compile_expression(text)
            except ExpressionError as error:
                mistakes.append(part.mistake(f"`{text}`: {error}", DERIVED, name))
                continue
            found[name] = expression
            mistakes += [
                part.mistake(f"`{'.'.join(path)}` is not known in the form `{form.id}`", DERIVED, name)
                for path in expression.needs
                if not _known(path, form.by_name, found)
            ]
    return replace(form, derived=found), mistakes


def work_out(form: Form, answers: Mapping[str, Any]) -> dict[str, Any]:
    """The derived fields of a form from its answers by name; what was not answered may be left out, or None.

    None for a field means that nobody can tell yet. Raises UserError when a value cannot be worked out from these
    answers (a text where a number should stand): a risk that is silently too low would be worse.
    """
    values: dict[str, Any] = {}
    for name, expression in form.derived.items():
        scope: dict[str, Any] = {root: {} for root in _ROOTS}
        for root, *rest in expression.needs:
            scope[root][rest[0]] = answers.get(rest[0]) if root == "answers" else values.get(rest[0])
        worked, values[name] = expression.evaluate(scope)
        if not worked:
            raise UserError(
                f"{name} cannot be worked out from these answers: {values[name]}.", "Correct the other answers first."
            )
    return {name: value for name, value in values.items() if name in form.by_name}


def is_worse(field: Field, new: Any, old: Any) -> bool:
    """Whether a derived value is worse than another: choices stand from the least to the worst, yes is worse than no,
    and anything is worse than None."""
    steps: list[Any] = [choice.value for choice in field.choices] or [False, True]
    order = [None, *steps]
    return new in order and old in order and order.index(new) > order.index(old)


def with_derived(document: Document, form: Form | None) -> Document:
    """A script in which `set: derived` is the form's values themselves, so that a revision of the script holds them."""
    steps = document.data.get("steps")
    if form is None or not form.derived or not isinstance(steps, Mapping):
        return document
    values = {name: expression.source for name, expression in form.derived.items()}
    filled = {"set": values, "save": [name for name in values if name in form.by_name]}
    written = {
        name: {**step, **filled} if isinstance(step, Mapping) and step.get("set") == DERIVED else step
        for name, step in steps.items()
    }
    return replace(document, data={**document.data, "steps": written})


def _known(path: tuple[str, ...], fields: Mapping[str, Field], values: Mapping[str, Expression]) -> bool:
    """A derived value reads answers to questions and values before it, never a field that is derived itself."""
    if len(path) != 2 or path[0] not in _ROOTS:
        return False
    return path[1] in (fields if path[0] == "answers" else values)
