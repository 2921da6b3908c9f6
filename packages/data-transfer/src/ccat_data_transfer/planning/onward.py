"""What planning the way on from a buffer shares: locking the copy and marking it planned."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from ccat_data_transfer.planning.topology import Topology
from ccat_ops_db.enumerations import PhysicalCopyStatus
from ccat_ops_db.identity import new_id
from ccat_ops_db.models import PhysicalCopy, PhysicalCopyLock

READABLE = (PhysicalCopyStatus.PRESENT, PhysicalCopyStatus.VERIFIED)
"""States in which a package's tar can be read."""


class CopyNotReadableError(Exception):
    """The copy is being deleted, or is gone or bad: nothing may begin to read it."""


def lock_copy(
    session: Session, copy_id: UUID, work_table: str, work_id: UUID, site_id: str, at: datetime
) -> None:
    """Keep a copy from being deleted while work reads it; waits for a deletion that is being decided.

    Raises
    ------
    CopyNotReadableError
        If the copy cannot be read, for example because that deletion was decided.
    """
    # The deleting transaction holds the row for itself: after the wait PostgreSQL looks at the status anew.
    readable = session.execute(
        select(PhysicalCopy.id)
        .where(PhysicalCopy.id == copy_id, PhysicalCopy.status.in_(READABLE))
        .with_for_update(read=True, key_share=True)
    ).one_or_none()
    if readable is None:
        raise CopyNotReadableError(f"{work_table} {work_id} cannot read copy {copy_id}: it is not there")
    session.execute(
        insert(PhysicalCopyLock)
        .values(
            id=new_id(),
            site_id=site_id,
            physical_copy_id=copy_id,
            work_table=work_table,
            work_id=work_id,
            created_at=at,
        )
        .on_conflict_do_nothing(index_elements=["physical_copy_id", "work_id"])
    )


def mark_planned(session: Session, topology: Topology, copy: Row[*tuple[Any, ...]]) -> None:
    """Note that the way on of a copy is planned: the planner does not look at it again."""
    session.execute(
        update(PhysicalCopy)
        .where(PhysicalCopy.id == copy.id)
        .values(onward_planned_at=topology.at, waiting_reason=None, waiting_detail=None, waiting_since=None)
        .execution_options(synchronize_session=False)
    )
