"""The telephone in the browser: a call is opened here, its sound goes to the media process, and it is read along."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, abort, render_template, request, session
from flask.typing import ResponseReturnValue

from admin.conversation import conversation
from admin.current import audit, context, uow, viewer, zone
from admin.days import today
from admin.headers import allow_line
from admin.policy import needs
from core.errors import UserError
from core.rights import Right
from flows.engine.script import Script
from ivr.calls.log import read_log
from ivr.calls.model import Call
from ivr.carriers.browser.telephone import MADE_UP, BrowserTelephone, MadeUpPerson

pages = Blueprint("telephone", __name__)

KEYS = (
    *(("1", ""), ("2", "ABC"), ("3", "DEF"), ("4", "GHI"), ("5", "JKL"), ("6", "MNO")),
    *(("7", "PQRS"), ("8", "TUV"), ("9", "WXYZ"), ("*", ""), ("0", ""), ("#", "")),
)
_REMEMBERED = 5
_OLDEST = 1900
_LONGEST_NAME = 100


@pages.get("/telephone")
@needs(Right.TELEPHONE_USE)
def telephone() -> ResponseReturnValue:
    allow_line()
    return render_template(
        "telephone.html",
        telephone=_telephone(),
        scripts=_scripts(),
        person=MADE_UP,
        keys=KEYS,
        this_year=_this_year(),
    )


@pages.post("/telephone/call")
@needs(Right.TELEPHONE_USE)
def call() -> ResponseReturnValue:
    """Open a call; its ticket lets one line carry its sound."""
    form = request.form
    script = next((script for script in _scripts() if script.id == form.get("script")), None)
    if script is None:
        raise UserError("There is no such script.", "Choose one of the list.")
    opened = _telephone().open(uow(), script, form.get("language", ""), _person(script), viewer().area)
    session["telephone"] = [*session.get("telephone", ()), str(opened.id)][-_REMEMBERED:]
    audit("telephone.call", f"call:{opened.id}", {"script": script.id})
    return {"call": str(opened.id), **_telephone().ticket(uow(), opened)}, 201


@pages.post("/telephone/ticket")
@needs(Right.TELEPHONE_USE)
def ticket() -> ResponseReturnValue:
    """Another ticket, for a line that was lost."""
    own = _own(request.form.get("call", type=UUID))
    if own is None or own.ended_at is not None:
        abort(404)
    return _telephone().ticket(uow(), own)


@pages.get("/telephone/talk")
@needs(Right.TELEPHONE_USE)
def talk() -> ResponseReturnValue:
    """What was said so far in a call of this browser. Whoever made it has heard it: that needs no further right."""
    own = _own(request.args.get("call", type=UUID))
    turns = conversation(read_log(uow(), own.id)) if own else []
    form = context().library.script(own.script).record if own else None
    return render_template("talk.html", turns=turns, form=form)


def _telephone() -> BrowserTelephone:
    return context().telephone or abort(404)


def _scripts() -> list[Script]:
    """What can be tried: scripts that begin a call by themselves and fill a form."""
    return [script for script in context().library.scripts.values() if script.record is not None]


def _own(call_id: UUID | None) -> Call | None:
    """A call that was opened in this browser, by the signed cookie."""
    if call_id is None or str(call_id) not in session.get("telephone", ()):
        return None
    return uow().session.get(Call, call_id)


def _person(script: Script) -> MadeUpPerson:
    if script.direction != "outbound":
        return MadeUpPerson("", 0)
    name = request.form.get("name", "").strip()
    born = request.form.get("birth_year", type=int)
    if not name or len(name) > _LONGEST_NAME:
        raise UserError("Whoever is called needs a name.", "Any will do: nobody is called.")
    if born is None or not _OLDEST <= born <= _this_year():
        raise UserError("The year of birth cannot be right.", "Write it with four digits.")
    return MadeUpPerson(name, born)


def _this_year() -> int:
    return today(uow().now(), zone()).year
