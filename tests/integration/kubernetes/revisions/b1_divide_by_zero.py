"""Divide by zero

Revision: b1, after u2. It fails after it has done something, which must be undone.
"""

from alembic import op

from ccat_ops_db.migrations.limits import set_limits

revision = "b1"
down_revision = "u2"
branch_labels = None
depends_on = None

kind = "data"
destroys = ()


def upgrade() -> None:
    """Make a table, then fail."""
    set_limits()
    op.execute("CREATE TABLE half_done (id int)")
    op.execute("SELECT 1 / (SELECT 0)")


def downgrade() -> None:
    """Do nothing: it was never done."""
    set_limits()
