"""The headers of every page: nothing from elsewhere, nothing inline, nothing kept by caches in between."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Flask, Response, g, request

from admin.current import context
from admin.policy import access_of

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)


def allow_line(media: str = "") -> None:
    """This page holds a telephone: it may use the microphone, and connect to the media process: the one at the address
    `media`, if there are several."""
    g.line = media or context().settings.public_media_url


def use_headers(app: Flask, secure: bool) -> None:
    """`secure`: the console is reached by https."""

    @app.after_request
    def add(response: Response) -> Response:
        if request.endpoint and access_of(app, request.endpoint).webhook:
            return response
        headers = response.headers
        line = g.get("line", "")
        media = f"; connect-src 'self' {_origin(line)}" if line else ""
        headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY + media
        headers["X-Content-Type-Options"] = "nosniff"
        headers["Referrer-Policy"] = "same-origin"
        headers["Cross-Origin-Opener-Policy"] = "same-origin"
        headers["Cross-Origin-Resource-Policy"] = "same-origin"
        microphone = "(self)" if line else "()"
        headers["Permissions-Policy"] = f"camera=(), geolocation=(), microphone={microphone}"
        if request.endpoint != "static":
            headers["Cache-Control"] = "no-store"
        if secure:
            headers["Strict-Transport-Security"] = "max-age=31536000"
        return response


def _origin(address: str) -> str:
    media = urlsplit(address)
    return f"{media.scheme}://{media.netloc}"
