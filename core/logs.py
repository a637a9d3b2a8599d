"""Logs: one line per event, `key=value`, on standard error. They hold ids; never names, numbers or answers."""

from __future__ import annotations

import logging

FORMAT = "%(asctime)s %(levelname)s %(process)d %(name)s %(message)s"
# Libraries that log what they were given (addresses with numbers in them) at their INFO level.
_QUIET = ("twilio", "urllib3", "websockets", "alembic", "rq", "apscheduler", "aiohttp.access")


def set_up_logs(level: int = logging.INFO) -> None:
    """Log to standard error; once per process."""
    logging.basicConfig(level=level, format=FORMAT)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
