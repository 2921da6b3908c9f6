"""What there is in all: found by scans, whose cost follows everything that there is."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ccat_ops_db.enumerations import CopyKind, PhysicalCopyStatus
from ccat_ops_db.models import PhysicalCopy, RawDataPackage

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
        .where(PhysicalCopy.status != PhysicalCopyStatus.DELETED)
        .group_by(PhysicalCopy.data_location_id)
    )
    return {location: Stored(*(int(figure) for figure in figures)) for location, *figures in rows}
