"""What tests and pictures invent that workers find out: what copies are, and how full places are."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import select
from sqlalchemy.orm import Session

from ccat_ops_db.enumerations import Adoption, Finding, ReadingMethod, Status, StorageType
from ccat_ops_db.identity import new_id
from ccat_ops_db.models import Deletion, FileSystem, FileSystemUsage, PhysicalCopy, PlaceMarker, Verification

LONG_AFTER = datetime(2100, 1, 1, tzinfo=UTC)


def marker_at(session: Session, location_id: str, at: datetime) -> UUID:
    """Return the current marker of a location, which is adopted now if it was not before."""
    current = session.scalar(
        select(PlaceMarker.id).where(
            PlaceMarker.data_location_id == location_id, PlaceMarker.retired_at.is_(None)
        )
    )
    if current is not None:
        return current
    marker = PlaceMarker(
        site_id=location_id.partition(".")[0],
        data_location_id=location_id,
        identity="disk:1:1",
        file_system=f"invented:{location_id}",
        adopted_at=at,
        adopted_by="worker",
        how=Adoption.AUTOMATIC,
    )
    session.add(marker)
    session.flush()
    return marker.id


def measure_place(session: Session, location_id: str, at: datetime, used: int, total: int) -> None:
    """Say how full the file system of a location was; the newest of what is said is what is known of it."""
    key = session.get_one(PlaceMarker, marker_at(session, location_id, at)).file_system
    site_id = location_id.partition(".")[0]
    measured = {"measured_at": at, "total_bytes": total, "free_bytes": total - used}
    known = session.scalars(
        select(FileSystem).where(FileSystem.key == key, FileSystem.site_id == site_id)
    ).one_or_none()
    if known is None:
        known = FileSystem(
            id=new_id(), site_id=site_id, key=key, kind=StorageType.DISK, measured_by="worker", **measured
        )
        session.add(known)
    elif known.measured_at <= at:
        known.measured_at, known.total_bytes, known.free_bytes = at, total, total - used
    session.flush()
    session.merge(FileSystemUsage(file_system_id=known.id, **measured))
    session.flush()


def lease_deletion(session: Session, copy: PhysicalCopy, opened_at: datetime) -> Deletion:
    """Return a deletion of a package's copy, opened at a time, that a worker has in hand for long."""
    deletion = Deletion(
        site_id=copy.site_id,
        raw_data_package_id=copy.raw_data_package_id,
        data_location_id=copy.data_location_id,
        kind=copy.kind,
        requested_by="policy invented",
        reason="invented",
        grace_until=opened_at,
        created_at=opened_at,
        status=Status.IN_PROGRESS,
        lease_owner="worker",
        lease_expires_at=LONG_AFTER,
    )
    session.add(deletion)
    session.flush()
    return deletion


def proof_of(
    copy: PhysicalCopy, checksum: str | None, at: datetime, marker_id: UUID | None, **other: Any
) -> Verification:
    """Return the first finding of a copy: all its bytes were read and are right, or what `other` says."""
    facts: dict[str, Any] = {
        "id": uuid5(copy.id, "the first finding"),
        "site_id": copy.site_id,
        "physical_copy_id": copy.id,
        "number": 1,
        "work_table": "fixity_check",
        "work_id": uuid5(copy.id, "who read it first"),
        "fencing": 1,
        "reason": "arrival",
        "method": ReadingMethod.FULL_READ,
        "finding": Finding.RIGHT,
        "size_found": copy.size,
        "checksum_found": checksum,
        "identity": f"invented:{copy.id}",
        "place_marker_id": marker_id,
        "worker": "worker",
        "worker_clock": at,
        "begun_at": at - timedelta(seconds=1),
        "recorded_at": at,
        "proved_at": at,
        "bytes_read": copy.size,
        "duration_ms": 1000,
    }
    return Verification(**facts | other)


def prove_copy(session: Session, copy: PhysicalCopy, checksum: str | None, at: datetime) -> None:
    """Have a copy read and found right under the marker of its place."""
    session.add(proof_of(copy, checksum, at, marker_at(session, copy.data_location_id, at)))
    session.flush()
