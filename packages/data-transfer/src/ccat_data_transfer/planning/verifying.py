"""Stage 3, verifying: what arrived is registered and checked; what was found concludes the transfer."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, exists, insert, select, update
from sqlalchemy.orm import Session

from ccat_data_transfer.planning.onward import lock_copy
from ccat_data_transfer.planning.topology import Topology
from ccat_ops_db.enumerations import (
    CheckReason,
    CheckResult,
    FailureClass,
    PhysicalCopyStatus,
    Status,
    VerificationMethod,
)
from ccat_ops_db.identity import new_id
from ccat_ops_db.models import (
    DataLocation,
    DataTransfer,
    FixityCheck,
    PhysicalCopy,
    PhysicalCopyLock,
    RawDataPackage,
    RawDataPackagePhysicalCopy,
)


def receive_transfers(session: Session, topology: Topology) -> int:
    """Register what was sent to places of our sites and open its verification; return how many."""
    checked = exists().where(
        FixityCheck.data_transfer_id == DataTransfer.id, FixityCheck.created_at >= DataTransfer.sent_at
    )
    arrived = session.execute(
        select(
            DataTransfer.id,
            DataTransfer.raw_data_package_id,
            DataTransfer.destination_location_id,
            DataTransfer.priority,
            RawDataPackage.relative_path,
            RawDataPackage.size,
            DataLocation.site_id,
            DataLocation.verification_method,
        )
        .join(RawDataPackage, RawDataPackage.id == DataTransfer.raw_data_package_id)
        .join(DataLocation.__table__, DataLocation.__table__.c.id == DataTransfer.destination_location_id)
        .where(
            DataTransfer.sent_at.is_not(None),
            DataTransfer.status != Status.COMPLETED,
            DataLocation.__table__.c.site_id.in_(topology.sites),
            ~checked,
        )
    ).all()
    for row in arrived:
        copy_id = register_copy(
            session,
            row.raw_data_package_id,
            site_id=row.site_id,
            location_id=row.destination_location_id,
            relative_path=row.relative_path,
            size=row.size,
            at=topology.at,
        )
        open_check(
            session,
            copy_id,
            site_id=row.site_id,
            data_location_id=row.destination_location_id,
            reason=CheckReason.ARRIVAL,
            method=row.verification_method,
            priority=row.priority,
            size=row.size,
            at=topology.at,
            data_transfer_id=row.id,
        )
    return len(arrived)


def conclude_transfers(session: Session, topology: Topology) -> int:
    """Complete transfers whose arrival was verified, and send those again that arrived damaged."""
    results = session.execute(
        select(DataTransfer.id, DataTransfer.destination_location_id, FixityCheck.result)
        .join(FixityCheck, FixityCheck.data_transfer_id == DataTransfer.id)
        .where(
            DataTransfer.site_id.in_(topology.sites),
            DataTransfer.status == Status.PENDING,
            DataTransfer.sent_at.is_not(None),
            FixityCheck.created_at >= DataTransfer.sent_at,
            FixityCheck.status == Status.COMPLETED,
        )
    ).all()
    for row in results:
        mine = DataTransfer.id == row.id
        if row.result is CheckResult.VERIFIED:
            session.execute(
                update(DataTransfer)
                .where(mine)
                .values(
                    status=Status.COMPLETED,
                    finished_at=topology.at,
                    waiting_reason=None,
                    waiting_detail=None,
                    waiting_since=None,
                )
            )
            session.execute(delete(PhysicalCopyLock).where(PhysicalCopyLock.work_id == row.id))
        else:
            session.execute(
                update(DataTransfer)
                .where(mine)
                .values(
                    sent_at=None,
                    attempt=DataTransfer.attempt + 1,
                    error_class=FailureClass.INTEGRITY,
                    error_category=f"arrived_{row.result}",
                    error_message=f"the copy at {row.destination_location_id} was {row.result}; sent again",
                )
            )
    return len(results)


def register_copy(
    session: Session,
    package_id: UUID,
    *,
    site_id: str,
    location_id: str,
    relative_path: str,
    size: int,
    at: datetime,
) -> UUID:
    """Return the copy of a package at a location, made or made new again as ``present``."""
    living = session.execute(
        select(PhysicalCopy.id, PhysicalCopy.status)
        .where(
            PhysicalCopy.data_location_id == location_id,
            PhysicalCopy.relative_path == relative_path,
            PhysicalCopy.status != PhysicalCopyStatus.DELETED,
        )
        .with_for_update()
    ).one_or_none()
    if living is None:
        copy_id = new_id()
        session.add(
            RawDataPackagePhysicalCopy(
                id=copy_id,
                site_id=site_id,
                raw_data_package_id=package_id,
                data_location_id=location_id,
                relative_path=relative_path,
                status=PhysicalCopyStatus.PRESENT,
                size=size,
                created_at=at,
            )
        )
        session.flush()
        return copy_id
    existing: UUID = living.id
    if living.status in (PhysicalCopyStatus.CORRUPT, PhysicalCopyStatus.MISSING):
        session.execute(
            update(PhysicalCopy)
            .where(PhysicalCopy.id == living.id)
            .values(status=PhysicalCopyStatus.PRESENT, onward_planned_at=None)
            .execution_options(synchronize_session=False)
        )
    return existing


def open_check(
    session: Session,
    copy_id: UUID,
    *,
    site_id: str,
    data_location_id: str,
    reason: CheckReason,
    method: VerificationMethod,
    priority: int,
    size: int,
    at: datetime,
    data_transfer_id: UUID | None = None,
) -> None:
    """Open the verification of a copy and lock the copy for it."""
    check_id = new_id()
    session.execute(
        insert(FixityCheck).values(
            id=check_id,
            site_id=site_id,
            physical_copy_id=copy_id,
            data_location_id=data_location_id,
            data_transfer_id=data_transfer_id,
            reason=reason,
            method=method,
            priority=priority,
            created_at=at,
            bytes_total=size,
        )
    )
    lock_copy(session, copy_id, "fixity_check", check_id, site_id, at)
