"""Why a package waits: the planner's reason at the first stage that is not done."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, case, literal, select, union_all
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import aliased

from ccat_ops_db.enumerations import CopyKind, LocationType, PhysicalCopyStatus, Status
from ccat_ops_db.models import (
    DataLocation,
    DataTransfer,
    FixityCheck,
    LongTermArchiveTransfer,
    PackageCreation,
    PhysicalCopy,
    RawDataPackage,
)
from ccat_ops_db.reports.work_rows import reason_of, since_of, work_rows

ON_ITS_WAY = (PackageCreation, DataTransfer, FixityCheck, LongTermArchiveTransfer)
AFTER_ALL_WORK = 100
AFTER_ALL = 101
"""Copies at archives come last: they wait for nothing but a further archive."""


def package_waiting(package: type[RawDataPackage] = RawDataPackage) -> Select[Any]:
    """Return why a package does not go on, as a statement of at most one row for a lateral join.

    Parameters
    ----------
    package : type
        ``RawDataPackage`` or an alias of it, in the enclosing statement.

    Returns
    -------
    Select
        Columns ``subject_type``, ``subject_id``, ``reason``, ``detail``, ``since``; no row when
        nothing waits.
        Work on its way to the archive comes first, then what the planner says of its copies.
    """
    rows = work_rows(
        lambda kind, package_id: (package_id == package.id) & (kind.status != Status.COMPLETED),
        ON_ITS_WAY,
        correlate=package,
    ).subquery()
    work = select(
        rows.c.subject_type.label("subject_type"),
        rows.c.id.label("subject_id"),
        reason_of(rows.c).label("reason"),
        case(
            (rows.c.status.in_([Status.FAILED.value, Status.CANCELLED.value]), rows.c.error_message),
            else_=rows.c.waiting_detail,
        ).label("detail"),
        since_of(rows.c).label("since"),
        rows.c.stage.label("stage"),
    )
    copy = aliased(PhysicalCopy)
    copies = (
        select(
            literal("physical_copy"),
            copy.id,
            copy.waiting_reason,
            copy.waiting_detail,
            copy.waiting_since,
            case((copy.data_location_id.in_(_archives()), AFTER_ALL), else_=AFTER_ALL_WORK),
        )
        .where(
            copy.raw_data_package_id == package.id,
            copy.waiting_reason.is_not(None),
            copy.status != PhysicalCopyStatus.DELETED,
            # Files at their source wait for an archive, as their package does elsewhere.
            copy.data_location_id.not_in(_sources()),
        )
        .correlate(package)
    )
    everything = union_all(work, copies).subquery()
    columns = (everything.c[name] for name in ("subject_type", "subject_id", "reason", "detail", "since"))
    return (
        select(*columns)
        .where(everything.c.reason.is_not(None))
        .order_by(everything.c.stage, everything.c.since)
        .limit(1)
    )


def packages_waiting_for(reasons: Sequence[str]) -> Select[Any]:
    """Return the ids of the packages that wait for one of some reasons: those that `package_waiting` says.

    It costs what is open. What only copies at archives say is not looked for: they are many.
    """
    rows = work_rows(lambda kind, _: kind.status != Status.COMPLETED, ON_ITS_WAY).subquery()
    work = select(
        rows.c.package_id.label("package_id"),
        reason_of(rows.c).label("reason"),
        since_of(rows.c).label("since"),
        rows.c.stage.label("stage"),
    )
    copy = aliased(PhysicalCopy)
    copies = select(
        copy.raw_data_package_id, copy.waiting_reason, copy.waiting_since, literal(AFTER_ALL_WORK)
    ).where(
        copy.kind == CopyKind.RAW_DATA_PACKAGE,
        copy.waiting_reason.is_not(None),
        copy.status != PhysicalCopyStatus.DELETED,
        copy.data_location_id.not_in(_archives()),
        copy.data_location_id.not_in(_sources()),
    )
    everything = union_all(work, copies).subquery()
    first = (
        select(everything.c.package_id, everything.c.reason)
        .ext(distinct_on(everything.c.package_id))
        .order_by(everything.c.package_id, everything.c.stage, everything.c.since)
        .subquery()
    )
    return select(first.c.package_id).where(first.c.reason.in_(reasons))


def _sources() -> Select[Any]:
    location = aliased(DataLocation)
    return select(location.id).where(location.location_type == LocationType.SOURCE)


def _archives() -> Select[Any]:
    location = aliased(DataLocation)
    return select(location.id).where(location.location_type == LocationType.LONG_TERM_ARCHIVE)
