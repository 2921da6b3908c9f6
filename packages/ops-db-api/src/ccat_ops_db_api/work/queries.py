"""SQL of work."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from ccat_ops_db.copy_locks import free_copies, is_reserved
from ccat_ops_db.deletions import copies_of_deletion, deletion_has_begun, undelete
from ccat_ops_db.enumerations import (
    PhysicalCopyStatus,
    Status,
)
from ccat_ops_db.models import (
    Deletion,
    ExecutedObsUnit,
    PhysicalCopy,
    RawDataPackage,
    RawDataSeries,
)
from ccat_ops_db.reports.work_rows import reason_of
from ccat_ops_db_api.platform.documents import Rows
from ccat_ops_db_api.platform.filters import chosen
from ccat_ops_db_api.work.filters import WorkFilter
from ccat_ops_db_api.work.kinds import Kind
from ccat_ops_db_api.work.schemas import WorkSort

EXECUTIONS = ExecutedObsUnit.__table__.c

COMMON = (
    "status",
    "priority",
    "created_at",
    "attempt",
    "next_attempt_at",
    "started_at",
    "finished_at",
    "progressed_at",
    "lease_owner",
    "lease_expires_at",
    "bytes_done",
    "bytes_total",
    "error_class",
    "error_category",
    "error_message",
    "waiting_reason",
    "waiting_detail",
    "waiting_since",
)

MEASURED = (
    "progressed_at",
    "lease_owner",
    "lease_expires_at",
    "bytes_done",
    "bytes_total",
    "waiting_reason",
    "waiting_detail",
    "waiting_since",
)
"""What the engine writes while it works or waits: nobody decides by it, and no ETag tells of it."""


def work(kind: Kind) -> Rows:
    """Return work of a kind as it is shown."""
    model = kind.model
    return select(
        model.id,
        model.site_id.label("site"),
        *(getattr(model, name) for name in COMMON),
        *(column.label(label) for label, column in kind.columns.items()),
        *_names(kind),
    )


def _names(kind: Kind) -> list[ColumnElement[Any]]:
    """Return what people call the package of work; looked up for the rows of a page alone."""
    package = RawDataPackage.__table__.alias("named")
    series = RawDataSeries.__table__
    source = package.join(series, series.c.id == package.c.raw_data_series_id).join(
        ExecutedObsUnit.__table__, EXECUTIONS.id == series.c.executed_obs_unit_id
    )

    def found(column: ColumnElement[Any]) -> ColumnElement[Any]:
        of_package = select(column).select_from(source).where(package.c.id == kind.columns["package_id"])
        return of_package.correlate(kind.model).scalar_subquery()

    return [
        found(series.c.executed_obs_unit_id).label("execution_id"),
        found(EXECUTIONS.obs_unit_id).label("obs_unit"),
        found(EXECUTIONS.started_at).label("observed_at"),
        found(series.c.instrument_module_id).label("module"),
        found(package.c.part_number).label("part_number"),
    ]


def sort_keys(kind: Kind) -> Mapping[str, ColumnElement[Any]]:
    """Return what work of a kind may be sorted by."""
    columns = kind.model.__table__.c
    return {"created_at": columns.created_at, "finished_at": columns.finished_at, "id": columns.id}


def sorted_by(kind: Kind, rows: Rows, sort: WorkSort) -> Rows:
    """Return the rows that have the key of an order: only what has ended has a time of its end."""
    ended = sort in (WorkSort.FINISHED_AT, WorkSort.FINISHED_AT_DESCENDING)
    return rows.where(kind.model.finished_at.is_not(None)) if ended else rows


def filtered(kind: Kind, wanted: WorkFilter) -> Rows:
    """Return the work that a list asks for."""
    model = kind.model
    rows = work(kind).where(
        *chosen(model.status, wanted.status, wanted.status_not),
        *chosen(model.site_id, wanted.site),
        *chosen(model.error_category, wanted.error_category, wanted.error_category_not),
        *chosen(reason_of(model), wanted.reason, wanted.reason_not),
        *chosen(kind.columns["package_id"], wanted.package_id),
    )
    if wanted.reason:
        rows = rows.where(model.status != Status.COMPLETED)
    if wanted.location is not None:
        rows = rows.where(or_(*(kind.columns[label].in_(wanted.location) for label in kind.locations)))
    if wanted.route is not None and "route" in kind.columns:
        rows = rows.where(kind.columns["route"].in_(wanted.route))
    if wanted.job_id is not None and "job_id" in kind.columns:
        rows = rows.where(kind.columns["job_id"] == wanted.job_id)
    if wanted.since is not None:
        rows = rows.where(model.created_at >= wanted.since)
    if wanted.until is not None:
        rows = rows.where(model.created_at < wanted.until)
    return rows


async def locked(session: AsyncSession, kind: Kind, ids: Sequence[UUID]) -> Sequence[Any]:
    """Return rows of work, held until the end of the transaction, in the order of their keys.

    Copies are held before work is, everywhere: those that a deletion gives back if it is cancelled.
    """
    wanted = select(kind.model).where(kind.model.id.in_(ids)).order_by(kind.model.id)
    if kind.model is Deletion:
        copies = or_(*(_copies(deletion) for deletion in await session.scalars(wanted)))
        await session.execute(
            select(PhysicalCopy.id).where(copies).order_by(PhysicalCopy.id).with_for_update(key_share=True)
        )
    rows = await session.scalars(wanted.with_for_update().execution_options(populate_existing=True))
    return rows.all()


async def copy_status(session: AsyncSession, copy_id: UUID) -> PhysicalCopyStatus:
    """Return the status of a copy, held until the end of the transaction."""
    table = PhysicalCopy.__table__
    status: PhysicalCopyStatus = (
        await session.execute(select(table.c.status).where(table.c.id == copy_id).with_for_update(read=True))
    ).scalar_one()
    return status


async def unlock_copies(session: AsyncSession, work_id: UUID, now: datetime) -> None:
    """Forget that a row of work reads copies."""
    await session.execute(free_copies(work_id, now))


async def site_of_copy(session: AsyncSession, copy_id: UUID) -> str:
    """Return the site of a copy, which may be another one than that of the work."""
    table = PhysicalCopy.__table__.c
    return str((await session.execute(select(table.site_id).where(table.id == copy_id))).scalar_one())


async def reserved(session: AsyncSession, copy_id: UUID, work_id: UUID) -> bool:
    """Return whether a copy of another site is kept for a row of work."""
    return bool((await session.execute(is_reserved(copy_id, work_id))).scalar())


async def has_begun(session: AsyncSession, deletion: Deletion) -> bool:
    """Return whether bytes of it may be gone already, also in an attempt before this one."""
    return bool((await session.execute(deletion_has_begun(_copies(deletion)))).scalar())


async def give_back(session: AsyncSession, deletion: Deletion) -> None:
    """Give the copies of a cancelled deletion back the status that they had before it was scheduled."""
    await session.execute(undelete(_copies(deletion)))


def _copies(deletion: Deletion) -> ColumnElement[bool]:
    return copies_of_deletion(
        deletion.raw_data_package_id, deletion.data_location_id, deletion.kind, deletion.raw_data_file_id
    )
