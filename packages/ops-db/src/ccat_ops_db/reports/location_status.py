"""How full each location is and what is there."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    and_,
    case,
    cast,
    func,
    literal,
    select,
)
from sqlalchemy.orm import Session, aliased

from ccat_ops_db.enumerations import (
    CopyKind,
    DeletionMode,
    DeletionTrigger,
    LocationType,
    PhysicalCopyStatus,
)
from ccat_ops_db.models import (
    DataLocation,
    LocationUsage,
    PhysicalCopy,
    RetentionPolicy,
    Site,
)


@dataclass(frozen=True)
class LocationStatus:
    """How full a location is and what is there; sizes in bytes, watermarks in per cent."""

    id: str
    site: str
    location_type: LocationType
    used_bytes: int | None
    total_bytes: int | None
    measured_at: datetime | None
    watermark_low: float
    watermark_high: float
    packages: int
    package_bytes: int
    files: int
    file_bytes: int
    enabled: bool
    suspended: bool
    deletes: DeletionTrigger | None
    """When copies are deleted there; none: never."""


def location_statuses(session: Session) -> list[LocationStatus]:
    """Return the status of every location in use."""
    usage = aliased(LocationUsage)
    latest = (
        select(usage.used_bytes, usage.total_bytes, usage.measured_at)
        .where(usage.data_location_id == DataLocation.id)
        .order_by(usage.measured_at.desc())
        .limit(1)
        .correlate(DataLocation)
        .lateral()
    )
    here = (
        select(
            PhysicalCopy.data_location_id,
            *(
                column
                for kind in (CopyKind.RAW_DATA_PACKAGE, CopyKind.RAW_DATA_FILE)
                for column in (
                    func.count().filter(PhysicalCopy.kind == kind).label(f"{kind}s"),
                    func.sum(PhysicalCopy.size).filter(PhysicalCopy.kind == kind).label(f"{kind}_bytes"),
                )
            ),
        )
        .where(PhysicalCopy.status != PhysicalCopyStatus.DELETED)
        .group_by(PhysicalCopy.data_location_id)
        .subquery()
    )
    rows = session.execute(
        select(
            DataLocation.id,
            DataLocation.site_id,
            DataLocation.location_type,
            latest.c.used_bytes,
            latest.c.total_bytes,
            latest.c.measured_at,
            DataLocation.watermark_low,
            DataLocation.watermark_high,
            func.coalesce(here.c.raw_data_packages, 0),
            cast(func.coalesce(here.c.raw_data_package_bytes, 0), BigInteger),
            func.coalesce(here.c.raw_data_files, 0),
            cast(func.coalesce(here.c.raw_data_file_bytes, 0), BigInteger),
            DataLocation.enabled & Site.enabled,
            DataLocation.suspended_at.is_not(None) | Site.suspended_at.is_not(None),
            case((_deletes(), RetentionPolicy.trigger)),
        )
        .join(Site, Site.id == DataLocation.site_id)
        .outerjoin(RetentionPolicy, RetentionPolicy.id == DataLocation.retention_policy_id)
        .outerjoin(latest, literal(True))
        .outerjoin(here, here.c.data_location_id == DataLocation.id)
        .where(DataLocation.retired_at.is_(None))
        .order_by(DataLocation.site_id, DataLocation.id)
    )
    return [LocationStatus(*row) for row in rows]


def _deletes() -> ColumnElement[bool]:
    """Return whether anything is deleted at a location: never in an archive, nor where it is only said."""
    return and_(
        DataLocation.location_type != LocationType.LONG_TERM_ARCHIVE,
        DataLocation.deletion_mode == DeletionMode.ENABLED,
    )
