"""What a proven deletion removes at a location, and what it leaves there."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, aliased

from ccat_data_transfer.crash_points import crash_point
from ccat_data_transfer.deletion.rule import Candidate, copies_of
from ccat_data_transfer.evidence.identity import time_of_files
from ccat_data_transfer.places.adopt import MAY_HOLD_FILES_OF_OTHERS
from ccat_data_transfer.stages.looking import Seen
from ccat_data_transfer.stages.sidecars import sidecars_of
from ccat_data_transfer.storage.interface import FileToRemove, Removal, RemoveObject, Storage
from ccat_data_transfer.work.attempt import Attempt
from ccat_ops_db.database_time import database_now
from ccat_ops_db.enumerations import (
    CopyKind,
    FileExceptionKind,
    Finding,
    LocationType,
    PhysicalCopyStatus,
    Severity,
)
from ccat_ops_db.events import record_error
from ccat_ops_db.identity import new_id
from ccat_ops_db.models import DataLocation, PhysicalCopy, RawDataFileException, RawDataFileView, Verification

CHANGED = "source_changed_after_packaging"

OTHER_OBJECT = "other_object_stays"

CONFIRMED_EVERY = 5.0
"""Seconds between two looks, while files are removed, whether lease and place still are ours."""


@dataclass(frozen=True)
class Removed:
    """How many objects were removed, and how many stay because somebody changed them."""

    gone: int
    changed: int = 0

    def __str__(self) -> str:
        stay = f", {self.changed} stay that were changed there," if self.changed else ""
        return f"{self.gone} objects{stay}"


def remove_objects(work: Attempt, storage: Storage, candidate: Candidate, decided: Sequence[Seen]) -> Removed:
    """Remove the bytes of copies whose deletion was decided, and of no others.

    A tar goes if it still is the object that was decided on. Where others write, too, what they changed
    stays; that of a source gets an exception that names it.
    """
    with work.sessions() as session:
        where = _type(session, candidate)
        if where in MAY_HOLD_FILES_OF_OTHERS:
            seen_at_ns = _seen_at(session, storage, candidate)
            files = [
                (file_id, replace(file, seen_at_ns=seen_at_ns))
                for file_id, file in _files(session, candidate, where, decided)
            ]
    if where in MAY_HOLD_FILES_OF_OTHERS:
        return _remove_files(work, storage, candidate, files, where)
    return _remove_tars(work, storage, candidate, decided)


def _remove_tars(work: Attempt, storage: Storage, candidate: Candidate, decided: Sequence[Seen]) -> Removed:
    gone = changed = 0
    with storage.removing() as remove:
        for seen in decided:
            assert seen.tar is not None, "where nobody else writes there are tars"
            work.item_done()
            work.confirm()
            if _is_removed(storage, remove, seen.tar, seen.mark):
                gone += 1
                for beside in sidecars_of(seen.tar):
                    gone += remove(beside) is Removal.REMOVED
            else:
                changed += 1
                _tell_of_other(work, candidate, seen.tar)
            crash_point("deleting.between_files")
    return Removed(gone, changed)


def _is_removed(storage: Storage, remove: RemoveObject, tar: str, mark: str | None) -> bool:
    """Remove a tar, if it is the object with that mark; null: there was none that is ours."""
    if mark is None:
        return not storage.exists(tar)
    return remove(tar, mark) is not Removal.CHANGED


def _tell_of_other(work: Attempt, candidate: Candidate, tar: str) -> None:
    with work.sessions.begin() as session:
        record_error(
            session,
            site_id=candidate.location_id.split(".", 1)[0],
            at=database_now(session),
            severity=Severity.WARNING,
            category=OTHER_OBJECT,
            subject_type="raw_data_package",
            subject_id=candidate.package_id,
            data_location_id=candidate.location_id,
            message=f"{tar} at {candidate.location_id} is another object than was to be deleted; it stays",
        )


def _remove_files(
    work: Attempt,
    storage: Storage,
    candidate: Candidate,
    files: Sequence[tuple[UUID, FileToRemove]],
    where: LocationType,
) -> Removed:
    changed, confirmed_at = 0, -math.inf
    with storage.removing_files(str(work.id), work.lease.tag, work.item_done) as remove:
        for file_id, file in files:
            now = work.clock.monotonic()
            if now - confirmed_at >= CONFIRMED_EVERY:
                work.confirm()
                storage.confirm_place()
                confirmed_at = now
            work.item_done()
            if remove(file) is Removal.CHANGED:
                changed += 1
                if where is LocationType.SOURCE:
                    _except(work, candidate, file_id, file.path)
            crash_point("deleting.between_files")
    return Removed(len(files) - changed, changed)


def _except(work: Attempt, candidate: Candidate, file_id: UUID, path: str) -> None:
    detail = (
        f"changed at {candidate.location_id} after it was packaged, so it is kept; file it anew, or set it"
        " aside"
    )
    with work.sessions.begin() as session:
        at, site_id = database_now(session), candidate.location_id.split(".", 1)[0]
        session.execute(
            insert(RawDataFileException)
            .values(
                id=new_id(),
                site_id=site_id,
                raw_data_file_id=file_id,
                kind=FileExceptionKind.CHANGED_AFTER_PACKAGING,
                first_seen_at=at,
                last_seen_at=at,
                read_by=work.lease.owner,
                detail=detail,
            )
            .on_conflict_do_nothing(index_elements=["raw_data_file_id"])
        )
        record_error(
            session,
            site_id=site_id,
            at=at,
            severity=Severity.ERROR,
            category=CHANGED,
            subject_type="raw_data_file",
            subject_id=file_id,
            data_location_id=candidate.location_id,
            message=f"{path}: {detail}",
        )


def _files(
    session: Session, candidate: Candidate, where: LocationType, decided: Sequence[Seen]
) -> Sequence[tuple[UUID, FileToRemove]]:
    """Return the files that go, as they are in the tar; what is in no tar is never removed.

    Whatever else lies in a folder belongs to those who work there.
    """
    if where is LocationType.SOURCE:
        # What was found changed stays.
        return _members(session, candidate, [""], RawDataFileView.exception.is_(None))
    roots = session.scalars(
        select(PhysicalCopy.relative_path)
        .where(PhysicalCopy.id.in_([seen.copy_id for seen in decided]))
        .order_by(PhysicalCopy.relative_path)
    ).all()
    if candidate.kind is CopyKind.RAW_DATA_FILE:
        if _package_is_staged(session, candidate):
            return []
        return _members(session, candidate, roots, RawDataFileView.id == candidate.file_id)
    return _members(
        session,
        candidate,
        [f"{root}/" for root in roots],
        RawDataFileView.id.not_in(_staged_by_themselves(candidate)),
    )


def _seen_at(session: Session, storage: Storage, candidate: Candidate) -> int | None:
    """Return the time at the place before its files were last found right, if it still is that place."""
    newest = session.execute(
        select(Verification.identity, Verification.finding)
        .join(PhysicalCopy, PhysicalCopy.id == Verification.physical_copy_id)
        .where(*copies_of(candidate))
        .order_by(PhysicalCopy.created_at.desc(), Verification.number.desc())
        .limit(1)
    ).one_or_none()
    if newest is None or newest.finding is not Finding.RIGHT or newest.identity is None:
        return None
    return time_of_files(newest.identity, storage.marker_id)


def _members(
    session: Session, candidate: Candidate, roots: Sequence[str], which: ColumnElement[bool]
) -> list[tuple[UUID, FileToRemove]]:
    """Return some members of the package as they are below its roots; that of one file is its whole path."""
    view = RawDataFileView
    rows = session.execute(
        select(view.id, view.relative_path, view.number, view.size, view.sha256, view.mtime_ns)
        .where(view.raw_data_package_id == candidate.package_id, view.tar_offset.is_not(None), which)
        .order_by(view.number)
    )
    return [
        (
            row.id,
            FileToRemove(
                _below(root, row.relative_path), row.number, row.size, row.sha256, modified_ns=row.mtime_ns
            ),
        )
        for row in rows
        for root in roots
    ]


def _below(root: str, path: str) -> str:
    return root if root and not root.endswith("/") else root + path


def _package_is_staged(session: Session, candidate: Candidate) -> bool:
    """Tell whether the whole package is staged at the place, too: then its files stay for it."""
    package = select(PhysicalCopy.id).where(
        PhysicalCopy.data_location_id == candidate.location_id,
        PhysicalCopy.raw_data_package_id == candidate.package_id,
        PhysicalCopy.status == PhysicalCopyStatus.STAGED,
    )
    return session.execute(package).first() is not None


def _staged_by_themselves(candidate: Candidate) -> Select[UUID | None]:
    """Select the files at the place that were also staged by themselves: they have their own pin."""
    by_itself = aliased(PhysicalCopy)
    return select(by_itself.raw_data_file_id).where(
        by_itself.data_location_id == candidate.location_id,
        by_itself.raw_data_file_id.is_not(None),
        by_itself.status == PhysicalCopyStatus.STAGED,
    )


def _type(session: Session, candidate: Candidate) -> LocationType:
    location = DataLocation.__table__.c
    location_type: LocationType = session.execute(
        select(location.location_type).where(location.id == candidate.location_id)
    ).scalar_one()
    return location_type
