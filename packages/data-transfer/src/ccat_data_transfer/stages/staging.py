"""Stage 6, staging: a package, or one file of it, is unpacked at a processing location and verified."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from ccat_data_transfer.crash_points import crash_point
from ccat_data_transfer.evidence.record import Watch, files_read, record
from ccat_data_transfer.failures import Integrity, Permanent, Transient
from ccat_data_transfer.package_format import (
    Member,
    PackageCorruptError,
    TargetSymlinkError,
)
from ccat_data_transfer.packer import Unpacking
from ccat_data_transfer.planning.verifying import living_at
from ccat_data_transfer.stages.doubt import have_it_verified
from ccat_data_transfer.work.attempt import Attempt
from ccat_ops_db.database_time import database_now
from ccat_ops_db.enumerations import CopyForm, PhysicalCopyStatus
from ccat_ops_db.events import record_event
from ccat_ops_db.identity import new_id
from ccat_ops_db.models import (
    PhysicalCopy,
    RawDataFilePhysicalCopy,
    RawDataFileView,
    RawDataPackage,
    RawDataPackagePhysicalCopy,
    StagingItem,
    StagingJob,
)
from ccat_ops_db.staged_paths import staged_folder


def stage_item(work: Attempt) -> None:
    """Unpack what was asked for below the processing location, and pin it there."""
    with work.sessions() as session:
        item = session.get_one(StagingItem, work.id)
        job = session.get_one(StagingJob, item.staging_job_id)
        package = session.get_one(RawDataPackage, item.raw_data_package_id)
        file = session.get(RawDataFileView, item.raw_data_file_id) if item.raw_data_file_id else None
        copy = session.get_one(PhysicalCopy, item.source_copy_id)

    def unpacked(count: int) -> None:
        work.kept(work.bytes_done + count)
        work.moved(count)

    folder = staged_folder(package.executed_obs_unit_id, package.instrument_module_id, package.part_number)
    unpacking = Unpacking(
        work.storage(copy.data_location_id),
        copy.relative_path,
        work.storage(item.destination_location_id),
        folder,
        str(work.id),
        work.lease.tag,
        unpacked,
    )
    watch = Watch(work)
    try:
        if file is None:
            work.world.packer.unpack(unpacking, package.checksum)
        else:
            work.world.packer.unpack_member(unpacking, _member(file))
    except (PackageCorruptError, TargetSymlinkError) as error:
        if isinstance(error, PackageCorruptError):
            have_it_verified(work, copy.id, error)
        raise Integrity(error.code, f"{copy.data_location_id}: {error}", path=copy.relative_path) from error
    span, seen_at_ns = watch.stop(), unpacking.target.time_there()
    size, checksum = (
        (file.size, file.checksum) if file else (package.payload_bytes, str(package.manifest_checksum))
    )
    crash_point("staging.before_commit")
    staged = f"{folder}/{file.relative_path}" if file else folder
    with work.finishing(living_at(item.destination_location_id, staged)) as session:
        at = database_now(session)
        pinned_until = max(filter(None, [job.pinned_until, at + timedelta(seconds=job.time_to_live)]))
        copy_id = _register(session, item, package, file, staged, pinned_until, at)
        staged_files = files_read(unpacking.target, size, checksum, seen_at_ns)
        record(session, work, copy_id, item.site_id, staged_files, span, reason=work.lease.operation)
        record_event(
            session,
            site_id=item.site_id,
            at=at,
            actor=work.lease.owner,
            action="staging.done",
            subject_type="raw_data_package",
            subject_id=package.id,
            message=f"{file.relative_path if file else 'all files'} in {folder} at"
            f" {item.destination_location_id}, pinned until {pinned_until:%F %H:%M} UTC",
        )
    crash_point("staging.after_commit")


def _member(file: RawDataFileView) -> Member:
    if file.tar_offset is None or file.sha256 is None or file.mtime_ns is None:
        raise Permanent("left_out", f"{file.relative_path} was left out of its package; it is at its source")
    return Member(
        file.relative_path,
        file.tar_offset,
        file.size,
        file.sha256.hex(),
        file.mtime_ns,
    )


def _register(
    session: Session,
    item: StagingItem,
    package: RawDataPackage,
    file: RawDataFileView | None,
    relative_path: str,
    pinned_until: datetime,
    at: datetime,
) -> UUID:
    """Make the staged copy known, or prolong the pin of the one that is there already; return its id.

    Raises
    ------
    Transient
        If that one is being removed at this moment.
    """
    living = session.execute(
        select(PhysicalCopy.id, PhysicalCopy.status)
        .where(living_at(item.destination_location_id, relative_path))
        .with_for_update()
    ).one_or_none()
    if living is not None:
        if living.status is PhysicalCopyStatus.DELETION_IN_PROGRESS:
            raise Transient("being_deleted", "an older staged copy is being removed; it is staged after that")
        # A deletion that was only scheduled is refused by the pin.
        session.execute(
            update(PhysicalCopy)
            .where(PhysicalCopy.id == living.id)
            .values(
                status=PhysicalCopyStatus.STAGED,
                pinned_until=func.greatest(PhysicalCopy.pinned_until, pinned_until),
            )
            .execution_options(synchronize_session=False)
        )
        existing: UUID = living.id
        return existing
    copy_id = new_id()
    facts = {
        "id": copy_id,
        "site_id": item.site_id,
        "data_location_id": item.destination_location_id,
        "relative_path": relative_path,
        "form": CopyForm.FILES,
        "status": PhysicalCopyStatus.STAGED,
        "size": file.size if file else package.payload_bytes,
        "created_at": at,
        "pinned_until": pinned_until,
    }
    if file is None:
        session.add(RawDataPackagePhysicalCopy(raw_data_package_id=package.id, **facts))
    else:
        session.add(RawDataFilePhysicalCopy(raw_data_file_id=file.id, **facts))
    session.flush()
    return copy_id
