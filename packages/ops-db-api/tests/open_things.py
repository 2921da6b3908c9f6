"""Open work of every kind in every state, and what waits without work, for the tests of lists and reports."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.orm import Session

from ccat_ops_db.enumerations import CheckReason, CopyKind, FailureClass, Status
from ccat_ops_db.identity import new_id
from ccat_ops_db.models import (
    Deletion,
    ExecutedObsUnitModule,
    FixityCheck,
    LongTermArchiveTransfer,
    PackageCreation,
    PhysicalCopy,
    StagingItem,
    StagingJob,
)

from . import seed

WAITING: dict[str, Any] = {
    "waiting_reason": "link_window_closed",
    "waiting_detail": "route ccat-to-cologne is open 02:00 to 06:00 UTC",
}
MOVING: dict[str, Any] = {"lease_owner": "worker-1", "lease_expires_at": seed.NOW + timedelta(minutes=1)}
FAILED: dict[str, Any] = {
    "error_class": FailureClass.CONFIGURATION,
    "error_category": "bucket_missing",
    "error_message": "there is no bucket lta; make it",
    "finished_at": seed.NOW - timedelta(hours=1),
    "attempt": 3,
}
CANCELLED: dict[str, Any] = {
    "error_category": "cancelled",
    "error_message": "cancelled by me",
    "finished_at": seed.NOW,
}


def one_of_each(session: Session) -> dict[str, UUID]:
    """Add one row of each kind of open work, and some in other states; return their ids by name."""
    running = seed.execution(session)
    session.execute(
        update(ExecutedObsUnitModule)
        .where(ExecutedObsUnitModule.executed_obs_unit_id == running)
        .values(waiting_reason="execution_running", waiting_since=ago(10))
    )
    execution = seed.execution(session, ("chai-lfa", "chai-hfa"))
    packages = [seed.package(session, execution, part=part) for part in range(1, 10)]
    unsealed = seed.package(session, execution, part=10, sealed=False)
    made = {
        "creation": work(session, PackageCreation, unsealed, source_location_id=seed.SOURCE),
        "waiting": seed.transfer(session, packages[0], **WAITING, waiting_since=ago(90), priority=1),
        "moving": seed.transfer(
            session,
            packages[1],
            Status.IN_PROGRESS,
            **MOVING,
            started_at=ago(5),
            progressed_at=ago(4),
            bytes_done=600,
        ),
        "failed": seed.transfer(session, packages[2], Status.FAILED, **FAILED),
        "cancelled": seed.transfer(session, packages[3], Status.CANCELLED, **CANCELLED),
        "backing_off": seed.transfer(
            session,
            packages[4],
            attempt=1,
            next_attempt_at=seed.NOW + timedelta(minutes=7),
            waiting_reason="back_off",
            waiting_since=ago(1),
            error_class=FailureClass.TRANSIENT,
            error_category="network",
            error_message="the connection failed",
        ),
        "archiving": work(
            session,
            LongTermArchiveTransfer,
            packages[5],
            Status.SCHEDULED,
            source_copy_id=seed.copy_of(session, packages[5], seed.ARCHIVE_BUFFER),
            destination_location_id=seed.ARCHIVE,
            site_id="cologne",
        ),
        "check": work(
            session,
            FixityCheck,
            None,
            physical_copy_id=buffer_copy(session, packages[6]),
            data_location_id=seed.BUFFER,
            reason=CheckReason.SCRUB,
            waiting_reason="concurrency_limit",
            waiting_since=ago(30),
        ),
        "deletion": work(
            session,
            Deletion,
            packages[7],
            data_location_id=seed.BUFFER,
            kind=CopyKind.RAW_DATA_PACKAGE,
            requested_by="policy buffer",
            reason="under_pressure",
            grace_until=seed.NOW + timedelta(hours=1),
            next_attempt_at=seed.NOW + timedelta(hours=1),
            waiting_reason="grace_period",
            waiting_since=ago(2),
        ),
        "staging": staging_item(session, packages[7]),
        "copy": buffer_copy(session, packages[8]),
        "execution": execution,
        "running": running,
        "package": packages[0],
    }
    staging_item(session, packages[8], cancelled=True)
    session.execute(
        update(PhysicalCopy)
        .where(PhysicalCopy.id == made["copy"])
        .values(waiting_reason="route_circuit_open", waiting_since=ago(45))
    )
    session.commit()
    return made


def work(
    session: Session, table: Any, package: UUID | None, status: Status = Status.PENDING, **values: Any
) -> UUID:
    """Add a row of a table of work."""
    of_package = {} if package is None else {"raw_data_package_id": package}
    row = table(
        **{"id": new_id(), "site_id": "ccat", "status": status, "created_at": ago(60), "bytes_total": 1000}
        | of_package
        | values
    )
    session.add(row)
    session.flush()
    identifier: UUID = row.id
    return identifier


def staging_item(session: Session, package: UUID, *, cancelled: bool = False) -> UUID:
    """Add a staging job of one package with its item."""
    job = StagingJob(
        id=new_id(),
        site_id="cologne",
        destination_location_id=seed.PROCESSING,
        raw_data_package_id=package,
        requested_by="somebody",
        created_at=seed.NOW,
        cancelled_at=seed.NOW if cancelled else None,
    )
    session.add(job)
    session.flush()
    state: dict[str, Any] = {"status": Status.CANCELLED, **CANCELLED} if cancelled else {}
    return work(
        session,
        StagingItem,
        package,
        site_id="cologne",
        staging_job_id=job.id,
        destination_location_id=seed.PROCESSING,
        **state,
    )


def buffer_copy(session: Session, package: UUID) -> UUID:
    """Return the copy of a package at the telescope's buffer."""
    found: UUID = (
        session.query(PhysicalCopy.id)
        .filter_by(raw_data_package_id=package, data_location_id=seed.BUFFER)
        .scalar()
    )
    return found


def ago(minutes: int) -> Any:
    """Return a time before now."""
    return seed.NOW - timedelta(minutes=minutes)
