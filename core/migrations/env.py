"""How Alembic runs here: one connection from the engine it is given, one transaction, one process at a time."""

from alembic import context
from sqlalchemy import text

from core.tables import Base

engine = context.config.attributes["engine"]
with engine.begin() as connection:
    # Held until the transaction ends, so that two processes that start together migrate one after the other.
    connection.execute(text("SELECT pg_advisory_xact_lock(7261)"))
    context.configure(connection=connection, target_metadata=Base.metadata)
    context.run_migrations()
