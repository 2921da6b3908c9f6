"""Add notes to files and sites

Revision: u1, after the newest of the release.
"""

from alembic import op

from ccat_ops_db.migrations.limits import set_limits

revision = "u1"
down_revision = "0001"
branch_labels = None
depends_on = None

kind = "expand"
destroys = ()


def upgrade() -> None:
    """Add columns, an index and a table."""
    set_limits()
    op.execute("ALTER TABLE raw_data_file ADD COLUMN IF NOT EXISTS note text")
    op.execute("ALTER TABLE site ADD COLUMN IF NOT EXISTS note text")
    op.execute("CREATE TABLE IF NOT EXISTS observing_note (id bigint PRIMARY KEY, words text)")
    with op.get_context().autocommit_block():
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_raw_data_file_note")
        op.execute("CREATE INDEX CONCURRENTLY ix_raw_data_file_note ON raw_data_file (note)")


def downgrade() -> None:
    """Take them away."""
    set_limits()
    op.execute("DROP TABLE observing_note")
    op.execute("ALTER TABLE site DROP COLUMN note")
    op.execute("ALTER TABLE raw_data_file DROP COLUMN note")
