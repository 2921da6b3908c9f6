"""What is to happen with a package of which no work tells yet: archives to come, and removals."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import and_, select
from sqlalchemy.orm import Session, aliased

from ccat_ops_db.enumerations import (
    CopyKind,
    DeletionMode,
    DeletionTrigger,
    LocationType,
    Status,
)
from ccat_ops_db.evidence import READABLE
from ccat_ops_db.models import (
    DataLocation,
    Deletion,
    LongTermArchiveTransfer,
    PhysicalCopy,
    RawDataPackage,
    RetentionPolicy,
)
from ccat_ops_db.outages import of_locations
from ccat_ops_db.package_state import wanted_archive_copies
from ccat_ops_db.reports.words import duration, how_many


@dataclass(frozen=True)
class ToCome:
    """A step to come, and on what it depends."""

    title: str
    detail: str | None


def steps_to_come(session: Session, package_id: UUID) -> list[ToCome]:
    """Return what follows the work that is there: archives first, then removals."""
    return [*_archives(session, package_id), *_removals(session, package_id)]


def _archives(session: Session, package_id: UUID) -> Iterator[ToCome]:
    """Tell which archives are still to get a copy, beyond those that have one or to which work brings one."""
    wanted = session.execute(
        select(wanted_archive_copies()).where(RawDataPackage.id == package_id)
    ).scalar_one()
    served = select(PhysicalCopy.data_location_id).where(
        PhysicalCopy.raw_data_package_id == package_id, PhysicalCopy.status.in_(READABLE)
    )
    under_way = select(LongTermArchiveTransfer.destination_location_id).where(
        LongTermArchiveTransfer.raw_data_package_id == package_id,
        LongTermArchiveTransfer.status != Status.COMPLETED,
    )
    outage = of_locations()
    covered = DataLocation.id.in_(served) | DataLocation.id.in_(under_way)
    archives = session.execute(
        select(DataLocation.id, covered, DataLocation.suspended_at, outage.c.suspect_since)
        .outerjoin(outage, outage.c.data_location_id == DataLocation.id)
        .where(
            DataLocation.location_type == LocationType.LONG_TERM_ARCHIVE,
            DataLocation.retired_at.is_(None),
            DataLocation.enabled,
        )
        .order_by(DataLocation.priority.desc(), DataLocation.id)
    ).all()
    free = [archive for archive in archives if not archive[1]]
    missing = wanted - (len(archives) - len(free))
    if missing <= 0:
        return
    if len(free) > missing:
        names = [name for name, *_ in free]
        yield ToCome(f"To be archived at {how_many(missing, 'more archive')}", f"of {_listed(names)}")
        return
    for name, _, suspended_at, suspect_since in free:
        obstacle = "suspended" if suspended_at else "in doubt" if suspect_since else None
        yield ToCome(
            f"To be archived at {name}",
            f"{name} is {obstacle}: nothing is written there until that has ended" if obstacle else None,
        )


def _removals(session: Session, package_id: UUID) -> Iterator[ToCome]:
    """Tell where files and copies go once enough archives have verified copies."""
    rows = [
        *_leaving(session, _is_unsealed_source(package_id)),
        *_leaving(session, and_(_has_copy(package_id), DataLocation.location_type == LocationType.SOURCE)),
        *_leaving(session, and_(_has_copy(package_id), DataLocation.location_type == LocationType.BUFFER)),
    ]
    if not rows:
        return
    most = max(row.min_archive_copies for row in rows)
    grace = max(row.grace_period for row in rows)
    copies = "an archive has a verified copy" if most == 1 else f"{most} archives have verified copies"
    told = (
        f"{duration(timedelta(seconds=grace))} after {copies}; until then an operator can stop it"
        if grace
        else f"once {copies}"
    )
    yield ToCome(f"To be removed at {_listed([row.id for row in rows])}", told)


def _leaving(session: Session, condition: Any) -> Sequence[Any]:
    return session.execute(
        select(DataLocation.id, RetentionPolicy.min_archive_copies, RetentionPolicy.grace_period)
        .join(RetentionPolicy, RetentionPolicy.id == DataLocation.retention_policy_id)
        .where(
            condition,
            DataLocation.location_type.in_([LocationType.SOURCE, LocationType.BUFFER]),
            RetentionPolicy.trigger == DeletionTrigger.WHEN_ARCHIVED,
            DataLocation.deletion_mode == DeletionMode.ENABLED,
        )
        .order_by(DataLocation.id)
    ).all()


def _has_copy(package_id: UUID) -> Any:
    """Return whether a location has a copy of the package of which no deletion tells."""
    removed = select(Deletion.data_location_id).where(
        Deletion.raw_data_package_id == package_id, Deletion.kind == CopyKind.RAW_DATA_PACKAGE
    )
    return DataLocation.id.in_(
        select(PhysicalCopy.data_location_id).where(
            PhysicalCopy.raw_data_package_id == package_id,
            PhysicalCopy.status.in_(READABLE),
            PhysicalCopy.data_location_id.not_in(removed),
        )
    )


def _is_unsealed_source(package_id: UUID) -> Any:
    """Return whether a location is the source of the package, which is not sealed yet."""
    package = aliased(RawDataPackage)
    return DataLocation.id.in_(
        select(package.source_location_id).where(package.id == package_id, package.sealed_at.is_(None))
    )


def _listed(names: Sequence[str]) -> str:
    """Return names as they stand in a sentence."""
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else names[0]
