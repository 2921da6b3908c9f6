"""SQL of packages."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Numeric,
    Text,
    case,
    cast,
    exists,
    func,
    literal_column,
    select,
    true,
    union_all,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from ccat_ops_db.enumerations import (
    ENDED_WITHOUT,
    LocationType,
    PackageState,
    PhysicalCopyStatus,
    StorageType,
)
from ccat_ops_db.evidence import READABLE, proved_at, trusted
from ccat_ops_db.models import (
    DataLocation,
    DataTransfer,
    ExecutedObsUnit,
    LongTermArchiveTransfer,
    ObsUnit,
    PackageCreation,
    PhysicalCopy,
    RawDataFileView,
    RawDataPackage,
    RawDataPackageMetadata,
    RawDataSeries,
    Site,
)
from ccat_ops_db.package_state import (
    is_at_source,
    maybe_not_archived,
    package_state,
    trusted_archive_copies,
    wanted_archive_copies,
)
from ccat_ops_db.reports.package_waiting import package_waiting, packages_waiting_for
from ccat_ops_db_api.platform.documents import Rows, list_of_objects
from ccat_ops_db_api.platform.filters import among, chosen, one_of
from ccat_ops_db_api.platform.names import modules_of, obs_units
from ccat_ops_db_api.raw_data_packages.filters import PackageFilter

SORT_KEYS: Mapping[str, ColumnElement[Any]] = {
    **{name: RawDataPackage.__table__.c[name] for name in ("created_at", "sealed_at", "size")},
    "id": RawDataPackage.__table__.c.id,
}
NANOSECOND: ColumnElement[Any] = literal_column("numeric '0.000000001'", Numeric)


class ReadableCopy(NamedTuple):
    """A copy that a data server can give."""

    location: str
    relative_path: str
    data_server_url: str | None


@cache
def packages() -> Rows:
    """Return packages as they are shown; built once, as that takes longer than running it."""
    waiting = package_waiting(RawDataPackage).lateral("waiting")
    return (
        select(
            RawDataPackage.id,
            RawDataPackage.site_id.label("site"),
            RawDataSeries.executed_obs_unit_id.label("execution_id"),
            ExecutedObsUnit.obs_unit_id.label("obs_unit"),
            ExecutedObsUnit.started_at.label("observed_at"),
            ObsUnit.observing_program_id.label("program"),
            ObsUnit.source_id.label("source"),
            RawDataSeries.instrument_module_id.label("module"),
            RawDataPackage.part_number,
            package_state().label("state"),
            wanted_archive_copies().label("copies_wanted"),
            trusted_archive_copies().label("copies_archived"),
            RawDataPackage.file_count,
            RawDataPackage.payload_bytes,
            RawDataPackage.size,
            RawDataPackage.checksum,
            RawDataPackage.manifest_checksum,
            RawDataPackage.created_at,
            RawDataPackage.sealed_at,
            RawDataPackageMetadata.t_min,
            RawDataPackageMetadata.t_max,
            RawDataPackage.relative_path,
            RawDataSeries.source_location_id.label("source_location"),
            waiting.c.reason.label("waiting_reason"),
            waiting.c.detail.label("waiting_detail"),
            waiting.c.since.label("waiting_since"),
            _copies().label("copies"),
            _source_files().label("source_files"),
        )
        .join(RawDataSeries, RawDataSeries.id == RawDataPackage.raw_data_series_id)
        .join(ExecutedObsUnit, ExecutedObsUnit.id == RawDataSeries.executed_obs_unit_id)
        .join(ObsUnit, ObsUnit.id == ExecutedObsUnit.obs_unit_id)
        .outerjoin(RawDataPackageMetadata, RawDataPackageMetadata.raw_data_package_id == RawDataPackage.id)
        .outerjoin(waiting, true())
    )


async def filtered(session: AsyncSession, wanted: PackageFilter) -> Rows:
    """Return the ids of the packages that a list asks for.

    What a program and an instrument have is looked up before, so that PostgreSQL knows how many packages to
    expect: where they are few it must not walk all there are in their order.
    """
    rows = select(RawDataPackage.id).where(*_of_state(wanted))
    of_series = [
        *chosen(RawDataSeries.instrument_module_id, wanted.module),
        *chosen(RawDataSeries.executed_obs_unit_id, wanted.execution_id),
    ]
    if wanted.location:
        rows = rows.where(*_has_copy_at(wanted.location))
    if wanted.instrument:
        modules = await modules_of(session, wanted.instrument)
        of_series.append(one_of(RawDataSeries.instrument_module_id, modules))
    if wanted.program:
        units = await obs_units(session, ObsUnit.observing_program_id.in_(wanted.program))
        executions = select(ExecutedObsUnit.id).where(one_of(ExecutedObsUnit.obs_unit_id, units))
        of_series.append(RawDataSeries.executed_obs_unit_id.in_(executions))
    if of_series:
        rows = rows.join(RawDataSeries, RawDataSeries.id == RawDataPackage.raw_data_series_id).where(
            *of_series
        )
    if wanted.reason:
        reasons = [reason.value for reason in wanted.reason]
        rows = rows.where(among(RawDataPackage.id, packages_waiting_for(reasons)))
    for column, since, until in (
        (RawDataPackage.created_at, wanted.since, wanted.until),
        (RawDataPackage.sealed_at, wanted.sealed_since, wanted.sealed_until),
    ):
        if since is not None:
            rows = rows.where(column >= since)
        if until is not None:
            rows = rows.where(column < until)
    return rows


def _of_state(wanted: PackageFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    archived = PackageState.ARCHIVED
    if wanted.state:
        found.append(package_state().in_([state.value for state in wanted.state]))
    if wanted.state_not:
        found.append(package_state().not_in([state.value for state in wanted.state_not]))
    if wanted.state == [PackageState.FAILED]:
        found.append(among(RawDataPackage.id, _with_failed_work()))
    elif archived in (wanted.state_not or ()) or (wanted.state and archived not in wanted.state):
        found.append(RawDataPackage.id.in_(maybe_not_archived()))
    return found


def sorted_by(rows: Rows, sort: str) -> Rows:
    """Return the rows that have the key of an order: only sealed packages have a size."""
    column = RawDataPackage.__table__.c[sort.removeprefix("-")]
    return rows.where(column.is_not(None)) if column.nullable else rows


def index(package_id: UUID) -> Rows:
    """Return the byte index of a package."""
    file = RawDataFileView
    members = (
        select(
            file.relative_path.label("path"),
            file.tar_offset.label("offset"),
            file.size,
            func.encode(file.sha256, "hex").label("sha256"),
            # Text: a JSON number would lose the nanoseconds. Multiplied: a quotient has only 16 digits.
            cast(file.mtime_ns * NANOSECOND, Text).label("mtime"),
        )
        .where(file.raw_data_package_id == RawDataPackage.id, file.tar_offset.is_not(None))
        .order_by(file.tar_offset)
        .correlate(RawDataPackage)
    )
    return select(
        RawDataPackage.id.label("package"),
        RawDataPackage.size,
        RawDataPackage.checksum,
        list_of_objects(members).label("members"),
    ).where(RawDataPackage.id == package_id)


async def sealed(session: AsyncSession, package_id: UUID) -> bool | None:
    """Return whether a package is sealed; None if there is none."""
    return (
        await session.execute(
            select(RawDataPackage.sealed_at.is_not(None)).where(RawDataPackage.id == package_id)
        )
    ).scalar_one_or_none()


async def readable_copies(session: AsyncSession, package_id: UUID, site: str) -> list[ReadableCopy]:
    """Return the copies of a package that can be downloaded, the nearest and surest first."""
    rows = await session.execute(
        select(PhysicalCopy.data_location_id, PhysicalCopy.relative_path, Site.data_server_url)
        .join(DataLocation, DataLocation.id == PhysicalCopy.data_location_id)
        .join(Site, Site.id == DataLocation.site_id)
        .where(
            PhysicalCopy.raw_data_package_id == package_id,
            PhysicalCopy.status.in_(READABLE),
            DataLocation.enabled,
            DataLocation.suspended_at.is_(None),
            DataLocation.storage_type != StorageType.TAPE,
            DataLocation.location_type.in_([LocationType.BUFFER, LocationType.LONG_TERM_ARCHIVE]),
        )
        .order_by(
            case((DataLocation.site_id == site, 0), else_=1),
            case((Site.data_server_url.is_not(None), 0), else_=1),
            case((trusted(), 0), else_=1),
            DataLocation.priority.desc(),
            PhysicalCopy.data_location_id,
        )
    )
    return [ReadableCopy(*row) for row in rows]


def _copies() -> ColumnElement[Any]:
    copy, location = aliased(PhysicalCopy), aliased(DataLocation)
    return list_of_objects(
        select(
            copy.id,
            copy.data_location_id.label("location"),
            location.location_type,
            copy.form,
            copy.status,
            copy.size,
            proved_at(copy).label("verified_at"),
            copy.waiting_reason,
            copy.waiting_detail,
            copy.pinned_until,
        )
        .join(location, location.id == copy.data_location_id)
        .where(copy.raw_data_package_id == RawDataPackage.id, location.location_type != LocationType.SOURCE)
        .order_by(copy.created_at, copy.id)
        .correlate(RawDataPackage)
    )


def _source_files() -> ColumnElement[Any]:
    """Count the files that are at the source, and those that were removed there: all at once."""
    there = case((is_at_source(), RawDataPackage.file_count), else_=0)
    return func.json_build_object("present", there, "deleted", RawDataPackage.file_count - there)


def _has_copy_at(locations: Sequence[str]) -> list[ColumnElement[bool]]:
    """Return the conditions of having a copy at a location; whether anything has it is asked but once."""
    copy = aliased(PhysicalCopy)
    there = select(copy.raw_data_package_id).where(
        copy.kind == literal_column("'raw_data_package'"),
        copy.data_location_id.in_(locations),
        copy.status != PhysicalCopyStatus.DELETED,
    )
    return [RawDataPackage.id.in_(there), exists(there)]


def _with_failed_work() -> Rows:
    kinds = (PackageCreation, DataTransfer, LongTermArchiveTransfer)
    failed = union_all(
        *(select(kind.raw_data_package_id).where(kind.status.in_(ENDED_WITHOUT)) for kind in kinds)
    )
    return select(failed.subquery())
