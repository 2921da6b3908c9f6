"""Stage 1, packaging: the files of one package become one tar in the site's buffer, in one pass."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Uuid, column, insert, select, update, values
from sqlalchemy.orm import Session, joinedload, selectinload
from sqlalchemy.types import BigInteger, String

from ccat_data_transfer.crash_points import crash_point
from ccat_data_transfer.failures import Permanent
from ccat_data_transfer.package_format import (
    PackageContents,
    SourceFile,
    SourceFileError,
    WrittenPackage,
    publish,
    remove_leftovers,
    temporary_path,
    write_file,
    write_package,
)
from ccat_data_transfer.package_metadata import describe, obscore
from ccat_data_transfer.work.hand import WorkInHand
from ccat_ops_db.enumerations import CopyKind, PhysicalCopyStatus, VerificationMethod
from ccat_ops_db.events import record_event
from ccat_ops_db.identity import new_id
from ccat_ops_db.models import (
    ExecutedObsUnit,
    InstrumentModule,
    Instrument,
    ObsUnit,
    PackageCreation,
    PhysicalCopy,
    RawDataFile,
    RawDataFilePhysicalCopy,
    RawDataPackage,
    RawDataPackageMetadata,
    RawDataPackagePhysicalCopy,
    Telescope,
)

INDEX_SUFFIX = ".index.json"
METADATA_SUFFIX = ".metadata.json"


def make_package(work: WorkInHand) -> None:
    """Write the tar beside its final name, publish it, and seal the package in the database."""
    with work.sessions() as session:
        creation = session.get_one(PackageCreation, work.id)
        package = _load_package(session, creation.raw_data_package_id)
        files = session.scalars(
            select(RawDataFile).where(RawDataFile.raw_data_package_id == package.id)
        ).all()
    assert creation.destination_location_id is not None, "admission waits for a buffer"
    source = work.places.folder(creation.source_location_id)
    target = work.places.folder(creation.destination_location_id) / package.relative_path
    contents = PackageContents(
        package.id,
        package.created_at,
        [SourceFile(file.relative_path, file.size, file.checksum) for file in files],
        describe(package, files),
    )
    attempt = work.lease.fencing
    temporary = temporary_path(target, attempt)
    remove_leftovers(target, attempt)
    try:
        written = write_package(contents, source, temporary, on_progress=work.progress)
    except SourceFileError as error:
        raise Permanent(
            f"source_file_{error.code}",
            f"{creation.source_location_id}: {error}; mend the file at the source, then retry",
            path=error.path,
        ) from error
    crash_point("packaging.before_publish")
    publish(temporary, target)
    crash_point("packaging.after_publish")
    write_file(index_path(target), written.index_json, attempt)
    crash_point("packaging.before_commit")
    with work.finishing() as session:
        _seal(session, work, package, written, creation.destination_location_id)
    crash_point("packaging.after_commit")


def index_path(tar: Any) -> Any:
    """Return the name of the byte index beside a tar: ``<id>.tar`` → ``<id>.index.json``."""
    return tar.with_name(tar.name.removesuffix(".tar") + INDEX_SUFFIX)
