"""Add a column

Revision: f1, after the newest of the release.
"""

from alembic import op

from ccat_ops_db import schema
from ccat_ops_db.migrations.limits import set_limits

revision = "f1"
down_revision = schema.head_revision()
branch_labels = None
depends_on = None

kind = "expand"
destroys = ()


def upgrade() -> None:
    """Add a column."""
    set_limits()
    op.execute("ALTER TABLE site ADD COLUMN colour text")


def downgrade() -> None:
    """Drop it."""
    set_limits()
    op.execute("ALTER TABLE site DROP COLUMN colour")
