"""How full each location is and what is there."""

from collections.abc import Mapping
from dataclasses import astuple, dataclass
from datetime import datetime

from sqlalchemy import (
    ColumnElement,
    and_,
    case,
    literal,
    select,
)
from sqlalchemy.orm import Session, aliased

from ccat_ops_db.enumerations import (
    DeletionMode,
    DeletionTrigger,
    LocationType,
)
from ccat_ops_db.models import (
    DataLocation,
    LocationUsage,
    RetentionPolicy,
    Site,
)
from ccat_ops_db.reports.sums import Stored


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


def location_statuses(session: Session, stored: Mapping[str, Stored]) -> list[LocationStatus]:
    """Return the status of every location in use, with what lies there."""
    usage = aliased(LocationUsage)
    latest = (
        select(usage.used_bytes, usage.total_bytes, usage.measured_at)
        .where(usage.data_location_id == DataLocation.id)
        .order_by(usage.measured_at.desc())
        .limit(1)
        .correlate(DataLocation)
        .lateral()
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
            DataLocation.enabled & Site.enabled,
            DataLocation.suspended_at.is_not(None) | Site.suspended_at.is_not(None),
            case((_deletes(), RetentionPolicy.trigger)),
        )
        .join(Site, Site.id == DataLocation.site_id)
        .outerjoin(RetentionPolicy, RetentionPolicy.id == DataLocation.retention_policy_id)
        .outerjoin(latest, literal(True))
        .where(DataLocation.retired_at.is_(None))
        .order_by(DataLocation.site_id, DataLocation.id)
    )
    nothing = Stored()
    return [LocationStatus(*facts[:8], *astuple(stored.get(facts[0], nothing)), *facts[8:]) for facts in rows]


def _deletes() -> ColumnElement[bool]:
    """Return whether anything is deleted at a location: never in an archive, nor where it is only said."""
    return and_(
        DataLocation.location_type != LocationType.LONG_TERM_ARCHIVE,
        DataLocation.deletion_mode == DeletionMode.ENABLED,
    )
