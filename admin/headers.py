"""The headers of every page: nothing from elsewhere, nothing inline, nothing kept by caches in between."""

from __future__ import annotations

import base64
import hashlib
from urllib.parse import urlsplit

from flask import Flask, Response, g, request

from admin.current import context, uow
from admin.policy import access_of
from ivr.lines.presence import line_addresses

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)


def allow_line() -> None:
    """This page holds a telephone: it may use the microphone, and connect to every media process that is alive."""
    g.media = {context().settings.public_media_url, *line_addresses(uow())}


def allow_style(style: str) -> None:
    """This page is a sheet that holds exactly this style, so that it can be kept and sent as it is."""
    g.style = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()


def use_headers(app: Flask, secure: bool) -> None:
    """`secure`: the console is reached by https."""

    @app.after_request
    def add(response: Response) -> Response:
        if request.endpoint and access_of(app, request.endpoint).webhook:
            return response
        headers = response.headers
        media = sorted(_origin(address) for address in g.get("media", ()))
        connect = f"; connect-src 'self' {' '.join(media)}" if media else ""
        # Its icon is an empty address of its own, so that no browser asks for one.
        style = f"; style-src 'self' 'sha256-{g.style}'; img-src 'self' data:" if "style" in g else ""
        headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY + connect + style
        headers["X-Content-Type-Options"] = "nosniff"
        headers["Referrer-Policy"] = "same-origin"
        headers["Cross-Origin-Opener-Policy"] = "same-origin"
        headers["Cross-Origin-Resource-Policy"] = "same-origin"
        microphone = "(self)" if media else "()"
        headers["Permissions-Policy"] = f"camera=(), geolocation=(), microphone={microphone}"
        if request.endpoint != "static":
            headers["Cache-Control"] = "no-store"
        if secure:
            headers["Strict-Transport-Security"] = "max-age=31536000"
        return response


def _origin(address: str) -> str:
    media = urlsplit(address)
    return f"{media.scheme}://{media.netloc}"
