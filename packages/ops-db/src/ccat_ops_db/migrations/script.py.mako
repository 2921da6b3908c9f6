"""${message}

Revision: ${up_revision}, after ${down_revision | comma,n}.
"""

import sqlalchemy as sa
from alembic import op
${imports if imports else ""}
from ccat_ops_db.migrations.limits import set_limits

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = ${repr(branch_labels)}
depends_on = ${repr(depends_on)}

kind = "expand"  # adds; "contract" takes away what only older releases use; "data" changes rows
destroys = ()  # what is gone for good, in words: "the column raw_data_file.note"


def upgrade() -> None:
    """Apply the revision."""
    set_limits()
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    """Take the revision back."""
    set_limits()
    ${downgrades if downgrades else "pass"}
