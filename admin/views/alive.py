"""For load balancers and supervisors: whether the process lives, and whether it can serve. No details: public."""

from __future__ import annotations

import logging

from flask import Blueprint
from flask.typing import ResponseReturnValue
from redis.exceptions import RedisError
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from admin.current import context
from admin.policy import public

log = logging.getLogger(__name__)
pages = Blueprint("alive", __name__)


@pages.get("/healthz")
@public
def healthz() -> ResponseReturnValue:
    """The process answers."""
    return {"status": "ok"}


@pages.get("/readyz")
@public
def readyz() -> ResponseReturnValue:
    """PostgreSQL and Redis answer too."""
    try:
        with context().database.unit() as uow:
            uow.session.execute(text("SELECT 1"))
        context().redis.ping()
    except (SQLAlchemyError, RedisError) as error:
        log.error("event=not_ready error=%s", type(error).__name__)
        return {"status": "not ready"}, 503
    return {"status": "ok"}
