"""Writing down what was found of a copy, in the transaction that finishes the work."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from ccat_data_transfer.evidence.identity import identity_of, identity_of_files
from ccat_data_transfer.movers.interface import VerifyReport, WrongCopyError
from ccat_data_transfer.storage.interface import Storage
from ccat_data_transfer.work.attempt import Attempt
from ccat_data_transfer.work.kinds import KINDS
from ccat_ops_db.database_time import database_now
from ccat_ops_db.enumerations import Finding, ReadingMethod
from ccat_ops_db.identity import new_id
from ccat_ops_db.models import Verification


@dataclass(frozen=True, slots=True)
class Reading:
    """What was found of a copy.

    Attributes
    ----------
    method : ReadingMethod
        How.
    finding : Finding
        What.
    marker_id : UUID or None
        Marker of the place.
    identity : str or None
        Which object it was; null where there was none.
    size, checksum : int, str or None
        What it had, as far as that was looked at.
    bytes_read : int
        Bytes that were read for it.
    """

    method: ReadingMethod
    finding: Finding
    marker_id: UUID | None
    identity: str | None = None
    size: int | None = None
    checksum: str | None = None
    bytes_read: int = 0


@dataclass(frozen=True, slots=True)
class Span:
    """When a reading was done, by the database's time, and how long it took."""

    begun_at: datetime
    ended_at: datetime
    duration: timedelta


class Watch:
    """Tells how long a reading takes, from now on."""

    def __init__(self, work: Attempt) -> None:
        self._work = work
        self._begun_at = work.now()
        self._started = work.clock.monotonic()

    def stop(self) -> Span:
        """Return the time from the beginning until now."""
        duration = timedelta(seconds=self._work.clock.monotonic() - self._started)
        return Span(self._begun_at, self._work.now(), duration)


def right(storage: Storage, report: VerifyReport) -> Reading:
    """Return what a mover found right."""
    return Reading(
        ReadingMethod.FULL_READ,
        Finding.RIGHT,
        storage.marker_id,
        identity_of(storage, report.info),
        report.info.size,
        report.checksum,
        report.info.size,
    )


def wrong(storage: Storage, error: WrongCopyError) -> Reading:
    """Return what a mover found wrong."""
    info = error.info
    return Reading(
        ReadingMethod.FULL_READ,
        error.finding,
        storage.marker_id,
        None if info is None else identity_of(storage, info),
        None if info is None else info.size,
        error.checksum,
        error.read_bytes,
    )


def files_read(storage: Storage, size: int, checksum: str, seen_at_ns: int | None) -> Reading:
    """Return that the files of a package are right at a place: all of them were read or written.

    `seen_at_ns`: see `identity_of_files`.
    """
    identity = identity_of_files(storage, seen_at_ns)
    return Reading(
        ReadingMethod.FULL_READ, Finding.RIGHT, storage.marker_id, identity, size, checksum, bytes_read=size
    )


def record(
    session: Session, work: Attempt, copy_id: UUID, site_id: str, reading: Reading, span: Span, *, reason: str
) -> UUID:
    """Write a reading down and return its id.

    Parameters
    ----------
    session : Session
        Of the transaction that finishes the work: it has locked the copy, or made it.
    work : Attempt
        Who read.
    copy_id, site_id : UUID, str
        Copy and its site.
    reading, span : Reading, Span
        What was found, and when.
    reason : str
        Why it was read.
    """
    identifier = new_id()
    newest = select(func.max(Verification.number)).where(Verification.physical_copy_id == copy_id)
    proves = reading.finding is Finding.RIGHT and reading.method is not ReadingMethod.UNCHANGED
    session.execute(
        insert(Verification).values(
            id=identifier,
            site_id=site_id,
            physical_copy_id=copy_id,
            number=func.coalesce(newest.scalar_subquery(), 0) + 1,
            work_table=KINDS[work.lease.operation].name,
            work_id=work.id,
            fencing=work.lease.fencing,
            reason=reason,
            method=reading.method,
            finding=reading.finding,
            size_found=reading.size,
            checksum_found=reading.checksum,
            identity=reading.identity,
            place_marker_id=reading.marker_id,
            worker=work.lease.owner,
            worker_clock=work.clock.utc_now(),
            begun_at=span.begun_at,
            recorded_at=database_now(session),
            proved_at=span.ended_at if proves else None,
            bytes_read=reading.bytes_read,
            duration_ms=max(0, round(span.duration / timedelta(milliseconds=1))),
        )
    )
    return identifier
