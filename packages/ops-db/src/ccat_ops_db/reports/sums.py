"""What there is in all: found by scans, whose cost follows everything that there is."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, func, select, union_all
from sqlalchemy.orm import Session

from ccat_ops_db.enumerations import CopyKind, LocationType, PhysicalCopyStatus
from ccat_ops_db.models import DataLocation, PhysicalCopy, RawDataPackage, RawDataSeries
from ccat_ops_db.package_state import NOT_DELETED

LATELY = timedelta(minutes=10)
"""Packages that were formed in this time before the sums are not in them, but counted by each report."""


@dataclass(frozen=True)
class Stored:
    """What lies at a location; sizes in bytes."""

    packages: int = 0
    package_bytes: int = 0
    files: int = 0
    file_bytes: int = 0


@dataclass(frozen=True)
class Sums:
    """What lay at each location at some time, and how many packages were formed before ``formed_before``."""

    at: datetime
    stored: Mapping[str, Stored]
    formed: int
    formed_before: datetime


def load_sums(session: Session, at: datetime) -> Sums:
    """Count what lies where, and the packages; reports may use it for as long as they say how old it is.

    Parameters
    ----------
    session : Session
        Open session.
    at : datetime
        Now.
    """
    before = at - LATELY
    formed = session.scalar(
        select(func.count()).select_from(RawDataPackage).where(RawDataPackage.created_at < before)
    )
    return Sums(at, _stored(session), formed or 0, before)


def formed_until_now(session: Session, sums: Sums) -> int:
    """Return how many packages there are; only the latest are counted."""
    since = session.scalar(
        select(func.count())
        .select_from(RawDataPackage)
        .where(RawDataPackage.created_at >= sums.formed_before)
    )
    return sums.formed + (since or 0)


def _stored(session: Session) -> dict[str, Stored]:
    rows = session.execute(
        select(
            PhysicalCopy.data_location_id,
            *(
                column
                for kind in (CopyKind.RAW_DATA_PACKAGE, CopyKind.RAW_DATA_FILE)
                for column in (
                    func.count().filter(PhysicalCopy.kind == kind),
                    func.coalesce(func.sum(PhysicalCopy.size).filter(PhysicalCopy.kind == kind), 0),
                )
            ),
        )
        .where(
            PhysicalCopy.status != PhysicalCopyStatus.DELETED,
            PhysicalCopy.data_location_id.not_in(_sources()),
        )
        .group_by(PhysicalCopy.data_location_id)
    )
    stored = {location: Stored(*(int(figure) for figure in figures)) for location, *figures in rows}
    for location, files, size in session.execute(_at_sources()):
        stored[location] = Stored(files=int(files), file_bytes=int(size))
    return stored


def _sources() -> Select[Any]:
    return select(DataLocation.id).where(DataLocation.location_type == LocationType.SOURCE)


def _at_sources() -> Select[Any]:
    """Return files and bytes at each source: in no package, in one that is not sealed, and still there."""
    series, package, copy = RawDataSeries, RawDataPackage, PhysicalCopy
    unpackaged = select(
        series.source_location_id.label("location"),
        (series.filed_count - series.packaged_count).label("files"),
        (series.filed_bytes - series.packaged_bytes).label("bytes"),
    ).where(series.filed_count > series.packaged_count)
    unsealed = (
        select(series.source_location_id, package.file_count, package.payload_bytes)
        .join(package, package.raw_data_series_id == series.id)
        .where(package.sealed_at.is_(None))
    )
    sealed = (
        select(copy.data_location_id, package.file_count, copy.size)
        .join(package, package.id == copy.raw_data_package_id)
        .where(
            copy.kind == CopyKind.RAW_DATA_PACKAGE,
            copy.data_location_id.in_(_sources()),
            copy.status.in_(NOT_DELETED),
        )
    )
    there = union_all(unpackaged, unsealed, sealed).subquery()
    return select(there.c.location, func.sum(there.c.files), func.sum(there.c.bytes)).group_by(
        there.c.location
    )
