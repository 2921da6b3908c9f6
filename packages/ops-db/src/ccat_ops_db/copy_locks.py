"""Copies that work reads: a lock at the site of the copy, and a claim where the work is at another site."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Delete, Select, delete, exists, select, update

from ccat_ops_db.enumerations import ClaimOutcome
from ccat_ops_db.models import CopyClaim, PhysicalCopyLock

KEEPS_A_COPY = PhysicalCopyLock.outcome == ClaimOutcome.GRANTED
"""Whether a lock keeps its copy from being deleted: a refused claim does not."""


def free_copies(work_id: UUID, at: datetime) -> Delete:
    """Return the statement by which work ceases to read copies: those of its site, and what it claims.

    The lock that answered a claim is removed by the site of the copy.
    """
    released = (
        update(CopyClaim)
        .where(CopyClaim.work_id == work_id, CopyClaim.released_at.is_(None))
        .values(released_at=at)
        .cte("released")
    )
    own = PhysicalCopyLock.claim_id.is_(None)
    return delete(PhysicalCopyLock).where(PhysicalCopyLock.work_id == work_id, own).add_cte(released)


def is_reserved(copy_id: UUID, work_id: UUID) -> Select[tuple[bool]]:
    """Return the question whether a copy of another site is kept for work."""
    return select(
        exists().where(
            CopyClaim.physical_copy_id == copy_id,
            CopyClaim.work_id == work_id,
            CopyClaim.released_at.is_(None),
            PhysicalCopyLock.claim_id == CopyClaim.id,
            KEEPS_A_COPY,
        )
    )
