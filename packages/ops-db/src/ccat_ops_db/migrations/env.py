"""How Alembic runs the migrations: under a lock, with limits on waiting, one transaction per revision."""

from typing import Any

from alembic import context
from sqlalchemy import text
from sqlalchemy.engine import Connection

from ccat_ops_db.migrations.limits import ADVISORY_LOCK, OPTION
from ccat_ops_db.models import Base


def run(connection: Connection) -> None:
    """Run the migrations on a connection to PostgreSQL (a SQLite file is created at once, never migrated)."""
    connection.execute(text(f"SELECT pg_advisory_lock({ADVISORY_LOCK})"))
    connection.commit()
    limits: dict[str, Any] = {OPTION: context.config.attributes.get("limits")}
    try:
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            transaction_per_migration=True,
            compare_type=True,
            **limits,
        )
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()
    finally:
        connection.rollback()
        connection.execute(text(f"SELECT pg_advisory_unlock({ADVISORY_LOCK})"))
        connection.commit()


if context.is_offline_mode():
    context.configure(
        dialect_name="postgresql",
        target_metadata=Base.metadata,
        literal_binds=True,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()
else:
    run(context.config.attributes["connection"])
