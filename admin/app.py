"""The Flask app of the console: one transaction per request, the policy before every view."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Flask, Response, abort, g, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFProtect

from admin import errors, formats, headers, icons, languages, navigation, policy
from admin.context import ConsoleContext
from admin.current import wants_fragment, wants_json
from admin.pages import ALL_PAGES
from admin.signing_in import signed_in_viewer
from core.encryption import current_ring
from core.errors import NotAllowed

# A list of 100,000 contacts takes about ten megabytes.
LARGEST_UPLOAD = 32 * 1024 * 1024


class Console(Flask):
    """Wraps every view in a unit of work that knows the viewer. Whatever the view raises rolls it back."""

    csrf: CSRFProtect

    def dispatch_request(self) -> ResponseReturnValue:
        endpoint = request.endpoint
        access = policy.access_of(self, endpoint) if endpoint else policy.Access(public=True)
        if access.webhook or endpoint == "static" or request.blueprint == "alive":
            return super().dispatch_request()
        context: ConsoleContext = self.extensions["traceline"]
        with context.database.unit() as uow:
            g.uow = uow
            # A page that refreshes itself says nothing of whether somebody sits in front of it.
            g.viewer = signed_in_viewer(uow, session.get("token", ""), touch=not wants_fragment())
            # Here and not before the request, so that a refusal speaks the viewer's language.
            self.csrf.protect()
            if _has_nul():
                abort(400)
            refusal = self._refuse(access)
            return super().dispatch_request() if refusal is None else refusal

    def _refuse(self, access: policy.Access) -> ResponseReturnValue | None:
        if access.public:
            return None
        if g.viewer is None:
            return _elsewhere(url_for("signing_in.login", next=_here()))
        if g.viewer.must_change_password and not access.before_password:
            return _elsewhere(url_for("signing_in.password"))
        if not g.viewer.may(*access.rights):
            raise NotAllowed("This page is not for your role.", "Ask the administrator if you need it.")
        return None


def create_app(context: ConsoleContext) -> Flask:
    """The console, with the carriers' webhooks beside it. Raises TracelineError when an endpoint is undeclared."""
    app = Console("admin", static_url_path="/static")
    secure = urlsplit(context.settings.public_url).scheme == "https"
    app.extensions["traceline"] = context
    app.config.update(
        SECRET_KEY=current_ring().encrypt("signs the cookie of the console"),
        SESSION_COOKIE_NAME="__Host-traceline" if secure else "traceline",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=secure,
        SEND_FILE_MAX_AGE_DEFAULT=31536000,
        MAX_CONTENT_LENGTH=LARGEST_UPLOAD,
        WTF_CSRF_CHECK_DEFAULT=False,  # `dispatch_request` checks
        WTF_CSRF_TIME_LIMIT=None,  # a page may stay open all day; the token ends with the session
        WEBHOOKS=frozenset(blueprint.name for blueprint in context.webhooks),
    )
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.autoescape = True
    app.csrf = CSRFProtect(app)
    languages.use_languages(app, context.settings.zone)
    for part in (formats, icons, navigation, errors):
        part.install(app)
    headers.use_headers(app, secure)
    for pages in ALL_PAGES:
        app.register_blueprint(pages)
    for webhook in context.webhooks:
        app.register_blueprint(webhook)
    policy.check_declarations(app)
    return app


def _has_nul() -> bool:
    """Whether a text of the request holds U+0000, which nobody types and PostgreSQL cannot keep."""
    return any("\0" in text for pair in request.values.items(multi=True) for text in pair)


def _here() -> str:
    """Where to return after the log-in: only a page, never the address of a form's post."""
    return request.full_path.rstrip("?") if request.method == "GET" and not wants_fragment() else ""


def _elsewhere(address: str) -> ResponseReturnValue:
    if wants_json():
        return {"error": "sign in first"}, 401
    if wants_fragment():
        return Response(status=401, headers={"HX-Redirect": address})
    return redirect(address)
