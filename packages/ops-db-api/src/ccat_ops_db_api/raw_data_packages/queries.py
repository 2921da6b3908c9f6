"""SQL of packages."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Numeric,
    Text,
    case,
    cast,
    func,
    literal,
    literal_column,
    or_,
    select,
    true,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from ccat_ops_db.enumerations import (
    CopyKind,
    LocationType,
    PackageState,
    PhysicalCopyStatus,
    Status,
    StorageType,
)
from ccat_ops_db.models import (
    DataLocation,
    DataTransfer,
    ExecutedObsUnit,
    InstrumentModule,
    LongTermArchiveTransfer,
    ObsUnit,
    PackageCreation,
    PhysicalCopy,
    RawDataFile,
    RawDataPackage,
    Site,
)
from ccat_ops_db.package_state import package_state
from ccat_ops_db.reports.open_work import open_work
from ccat_ops_db.reports.package_waiting import package_waiting
from ccat_ops_db_api.platform.documents import Rows, list_of_objects, row_object
from ccat_ops_db_api.platform.filters import chosen
from ccat_ops_db_api.raw_data_packages.filters import PackageFilter

SORT_KEYS: Mapping[str, ColumnElement[Any]] = {
    **{name: RawDataPackage.__table__.c[name] for name in ("created_at", "sealed_at", "size")},
    "id": RawDataPackage.__table__.c.id,
}
NANOSECOND: ColumnElement[Any] = literal_column("numeric '0.000000001'", Numeric)
READABLE = (PhysicalCopyStatus.VERIFIED, PhysicalCopyStatus.PRESENT)


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
            RawDataPackage.executed_obs_unit_id.label("execution_id"),
            ExecutedObsUnit.obs_unit_id.label("obs_unit"),
            ObsUnit.observing_program_id.label("program"),
            ObsUnit.source_id.label("source"),
            RawDataPackage.instrument_module_id.label("module"),
            RawDataPackage.part_number,
            package_state().label("state"),
            RawDataPackage.file_count,
            RawDataPackage.payload_bytes,
            RawDataPackage.size,
            RawDataPackage.checksum,
            RawDataPackage.manifest_checksum,
            RawDataPackage.created_at,
            RawDataPackage.sealed_at,
            RawDataPackage.relative_path,
            RawDataPackage.source_location_id.label("source_location"),
            waiting.c.reason.label("waiting_reason"),
            waiting.c.detail.label("waiting_detail"),
            waiting.c.since.label("waiting_since"),
            _copies().label("copies"),
            _source_files().label("source_files"),
        )
        .join(ExecutedObsUnit, ExecutedObsUnit.id == RawDataPackage.executed_obs_unit_id)
        .join(ObsUnit, ObsUnit.id == ExecutedObsUnit.obs_unit_id)
        .outerjoin(waiting, true())
    )


def filtered(wanted: PackageFilter, now: datetime) -> Rows:
    """Return the packages that a list asks for."""
    rows = packages().where(
        *chosen(RawDataPackage.instrument_module_id, wanted.module),
        *chosen(RawDataPackage.executed_obs_unit_id, wanted.execution_id),
    )
    if wanted.state:
        rows = rows.where(package_state().in_([state.value for state in wanted.state]))
    if wanted.state == [PackageState.FAILED]:
        rows = rows.where(_has_failed_work())
    if wanted.state_not:
        rows = rows.where(package_state().not_in([state.value for state in wanted.state_not]))
        if PackageState.ARCHIVED in wanted.state_not:
            rows = rows.where(_may_not_be_archived())
    if wanted.location:
        rows = rows.where(_has_copy_at(wanted.location))
    if wanted.instrument:
        modules = select(InstrumentModule.id).where(InstrumentModule.instrument_id.in_(wanted.instrument))
        rows = rows.where(RawDataPackage.instrument_module_id.in_(modules))
    if wanted.program:
        units = select(ObsUnit.id).where(ObsUnit.observing_program_id.in_(wanted.program))
        rows = rows.where(ExecutedObsUnit.obs_unit_id.in_(units))
    if wanted.reason:
        # What is open is looked up first: the reason of each package there ever was would take too long.
        held_up = open_work(now)
        reasons = [reason.value for reason in wanted.reason]
        rows = rows.where(
            RawDataPackage.id.in_(select(held_up.c.package_id).where(held_up.c.reason.in_(reasons))),
            literal_column("waiting.reason").in_(reasons),
        )
    for column, since, until in (
        (RawDataPackage.created_at, wanted.since, wanted.until),
        (RawDataPackage.sealed_at, wanted.sealed_since, wanted.sealed_until),
    ):
        if since is not None:
            rows = rows.where(column >= since)
        if until is not None:
            rows = rows.where(column < until)
    return rows


def sorted_by(rows: Rows, sort: str) -> Rows:
    """Return the rows that have the key of an order: only sealed packages have a size."""
    column = RawDataPackage.__table__.c[sort.removeprefix("-")]
    return rows.where(column.is_not(None)) if column.nullable else rows


def index(package_id: UUID) -> Rows:
    """Return the byte index of a package."""
    members = (
        select(
            RawDataFile.relative_path.label("path"),
            RawDataFile.member_offset.label("offset"),
            RawDataFile.size,
            func.split_part(RawDataFile.member_checksum, ":", 2).label("sha256"),
            # Text: a JSON number would lose the nanoseconds. Multiplied: a quotient has only 16 digits.
            cast(RawDataFile.member_modified_ns * NANOSECOND, Text).label("mtime"),
        )
        .where(RawDataFile.raw_data_package_id == RawDataPackage.id)
        .order_by(RawDataFile.member_offset)
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
            case((PhysicalCopy.status == PhysicalCopyStatus.VERIFIED, 0), else_=1),
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
            copy.status,
            copy.size,
            copy.verified_at,
            copy.waiting_reason,
            copy.waiting_detail,
            copy.pinned_until,
        )
        .join(location, location.id == copy.data_location_id)
        .where(copy.raw_data_package_id == RawDataPackage.id)
        .order_by(copy.created_at, copy.id)
        .correlate(RawDataPackage)
    )


def _source_files() -> ColumnElement[Any]:
    """Count source copies; once the planner noted that all are gone, without looking at each."""
    copy, file = aliased(PhysicalCopy), aliased(RawDataFile)
    gone = copy.status == PhysicalCopyStatus.DELETED
    counted = (
        select(
            func.count().filter(~gone).label("present"),
            func.count().filter(gone).label("deleted"),
        )
        .select_from(file)
        .join(copy, copy.raw_data_file_id == file.id)
        .where(
            file.raw_data_package_id == RawDataPackage.id, copy.data_location_id == file.source_location_id
        )
        .correlate(RawDataPackage)
    )
    return case(
        (
            RawDataPackage.source_removed_at.is_not(None),
            func.json_build_object("present", literal(0), "deleted", RawDataPackage.file_count),
        ),
        else_=row_object(counted),
    )


def _has_copy_at(locations: Sequence[str]) -> ColumnElement[bool]:
    copy = aliased(PhysicalCopy)
    return RawDataPackage.id.in_(
        select(copy.raw_data_package_id).where(
            copy.data_location_id.in_(locations),
            copy.raw_data_package_id.is_not(None),
            copy.status != PhysicalCopyStatus.DELETED,
        )
    )


def _may_not_be_archived() -> ColumnElement[bool]:
    """Return a necessary condition of not being archived that PostgreSQL can look up.

    A package whose source files were removed was archived then; since then only a copy that was lost or found
    wrong can have changed that.
    """
    copy, place = aliased(PhysicalCopy), aliased(DataLocation)
    doubtful = select(copy.raw_data_package_id).where(
        copy.kind == CopyKind.RAW_DATA_PACKAGE,
        copy.data_location_id.in_(
            select(place.id).where(place.location_type == LocationType.LONG_TERM_ARCHIVE)
        ),
        copy.status.in_([PhysicalCopyStatus.MISSING, PhysicalCopyStatus.CORRUPT, PhysicalCopyStatus.PRESENT]),
    )
    return or_(RawDataPackage.source_removed_at.is_(None), RawDataPackage.id.in_(doubtful))


def _has_failed_work() -> ColumnElement[bool]:
    """Return a necessary condition of the state failed that PostgreSQL can look up."""
    return or_(
        *(
            RawDataPackage.id.in_(select(kind.raw_data_package_id).where(kind.status == Status.FAILED))
            for kind in (PackageCreation, DataTransfer, LongTermArchiveTransfer)
        )
    )
