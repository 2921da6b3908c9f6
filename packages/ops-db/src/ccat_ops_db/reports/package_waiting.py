"""Why a package waits: the planner's reason at the first stage that is not done."""

from typing import Any

from sqlalchemy import Select, case, literal, select, union_all
from sqlalchemy.orm import aliased

from ccat_ops_db.enumerations import PhysicalCopyStatus, Status
from ccat_ops_db.models import (
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
        case((rows.c.status == Status.FAILED.value, rows.c.error_message), else_=rows.c.waiting_detail).label(
            "detail"
        ),
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
            literal(AFTER_ALL_WORK),
        )
        .where(
            copy.raw_data_package_id == package.id,
            copy.waiting_reason.is_not(None),
            copy.status != PhysicalCopyStatus.DELETED,
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
