"""Rows for tests: a small observatory, and work or copies in any status."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ccat_dev_stack.proofs import lease_deletion, proof_of, prove_copy
from ccat_ops_db import models
from ccat_ops_db.enumerations import (
    CallerKind,
    CheckReason,
    CopyForm,
    CopyKind,
    DoubtCause,
    ExecutionStatus,
    FileExceptionKind,
    LocationType,
    OutageScope,
    PhysicalCopyStatus,
    Status,
    TransferMethod,
)
from ccat_ops_db.filing import FileFacts, file_raw_data
from ccat_ops_db.identity import new_id

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
XXH3 = "xxh3-128:" + "0" * 32
SHA256 = "sha256:" + "0" * 64


@dataclass(frozen=True)
class World:
    """Keys of what `make_world` made."""

    execution: UUID
    package: UUID
    file: UUID
    copy: UUID
    job: UUID
    source: str = "ccat.chai-raw-data"
    buffer: str = "ccat.output-buffer"
    archive: str = "cologne.lta"
    processing: str = "cologne.processing"
    route: str = "ccat-cologne"
    module: str = "chai-lfa"
    unit: str = "IRC10216_CHAI_CO43"


def make_world(session: Session) -> World:
    """Add a small observatory with one execution, one sealed package, its file and its copy at the buffer."""
    add_reference_data(session)
    execution = add_execution(session)
    package = add_package(session, execution)
    file = file_of(session, package)
    copy = add_copy(session, package, "ccat.output-buffer")
    job = models.StagingJob(
        id=new_id(),
        site_id="cologne",
        destination_location_id="cologne.processing",
        executed_obs_unit_id=execution,
        requested_by="somebody",
        created_at=NOW,
    )
    session.add(job)
    session.flush()
    return World(execution, package, file, copy, job.id)


def add_reference_data(session: Session) -> None:
    """Add what executions, packages and copies refer to."""
    _add(session, models.Observatory(id="ccat", name="CCAT"))
    _add(session, models.Site(id="ccat", name="CCAT"), models.Site(id="cologne", name="Cologne", main=True))
    _add(
        session,
        models.Telescope(
            id="fyst",
            observatory_id="ccat",
            site_id="ccat",
            name="FYST",
            latitude=-22.98,
            longitude=-67.74,
            altitude=5600,
        ),
    )
    _add(session, models.Instrument(id="chai", telescope_id="fyst", name="CHAI"))
    _add(session, models.InstrumentModule(id="chai-lfa", instrument_id="chai", name="LFA"))
    for site, name, kind in (
        ("ccat", "chai-raw-data", LocationType.SOURCE),
        ("ccat", "output-buffer", LocationType.BUFFER),
        ("cologne", "input-buffer", LocationType.BUFFER),
        ("cologne", "lta", LocationType.LONG_TERM_ARCHIVE),
        ("cologne", "processing", LocationType.PROCESSING),
    ):
        _add(
            session,
            models.DiskDataLocation(
                id=f"{site}.{name}", site_id=site, name=name, location_type=kind, path=f"/data/{site}/{name}"
            ),
        )
    _add(
        session,
        models.DataTransferRoute(
            id="ccat-cologne",
            origin_site_id="ccat",
            destination_site_id="cologne",
            method=TransferMethod.POSIX,
        ),
    )
    _add(session, models.ObservingProgram(id="GEco", name="Galactic Ecology"))
    _add(session, models.FixedSource(id="IRC10216", right_ascension=146.9, declination=13.2))
    _add(session, models.ObsUnit(id="IRC10216_CHAI_CO43", observing_program_id="GEco", source_id="IRC10216"))


def add_execution(session: Session, status: ExecutionStatus = ExecutionStatus.COMPLETED) -> UUID:
    """Add an execution with its module."""
    execution = models.ExecutedObsUnit(
        id=new_id(),
        site_id="ccat",
        telescope_id="fyst",
        obs_unit_id="IRC10216_CHAI_CO43",
        status=status,
        started_at=NOW,
        start_received_at=NOW,
        ended_at=None if status is ExecutionStatus.RUNNING else NOW + timedelta(minutes=5),
    )
    _add(session, execution)
    _add(
        session,
        models.ExecutedObsUnitModule(
            executed_obs_unit_id=execution.id, instrument_module_id="chai-lfa", site_id="ccat"
        ),
    )
    return execution.id


def add_package(session: Session, execution: UUID, *, part: int = 1, sealed: bool = True) -> UUID:
    """File what is not filed yet and add a package of all that is in none; in its tar if it is sealed."""
    add_file(session, execution, "a.fits" if part == 1 else f"{part}.fits")
    package = new_id()
    series = session.scalars(
        select(models.RawDataSeries).where(models.RawDataSeries.executed_obs_unit_id == execution)
    ).one()
    first, last = series.packaged_count + 1, series.filed_count
    facts: dict[str, Any] = {}
    if sealed:
        facts = {
            "sealed_at": NOW,
            "size": 10240,
            "checksum": XXH3,
            "manifest_checksum": SHA256,
            "index_checksum": SHA256,
        }
    _add(
        session,
        models.RawDataPackage(
            id=package,
            site_id="ccat",
            raw_data_series_id=series.id,
            first_number=first,
            last_number=last,
            part_number=part,
            created_at=NOW,
            file_count=last - first + 1,
            payload_bytes=3 * (last - first + 1),
            relative_path=f"2026/11/21/{package}.tar",
            **facts,
        ),
    )
    # A trigger has counted.
    session.expire(series)
    if sealed:
        _add(
            session,
            *(
                models.RawDataPackageMember(
                    raw_data_file_id=file,
                    site_id="ccat",
                    raw_data_package_id=package,
                    tar_offset=1536,
                    sha256=bytes(32),
                    mtime_ns=0,
                )
                for file in files_of(session, package)
            ),
        )
        _add(
            session,
            models.RawDataPackagePhysicalCopy(
                id=new_id(),
                site_id="ccat",
                form=CopyForm.FILES,
                raw_data_package_id=package,
                data_location_id="ccat.chai-raw-data",
                relative_path=f"2026/11/21/{package}",
                size=3 * (last - first + 1),
                created_at=NOW,
            ),
        )
    return package


def add_file(session: Session, execution: UUID, path: str = "a.fits") -> UUID:
    """File a file of 3 bytes."""
    [file] = file_raw_data(
        session, execution, "chai-lfa", "ccat.chai-raw-data", [FileFacts(path, 3, SHA256)], NOW
    )
    return file.id


def add_exception(session: Session, file: UUID) -> UUID:
    """Say that a file is missing at its source."""
    exception = models.RawDataFileException(
        id=new_id(),
        site_id="ccat",
        raw_data_file_id=file,
        kind=FileExceptionKind.MISSING,
        first_seen_at=NOW,
        last_seen_at=NOW,
        read_by="a worker",
        detail="it is not there",
    )
    _add(session, exception)
    return exception.id


def add_finding(session: Session, location: str) -> UUID:
    """Say that an object of no copy is at a location."""
    finding = models.ReconcileFinding(
        id=new_id(),
        site_id=location.partition(".")[0],
        data_location_id=location,
        path="old/notes.txt",
        size=3,
        identity="disk:7",
        first_seen_at=NOW,
        last_seen_at=NOW,
    )
    _add(session, finding)
    return finding.id


def files_of(session: Session, package: UUID) -> list[UUID]:
    """Return the files of a package, in the order of their numbers."""
    view = models.RawDataFileView
    return list(
        session.scalars(select(view.id).where(view.raw_data_package_id == package).order_by(view.number))
    )


def file_of(session: Session, package: UUID) -> UUID:
    """Return the one file of a package."""
    [file] = files_of(session, package)
    return file


def add_copy(
    session: Session,
    package: UUID,
    location: str,
    status: PhysicalCopyStatus = PhysicalCopyStatus.VERIFIED,
    form: CopyForm = CopyForm.TAR,
) -> UUID:
    """Add a copy of a package; its path is its own, so that a package can have several in one place."""
    identifier = new_id()
    copy = models.RawDataPackagePhysicalCopy(
        id=identifier,
        site_id=location.partition(".")[0],
        form=form,
        raw_data_package_id=package,
        data_location_id=location,
        relative_path=f"{identifier}.tar",
        status=status,
        size=10240,
        created_at=NOW,
        deleted_at=NOW if status is PhysicalCopyStatus.DELETED else None,
    )
    _add(session, copy)
    if status not in (PhysicalCopyStatus.PRESENT, PhysicalCopyStatus.CORRUPT, PhysicalCopyStatus.MISSING):
        prove_copy(session, copy, XXH3, NOW)
    return identifier


def add_verification(session: Session, copy: UUID, **other: Any) -> models.Verification:
    """Write down that all bytes of a copy were read and are right, or what else was found."""
    found = session.get_one(models.PhysicalCopy, copy)
    newest = session.scalar(
        select(func.max(models.Verification.number)).where(models.Verification.physical_copy_id == copy)
    )
    facts: dict[str, Any] = {"id": new_id(), "number": (newest or 0) + 1}
    row = proof_of(found, XXH3, NOW, None, **facts | other)
    _add(session, row)
    return row


def add_row(session: Session, world: World, table: str, status: StrEnum) -> Any:
    """Add a row of any table with a life cycle, in a status; return the object."""
    if table == "executed_obs_unit":
        return session.get(models.ExecutedObsUnit, add_execution(session, ExecutionStatus(status)))
    package = add_package(session, world.execution, part=_next_part(session))
    if table == "physical_copy":
        # Only files have all statuses: a tar is never staged.
        key = add_copy(session, package, world.buffer, PhysicalCopyStatus(status), CopyForm.FILES)
        copy = session.get_one(models.PhysicalCopy, key)
        # Without it some of them could not follow.
        lease_deletion(session, copy, NOW)
        return copy
    if table in ("copy_claim", "physical_copy_lock"):
        return _add_claim(session, world, package)
    row = _work(session, table, world, package)
    row.status = Status(status)
    row.created_at = NOW
    row.lease_owner, row.lease_expires_at = "a worker", NOW
    _add(session, row)
    return row


def _add_claim(session: Session, world: World, package: UUID) -> models.CopyClaim:
    """Add a claim of a copy and the answer to it."""
    copy = add_copy(session, package, world.buffer)
    facts = {"physical_copy_id": copy, "work_table": "staging_item", "work_id": new_id()}
    claim = models.CopyClaim(id=new_id(), site_id="cologne", copy_site_id="ccat", made_at=NOW, **facts)
    session.add_all(
        [claim, models.PhysicalCopyLock(site_id="ccat", claim_id=claim.id, created_at=NOW, **facts)]
    )
    session.flush()
    return claim


def _work(session: Session, table: str, world: World, package: UUID) -> Any:
    if table == "package_creation":
        return models.PackageCreation(
            site_id="ccat", raw_data_package_id=package, source_location_id=world.source
        )
    if table == "data_transfer":
        return models.DataTransfer(
            site_id="ccat",
            raw_data_package_id=package,
            source_copy_id=add_copy(session, package, world.buffer),
            source_location_id=world.buffer,
            destination_location_id="cologne.input-buffer",
            destination_path=f"2026/11/21/{package}.tar",
            final_site_id="cologne",
            data_transfer_route_id=world.route,
        )
    if table == "long_term_archive_transfer":
        return models.LongTermArchiveTransfer(
            site_id="cologne",
            raw_data_package_id=package,
            source_copy_id=add_copy(session, package, "cologne.input-buffer"),
            destination_location_id=world.archive,
        )
    if table == "fixity_check":
        return models.FixityCheck(
            site_id="ccat",
            physical_copy_id=add_copy(session, package, world.buffer),
            data_location_id=world.buffer,
            reason=CheckReason.SCRUB,
        )
    if table == "staging_item":
        return models.StagingItem(
            site_id="cologne",
            staging_job_id=world.job,
            raw_data_package_id=package,
            destination_location_id=world.processing,
        )
    assert table == "deletion", f"a new table with a life cycle: {table}"
    return models.Deletion(
        site_id="ccat",
        raw_data_package_id=package,
        data_location_id=world.buffer,
        kind=CopyKind.RAW_DATA_PACKAGE,
        requested_by="a policy",
        reason="archived",
        grace_until=NOW,
    )


def _next_part(session: Session) -> int:
    return session.query(models.RawDataPackage).count() + 1


def _add(session: Session, *objects: Any) -> None:
    session.add_all(objects)
    session.flush()


def suspend(session: Session, model: Any, key: str, at: datetime = NOW) -> None:
    """Take a site, a location or a route out of service."""
    subject = {model.suspended_in: key}
    session.add(
        models.Suspension(
            site_id="ccat", **subject, caller_kind="command", caller="me", created_at=at, reason="new disks"
        )
    )
    session.flush()


def outage(scope: str, scope_id: str, site: str, next_probe_at: datetime, *, count: int = 5) -> models.Outage:
    """Return an outage because of which nothing new begins until then."""
    return models.Outage(
        site_id=site,
        scope=OutageScope(scope),
        scope_id=scope_id,
        category="network",
        message="the connection failed",
        since=NOW,
        last_seen_at=NOW,
        count=count,
        closed_since=NOW,
        next_probe_at=next_probe_at,
    )


def doubt(location: str, since: datetime = NOW, reason: str = "6 copies failed") -> models.Doubt:
    """Return the doubt of a location."""
    return models.Doubt(
        id=new_id(),
        site_id=location.partition(".")[0],
        data_location_id=location,
        cause=DoubtCause.READINGS,
        caller_kind=CallerKind.ENGINE,
        caller="a worker",
        created_at=since,
        reason=reason,
    )
