"""How full the file system of a location is, and how much of it is ours."""

from typing import Any

from sqlalchemy import ScalarSelect, Select, and_, func, select

from ccat_ops_db.enumerations import PhysicalCopyStatus
from ccat_ops_db.models import FileSystem, FileSystemUsage, PhysicalCopy, PlaceMarker


def measured(location: Any) -> Select[*tuple[Any, ...]]:
    """Return what was last measured of the file system that a location is on.

    Parameters
    ----------
    location : ColumnElement
        Key of the location. Nothing is known of one that was never adopted.
    """
    on_it = and_(PlaceMarker.file_system == FileSystem.key, PlaceMarker.site_id == FileSystem.site_id)
    return (
        select(
            FileSystem.id.label("file_system_id"),
            (FileSystem.total_bytes - FileSystem.free_bytes).label("used_bytes"),
            FileSystem.total_bytes,
            FileSystem.measured_at,
        )
        .join(PlaceMarker, on_it)
        .where(PlaceMarker.data_location_id == location, PlaceMarker.retired_at.is_(None))
    )


def measured_before(file_system: Any, before: Any) -> Select[*tuple[Any, ...]]:
    """Return what was measured of a file system some time ago: the last of it until then."""
    usage = FileSystemUsage
    return (
        select((usage.total_bytes - usage.free_bytes).label("used_bytes"), usage.measured_at)
        .where(usage.file_system_id == file_system, usage.measured_at <= before)
        .order_by(usage.measured_at.desc())
        .limit(1)
    )


def own_bytes(location: Any) -> ScalarSelect[int]:
    """Return the bytes of our copies at a location, with which its quota is compared."""
    return (
        select(func.coalesce(func.sum(PhysicalCopy.size), 0))
        .where(PhysicalCopy.data_location_id == location, PhysicalCopy.status != PhysicalCopyStatus.DELETED)
        .scalar_subquery()
    )
