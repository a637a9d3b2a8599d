"""What tracing decides needs no database and no web."""

from __future__ import annotations

import subprocess
import sys

DECIDES = (
    *("tracing.rules.loading", "tracing.rules.risk", "tracing.rules.exposure", "tracing.rules.situation"),
    *("tracing.cases.status", "tracing.cases.generations"),
    *("tracing.followup.calendar", "tracing.followup.loss", "tracing.followup.quarantine", "tracing.followup.why"),
)
OUTSIDE = ("sqlalchemy", "psycopg", "flask", "redis", "rq", "requests", "twilio")


def test_what_tracing_decides_loads_no_database_and_no_web() -> None:
    code = f"import sys, {', '.join(DECIDES)}; print([name for name in {OUTSIDE!r} if name in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
