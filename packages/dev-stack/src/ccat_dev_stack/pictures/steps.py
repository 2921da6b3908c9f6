"""The steps that a package takes: what is written of each, by the times between which it was done."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from ccat_data_transfer.planning.onward import lock_copy
from ccat_dev_stack.pictures.night import ARCHIVE, ARCHIVE_US, NOW, SECOND, Night, worker, xxh3
from ccat_dev_stack.pictures.observing import Part
from ccat_ops_db.enumerations import (
    CheckReason,
    CheckResult,
    PhysicalCopyStatus,
    Status,
)
from ccat_ops_db.models import FixityCheck, RawDataPackage, RawDataPackagePhysicalCopy
from ccat_ops_db.models.base import Work, snake_case


@dataclass(frozen=True)
class Span:
    """When a step is planned, begins and ends."""

    planned: datetime
    began: datetime
    ended: datetime


@dataclass(frozen=True)
class Package:
    """A package that is carried, and what of it is known so far."""

    id: UUID
    part: Part
    size: int
    sealed_at: datetime
    output_copy: UUID | None
    row: RawDataPackage

    @property
    def path(self) -> str:
        """Return the path of its tar at every location."""
        return self.row.relative_path


def step(night: Night, kind: type[Any], span: Span, size: int, location: str, /, **values: Any) -> Any:
    """Add work that is done, under way or still to begin, as its times say."""
    state: dict[str, Any] = {"site_id": location.partition(".")[0], "bytes_total": size}
    if span.ended <= NOW:
        state |= {
            "status": Status.COMPLETED,
            "started_at": span.began,
            "finished_at": span.ended,
            "progressed_at": span.ended,
            "bytes_done": size,
        }
    elif span.began <= NOW:
        state |= {
            "status": Status.IN_PROGRESS,
            "started_at": span.began,
            "lease_owner": worker(location),
            "lease_expires_at": NOW + 57 * SECOND,
            "fencing": 1,
            "progressed_at": NOW - SECOND,
            "bytes_done": int(size * ((NOW - span.began) / (span.ended - span.began))),
        }
    assert issubclass(kind, Work), f"{snake_case(kind.__name__)} is no work"
    return night.work(kind, span.planned, **(state | values))


def lock(night: Night, copy: UUID, work: Work, at: datetime) -> None:
    """Keep a copy from being deleted while work reads it."""
    table = snake_case(type(work).__name__)

    def do(session: Session) -> None:
        lock_copy(session, copy, table, work.id, at)

    night.afterwards(do)


def check(
    night: Night,
    package: Package,
    copy: UUID,
    location: str,
    span: Span,
    reason: CheckReason,
    **values: Any,
) -> bool:
    """Add a check of a copy that finds it right; return whether it is done."""
    is_done = span.ended <= NOW
    row = step(
        night,
        FixityCheck,
        span,
        package.size,
        location,
        physical_copy_id=copy,
        data_location_id=location,
        reason=reason,
        result=CheckResult.VERIFIED if is_done else None,
        checksum=xxh3(str(package.id)) if is_done else None,
        **values,
    )
    if not is_done:
        lock(night, copy, row, span.planned)
        return False
    action = "package.archived" if location in (ARCHIVE, ARCHIVE_US) else "copy.verified"
    text = f"verified at {location} by full read"
    night.tell(span.ended, worker(location), action, package.id, text, site=row.site_id)
    return True


def add_copy(
    night: Night,
    package: Package,
    location: str,
    at: datetime,
    verified: datetime | None = None,
    onward: datetime | None = None,
    *,
    copy: UUID | None = None,
    deleted: datetime | None = None,
) -> UUID:
    """Add a copy of a package; verified if that is done by now."""
    identifier = copy or night.new_id(at)
    is_verified = verified is not None and verified <= NOW
    status = PhysicalCopyStatus.VERIFIED if is_verified else PhysicalCopyStatus.PRESENT
    row = RawDataPackagePhysicalCopy(
        id=identifier,
        site_id=location.partition(".")[0],
        raw_data_package_id=package.id,
        data_location_id=location,
        relative_path=package.path,
        status=PhysicalCopyStatus.DELETED if deleted is not None else status,
        size=package.size,
        created_at=at,
        onward_planned_at=onward,
        deleted_at=deleted,
    )
    night.add_read_copy(row, xxh3(str(package.id)), verified if is_verified else None)
    night.stay(location, package.size, at, deleted)
    return identifier


def time_for(size: int, rate: float) -> timedelta:
    """Return how long something takes with so many bytes."""
    return 2 * SECOND + timedelta(seconds=size / rate)
