"""SQL of staging jobs."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Float,
    Interval,
    String,
    case,
    cast,
    exists,
    func,
    insert,
    literal,
    null,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from ccat_ops_db.enumerations import ENDED_WITHOUT, LocationType, Status
from ccat_ops_db.models import (
    DataLocation,
    DiskDataLocation,
    ExecutedObsUnit,
    ObsUnit,
    RawDataFileView,
    RawDataPackage,
    RawDataSeries,
    StagingItem,
    StagingJob,
)
from ccat_ops_db.package_state import of_execution
from ccat_ops_db.staged_paths import staged_folder_expression
from ccat_ops_db_api.platform.documents import Rows, list_of_objects
from ccat_ops_db_api.platform.filters import chosen
from ccat_ops_db_api.staging_jobs.schemas import JobState

JOBS = StagingJob.__table__.c
DISKS = DiskDataLocation.__table__.c
SORT_KEYS: Mapping[str, ColumnElement[Any]] = {"created_at": JOBS.created_at, "id": JOBS.id}


class Wanted(NamedTuple):
    """A package, or a file of it, that a job needs."""

    package_id: UUID
    file_id: UUID | None
    bytes: int
    sealed: bool


def jobs() -> Rows:
    """Return staging jobs as they are shown."""
    items = _items()
    return (
        select(
            JOBS.id,
            JOBS.site_id.label("site"),
            JOBS.destination_location_id.label("destination_location"),
            JOBS.executed_obs_unit_id.label("execution_id"),
            JOBS.raw_data_package_id.label("package_id"),
            JOBS.raw_data_file_id.label("file_id"),
            _of_obs_unit(ObsUnit.id).label("obs_unit"),
            _of_obs_unit(ObsUnit.source_id).label("source"),
            _state().label("state"),
            JOBS.requested_by,
            JOBS.reason,
            JOBS.created_at,
            JOBS.pinned_until,
            JOBS.time_to_live,
            JOBS.cancelled_at,
            _sum(StagingItem.bytes_done).label("bytes_done"),
            _sum(StagingItem.bytes_total).label("bytes_total"),
            _rate().label("bytes_per_second"),
            _expected_at().label("expected_at"),
            _arrived(func.max).label("arrived_at"),
            _kept_until().label("kept_until"),
            _folder().label("folder"),
            items.label("items"),
        )
        .select_from(StagingJob.__table__)
        .outerjoin(DiskDataLocation.__table__, DISKS.id == JOBS.destination_location_id)
    )


def filtered(
    states: Sequence[JobState] | None,
    location: Sequence[str] | None,
    execution_id: UUID | None,
    user: str | None,
    times: tuple[datetime | None, datetime | None],
) -> Rows:
    """Return the jobs that a list asks for.

    Parameters
    ----------
    states, location, execution_id
        Of which it has one.
    user : str, optional
        Name of the user who asked, with whatever credential.
    times : tuple of datetime
        Asked for at the first time or later, and before the second.
    """
    rows = jobs().where(*chosen(JOBS.destination_location_id, location))
    if states:
        rows = rows.where(_state().in_([state.value for state in states]))
    if execution_id is not None:
        rows = rows.where(JOBS.executed_obs_unit_id == execution_id)
    if user is not None:
        # A credential's name stands behind the user's, in brackets.
        rows = rows.where(
            or_(JOBS.requested_by == user, JOBS.requested_by.startswith(f"{user} (", autoescape=True))
        )
    since, until = times
    if since is not None:
        rows = rows.where(JOBS.created_at >= since)
    if until is not None:
        rows = rows.where(JOBS.created_at < until)
    return rows


async def processing_site(session: AsyncSession, location: str) -> tuple[LocationType, str] | None:
    """Return type and site of a location in use, or None."""
    row = (
        await session.execute(
            select(DataLocation.location_type, DataLocation.site_id).where(
                DataLocation.id == location, DataLocation.retired_at.is_(None)
            )
        )
    ).one_or_none()
    return (row[0], row[1]) if row is not None else None


async def wanted_of_execution(session: AsyncSession, execution_id: UUID) -> tuple[bool, int, list[Wanted]]:
    """Return whether the execution is there, how many files are in no package yet, and its packages."""
    waiting = func.sum(RawDataSeries.filed_count - RawDataSeries.packaged_count)
    loose = select(cast(func.coalesce(waiting, 0), BigInteger)).where(
        RawDataSeries.executed_obs_unit_id == execution_id
    )
    known, unpackaged = (
        await session.execute(
            select(
                exists(select(ExecutedObsUnit.id).where(ExecutedObsUnit.id == execution_id)),
                loose.scalar_subquery(),
            )
        )
    ).one()
    rows = await session.execute(_packages().where(of_execution(execution_id)).order_by(RawDataPackage.id))
    return known, unpackaged, [Wanted(*row) for row in rows]


async def wanted_package(session: AsyncSession, package_id: UUID) -> Wanted | None:
    """Return a package, or None."""
    row = (await session.execute(_packages().where(RawDataPackage.id == package_id))).one_or_none()
    return Wanted(*row) if row is not None else None


async def wanted_file(session: AsyncSession, file_id: UUID) -> tuple[bool, Wanted | None]:
    """Return whether the file is there, and the package that it is in, if it is in one."""
    row = (
        await session.execute(
            select(
                RawDataFileView.raw_data_package_id,
                RawDataFileView.id,
                RawDataFileView.size,
                RawDataPackage.sealed_at.is_not(None),
            )
            .outerjoin(RawDataPackage, RawDataPackage.id == RawDataFileView.raw_data_package_id)
            .where(RawDataFileView.id == file_id)
        )
    ).one_or_none()
    if row is None or row[0] is None:
        return row is not None, None
    return True, Wanted(row[0], row[1], row[2], row[3])


async def insert_job(
    session: AsyncSession, values: Mapping[str, Any], items: Sequence[Mapping[str, Any]]
) -> bool:
    """Insert a job with its items; False if its id is there already."""
    inserted = (
        await session.execute(
            upsert(StagingJob)
            .values(**values)
            .on_conflict_do_nothing(index_elements=["id", "site_id"])
            .returning(StagingJob.id)
        )
    ).one_or_none()
    if inserted is None:
        return False
    if items:
        await session.execute(insert(StagingItem), [dict(item) for item in items])
    return True


async def locked(session: AsyncSession, job_id: UUID) -> StagingJob:
    """Return a job, held until the end of the transaction."""
    return (
        await session.execute(select(StagingJob).where(StagingJob.id == job_id).with_for_update())
    ).scalar_one()


async def open_items(session: AsyncSession, job_id: UUID) -> Sequence[StagingItem]:
    """Return the items of a job that can still be cancelled, held until the end of the transaction."""
    return (
        (
            await session.execute(
                select(StagingItem)
                .where(
                    StagingItem.staging_job_id == job_id,
                    StagingItem.status.not_in([Status.COMPLETED, *ENDED_WITHOUT]),
                )
                .order_by(StagingItem.id)
                .with_for_update()
            )
        )
        .scalars()
        .all()
    )


def _packages() -> Rows:
    return select(
        RawDataPackage.id, null(), RawDataPackage.payload_bytes, RawDataPackage.sealed_at.is_not(None)
    )


def _of_job(*columns: ColumnElement[Any]) -> Rows:
    return select(*columns).where(StagingItem.staging_job_id == JOBS.id).correlate(StagingJob.__table__)


def _folder() -> ColumnElement[Any]:
    """Return the folder below which staging puts the data of a job; null where the location is no disk."""
    package, file = aliased(RawDataPackage), aliased(RawDataFileView)
    of_file = select(file.raw_data_package_id).where(file.id == JOBS.raw_data_file_id).scalar_subquery()
    of_package = (
        select(staged_folder_expression(package))
        .where(package.id == func.coalesce(JOBS.raw_data_package_id, of_file))
        .correlate(StagingJob.__table__)
        .scalar_subquery()
    )
    below = func.coalesce(cast(JOBS.executed_obs_unit_id, String), of_package)
    return DISKS.path + "/" + below


def _of_obs_unit(column: Any) -> ColumnElement[Any]:
    """Return a fact of the obs unit whose data a job asks for: an execution's, a package's or a file's."""
    package, file = aliased(RawDataPackage), aliased(RawDataFileView)
    of_package = select(package.executed_obs_unit_id).where(package.id == JOBS.raw_data_package_id)
    of_file = select(file.executed_obs_unit_id).where(file.id == JOBS.raw_data_file_id)
    execution = func.coalesce(
        JOBS.executed_obs_unit_id,
        of_package.correlate(StagingJob.__table__).scalar_subquery(),
        of_file.correlate(StagingJob.__table__).scalar_subquery(),
    )
    return (
        select(column)
        .join(ExecutedObsUnit, ExecutedObsUnit.obs_unit_id == ObsUnit.id)
        .where(ExecutedObsUnit.id == execution)
        .correlate(StagingJob.__table__)
        .scalar_subquery()
    )


def _rate() -> ColumnElement[Any]:
    """Return the bytes a second of the items that are moving; null while none is."""
    seconds = func.extract("epoch", StagingItem.progressed_at - StagingItem.started_at)
    moving = (StagingItem.status == Status.IN_PROGRESS) & (seconds > 0) & (StagingItem.bytes_done > 0)
    rate = func.sum(cast(StagingItem.bytes_done, Float) / cast(seconds, Float)).filter(moving)
    return _of_job(rate).scalar_subquery()


def _expected_at() -> ColumnElement[Any]:
    """Return when all of a job will be there if it goes on as it does; null where that cannot be said."""
    left = func.sum(StagingItem.bytes_total - StagingItem.bytes_done)
    held_up = func.count().filter(
        StagingItem.status.in_(ENDED_WITHOUT)
        | (StagingItem.waiting_reason.is_not(None) & (StagingItem.status != Status.COMPLETED))
    )
    # Without a rate the sum is null, and so is the moment.
    moment = func.max(StagingItem.progressed_at) + _seconds(cast(left, Float) / _rate())
    running = (held_up == 0) & (func.count().filter(StagingItem.status != Status.COMPLETED) > 0)
    of_items = _of_job(case((running, moment))).scalar_subquery()
    return case((JOBS.cancelled_at.is_(None), of_items))


def _arrived(which: Any) -> ColumnElement[Any]:
    """Return when the first or the last item of a job arrived; null until all have."""
    missing = func.count().filter(StagingItem.status != Status.COMPLETED)
    return _of_job(case((missing == 0, which(StagingItem.finished_at)))).scalar_subquery()


def _kept_until() -> ColumnElement[Any]:
    """Return until when all of a job stays: the time of each item begins when it arrives."""
    first = _arrived(func.min)
    kept = func.greatest(JOBS.pinned_until, first + _seconds(JOBS.time_to_live))
    return case((first.is_not(None), kept))


def _seconds(count: ColumnElement[Any]) -> ColumnElement[Any]:
    return func.make_interval(0, 0, 0, 0, 0, 0, count, type_=Interval)


def _sum(column: Any) -> ColumnElement[int]:
    return func.coalesce(_of_job(func.sum(column)).scalar_subquery(), 0)


def _items() -> ColumnElement[Any]:
    item, package, file = aliased(StagingItem), aliased(RawDataPackage), aliased(RawDataFileView)
    return list_of_objects(
        select(
            item.id,
            item.raw_data_package_id.label("package_id"),
            item.raw_data_file_id.label("file_id"),
            package.instrument_module_id.label("module"),
            package.part_number,
            file.relative_path,
            item.status,
            item.bytes_done,
            item.bytes_total,
            item.waiting_reason,
            item.waiting_detail,
            item.error_message,
            item.finished_at,
        )
        .join(package, package.id == item.raw_data_package_id)
        .outerjoin(file, file.id == item.raw_data_file_id)
        .where(item.staging_job_id == JOBS.id)
        .order_by(package.instrument_module_id, package.part_number, item.id)
        .correlate(StagingJob.__table__)
    )


def _state() -> ColumnElement[str]:
    """Return the state of a job, which is that of its items."""
    unfinished = func.count().filter(StagingItem.status.not_in([Status.COMPLETED, *ENDED_WITHOUT]))
    completed = func.count().filter(StagingItem.status == Status.COMPLETED)
    failed = func.count().filter(StagingItem.status.in_(ENDED_WITHOUT))
    begun = func.count().filter(StagingItem.status == Status.IN_PROGRESS)
    of_items = _of_job(
        case(
            ((unfinished == 0) & (failed > 0), literal(JobState.FAILED.value)),
            (unfinished == 0, literal(JobState.COMPLETED.value)),
            (begun + completed > 0, literal(JobState.IN_PROGRESS.value)),
            else_=literal(JobState.PENDING.value),
        )
    ).scalar_subquery()
    return case((JOBS.cancelled_at.is_not(None), literal(JobState.CANCELLED.value)), else_=of_items)
