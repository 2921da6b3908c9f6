"""The state of a package as people see it: one SQL expression, used everywhere."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, CompoundSelect, case, exists, func, literal, or_, select, union
from sqlalchemy.orm import aliased

from ccat_ops_db.enumerations import (
    ENDED_WITHOUT,
    CopyForm,
    CopyKind,
    LocationType,
    PackageState,
    PhysicalCopyStatus,
    Status,
)
from ccat_ops_db.evidence import trusted
from ccat_ops_db.models import (
    DataLocation,
    DataTransfer,
    LongTermArchiveTransfer,
    PackageCreation,
    PhysicalCopy,
    RawDataPackage,
    RawDataSeries,
    RetentionPolicy,
)

ALL_LEFT_OUT = "all_left_out"
"""Category of a packaging that ended because none of its files was as it was filed."""

_MOVEMENT: tuple[Any, ...] = (DataTransfer, LongTermArchiveTransfer)
_WORK = (*_MOVEMENT, PackageCreation)
"""Tables of the work by which a package gets to its archives."""

NOT_DELETED = tuple(status for status in PhysicalCopyStatus if status is not PhysicalCopyStatus.DELETED)


def of_execution(execution_id: Any, package: type[RawDataPackage] = RawDataPackage) -> ColumnElement[bool]:
    """Return whether a package is of an execution: its series are looked up, and the packages by them."""
    series = aliased(RawDataSeries)
    return package.raw_data_series_id.in_(
        select(series.id).where(series.executed_obs_unit_id == execution_id).correlate_except(series)
    )


def trusted_archive_copies(package: type[RawDataPackage] = RawDataPackage) -> ColumnElement[int]:
    """Return at how many long-term archives a package has a trusted copy, as a scalar subquery."""
    copy, location = aliased(PhysicalCopy), aliased(DataLocation)
    return (
        select(func.count(copy.data_location_id.distinct()))
        .join(location, location.id == copy.data_location_id)
        .where(
            copy.raw_data_package_id == package.id,
            trusted(copy),
            location.location_type == LocationType.LONG_TERM_ARCHIVE,
        )
        .correlate(package)
        .scalar_subquery()
    )


def wanted_archive_copies(package: type[RawDataPackage] = RawDataPackage) -> ColumnElement[int]:
    """Return how many archives the retention policy of a package's source asks for (1 without a policy)."""
    location, policy = aliased(DataLocation), aliased(RetentionPolicy)
    wanted = (
        select(policy.min_archive_copies)
        .select_from(location)
        .join(policy, policy.id == location.retention_policy_id)
        .where(location.id == package.source_location_id)
        .correlate(package)
        .scalar_subquery()
    )
    return func.coalesce(wanted, 1)


def is_archived(package: type[RawDataPackage] = RawDataPackage) -> ColumnElement[bool]:
    """Return whether as many archives have a trusted copy as the policy of the source wants."""
    return trusted_archive_copies(package) >= wanted_archive_copies(package)


def is_at_source(package: type[RawDataPackage] = RawDataPackage) -> ColumnElement[bool]:
    """Return whether the files of a package are still at its source; before it is sealed they are."""
    copy, place = aliased(PhysicalCopy), aliased(DataLocation)
    living = (
        select(copy.id)
        .join(place, place.id == copy.data_location_id)
        .where(
            copy.raw_data_package_id == package.id,
            copy.form == CopyForm.FILES,
            copy.status != PhysicalCopyStatus.DELETED,
            place.location_type == LocationType.SOURCE,
        )
        .correlate(package)
    )
    return or_(package.sealed_at.is_(None), exists(living))


def maybe_not_archived() -> CompoundSelect[Any]:
    """Return the ids of all packages that can be anything but archived; each part has an index of its own.

    A package whose source files were removed was archived then; since then only a copy that was lost or found
    wrong can have changed that.
    """
    package, copy, place = aliased(RawDataPackage), aliased(PhysicalCopy), aliased(DataLocation)
    source = aliased(PhysicalCopy)
    here_still = select(source.raw_data_package_id).where(
        source.kind == CopyKind.RAW_DATA_PACKAGE,
        source.form == CopyForm.FILES,
        source.data_location_id.in_(select(place.id).where(place.location_type == LocationType.SOURCE)),
        source.status.in_(NOT_DELETED),
    )
    # Unless none of its files could be packaged: then it never will be, and each of them has an alarm.
    ended = select(PackageCreation.id).where(
        PackageCreation.raw_data_package_id == package.id,
        PackageCreation.status == Status.CANCELLED,
        PackageCreation.error_category == ALL_LEFT_OUT,
    )
    unsealed = select(package.id).where(package.sealed_at.is_(None), ~ended.exists())
    doubtful = select(copy.raw_data_package_id).where(
        copy.kind == CopyKind.RAW_DATA_PACKAGE,
        copy.data_location_id.in_(
            select(place.id).where(place.location_type == LocationType.LONG_TERM_ARCHIVE)
        ),
        copy.status.in_([PhysicalCopyStatus.MISSING, PhysicalCopyStatus.CORRUPT, PhysicalCopyStatus.PRESENT]),
    )
    return union(here_still, unsealed, doubtful)


def package_state(package: type[RawDataPackage] = RawDataPackage) -> ColumnElement[str]:
    """Return the derived state of a package as an expression.

    Parameters
    ----------
    package : type
        ``RawDataPackage`` or an alias of it.

    Returns
    -------
    ColumnElement
        ``archived`` with as many trusted archive copies as the policy of its source wants; ``failed`` when
        work on it was given up or cancelled; ``transferring`` while on its way; ``waiting`` when only at its
        first location.
    """
    return case(
        (is_archived(package), literal(PackageState.ARCHIVED.value)),
        (_has_work(package, ENDED_WITHOUT), literal(PackageState.FAILED.value)),
        (
            _has_work(package, [Status.PENDING, Status.SCHEDULED, Status.IN_PROGRESS], movement_only=True)
            | (_places(package) > 1),
            literal(PackageState.TRANSFERRING.value),
        ),
        else_=literal(PackageState.WAITING.value),
    )


def _has_work(
    package: Any, statuses: Sequence[Status], *, movement_only: bool = False
) -> ColumnElement[bool]:
    found: ColumnElement[bool] = literal(False)
    for table in _MOVEMENT if movement_only else _WORK:
        found = found | exists(
            select(table.id).where(table.raw_data_package_id == package.id, table.status.in_(statuses))
        ).correlate(package)
    return found


def _places(package: Any) -> ColumnElement[int]:
    copy = aliased(PhysicalCopy)
    places = (
        select(func.count())
        .select_from(copy)
        .where(
            copy.raw_data_package_id == package.id,
            copy.form == CopyForm.TAR,
            copy.status != PhysicalCopyStatus.DELETED,
        )
        .correlate(package)
    )
    return places.scalar_subquery()
