"""What waits for a person: errors not acknowledged, work that was given up, files not decided on."""

from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    String,
    Uuid,
    and_,
    case,
    cast,
    false,
    func,
    literal_column,
    or_,
    select,
    union,
)
from sqlalchemy.orm import aliased

from ccat_ops_db.enumerations import CopyKind, Severity
from ccat_ops_db.models import (
    DataTransfer,
    ErrorRecord,
    LongTermArchiveTransfer,
    PackageCreation,
    PhysicalCopy,
    RawDataFile,
    RawDataFileException,
    RawDataPackage,
    RawDataSeries,
)
from ccat_ops_db.outages import of_locations, of_routes
from ccat_ops_db.package_state import ALL_LEFT_OUT, is_archived
from ccat_ops_db.reports.work_rows import OPERATIONS, work_rows

SEVERITIES = (Severity.CRITICAL, Severity.ERROR)
"""Severities of the errors that somebody has to take note of."""

# As text of the statement: so a prepared one can use the partial indexes.
_FAILED: ColumnElement[str] = literal_column("'failed'")
_CANCELLED: ColumnElement[str] = literal_column("'cancelled'")
_BAD_COPIES = ("copy_checksum", "copy_size", "copy_missing")


def given_up(kind: Any, _package: Any = None) -> ColumnElement[bool]:
    """Return whether work was given up: a condition of `work_rows`."""
    found: ColumnElement[bool] = kind.status == _FAILED
    return found


def _was_cancelled(kind: Any, _package: Any) -> ColumnElement[bool]:
    """Return whether a person ended work; a package without files ended by itself, for its files tell why."""
    found: ColumnElement[bool] = and_(
        kind.status == _CANCELLED, func.coalesce(kind.error_category, "") != ALL_LEFT_OUT
    )
    return found


def waits_for_somebody(error: Any) -> ColumnElement[bool]:
    """Return whether an error is open, nobody has acknowledged it, and no other item tells of it.

    Parameters
    ----------
    error
        Columns of ``ErrorRecord`` itself, no alias.
    """
    return and_(error.resolved_at.is_(None), ErrorRecord.acknowledged_at.is_(None), ~_is_told(error))


def _is_told(error: Any) -> ColumnElement[bool]:
    """Return whether other items tell of an error: an outage, a doubt and its copies, what was given up."""
    route, place = of_routes().c, of_locations().c
    paused = select(route.data_transfer_route_id).where(route.open_until.is_not(None))
    out = select(place.data_location_id).where(
        or_(place.open_until.is_not(None), place.suspect_since.is_not(None))
    )
    in_doubt = select(place.data_location_id).where(place.suspect_since.is_not(None))
    failed = work_rows(given_up).subquery("given_up")
    told = or_(
        and_(error.subject_type == "data_transfer_route", error.subject_id.in_(paused)),
        and_(error.subject_type == "data_location", error.subject_id.in_(out)),
        and_(error.category.in_(_BAD_COPIES), error.data_location_id.in_(in_doubt)),
        error.subject_id.in_(select(cast(failed.c.id, String))),
    )
    return func.coalesce(told, false())


def executions_that_need_somebody() -> CompoundSelect[Any]:
    """Return the ids of the executions of which something waits for a person; it costs what is open.

    That is work that was given up, work that was cancelled before its package was archived, an error that
    nobody has acknowledged, and a file on which nobody has decided.
    """
    work = work_rows(given_up).subquery("given_up_work")
    cancelled = work_rows(_was_cancelled, (PackageCreation, DataTransfer, LongTermArchiveTransfer)).subquery(
        "cancelled_work"
    )
    not_archived = aliased(RawDataPackage)
    series, package = aliased(RawDataSeries), aliased(RawDataPackage)
    packages = union(
        select(work.c.package_id.label("id")),
        select(not_archived.id)
        .join(cancelled, cancelled.c.package_id == not_archived.id)
        .where(~is_archived(not_archived)),
        *_packages_with_errors(),
    ).subquery("packages_that_need_somebody")
    file, undecided = aliased(RawDataFile), aliased(RawDataFileException)
    decidable = (
        select(file.raw_data_series_id)
        .join(undecided, undecided.raw_data_file_id == file.id)
        .where(undecided.decision.is_(None))
    )
    files = union(
        decidable, select(file.raw_data_series_id).where(file.id.in_(_subjects("raw_data_file")))
    ).subquery("series_that_need_somebody")
    return union(
        select(series.executed_obs_unit_id)
        .join(package, package.raw_data_series_id == series.id)
        .join(packages, packages.c.id == package.id),
        select(series.executed_obs_unit_id).join(files, files.c.raw_data_series_id == series.id),
        _subjects("executed_obs_unit"),
    )


def _packages_with_errors() -> list[Any]:
    """Return the ids of packages with an error, of themselves, of a copy or of work on them."""
    copy = aliased(PhysicalCopy)
    of_copies = select(copy.raw_data_package_id).where(
        copy.kind == CopyKind.RAW_DATA_PACKAGE, copy.id.in_(_subjects("physical_copy"))
    )
    of_work = work_rows(lambda kind, _: kind.id.in_(_subjects(kind.__tablename__)), OPERATIONS).subquery()
    return [_subjects("raw_data_package"), of_copies, select(of_work.c.package_id)]


def _subjects(table: str) -> Any:
    """Return the keys of the rows of a table with an error that nobody has acknowledged."""
    error = ErrorRecord.__table__.c
    # Only there is the text a key of this kind, and only where it is one may it be read as such.
    key = case((error.subject_type == table, cast(error.subject_id, Uuid)))
    return select(key).where(
        error.subject_type == table, error.severity.in_(SEVERITIES), waits_for_somebody(error)
    )
