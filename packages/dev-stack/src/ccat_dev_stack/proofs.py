"""Evidence of copies that tests and pictures invent: as if somebody had read them where they are."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import select
from sqlalchemy.orm import Session

from ccat_ops_db.enumerations import Adoption, Finding, ReadingMethod
from ccat_ops_db.models import PhysicalCopy, PlaceMarker, Verification


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
        file_system="invented",
        adopted_at=at,
        adopted_by="worker",
        how=Adoption.AUTOMATIC,
    )
    session.add(marker)
    session.flush()
    return marker.id


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
