"""Drop the notes of sites

Revision: u3, after u2.
"""

from alembic import op

from ccat_ops_db.migrations.limits import set_limits

revision = "u3"
down_revision = "u2"
branch_labels = None
depends_on = None

kind = "contract"
destroys = ("the column site.note",)


def upgrade() -> None:
    """Drop the column."""
    set_limits()
    op.execute("ALTER TABLE site DROP COLUMN note")


def downgrade() -> None:
    """Add it again, empty."""
    set_limits()
    op.execute("ALTER TABLE site ADD COLUMN note text")
