"""The schema: models and migrations say the same."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from core.database import Database
from core.schema import upgrade
from core.tables import Base


def test_models_equal_migrations(database: Database) -> None:
    with database.engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), Base.metadata)
    assert differences == []


def test_upgrading_twice_changes_nothing(database: Database) -> None:
    upgrade(database.engine)


def test_names_are_found_without_diacritics(database: Database) -> None:
    with database.engine.connect() as connection:
        assert connection.execute(text("SELECT immutable_unaccent('Đỗ Thị Hường')")).scalar() == "Do Thi Huong"
