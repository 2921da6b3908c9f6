"""Divide by zero

Revision: f2, after f1. It fails after it has done something, which must be undone.
"""

from alembic import op

from ccat_ops_db.migrations.limits import set_limits

revision = "f2"
down_revision = "f1"
branch_labels = None
depends_on = None

kind = "data"
destroys = ()


def upgrade() -> None:
    """Change rows, then fail."""
    set_limits()
    op.execute("CREATE TABLE half_done (id int)")
    op.execute("SELECT 1 / (SELECT 0)")


def downgrade() -> None:
    """Do nothing: it was never done."""
    set_limits()
