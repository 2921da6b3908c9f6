"""Why a package waits: the planner's reason at the first stage that is not done."""

from typing import Any

from sqlalchemy import Select, case, func, literal, select, union_all
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
from ccat_ops_db.reports.work_rows import work_rows
from ccat_ops_db.waiting import WaitingReason

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
    reason = func.coalesce(
        case((rows.c.status == Status.FAILED.value, literal(WaitingReason.GIVEN_UP.value))),
        case((rows.c.status == Status.IN_PROGRESS.value, literal(WaitingReason.IN_PROGRESS.value))),
        rows.c.waiting_reason,
        case((rows.c.status == Status.SCHEDULED.value, literal(WaitingReason.DISPATCHED.value))),
    )
    work = select(
        rows.c.subject_type.label("subject_type"),
        rows.c.id.label("subject_id"),
        reason.label("reason"),
        case((rows.c.status == Status.FAILED.value, rows.c.error_message), else_=rows.c.waiting_detail).label(
            "detail"
        ),
        func.coalesce(rows.c.waiting_since, rows.c.finished_at, rows.c.started_at, rows.c.created_at).label(
            "since"
        ),
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
