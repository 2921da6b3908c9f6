"""Limits that every revision sets first, so that a migration cannot lock the database."""

from dataclasses import dataclass

from alembic import op

ADVISORY_LOCK = 0x0CCA7_0DB
"""Key of the PostgreSQL advisory lock that lets one migration run at a time."""

OPTION = "ccat_limits"
"""Under which Alembic's context holds the limits of this run."""


@dataclass(frozen=True)
class Limits:
    """How long a revision may wait for a lock, and a statement may take; in PostgreSQL's notation."""

    lock_timeout: str = "5s"
    statement_timeout: str = "15min"


def set_limits() -> None:
    """Bound how long the revision waits for a lock and how long a statement may take.

    Whoever runs the migration says how long: see `ccat_ops_db.schema.upgrade`.
    """
    limits: Limits = op.get_context().opts.get(OPTION) or Limits()
    op.execute(f"SET LOCAL lock_timeout = '{limits.lock_timeout}'")
    op.execute(f"SET LOCAL statement_timeout = '{limits.statement_timeout}'")
