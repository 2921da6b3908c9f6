"""How far the data of an execution is: filed, packaged, archived, removed at its source."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    String,
    Uuid,
    and_,
    case,
    cast,
    func,
    literal,
    not_,
    select,
)
from sqlalchemy.orm import Session

from ccat_ops_db.enumerations import ENDED_WITHOUT, ExecutionStatus, PackageState, PhysicalCopyStatus, Status
from ccat_ops_db.models import (
    ExecutedObsUnit,
    ExecutedObsUnitModule,
    PhysicalCopy,
    RawDataPackage,
    RawDataSeries,
)
from ccat_ops_db.package_state import (
    is_at_source,
    of_execution,
    package_state,
    trusted_archive_copies,
    wanted_archive_copies,
)
from ccat_ops_db.reports.needs_somebody import executions_that_need_somebody
from ccat_ops_db.reports.work_rows import work_rows

LONGEST_LIST = 100
"""Most waiting and failed things that a report lists, oldest first."""


@dataclass(frozen=True)
class Waiting:
    """Something that waits, and why."""

    subject_type: str
    subject_id: str
    reason: str
    detail: str | None
    since: datetime | None


@dataclass(frozen=True)
class Failed:
    """Work that was given up."""

    subject_type: str
    subject_id: str
    message: str | None


@dataclass(frozen=True)
class ExecutionProgress:
    """Progress of an execution's data.

    ``bytes`` is the sum of the sizes as filed. ``files_sealed``, ``files_archived`` and
    ``files_removed_at_source`` count the files of the packages that are. ``archives_reached`` is in how many
    archives every file is, ``archives_wanted`` in how many the policies of the sources want it; None while
    there is no package.
    """

    id: UUID
    status: ExecutionStatus
    files: int
    bytes: int
    files_packaged: int
    packages: int
    packages_sealed: int
    packages_archived: int
    packages_removed_at_source: int
    packages_failed: int
    files_sealed: int
    files_archived: int
    files_removed_at_source: int
    archives_reached: int
    archives_wanted: int | None
    archived: bool
    removed_at_source: bool
    needs_somebody: bool
    waiting: list[Waiting]
    failed: list[Failed]


def execution_progress(session: Session, execution_id: UUID) -> ExecutionProgress | None:
    """Return how far the data of an execution is, or None if there is no such execution.

    Returns
    -------
    ExecutionProgress or None
        ``archived``: the execution ended, every filed file is in a sealed package, every package is archived.
        ``removed_at_source``: it is archived and no copy of a file is left at its source. An
        execution that ended without files is both. ``needs_somebody``: something of it waits for a person.
    """
    status = session.scalar(select(ExecutedObsUnit.status).where(ExecutedObsUnit.id == execution_id))
    if status is None:
        return None
    files, size, packaged = session.execute(
        select(
            cast(func.coalesce(func.sum(RawDataSeries.filed_count), 0), BigInteger),
            cast(func.coalesce(func.sum(RawDataSeries.filed_bytes), 0), BigInteger),
            cast(func.coalesce(func.sum(RawDataSeries.packaged_count), 0), BigInteger),
        ).where(RawDataSeries.executed_obs_unit_id == execution_id)
    ).one()
    counts = session.execute(_package_counts(execution_id)).one()
    archived = (
        status is not ExecutionStatus.RUNNING
        and files == packaged
        and counts.packages == counts.sealed == counts.archived
    )
    return ExecutionProgress(
        id=execution_id,
        status=status,
        files=files,
        bytes=int(size),
        files_packaged=packaged,
        packages=counts.packages,
        packages_sealed=counts.sealed,
        packages_archived=counts.archived,
        packages_removed_at_source=counts.removed,
        packages_failed=counts.failed,
        files_sealed=int(counts.files_sealed),
        files_archived=int(counts.files_archived),
        files_removed_at_source=int(counts.files_removed),
        archives_reached=(counts.reached or 0) if files == packaged else 0,
        archives_wanted=counts.wanted,
        archived=archived,
        removed_at_source=archived and counts.removed == counts.packages,
        needs_somebody=bool(
            session.scalar(select(literal(execution_id, Uuid).in_(executions_that_need_somebody())))
        ),
        waiting=_waiting(session, execution_id),
        failed=_failed(session, execution_id),
    )


def removed_at_source(package: type[RawDataPackage] = RawDataPackage) -> ColumnElement[bool]:
    """Return whether no file of a package is left at its source, as an expression."""
    return not_(is_at_source(package))


def _package_counts(execution_id: UUID) -> Any:
    packages = (
        select(
            RawDataPackage.sealed_at,
            RawDataPackage.file_count,
            package_state().label("state"),
            trusted_archive_copies().label("reached"),
            wanted_archive_copies().label("wanted"),
            removed_at_source().label("removed"),
        )
        .where(of_execution(execution_id))
        .subquery()
    )

    def how_many(condition: ColumnElement[bool], each: ColumnElement[int] | int = 1) -> ColumnElement[int]:
        return func.coalesce(func.sum(case((condition, each), else_=0)), 0, type_=Integer)

    sealed = packages.c.sealed_at.is_not(None)
    archived = packages.c.state == PackageState.ARCHIVED.value

    return select(
        func.count().label("packages"),
        how_many(sealed).label("sealed"),
        how_many(archived).label("archived"),
        how_many(sealed, packages.c.file_count).label("files_sealed"),
        how_many(archived, packages.c.file_count).label("files_archived"),
        how_many(packages.c.removed, packages.c.file_count).label("files_removed"),
        func.min(packages.c.reached).label("reached"),
        func.max(packages.c.wanted).label("wanted"),
        how_many(packages.c.state == PackageState.FAILED.value).label("failed"),
        how_many(packages.c.removed).label("removed"),
    ).select_from(packages)


def _waiting(session: Session, execution_id: UUID) -> list[Waiting]:
    packages = _packages(execution_id)
    modules = select(
        literal("executed_obs_unit").label("subject_type"),
        cast(ExecutedObsUnitModule.executed_obs_unit_id, String).label("subject_id"),
        ExecutedObsUnitModule.waiting_reason.label("reason"),
        (
            ExecutedObsUnitModule.instrument_module_id
            + func.coalesce(literal(": ") + ExecutedObsUnitModule.waiting_detail, "")
        ).label("detail"),
        ExecutedObsUnitModule.waiting_since.label("since"),
    ).where(
        ExecutedObsUnitModule.executed_obs_unit_id == execution_id,
        ExecutedObsUnitModule.waiting_reason.is_not(None),
    )
    rows = work_rows(
        lambda kind, package: and_(
            package.in_(packages),
            kind.waiting_reason.is_not(None),
            kind.status.not_in([Status.COMPLETED, *ENDED_WITHOUT]),
        )
    ).subquery()
    work = select(
        rows.c.subject_type,
        cast(rows.c.id, String),
        rows.c.waiting_reason,
        rows.c.waiting_detail,
        rows.c.waiting_since,
    )
    copies = select(
        literal("physical_copy"),
        cast(PhysicalCopy.id, String),
        PhysicalCopy.waiting_reason,
        PhysicalCopy.waiting_detail,
        PhysicalCopy.waiting_since,
    ).where(
        PhysicalCopy.raw_data_package_id.in_(packages),
        PhysicalCopy.waiting_reason.is_not(None),
        PhysicalCopy.status != PhysicalCopyStatus.DELETED,
    )
    everything = modules.union_all(work, copies).subquery()
    found = session.execute(select(everything).order_by(everything.c.since).limit(LONGEST_LIST))
    return [Waiting(*row) for row in found]


def _failed(session: Session, execution_id: UUID) -> list[Failed]:
    packages = _packages(execution_id)
    rows = work_rows(
        lambda kind, package: and_(package.in_(packages), kind.status.in_(ENDED_WITHOUT))
    ).subquery()
    found = session.execute(
        select(rows.c.subject_type, cast(rows.c.id, String), rows.c.error_message)
        .order_by(rows.c.finished_at)
        .limit(LONGEST_LIST)
    )
    return [Failed(*row) for row in found]


def _packages(execution_id: UUID) -> Any:
    return select(RawDataPackage.id).where(of_execution(execution_id))
