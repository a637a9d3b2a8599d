"""What a person sees when something is wrong: a calm page that says what to do."""

from __future__ import annotations

import logging

from flask import Flask, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, InternalServerError

from admin.current import wants_json
from admin.error_texts import translated
from core.errors import NotAllowed, TracelineError, UserError

log = logging.getLogger(__name__)


def install(app: Flask) -> None:
    app.register_error_handler(UserError, _user_error)
    app.register_error_handler(NotAllowed, _not_allowed)
    app.register_error_handler(CSRFError, _csrf_error)
    app.register_error_handler(HTTPException, _http_error)


def _answer(status: int, title: str, text: str = "") -> ResponseReturnValue:
    if wants_json():
        return {"error": title, "hint": text}, status
    return render_template("error.html", status=status, title=title, text=text), status


def _user_error(error: UserError) -> ResponseReturnValue:
    return _answer(400, *user_message(error))


def user_message(error: TracelineError) -> tuple[str, str]:
    """Message and hint in the viewer's language."""
    return translated(error.message), translated(error.hint)


def _not_allowed(error: NotAllowed) -> ResponseReturnValue:
    return _answer(403, *user_message(error))


def _csrf_error(error: CSRFError) -> ResponseReturnValue:
    text = gettext("You may have signed out in another window. Load the page again and repeat what you did.")
    return _answer(400, gettext("This form has expired."), text)


def _http_error(error: HTTPException) -> ResponseReturnValue:
    status = error.code or 500
    if status < 400:
        return error
    if isinstance(error, InternalServerError):
        log.error("page failed path_endpoint=%s", request.endpoint)
    title, text = _words(status)
    return _answer(status, title, text)


def _words(status: int) -> tuple[str, str]:
    if status == 404:
        return gettext("There is nothing here."), gettext("It may have been removed, or it lies outside your area.")
    if status == 405:
        return gettext("This address takes another kind of request."), gettext("Go back and use the button again.")
    if status == 413:
        return gettext("The file is too large."), gettext("Send at most 30 MB at once, if need be in several files.")
    if status >= 500:
        return gettext("Something went wrong on our side."), gettext("Nothing was changed. Try again in a moment.")
    return gettext("The request could not be understood."), gettext("Go back and try again.")
