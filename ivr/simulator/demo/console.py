"""A supervisor at the console, as a program: logs in, uploads a list, starts a campaign, reads what came of it."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urljoin

import requests

from core.errors import TracelineError
from ivr.simulator.demo.patience import patient_session

_TOKEN = re.compile(r'<meta name="csrf-token" content="([^"]+)"')
_SECONDS = 30


class Console:
    """One browser session. Every method raises TracelineError when the console says no."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._session = patient_session()

    def log_in(self, login: str, first_password: str, new_password: str) -> None:
        """Log in for the first time, and replace the first password."""
        self._post("/login", {"login": login, "password": first_password})
        self._post("/password", {"old": first_password, "new": new_password, "again": new_password})

    def create_campaign(self, contacts: bytes, fields: dict[str, Any]) -> str:
        """Upload a list, and create and start a campaign for it; returns its id."""
        preview = self._post("/campaigns/new", {}, {"list": ("danh-sach-f1.csv", contacts, "text/csv")})
        created = self._post("/campaigns/create", {**fields, "token": preview.json()["token"], "start": "1"})
        return str(created.json()["id"])

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
        # Any page holds the token; this one is open before and after the log-in.
        page = self._session.get(urljoin(self.address, "/password"), timeout=_SECONDS)
        token = _TOKEN.search(page.text)
        if token is None:
            raise TracelineError("The console's page holds no form token.")
        answer = self._session.post(
            urljoin(self.address, path),
            data={**fields, "csrf_token": token[1]},
            files=files,
            headers={"Accept": "application/json", "Referer": self.address},
            timeout=120,
            allow_redirects=False,
        )
        if not answer.ok:
            said = re.sub(r"<[^>]+>|\s+", " ", answer.text)[:2000]
            raise TracelineError(f"The console answered {answer.status_code} to {path}: {said}")
        return answer
