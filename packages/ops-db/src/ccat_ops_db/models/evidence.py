"""Evidence: what was seen of copies, in rows of whoever saw it."""

from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from ccat_ops_db.models.base import Base, Identified, Owned
from ccat_ops_db.models.statements import Statement


class Doubt(Statement, Base):
    """Says that a copy, of another site than the one that says so, was not found as it should be.

    At its own site a copy that is doubted is read at once; there nobody needs to say so.
    """

    physical_copy_id: Mapped[UUID] = mapped_column(doc="Copy, of whichever site.")
    work_table: Mapped[str] = mapped_column(doc="Table of the work that met it.")
    work_id: Mapped[UUID] = mapped_column(doc="Row of the work that met it.")
    __table_args__ = (
        Index(None, "physical_copy_id"),
        CheckConstraint("reason <> ''", name="reason_given"),
    )


class DoubtAnswer(Identified, Owned, Base):
    """Says what the site of a copy does about a doubt of it."""

    doubt_id: Mapped[UUID] = mapped_column(doc="Doubt, of whichever site.")
    fixity_check_id: Mapped[UUID | None] = mapped_column(
        doc="Reading of the copy that answers it; null: it is known to be bad, or is gone."
    )
    __table_args__ = (Index("uq_doubt_answer", "doubt_id", "site_id", unique=True),)
