"""Stage 7, deleting: what the proof allows is removed at one location.

The decision is a transaction of its own: archives are asked, the rule is proved, the copies leave their
readable state. Only then bytes go. After a crash everything is proved anew.
"""

from datetime import UTC, datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from ccat_data_transfer.crash_points import crash_point
from ccat_data_transfer.deletion.proof import (
    ArchiveCopy,
    Candidate,
    Confirmation,
    NotProvenError,
    copies_of,
    prove,
    reliable_copies,
)
from ccat_data_transfer.failures import Failure, Integrity
from ccat_data_transfer.movers.interface import Expected
from ccat_data_transfer.movers.registry import mover_for
from ccat_data_transfer.stages.archiving import method_between
from ccat_data_transfer.stages.sidecars import index_name
from ccat_data_transfer.storage.interface import Storage
from ccat_data_transfer.work.hand import WorkInHand
from ccat_ops_db.enumerations import CopyKind, LocationType, PhysicalCopyStatus, VerificationMethod
from ccat_ops_db.events import record_event
from ccat_ops_db.models import (
    DataLocation,
    Deletion,
    PhysicalCopy,
    RawDataFile,
    RawDataPackage,
)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

ASK_AGAIN_AFTER = 60.0
"""Seconds until a deletion that could not be proved is tried again."""


def delete_copies(work: WorkInHand) -> None:
    """Prove and remove one package's tar, or its files, at one location."""
    with work.sessions() as session:
        deletion = session.get_one(Deletion, work.id)
        candidate = Candidate(
            deletion.raw_data_package_id,
            deletion.data_location_id,
            deletion.kind,
            deletion.raw_data_file_id,
        )
        relied_on = reliable_copies(session, candidate, work.clock.utc_now())
    confirmations = [c for copy in relied_on if (c := _confirm(work, copy)) is not None]
    crash_point("deleting.before_decision")
    try:
        _decide(work, candidate, confirmations)
    except NotProvenError as refusal:
        _postpone(work, refusal)
        return
    crash_point("deleting.after_decision")
    storage = work.places.storage(deletion.data_location_id)
    removed = _remove(work, storage, candidate)
    crash_point("deleting.before_commit")
    with work.finishing() as session:
        _note_deleted(session, work, deletion, candidate, removed)
    crash_point("deleting.after_commit")


def _confirm(work: WorkInHand, copy: ArchiveCopy) -> Confirmation | None:
    """Ask an archive for its copy now; None if it does not confirm it, for whatever reason."""
    work.moved(0)
    try:
        storage = work.places.storage(copy.location_id)
        if copy.how is VerificationMethod.HEADER and storage.kind == "disk":
            if not _is_untouched(storage, copy):
                return None
        else:
            mover_for(method_between(storage, storage)).verify(
                storage, copy.relative_path, Expected(copy.size, copy.checksum), copy.how, work.moved
            )
    except Failure:
        return None
    return Confirmation(copy.copy_id, work.clock.utc_now())


def _is_untouched(storage: Storage, copy: ArchiveCopy) -> bool:
    """Tell whether a disk, which keeps no checksum, says that a copy is as it was when it was last read."""
    found = storage.stat(copy.relative_path)
    return found is not None and found.size == copy.size and found.modified_at <= copy.verified_at


def _decide(work: WorkInHand, candidate: Candidate, confirmations: list[Confirmation]) -> None:
    with work.sessions.begin() as session:
        prove(session, candidate, confirmations, work.clock.utc_now())
        session.execute(
            update(PhysicalCopy)
            .where(*copies_of(candidate))
            .values(status=PhysicalCopyStatus.DELETION_IN_PROGRESS)
            .execution_options(synchronize_session=False)
        )


def _postpone(work: WorkInHand, refusal: NotProvenError) -> None:
    at = work.clock.utc_now()
    with work.handing_over(
        waiting_reason=refusal.obstacle.reason,
        waiting_detail=refusal.obstacle.detail,
        waiting_since=at,
        next_attempt_at=at + timedelta(seconds=ASK_AGAIN_AFTER),
    ):
        pass


def _remove(work: WorkInHand, storage: Storage, candidate: Candidate) -> int:
    """Remove the bytes; return how many objects there were."""
    with work.sessions() as session:
        copies = session.execute(
            select(
                PhysicalCopy.relative_path,
                PhysicalCopy.size,
                RawDataFile.member_modified_ns,
            )
            .outerjoin(RawDataFile, RawDataFile.id == PhysicalCopy.raw_data_file_id)
            .where(*copies_of(candidate))
        ).all()
        location = DataLocation.__table__.c
        location_type = session.execute(
            select(location.location_type).where(location.id == candidate.location_id)
        ).scalar_one()
    removed = 0
    for copy in copies:
        work.moved(copy.size)
        if candidate.kind is CopyKind.RAW_DATA_PACKAGE and location_type is LocationType.PROCESSING:
            removed += _remove_folder(work, storage, copy.relative_path)
            continue
        if location_type is LocationType.SOURCE:
            _refuse_if_changed(storage, copy.relative_path, copy.size, copy.member_modified_ns)
        storage.remove(copy.relative_path)
        if candidate.kind is CopyKind.RAW_DATA_PACKAGE:
            storage.remove(index_name(copy.relative_path))
        removed += 1
        crash_point("deleting.between_files")
    return removed


def _remove_folder(work: WorkInHand, storage: Storage, folder: str) -> int:
    removed = 0
    for found in storage.list(folder):
        work.moved(0)
        storage.remove(found.path)
        removed += 1
    return removed


def _refuse_if_changed(storage: Storage, path: str, size: int, modified_ns: int | None) -> None:
    """Keep a file at the source that is not any more what was archived.

    Raises
    ------
    Integrity
        If its size or modification time differs from when it was packaged.
    """
    found = storage.stat(path)
    if found is None:
        return
    # Storage tells times to the microsecond, rounded.
    moved = abs((found.modified_at - EPOCH) / timedelta(microseconds=1) - (modified_ns or 0) / 1000)
    if found.size != size or (modified_ns is not None and moved > 1):
        raise Integrity(
            "source_changed_after_packaging",
            "the file was changed after it was packaged, so it is kept; file it under a new name",
            path=path,
        )


def _note_deleted(
    session: Session, work: WorkInHand, deletion: Deletion, candidate: Candidate, removed: int
) -> None:
    at = work.clock.utc_now()
    session.execute(
        update(PhysicalCopy)
        .where(*copies_of(candidate))
        .values(status=PhysicalCopyStatus.DELETED, deleted_at=at)
        .execution_options(synchronize_session=False)
    )
    if candidate.kind is CopyKind.RAW_DATA_FILE:
        session.execute(
            update(RawDataPackage)
            .where(
                RawDataPackage.id == candidate.package_id,
                RawDataPackage.source_location_id == candidate.location_id,
            )
            .values(source_removed_at=at)
            .execution_options(synchronize_session=False)
        )
    record_event(
        session,
        site_id=deletion.site_id,
        at=at,
        actor=work.lease.owner,
        action="copy.deleted",
        subject_type="raw_data_package",
        subject_id=candidate.package_id,
        message=f"{removed} objects at {candidate.location_id}: {deletion.requested_by}, {deletion.reason}",
    )
