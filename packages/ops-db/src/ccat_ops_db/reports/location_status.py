"""How full each location is and what is there."""

from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    and_,
    case,
    literal,
    select,
)
from sqlalchemy.orm import Session

from ccat_ops_db.enumerations import (
    DeletionMode,
    DeletionTrigger,
    LocationType,
)
from ccat_ops_db.file_systems import measured
from ccat_ops_db.models import (
    DataLocation,
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
    latest = measured(DataLocation.id).correlate(DataLocation).lateral()
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
            DataLocation.capacity_bytes,
        )
        .join(Site, Site.id == DataLocation.site_id)
        .outerjoin(RetentionPolicy, RetentionPolicy.id == DataLocation.retention_policy_id)
        .outerjoin(latest, literal(True))
        .where(DataLocation.retired_at.is_(None))
        .order_by(DataLocation.site_id, DataLocation.id)
    )
    return [_status(stored.get(facts[0], Stored()), capacity, *facts) for *facts, capacity in rows]


def _status(there: Stored, capacity: int | None, *facts: Any) -> LocationStatus:
    """Return a status that shows the quota instead of the file system, where that is used up more."""
    used, total, measured_at = facts[3:6]
    own = there.package_bytes + there.file_bytes
    if capacity is not None and (not total or own * total >= used * capacity):
        used, total = own, capacity
    shown: Sequence[Any] = (*facts[:3], used, total, measured_at, *facts[6:8], *astuple(there), *facts[8:])
    return LocationStatus(*shown)


def _deletes() -> ColumnElement[bool]:
    """Return whether anything is deleted at a location: never in an archive, nor where it is only said."""
    return and_(
        DataLocation.location_type != LocationType.LONG_TERM_ARCHIVE,
        DataLocation.deletion_mode == DeletionMode.ENABLED,
    )
