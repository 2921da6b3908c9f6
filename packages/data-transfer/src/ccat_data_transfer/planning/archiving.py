"""Stage 4, archiving: which archive of its site a package in a buffer goes into."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row, exists, insert, select, update
from sqlalchemy.orm import Session

from ccat_data_transfer.planning.onward import READABLE, lock_copy, mark_planned
from ccat_data_transfer.planning.topology import Place, Topology
from ccat_ops_db.enumerations import FailureClass, Status
from ccat_ops_db.identity import new_id
from ccat_ops_db.models import LongTermArchiveTransfer, PhysicalCopy


def plan_archiving(
    session: Session, topology: Topology, copy: Row[*tuple[Any, ...]], archives: list[Place]
) -> int:
    """Open the work of putting a package that lies in a buffer into an archive of the site."""
    archive = next((p for p in archives if p.obstacle(writing=True, size=copy.size) is None), archives[0])
    if _has_good_copy(session, copy.raw_data_package_id, archive.id):
        mark_planned(session, topology, copy)
        return 0
    work_id = _taken_up_again(session, copy, archive.id)
    if work_id is None:
        work_id = new_id()
        session.execute(
            insert(LongTermArchiveTransfer).values(
                id=work_id,
                site_id=archive.site_id,
                raw_data_package_id=copy.raw_data_package_id,
                source_copy_id=copy.id,
                destination_location_id=archive.id,
                created_at=topology.at,
                bytes_total=copy.size,
            )
        )
    lock_copy(session, copy.id, "long_term_archive_transfer", work_id, archive.site_id, topology.at)
    mark_planned(session, topology, copy)
    return 1


def _taken_up_again(session: Session, copy: Row[*tuple[Any, ...]], archive_id: str) -> UUID | None:
    """Return the work that is open already; what was given up for bad bytes reads the good copy now."""
    session.execute(
        update(LongTermArchiveTransfer)
        .where(
            LongTermArchiveTransfer.raw_data_package_id == copy.raw_data_package_id,
            LongTermArchiveTransfer.destination_location_id == archive_id,
            LongTermArchiveTransfer.status == Status.FAILED,
            LongTermArchiveTransfer.error_class == FailureClass.INTEGRITY,
        )
        .values(
            status=Status.PENDING,
            source_copy_id=copy.id,
            attempt=0,
            finished_at=None,
            waiting_reason=None,
            waiting_detail=None,
            waiting_since=None,
        )
        .execution_options(synchronize_session=False)
    )
    found: UUID | None = session.execute(
        select(LongTermArchiveTransfer.id).where(
            LongTermArchiveTransfer.raw_data_package_id == copy.raw_data_package_id,
            LongTermArchiveTransfer.destination_location_id == archive_id,
            LongTermArchiveTransfer.status != Status.COMPLETED,
        )
    ).scalar_one_or_none()
    return found


def _has_good_copy(session: Session, package_id: UUID, location_id: str) -> bool:
    good = select(PhysicalCopy.id).where(
        PhysicalCopy.raw_data_package_id == package_id,
        PhysicalCopy.data_location_id == location_id,
        PhysicalCopy.status.in_(READABLE),
    )
    return session.execute(select(exists(good))).scalar_one()
