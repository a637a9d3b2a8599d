"""The schema: models and migrations say the same."""

import subprocess
import sys
from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from core.database import Database
from core.schema import upgrade
from core.tables import Base

ROOT = Path(__file__).parents[2]


def test_models_equal_migrations(database: Database) -> None:
    with database.engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), Base.metadata)
    assert differences == []


def test_upgrading_twice_changes_nothing(database: Database) -> None:
    upgrade(database.engine)


def test_names_are_found_without_diacritics(database: Database) -> None:
    with database.engine.connect() as connection:
        assert connection.execute(text("SELECT immutable_unaccent('Đỗ Thị Hường')")).scalar() == "Do Thi Huong"


def test_every_process_knows_the_tables_that_its_own_point_at() -> None:
    """A process of its own, which has imported nothing but what it is started with."""
    program = (
        "import traceline; from core.tables import Base; "
        "print(sum(len(table.foreign_keys) for table in Base.metadata.sorted_tables))"
    )
    ran = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.stderr == ""
    assert int(ran.stdout) > 0
