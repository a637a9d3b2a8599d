"""A session that asks again when a process is away for a moment: it may just have been started anew."""

from __future__ import annotations

import requests
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry


def patient_session() -> requests.Session:
    """Questions (GET) are repeated for up to half a minute; what changes something is asked once."""
    again = Retry(
        total=12, backoff_factor=0.2, backoff_max=4, status_forcelist=(500, 502, 503), allowed_methods={"GET"}
    )
    session = requests.Session()
    session.trust_env = False  # what we ask is on this machine: no proxy leads there
    session.mount("http://", HTTPAdapter(max_retries=again))
    return session
