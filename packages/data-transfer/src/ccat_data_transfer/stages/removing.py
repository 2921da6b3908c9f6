"""What a proven deletion removes at a location, and what it leaves there."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session, aliased

from ccat_data_transfer.crash_points import crash_point
from ccat_data_transfer.deletion.rule import LIVING, Candidate, copies_of
from ccat_data_transfer.failures import Integrity
from ccat_data_transfer.stages.sidecars import index_name
from ccat_data_transfer.storage.interface import Storage
from ccat_data_transfer.work.attempt import Attempt
from ccat_ops_db.database_time import database_now
from ccat_ops_db.enumerations import CopyKind, LocationType, PhysicalCopyStatus, Severity
from ccat_ops_db.events import record_error
from ccat_ops_db.models import DataLocation, PhysicalCopy, RawDataFile

CHANGED = "source_changed_after_packaging"


@dataclass(frozen=True)
class SourceCopy:
    """A file at its source, as it was when it was packaged."""

    copy_id: UUID
    path: str
    size: int
    modified_ns: int | None


def set_changed_files_apart(work: Attempt, storage: Storage, candidate: Candidate) -> None:
    """Take files out of a deletion that were changed at their source after they were packaged.

    They are not what was archived. They stay, with an error that names them, and the others go.
    """
    with work.sessions() as session:
        files = _files_at_source(session, candidate)
    for file in files:
        work.item_done()
        if not _is_changed(storage, file):
            continue
        with work.sessions.begin() as session:
            at = database_now(session)
            session.execute(
                update(PhysicalCopy)
                .where(
                    PhysicalCopy.id == file.copy_id,
                    PhysicalCopy.status.in_((*LIVING, PhysicalCopyStatus.DELETION_SCHEDULED)),
                )
                .values(status=PhysicalCopyStatus.CORRUPT)
                .execution_options(synchronize_session=False)
            )
            record_error(
                session,
                site_id=candidate.location_id.split(".", 1)[0],
                at=at,
                severity=Severity.ERROR,
                category=CHANGED,
                subject_type="physical_copy",
                subject_id=file.copy_id,
                data_location_id=candidate.location_id,
                message=f"{file.path}: changed at {candidate.location_id} after it was packaged, so it is"
                " kept; file it under a new name, or remove it",
            )


def remove_objects(work: Attempt, storage: Storage, candidate: Candidate) -> int:
    """Remove the bytes of copies whose deletion was decided; return how many objects there were.

    Raises
    ------
    Integrity
        If a file at its source was changed in this very moment; it stays.
    """
    with work.sessions() as session:
        at_source = {file.path: file for file in _files_at_source(session, candidate)}
        paths = _paths(session, candidate)
    changed = None
    with storage.removing() as remove:
        for path in paths:
            work.item_done()
            file = at_source.get(path)
            if file is not None and _is_changed(storage, file):
                changed = path
                continue
            remove(path)
            crash_point("deleting.between_files")
    if changed is not None:
        raise Integrity(CHANGED, "the file changed while its package was deleted; it is kept", path=changed)
    return len(paths)


def _files_at_source(session: Session, candidate: Candidate) -> list[SourceCopy]:
    if candidate.kind is not CopyKind.RAW_DATA_FILE or _type(session, candidate) is not LocationType.SOURCE:
        return []
    rows = session.execute(
        select(PhysicalCopy.id, PhysicalCopy.relative_path, PhysicalCopy.size, RawDataFile.member_modified_ns)
        .join(RawDataFile, RawDataFile.id == PhysicalCopy.raw_data_file_id)
        .where(*copies_of(candidate))
        .order_by(PhysicalCopy.relative_path)
    )
    return [SourceCopy(*row) for row in rows]


def _is_changed(storage: Storage, file: SourceCopy) -> bool:
    found = storage.stat(file.path)
    if found is None:
        return False
    return found.size != file.size or file.modified_ns not in (None, found.modified_ns)


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
        select(RawDataFile.relative_path)
        .where(RawDataFile.raw_data_package_id == candidate.package_id, RawDataFile.id.not_in(kept))
        .order_by(RawDataFile.relative_path)
    ).all()


def _type(session: Session, candidate: Candidate) -> LocationType:
    location = DataLocation.__table__.c
    location_type: LocationType = session.execute(
        select(location.location_type).where(location.id == candidate.location_id)
    ).scalar_one()
    return location_type
