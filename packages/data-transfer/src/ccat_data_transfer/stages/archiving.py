"""Stage 4, archiving: one package goes from a buffer into a long-term archive."""

from sqlalchemy import select

from ccat_data_transfer.crash_points import crash_point
from ccat_data_transfer.failures import Transient
from ccat_data_transfer.movers.interface import Expected
from ccat_data_transfer.package_metadata import load_story, obscore
from ccat_data_transfer.planning.verifying import living_at, open_check, register_copy
from ccat_data_transfer.stages.doubt import doubting
from ccat_data_transfer.stages.sidecars import copy_index, metadata_document, metadata_name
from ccat_data_transfer.storage.interface import Storage
from ccat_data_transfer.work.attempt import Attempt
from ccat_ops_db.database_time import database_now
from ccat_ops_db.enumerations import CheckReason
from ccat_ops_db.events import record_event
from ccat_ops_db.models import DataLocation, LongTermArchiveTransfer, PhysicalCopy


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
        archive = DataLocation.__table__.c
        method = session.execute(
            select(archive.verification_method).where(archive.id == transfer.destination_location_id)
        ).scalar_one()
    package = story.package
    assert package.size is not None, "only sealed packages travel"
    assert package.checksum is not None, "only sealed packages travel"
    source = work.storage(source_location)
    target = work.storage(transfer.destination_location_id)
    with doubting(work, transfer.source_copy_id):
        copy_index(source, target, source_path, package.index_checksum)
    target.put(metadata_name(package.relative_path), metadata_document(obscore(story)))
    crash_point("archiving.before_send")
    with doubting(work, transfer.source_copy_id):
        report = work.world.mover(method_between(source, target)).send(
            source,
            source_path,
            target,
            package.relative_path,
            Expected(package.size, package.checksum),
            work_id=str(work.id),
            tag=work.lease.tag,
            progress=work.moved,
            kept=work.kept,
            confirm=work.confirm,
        )
    crash_point("archiving.before_commit")
    here = living_at(transfer.destination_location_id, package.relative_path)
    with work.finishing(here, checksum=report.checksum) as session:
        at = database_now(session)
        copy_id = register_copy(
            session,
            package.id,
            site_id=transfer.site_id,
            location_id=transfer.destination_location_id,
            relative_path=package.relative_path,
            size=package.size,
            at=at,
        )
        if copy_id is None:
            raise Transient("being_deleted", f"a copy at {transfer.destination_location_id} is being deleted")
        open_check(
            session,
            copy_id,
            site_id=transfer.site_id,
            data_location_id=transfer.destination_location_id,
            reason=CheckReason.ARCHIVE,
            method=method,
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
            message=f"{source_location} to {transfer.destination_location_id}, {package.size:,} bytes",
        )
    crash_point("archiving.after_commit")


def method_between(source: Storage, target: Storage) -> str:
    """Return the transfer method between two places that a worker reaches directly."""
    return "posix" if source.kind == target.kind == "disk" else "s3"
