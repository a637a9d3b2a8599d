"""A supervisor at the console, as a program: logs in, uploads a list, starts a campaign, reads what came of it."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urljoin

import requests

from core.errors import TracelineError

_TOKEN = re.compile(r'<meta name="csrf-token" content="([^"]+)"')
_ONE_TIME = re.compile(r'<code[^>]*id="password"[^>]*>([^<]+)</code>')
_CAMPAIGN = re.compile(r"/campaigns/([0-9a-f-]{36})")
_SECONDS = 30


class Console:
    """One browser session. Every method raises TracelineError when the console says no."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._session = requests.Session()

    def log_in(self, login: str, first_password: str, new_password: str) -> None:
        """Log in for the first time, and replace the first password."""
        self._post("/login", {"login": login, "password": first_password})
        fields = {"current": first_password, "new": new_password, "again": new_password}
        self._post("/password", fields)

    def add_user(self, login: str, name: str, roles: list[str]) -> str:
        """Add a user for the whole province; returns the one-time password."""
        page = self._post("/users", {"login": login, "name": name, "roles": roles, "area": "", "language": "vi"})
        return _found(_ONE_TIME, page.text, "the one-time password")

    def create_campaign(self, contacts: bytes, fields: dict[str, Any]) -> str:
        """Upload a list and create a campaign for it; returns its id."""
        page = self._post("/campaigns/new", fields, {"file": ("danh-sach-f1.csv", contacts, "text/csv")})
        return _found(_CAMPAIGN, page.url, "the new campaign")

    def start_campaign(self, campaign: str) -> None:
        self._post(f"/campaigns/{campaign}/start", {})

    def campaign(self, campaign: str) -> dict[str, Any]:
        return self._json(f"/campaigns/{campaign}")

    def records(self) -> list[dict[str, Any]]:
        """Every record, newest first."""
        found: list[dict[str, Any]] = []
        older: str | None = ""
        while older is not None:
            page = self._json("/records", before=older)
            found += page["records"]
            older = page["older"]
        return found

    def appointments(self) -> list[dict[str, Any]]:
        return list(self._json("/appointments")["appointments"])

    def queue(self) -> list[dict[str, Any]]:
        return list(self._json("/queue")["queue"])

    def _json(self, path: str, **query: str) -> dict[str, Any]:
        answer = self._session.get(
            urljoin(self.address, path), params=query, headers={"Accept": "application/json"}, timeout=_SECONDS
        )
        if not answer.ok:
            raise TracelineError(f"The console answered {answer.status_code} to {path}.")
        return dict(answer.json())

    def _post(self, path: str, fields: dict[str, Any], files: dict[str, Any] | None = None) -> requests.Response:
        page = self._session.get(urljoin(self.address, "/login"), timeout=_SECONDS)
        data = {**fields, "csrf_token": _found(_TOKEN, page.text, "the form's token")}
        answer = self._session.post(urljoin(self.address, path), data=data, files=files, timeout=120)
        if not answer.ok:
            said = re.sub(r"<[^>]+>|\s+", " ", answer.text)[:2000]
            raise TracelineError(f"The console answered {answer.status_code} to {path}: {said}")
        return answer


def _found(pattern: re.Pattern[str], text: str, what: str) -> str:
    match = pattern.search(text)
    if match is None:
        raise TracelineError(f"The console's page does not show {what}.")
    return match[1]
