"""Files that are not as they were filed: found when they are packaged, and kept at their source.

The first reading that finds one has the others of the package read, too, and says so. A second reading, later
and by another process, has it left out after a while: the package goes on without it, and the file stays.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, and_, case, delete, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from ccat_data_transfer.package_format import (
    SourceFile,
    SourceFileError,
    SourceGrownError,
    SourceMissingError,
    SourceNotRegularError,
    SourceShortError,
    SourceSymlinkError,
    SourceUnreadableError,
)
from ccat_data_transfer.planning.reasons import is_one_of
from ccat_data_transfer.storage.interface import Storage
from ccat_data_transfer.work.attempt import Attempt
from ccat_ops_db.database_time import database_now
from ccat_ops_db.enumerations import FileExceptionKind, Severity
from ccat_ops_db.events import record_error, record_event, resolve_errors
from ccat_ops_db.identity import new_id
from ccat_ops_db.models import DataLocation, RawDataFileException, RawDataFileView, RawDataPackage
from ccat_ops_db.waiting import WaitingReason

BETWEEN_READINGS = timedelta(minutes=15)
"""A reading counts when it comes this long after the one before."""

SAME_PROCESS_AFTER = timedelta(hours=6)
"""So long it must be by another process; the same one counts when no other came."""

KINDS: dict[type[SourceFileError], FileExceptionKind] = {
    SourceMissingError: FileExceptionKind.MISSING,
    SourceShortError: FileExceptionKind.SHORT,
    SourceGrownError: FileExceptionKind.GROWN,
    SourceUnreadableError: FileExceptionKind.UNREADABLE,
    SourceSymlinkError: FileExceptionKind.NOT_REGULAR,
    SourceNotRegularError: FileExceptionKind.NOT_REGULAR,
}
"""What each error says of a file; every other: its bytes are not those that were filed."""

LEFT_OUT = "file_left_out"
AT_SOURCE = [
    kind
    for kind in FileExceptionKind
    if kind not in (FileExceptionKind.CHANGED_AFTER_PACKAGING, FileExceptionKind.WRONG_IN_PACKAGE)
]


def left_out(session: Session, package: RawDataPackage, at: datetime) -> set[str]:
    """Return the paths of a package that is not sealed yet that it goes on without.

    Those on which somebody decided, and those that two readings found bad, as soon as the place no longer
    waits for them.
    """
    view, exception = RawDataFileView, RawDataFileException
    after = session.execute(
        select(DataLocation.leave_out_after).where(DataLocation.id == package.source_location_id)
    ).scalar_one()
    condition: ColumnElement[bool] = exception.decision.is_not(None)
    if after is not None:
        seen_before = at - timedelta(seconds=after)
        condition = or_(condition, and_(exception.readings > 1, exception.first_seen_at <= seen_before))
    paths = session.scalars(
        select(view.relative_path)
        .join(exception, exception.raw_data_file_id == view.id)
        .where(view.raw_data_package_id == package.id, condition)
    )
    return set(paths)


def finding(error: SourceFileError, location_id: str) -> dict[str, Any]:
    """Return what an exception says of a file that was read at its source."""
    return {
        "kind": KINDS.get(type(error), FileExceptionKind.OTHER_CHECKSUM),
        "detail": f"{error.reason} (at {location_id})",
    }


def find_bad_files(
    work: Attempt, files: Sequence[SourceFile], source: Storage, first: SourceFileError
) -> list[SourceFileError]:
    """Read the others, too; return all that are bad, in the order of their paths.

    Also those before the first one that was met: their bytes may still have been on their way then.
    """
    others = [file for file in files if file.path != first.path]
    found = [first, *work.world.packer.bad_files(others, source, work.progress)]
    return sorted(found, key=lambda error: error.path.encode())


def wait_for_files(
    work: Attempt, package: RawDataPackage, read: Iterable[SourceFile], bad: Sequence[SourceFileError]
) -> None:
    """Say which of the files that were read are not as they were filed, and read them again later.

    No attempt is used up. What was wrong with the others is forgotten: they are mended.
    """
    ids = {error.path: error for error in bad}
    view = RawDataFileView
    with work.sessions() as session:
        rows = session.execute(
            select(view.relative_path, view.id).where(
                view.raw_data_package_id == package.id, view.relative_path.in_(ids)
            )
        ).all()
        at = database_now(session)
    others = f" and {len(bad) - 1} more" if len(bad) > 1 else ""
    with work.handing_over(
        waiting_reason=WaitingReason.FILE_NOT_AS_FILED,
        waiting_detail=f"{bad[0]}{others}; read again in {BETWEEN_READINGS.seconds // 60} min",
        waiting_since=at,
        next_attempt_at=at + BETWEEN_READINGS,
    ) as session:
        right = {file.path for file in read}.difference(ids)
        _forget_mended(session, _exceptions(session, package), right, at)
        for path, file_id in rows:
            _note(session, work, package, file_id, ids[path], at)


def _note(
    session: Session,
    work: Attempt,
    package: RawDataPackage,
    file_id: UUID,
    error: SourceFileError,
    at: datetime,
) -> None:
    new = {
        **finding(error, package.source_location_id),
        "read_by": work.lease.owner,
        "last_seen_at": at,
    }
    table = RawDataFileException.__table__.c
    counts = and_(
        table.last_seen_at <= at - BETWEEN_READINGS,
        or_(table.read_by != work.lease.owner, table.last_seen_at <= at - SAME_PROCESS_AFTER),
    )
    inserted = insert(RawDataFileException).values(
        id=new_id(), site_id=package.site_id, raw_data_file_id=file_id, first_seen_at=at, readings=1, **new
    )
    session.execute(
        inserted.on_conflict_do_update(
            index_elements=["raw_data_file_id"],
            set_={
                "kind": new["kind"],
                "detail": new["detail"],
                "read_by": case((counts, new["read_by"]), else_=table.read_by),
                "last_seen_at": case((counts, at), else_=table.last_seen_at),
                "readings": table.readings + case((counts, 1), else_=0),
            },
            where=table.decision.is_(None),
        )
    )
    record_error(
        session,
        site_id=package.site_id,
        at=at,
        severity=Severity.ERROR,
        category=error.code,
        subject_type="raw_data_file",
        subject_id=file_id,
        data_location_id=package.source_location_id,
        message=f"{error} (at {package.source_location_id})",
    )


def conclude_files(
    session: Session, work: Attempt, package: RawDataPackage, members: Iterable[str], at: datetime
) -> None:
    """Say which files a package goes on without from now on; forget what was wrong with others."""
    inside, rows = set(members), _exceptions(session, package)
    _forget_mended(session, rows, inside, at)
    for row in rows:
        if row.relative_path in inside or row.decision is not None:
            continue
        record_error(
            session,
            site_id=package.site_id,
            at=at,
            severity=Severity.CRITICAL,
            category=LEFT_OUT,
            subject_type="raw_data_file",
            subject_id=row.id,
            data_location_id=package.source_location_id,
            message=f"{row.relative_path}: left out of its package, kept at its source: {row.detail}",
        )
        record_event(
            session,
            site_id=package.site_id,
            at=at,
            actor=work.lease.owner,
            action="file.left_out",
            subject_type="raw_data_file",
            subject_id=row.id,
            message=f"{row.relative_path}: {row.detail}",
        )


def _exceptions(session: Session, package: RawDataPackage) -> Sequence[Row[*tuple[Any, ...]]]:
    """Return and lock what is wrong with files of a package at their source, in the order of their ids."""
    view, exception = RawDataFileView, RawDataFileException
    return session.execute(
        select(view.id, view.relative_path, exception.detail, exception.decision)
        .join(exception, exception.raw_data_file_id == view.id)
        .where(view.raw_data_package_id == package.id, exception.kind.in_(AT_SOURCE))
        .order_by(view.id)
        .with_for_update(of=exception)
    ).all()


def _forget_mended(
    session: Session, rows: Iterable[Row[*tuple[Any, ...]]], right: Collection[str], at: datetime
) -> None:
    """Forget what was wrong with files that were read and found right, unless somebody decided on them."""
    mended = [row.id for row in rows if row.relative_path in right and row.decision is None]
    session.execute(
        delete(RawDataFileException).where(is_one_of(RawDataFileException.raw_data_file_id, mended))
    )
    for file_id in mended:
        resolve_errors(session, subject_type="raw_data_file", subject_id=file_id, at=at)
