"""Fill the notes of sites

Revision: u2, after u1.
"""

from alembic import op

from ccat_ops_db.migrations.limits import set_limits

revision = "u2"
down_revision = "u1"
branch_labels = None
depends_on = None

kind = "data"
destroys = ()


def upgrade() -> None:
    """Note the name."""
    set_limits()
    op.execute("UPDATE site SET note = name WHERE note IS NULL")


def downgrade() -> None:
    """Note nothing."""
    set_limits()
    op.execute("UPDATE site SET note = NULL")
