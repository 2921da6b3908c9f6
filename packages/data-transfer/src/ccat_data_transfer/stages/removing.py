"""What a proven deletion removes at a location, and what it leaves there."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, aliased

from ccat_data_transfer.crash_points import crash_point
from ccat_data_transfer.deletion.rule import Candidate, copies_of
from ccat_data_transfer.stages.sidecars import index_name
from ccat_data_transfer.storage.interface import Storage
from ccat_data_transfer.work.attempt import Attempt
from ccat_ops_db.database_time import database_now
from ccat_ops_db.enumerations import CopyKind, FileExceptionKind, LocationType, PhysicalCopyStatus, Severity
from ccat_ops_db.events import record_error
from ccat_ops_db.identity import new_id
from ccat_ops_db.models import DataLocation, PhysicalCopy, RawDataFileException, RawDataFileView

CHANGED = "source_changed_after_packaging"


@dataclass(frozen=True)
class Member:
    """A file at its source, as it was when it was packaged."""

    file_id: UUID
    path: str
    size: int
    modified_ns: int | None


def set_changed_files_apart(work: Attempt, storage: Storage, candidate: Candidate) -> None:
    """Except files from a deletion that were changed at their source after they were packaged.

    They are not what was archived. They stay, with an exception that names them, and the others go.
    """
    with work.sessions() as session:
        members = _members_at_source(session, candidate)
    for member in members or ():
        work.item_done()
        if _is_changed(storage, member):
            _except(work, candidate, member)


def remove_objects(work: Attempt, storage: Storage, candidate: Candidate) -> int:
    """Remove the bytes of copies whose deletion was decided; return how many objects there were.

    A file that was changed at its source in this very moment stays, with an exception that names it.
    """
    with work.sessions() as session:
        members = _members_at_source(session, candidate)
        paths = _paths(session, candidate) if members is None else [member.path for member in members]
    at_source = {member.path: member for member in members or ()}
    removed = 0
    with storage.removing() as remove:
        for path in paths:
            work.item_done()
            member = at_source.get(path)
            if member is not None and _is_changed(storage, member):
                _except(work, candidate, member)
                continue
            remove(path)
            removed += 1
            crash_point("deleting.between_files")
    return removed


def _members_at_source(session: Session, candidate: Candidate) -> Sequence[Member] | None:
    """Return what the tar has of the files at a source; None: the place is none.

    What is in no tar is never removed, nor what was found changed.
    """
    if _type(session, candidate) is not LocationType.SOURCE:
        return None
    view = RawDataFileView
    rows = session.execute(
        select(view.id, view.relative_path, view.size, view.mtime_ns)
        .where(
            view.raw_data_package_id == candidate.package_id,
            view.tar_offset.is_not(None),
            view.exception.is_(None),
        )
        .order_by(view.number)
    )
    return [Member(*row) for row in rows]


def _is_changed(storage: Storage, member: Member) -> bool:
    found = storage.stat(member.path)
    if found is None:
        return False
    return found.size != member.size or member.modified_ns not in (None, found.modified_ns)


def _except(work: Attempt, candidate: Candidate, member: Member) -> None:
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
                raw_data_file_id=member.file_id,
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
            subject_id=member.file_id,
            data_location_id=candidate.location_id,
            message=f"{member.path}: {detail}",
        )


def _paths(session: Session, candidate: Candidate) -> Sequence[str]:
    roots = session.scalars(
        select(PhysicalCopy.relative_path).where(*copies_of(candidate)).order_by(PhysicalCopy.relative_path)
    ).all()
    at_processing = _type(session, candidate) is LocationType.PROCESSING
    if candidate.kind is CopyKind.RAW_DATA_FILE:
        return [] if at_processing and _package_is_staged(session, candidate) else roots
    if at_processing:
        return [f"{root}/{path}" for root in roots for path in _staged_only_with_package(session, candidate)]
    return [path for tar in roots for path in (tar, index_name(tar))]


def _package_is_staged(session: Session, candidate: Candidate) -> bool:
    """Tell whether the whole package is staged at the place, too: then its files stay for it."""
    package = select(PhysicalCopy.id).where(
        PhysicalCopy.data_location_id == candidate.location_id,
        PhysicalCopy.raw_data_package_id == candidate.package_id,
        PhysicalCopy.status == PhysicalCopyStatus.STAGED,
    )
    return session.execute(package).first() is not None


def _staged_only_with_package(session: Session, candidate: Candidate) -> Sequence[str]:
    """Return the package's own files, but those that were also staged by themselves: they have their own pin.

    Whatever else lies in the folder belongs to those who work there.
    """
    by_itself = aliased(PhysicalCopy)
    kept = select(by_itself.raw_data_file_id).where(
        by_itself.data_location_id == candidate.location_id,
        by_itself.raw_data_file_id.is_not(None),
        by_itself.status == PhysicalCopyStatus.STAGED,
    )
    return session.scalars(
        select(RawDataFileView.relative_path)
        .where(
            RawDataFileView.raw_data_package_id == candidate.package_id,
            RawDataFileView.tar_offset.is_not(None),
            RawDataFileView.id.not_in(kept),
        )
        .order_by(RawDataFileView.relative_path)
    ).all()


def _type(session: Session, candidate: Candidate) -> LocationType:
    location = DataLocation.__table__.c
    location_type: LocationType = session.execute(
        select(location.location_type).where(location.id == candidate.location_id)
    ).scalar_one()
    return location_type
