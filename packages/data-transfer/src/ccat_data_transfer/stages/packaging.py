"""Stage 1, packaging: the files of one package become one tar in the site's buffer, in one pass."""

import hashlib
from dataclasses import replace
from datetime import datetime

from sqlalchemy import and_, insert, update
from sqlalchemy.orm import Session

from ccat_data_transfer.crash_points import crash_point
from ccat_data_transfer.evidence.record import Reading, Span, Watch, files_read, record
from ccat_data_transfer.failures import Permanent, Transient
from ccat_data_transfer.package_format import (
    PackageContents,
    SourceFile,
    SourceFileError,
    WrittenPackage,
)
from ccat_data_transfer.package_metadata import PackageStory, bag_info, describe, load_story, obscore
from ccat_data_transfer.packer import NewPackage
from ccat_data_transfer.planning.tar_names import TarName
from ccat_data_transfer.planning.verifying import register_copy
from ccat_data_transfer.stages.bad_files import conclude_files, find_bad_files, left_out, wait_for_files
from ccat_data_transfer.stages.sending import confirm_name, free_name
from ccat_data_transfer.stages.sidecars import index_name, leave_beside, tell_successor
from ccat_data_transfer.work.attempt import Attempt
from ccat_ops_db.database_time import database_now
from ccat_ops_db.enumerations import CopyForm, PhysicalCopyStatus
from ccat_ops_db.events import record_event, resolve_errors
from ccat_ops_db.identity import new_id
from ccat_ops_db.models import (
    PackageCreation,
    PhysicalCopy,
    RawDataPackage,
    RawDataPackageMember,
    RawDataPackageMetadata,
    RawDataPackagePhysicalCopy,
)
from ccat_ops_db.package_state import ALL_LEFT_OUT


def make_package(work: Attempt) -> None:
    """Write the tar beside its final name, publish it, and seal the package in the database."""
    with work.sessions() as session:
        creation = session.get_one(PackageCreation, work.id)
        story = _without_bad_files(session, load_story(session, creation.raw_data_package_id))
    if not story.files:
        _end_without_files(work, story.package)
        return
    assert creation.destination_location_id is not None, "work is admitted only with a buffer"
    buffer = work.storage(creation.destination_location_id)
    source = work.storage(creation.source_location_id)
    package = story.package
    with work.sessions() as session:
        name = free_name(session, package.id, creation.destination_location_id)
    if name.is_there:
        with work.finishing():
            return
    packer = work.world.packer
    new = NewPackage(buffer, name.path, work.lease.tag)
    contents = PackageContents(
        package.id,
        package.created_at,
        # The times of a tar that is made again are those that it had.
        [SourceFile(file.relative_path, file.size, file.checksum, file.mtime_ns) for file in story.files],
        describe(story),
        bag_info(story),
    )
    # A worker that was overtaken must not remove what its successor writes.
    work.confirm()
    packer.remove_leftovers(new)
    watch, seen_at_ns = Watch(work), source.time_there()

    def written_so_far(count: int) -> None:
        work.kept(count)
        work.progress(count)

    try:
        written = packer.write(new, contents, source, on_progress=written_so_far)
    except SourceFileError as error:
        # What is found at another place is nothing about the files.
        source.confirm_place()
        packer.discard(new)
        work.kept(0)
        if package.sealed_at is not None:
            raise Permanent(error.code, f"{error} (at {creation.source_location_id})") from error
        bad = find_bad_files(work, contents.files, source, error)
        source.confirm_place()
        wait_for_files(work, package, contents.files, bad)
        return
    span = watch.stop()
    if package.checksum not in (None, written.checksum):
        packer.discard(new)
        work.kept(0)
        raise Permanent(
            "remade_differs",
            f"the files at {creation.source_location_id} make another tar than the one that was sealed; mend"
            " the copy by hand",
        )
    if name.bad is not None:
        tell_successor(work, package.id, buffer, name.bad, name.path)
    confirm_name(work, buffer.location_id, name.path)
    crash_point("packaging.before_publish")
    packer.publish(new)
    crash_point("packaging.after_publish")
    leave_beside(work, package.id, buffer, index_name(name.path), written.index_json)
    crash_point("packaging.before_commit")
    if source.marker_id is not None:
        source.confirm_place()
    here = and_(
        PhysicalCopy.raw_data_package_id == package.id, PhysicalCopy.data_location_id == buffer.location_id
    )
    with work.finishing(here, bytes_total=written.size) as session:
        if package.sealed_at is None:
            of_source = files_read(source, _payload(story), written.manifest_checksum, seen_at_ns)
            _seal(session, work, story, written, of_source, span)
        _register(session, package, written, buffer.location_id, name)
    crash_point("packaging.after_commit")


def _without_bad_files(session: Session, story: PackageStory) -> PackageStory:
    """Return what the tar is to have: what it had before, or all but what the package goes on without."""
    if story.package.sealed_at is not None:
        return replace(story, files=[file for file in story.files if file.tar_offset is not None])
    out = left_out(session, story.package, database_now(session))
    return replace(story, files=[file for file in story.files if file.relative_path not in out])


def _end_without_files(work: Attempt, package: RawDataPackage) -> None:
    """End the packaging of files that are all bad: their numbers are spent, and they stay where they are."""
    with work.giving_up(
        error_category=ALL_LEFT_OUT, error_message="none of its files is as it was filed"
    ) as session:
        conclude_files(session, work, package, (), database_now(session))


def _payload(story: PackageStory) -> int:
    return sum(file.size for file in story.files)


def _seal(
    session: Session,
    work: Attempt,
    story: PackageStory,
    written: WrittenPackage,
    of_source: Reading,
    span: Span,
) -> None:
    package, at = story.package, database_now(session)
    session.execute(
        update(RawDataPackage)
        .where(RawDataPackage.id == package.id)
        .values(
            file_count=len(story.files),
            payload_bytes=_payload(story),
            sealed_at=at,
            size=written.size,
            checksum=written.checksum,
            manifest_checksum=written.manifest_checksum,
            index_checksum=f"sha256:{hashlib.sha256(written.index_json).hexdigest()}",
        )
    )
    _note_members(session, story, written)
    conclude_files(session, work, package, (member.path for member in written.index.members), at)
    _note_source_read(session, work, package, of_source, span, at)
    session.execute(
        insert(RawDataPackageMetadata).values(
            raw_data_package_id=package.id, site_id=package.site_id, **obscore(story)
        )
    )
    record_event(
        session,
        site_id=package.site_id,
        at=at,
        actor=work.lease.owner,
        action="package.sealed",
        subject_type="raw_data_package",
        subject_id=package.id,
        message=f"{len(story.files)} files in {written.size:,} bytes",
    )


def _register(
    session: Session, package: RawDataPackage, written: WrittenPackage, buffer: str, name: TarName
) -> None:
    at = database_now(session)
    copy_id = register_copy(
        session,
        package.id,
        site_id=package.site_id,
        location_id=buffer,
        relative_path=name.path,
        generation=name.generation,
        size=written.size,
        at=at,
    )
    if copy_id is None:
        raise Transient("being_deleted", f"a copy at {buffer} is being deleted, or gone")
    resolve_errors(session, subject_type="physical_copy", subject_id=copy_id, at=at)


def _note_members(session: Session, story: PackageStory, written: WrittenPackage) -> None:
    ids = {file.relative_path: file.id for file in story.files}
    session.execute(
        insert(RawDataPackageMember),
        [
            {
                "raw_data_file_id": ids[member.path],
                "site_id": story.package.site_id,
                "raw_data_package_id": story.package.id,
                "tar_offset": member.offset,
                "sha256": bytes.fromhex(member.sha256),
                "mtime_ns": member.mtime_ns,
            }
            for member in written.index.members
        ],
    )


def _note_source_read(
    session: Session, work: Attempt, package: RawDataPackage, found: Reading, span: Span, at: datetime
) -> None:
    """Note that the files at the source were read and found right while the tar was written: one copy."""
    copy_id = new_id()
    session.add(
        RawDataPackagePhysicalCopy(
            id=copy_id,
            site_id=package.site_id,
            form=CopyForm.FILES,
            raw_data_package_id=package.id,
            data_location_id=package.source_location_id,
            relative_path=package.relative_path.removesuffix(".tar"),
            status=PhysicalCopyStatus.VERIFIED,
            size=found.size,
            created_at=at,
            place_marker_id=found.marker_id,
        )
    )
    session.flush()
    record(session, work, copy_id, package.site_id, found, span, reason=work.lease.operation)
