"""Wait until somebody lets it go on

Revision: u4, after u3. It waits in the middle for a lock that a test holds, with work that is not committed.
"""

from alembic import op

from ccat_ops_db.migrations.limits import set_limits

revision = "u4"
down_revision = "u3"
branch_labels = None
depends_on = None

kind = "expand"
destroys = ()


def upgrade() -> None:
    """Make a table with one row, and wait before it is committed."""
    set_limits()
    op.execute("CREATE TABLE waited (id int PRIMARY KEY)")
    op.execute("INSERT INTO waited VALUES (1)")
    # Asked again and again: waiting for the lock itself would end with lock_timeout.
    op.execute(
        "DO $$ BEGIN WHILE NOT pg_try_advisory_xact_lock(4711) LOOP PERFORM pg_sleep(0.1); END LOOP; END $$"
    )


def downgrade() -> None:
    """Drop it."""
    set_limits()
    op.execute("DROP TABLE waited")
