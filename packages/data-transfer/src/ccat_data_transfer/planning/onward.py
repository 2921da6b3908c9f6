"""What planning the way on from a buffer shares: locking the copy, marking it planned, letting it wait."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row, insert, update
from sqlalchemy.orm import Session

from ccat_data_transfer.planning.reasons import set_reason
from ccat_data_transfer.planning.topology import Obstacle, Topology
from ccat_ops_db.enumerations import PhysicalCopyStatus
from ccat_ops_db.identity import new_id
from ccat_ops_db.models import PhysicalCopy, PhysicalCopyLock

READABLE = (PhysicalCopyStatus.PRESENT, PhysicalCopyStatus.VERIFIED)
"""States in which a package's tar can be read."""


def lock_copy(session: Session, copy_id: UUID, work_table: str, work_id: UUID, site_id: str, at: Any) -> None:
    """Keep a copy from being deleted while work reads it; waits for a deletion that is being decided."""
    session.execute(
        insert(PhysicalCopyLock).values(
            id=new_id(),
            site_id=site_id,
            physical_copy_id=copy_id,
            work_table=work_table,
            work_id=work_id,
            created_at=at,
        )
    )


def mark_planned(session: Session, topology: Topology, copy: Row[*tuple[Any, ...]]) -> None:
    """Note that the way on of a copy is planned: the planner does not look at it again."""
    session.execute(
        update(PhysicalCopy)
        .where(PhysicalCopy.id == copy.id)
        .values(onward_planned_at=topology.at, waiting_reason=None, waiting_detail=None, waiting_since=None)
        .execution_options(synchronize_session=False)
    )


def wait(session: Session, topology: Topology, copy: Row[*tuple[Any, ...]], obstacle: Obstacle) -> None:
    """Note why a copy does not go on."""
    set_reason(
        session, PhysicalCopy, PhysicalCopy.id == copy.id, obstacle.reason, obstacle.detail, topology.at
    )
