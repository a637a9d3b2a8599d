"""Scripts by revision: a call finishes on the revision it began with, also after the script has been changed (F1)."""

from __future__ import annotations

import orjson
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from core.database import UnitOfWork
from core.errors import TracelineError
from flows.catalogue import Library
from flows.engine.script import Script
from ivr.calls.model import ScriptRevision


class Revisions:
    """Compiled scripts by revision, kept in memory: a revision never changes, so a process compiles each once."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._compiled: dict[str, Script] = {}

    def publish(self, uow: UnitOfWork, script_id: str) -> Script:
        """The script's current revision, with its source stored for the calls that begin on it."""
        script = self._library.script(script_id)
        stored = select(ScriptRevision.revision).where(ScriptRevision.revision == script.revision)
        if uow.session.scalar(stored) is None:
            source = orjson.dumps(script.source).decode()
            uow.session.execute(
                insert(ScriptRevision)
                .values(revision=script.revision, script=script.id, source=source, created_at=uow.now())
                .on_conflict_do_nothing()
            )
        return self._compiled.setdefault(script.revision, script)

    def at(self, uow: UnitOfWork, revision: str) -> Script:
        """The script of a revision that some call began on."""
        script = self._compiled.get(revision)
        if script is None:
            source = uow.session.scalar(select(ScriptRevision.source).where(ScriptRevision.revision == revision))
            if source is None:
                raise TracelineError(f"The script revision {revision} is not stored.", "Restore it from a backup.")
            script = self._library.publish(orjson.loads(source))
            if script.revision != revision:
                raise TracelineError(
                    f"The stored source of revision {revision} makes {script.revision}.",
                    "Finish calls in progress before changing the script language.",
                )
            self._compiled[revision] = script
        return script
