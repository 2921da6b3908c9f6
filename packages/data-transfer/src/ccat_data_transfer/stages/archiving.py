"""Stage 4, archiving: one package goes from a buffer into a long-term archive."""

from sqlalchemy import and_, select

from ccat_data_transfer.crash_points import crash_point
from ccat_data_transfer.failures import Transient
from ccat_data_transfer.package_metadata import load_story, obscore
from ccat_data_transfer.planning.verifying import open_check, register_copy
from ccat_data_transfer.stages.sending import Sending, free_name, send_tar
from ccat_data_transfer.stages.sidecars import metadata_document
from ccat_data_transfer.storage.interface import Storage
from ccat_data_transfer.work.attempt import Attempt
from ccat_ops_db.database_time import database_now
from ccat_ops_db.enumerations import CheckReason
from ccat_ops_db.events import record_event
from ccat_ops_db.models import LongTermArchiveTransfer, PhysicalCopy


def archive_package(work: Attempt) -> None:
    """Write tar, index and metadata into the archive and open the verification of the new copy."""
    with work.sessions() as session:
        transfer = session.get_one(LongTermArchiveTransfer, work.id)
        story = load_story(session, transfer.raw_data_package_id)
        source_location, source_path = session.execute(
            select(PhysicalCopy.data_location_id, PhysicalCopy.relative_path).where(
                PhysicalCopy.id == transfer.source_copy_id
            )
        ).one()
        package, archive_id = story.package, transfer.destination_location_id
        name = free_name(session, package.id, archive_id)
    report = None
    if not name.is_there:
        metadata = metadata_document(obscore(story))
        sending = Sending(
            package, transfer.source_copy_id, source_location, source_path, archive_id, name, metadata
        )
        between = method_between(work.storage(source_location), work.storage(archive_id))
        report = send_tar(work, sending, between, work.moved, lambda: crash_point("archiving.before_send"))
    crash_point("archiving.before_commit")
    assert package.size is not None, "only sealed packages travel"
    here = and_(PhysicalCopy.raw_data_package_id == package.id, PhysicalCopy.data_location_id == archive_id)
    with work.finishing(here, checksum=None if report is None else report.checksum) as session:
        at = database_now(session)
        copy_id = register_copy(
            session,
            package.id,
            site_id=transfer.site_id,
            location_id=archive_id,
            relative_path=name.path,
            generation=name.generation,
            size=package.size,
            at=at,
        )
        if copy_id is None:
            raise Transient("being_deleted", f"a copy at {archive_id} is being deleted, or gone")
        open_check(
            session,
            copy_id,
            site_id=transfer.site_id,
            data_location_id=archive_id,
            reason=CheckReason.ARCHIVE,
            priority=transfer.priority,
            size=package.size,
            at=at,
        )
        record_event(
            session,
            site_id=transfer.site_id,
            at=at,
            actor=work.lease.owner,
            action="archive.written",
            subject_type="raw_data_package",
            subject_id=package.id,
            message=f"{source_location} to {archive_id}, {package.size:,} bytes",
        )
    crash_point("archiving.after_commit")


def method_between(source: Storage, target: Storage) -> str:
    """Return the transfer method between two places that a worker reaches directly."""
    return "posix" if source.kind == target.kind == "disk" else "s3"
