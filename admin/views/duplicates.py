"""Perhaps duplicate people: pairs side by side, decided one by one. Health data: every read is audited."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from admin import people_labels
from admin.current import audit, uow, viewer
from admin.policy import needs
from admin.queries import duplicates as queries
from core.errors import UserError
from core.rights import Right
from tracing.people.merging import merge
from tracing.people.two_people import not_the_same, take_back_not_the_same

pages = Blueprint("duplicates", __name__)
RIGHTS = (Right.CASES_SEE, Right.LISTS_RUN)


@pages.get("/duplicates")
@needs(*RIGHTS)
def duplicates() -> ResponseReturnValue:
    """The next pair; `one` and `other` name a certain one, `person` one of the two, `after` what was put off."""
    one, other = request.args.get("one", type=UUID), request.args.get("other", type=UUID)
    if one is not None and other is not None:
        pair = queries.pair_of(uow(), viewer(), one, other)
        if pair is None:
            abort(404)
    else:
        after, person = request.args.get("after", ""), request.args.get("person", type=UUID)
        pair = queries.next_pair(uow(), viewer(), after, person)
    decided = queries.decided_lately(uow(), viewer())
    shown = [pair.one.person.id, pair.other.person.id] if pair is not None else []
    shown += [entry.id for row in decided for entry in (row.one, row.other)]
    audit("duplicates.list", detail={"people": [str(entry) for entry in shown]})
    return render_template(
        "duplicates.html",
        pair=pair,
        waiting=queries.count_pairs(uow(), viewer()),
        most=queries.MOST_COUNTED,
        decided=decided,
        people_words=people_labels,
    )


@pages.post("/duplicates/same")
@needs(*RIGHTS)
def same() -> ResponseReturnValue:
    """The two are one: the form says which entry is kept."""
    one, other = _two()
    kept = request.form.get("kept", type=UUID)
    if kept is None or kept not in (one, other):
        raise UserError("Nobody said which entry is to be kept.", "Choose one of the two.")
    pair = queries.pair_of(uow(), viewer(), one, other)
    if pair is None:
        raise UserError("Somebody decided about these two already.", "Look at the next pair.")
    merged = other if kept == one else one
    merge(uow(), kept, merged, by=viewer().id, why=[str(sign) for sign in pair.likeness.signs])
    audit("person.merge", f"person:{kept}", {"other": str(merged)})
    flash(gettext("The two are one person now. You can undo it below."))
    return _next()


@pages.post("/duplicates/two")
@needs(*RIGHTS)
def two() -> ResponseReturnValue:
    """They are two people, and are not asked about again."""
    one, other = _two()
    if queries.pair_of(uow(), viewer(), one, other) is None:
        raise UserError("Somebody decided about these two already.", "Look at the next pair.")
    not_the_same(uow(), one, other, by=viewer().id)
    audit("person.not_duplicate", f"person:{one}", {"other": str(other)})
    flash(gettext("They stay two people, and you will not be asked again."))
    return _next()


@pages.post("/duplicates/take-back")
@needs(*RIGHTS)
def take_back() -> ResponseReturnValue:
    """Somebody was wrong that they are two."""
    one, other = _two()
    if queries.pair_of(uow(), viewer(), one, other) is None:
        abort(404)
    take_back_not_the_same(uow(), one, other)
    audit("person.not_duplicate_taken_back", f"person:{one}", {"other": str(other)})
    return redirect(url_for("duplicates.duplicates", one=one, other=other))


def _two() -> tuple[UUID, UUID]:
    one, other = request.form.get("one", type=UUID), request.form.get("other", type=UUID)
    if one is None or other is None:
        raise UserError("Two people are needed.", "Go back to the list of duplicates.")
    return one, other


def _next() -> ResponseReturnValue:
    return redirect(url_for("duplicates.duplicates", after=request.form.get("after") or None))
