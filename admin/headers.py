"""The headers of every page: nothing from elsewhere, nothing inline, nothing kept by caches in between."""

from __future__ import annotations

from flask import Flask, Response, request

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


def use_headers(app: Flask, secure: bool) -> None:
    """`secure`: the console is reached by https."""

    @app.after_request
    def add(response: Response) -> Response:
        if request.endpoint and access_of(app, request.endpoint).webhook:
            return response
        headers = response.headers
        headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
        headers["X-Content-Type-Options"] = "nosniff"
        headers["Referrer-Policy"] = "same-origin"
        headers["Cross-Origin-Opener-Policy"] = "same-origin"
        headers["Cross-Origin-Resource-Policy"] = "same-origin"
        headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()"
        if request.endpoint != "static":
            headers["Cache-Control"] = "no-store"
        if secure:
            headers["Strict-Transport-Security"] = "max-age=31536000"
        return response
