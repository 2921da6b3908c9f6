"""Limits that every revision sets first, so that a migration cannot lock the database."""

from alembic import op

ADVISORY_LOCK = 0x0CCA7_0DB
"""Key of the PostgreSQL advisory lock that lets one migration run at a time."""


def set_limits(lock_timeout: str = "5s", statement_timeout: str = "15min") -> None:
    """Bound how long the revision waits for a lock and how long a statement may take."""
    op.execute(f"SET LOCAL lock_timeout = '{lock_timeout}'")
    op.execute(f"SET LOCAL statement_timeout = '{statement_timeout}'")
