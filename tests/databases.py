"""A fresh database for each test, migrated and empty, under a name that no test before it has known.

To copy the migrated template takes a tenth of a second, more than most tests themselves. So a database whose tables are
as they were is emptied when its test ends, and renamed for the next one: a thread that a test has left behind finds
nothing under the old name, and fails for all to see.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from sqlalchemy import make_url

TEMPLATE = "template_traceline"
REUSED = 40
"""So often: what was deleted stays in the files until then."""

# What a test could have altered: the tables themselves, or what PostgreSQL believes of their contents.
_FORM = """
SELECT md5(string_agg(concat_ws(' ', relname, relnatts, relchecks, relhastriggers, reltuples), ',' ORDER BY relname))
FROM pg_class WHERE relnamespace = 'public'::regnamespace
"""
_EMPTY = """
DO $$
DECLARE written regclass;
BEGIN
  -- Neither keys to follow nor triggers that forbid deleting.
  SET LOCAL session_replication_role = replica;
  FOR written IN
    SELECT oid FROM pg_class
    WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> 'alembic_version'
      AND pg_relation_size(oid) > 0
  LOOP
    EXECUTE format('DELETE FROM %s', written);
  END LOOP;
  PERFORM setval(oid::regclass, 1, false) FROM pg_class WHERE relkind = 'S';
END $$
"""


class Databases:
    """Those of one PostgreSQL, at `url`. The template is made by whoever migrates it."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._numbers = itertools.count(1)
        self._idle: list[tuple[str, int]] = []
        self._admin = psycopg.connect(url, autocommit=True)
        self._form: str | None = None

    def close(self) -> None:
        self._admin.close()

    def create_template(self) -> str:
        """The address of an empty database that others will be copied from."""
        self._admin.execute(f"CREATE DATABASE {TEMPLATE}")
        return self._named(TEMPLATE)

    @contextmanager
    def fresh(self) -> Iterator[str]:
        """The address of a database for as long as the block lasts."""
        name, uses = f"test_{next(self._numbers)}", 1
        if self._idle:
            old, used = self._idle.pop()
            self._admin.execute(f"ALTER DATABASE {old} RENAME TO {name}")
            uses += used
        else:
            self._admin.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE} STRATEGY FILE_COPY")
        yield self._named(name)
        self._admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
        if uses < REUSED and self._emptied(name):
            self._idle.append((name, uses))
        else:
            self._admin.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def _emptied(self, name: str) -> bool:
        """Empty it; False if it is not what it was."""
        if self._form is None:
            with psycopg.connect(self._named(TEMPLATE), autocommit=True) as template:
                self._form = self._form_of(template)
        with psycopg.connect(self._named(name), autocommit=True) as connection:
            if self._form_of(connection) != self._form:
                return False
            connection.execute(_EMPTY)
        return True

    @staticmethod
    def _form_of(connection: psycopg.Connection) -> str:
        row = connection.execute(_FORM).fetchone()
        assert row is not None
        return str(row[0])

    def _named(self, name: str) -> str:
        return make_url(self._url).set(database=name).render_as_string(hide_password=False)
