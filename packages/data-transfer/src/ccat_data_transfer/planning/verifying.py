"""Stage 3, verifying: what arrived is registered and checked; what was found concludes the transfer."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, and_, case, exists, literal_column, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from ccat_data_transfer.planning.one_by_one import one_by_one, row_of
from ccat_data_transfer.planning.onward import hold_copy, note_reader
from ccat_data_transfer.planning.reasons import is_one_of
from ccat_data_transfer.planning.statements import ask, fixed, is_among
from ccat_data_transfer.planning.tar_names import BEING_DELETED, next_tar, tars_at
from ccat_data_transfer.planning.topology import Topology
from ccat_data_transfer.work.outcome import back_off, severity_of
from ccat_ops_db.copy_locks import free_copies
from ccat_ops_db.enumerations import (
    CheckReason,
    CheckResult,
    CopyForm,
    FailureClass,
    LocationType,
    PhysicalCopyStatus,
    Status,
)
from ccat_ops_db.events import record_error, resolve_errors
from ccat_ops_db.evidence import READABLE
from ccat_ops_db.identity import new_id
from ccat_ops_db.models import (
    DataLocation,
    DataTransfer,
    FixityCheck,
    PhysicalCopy,
    RawDataPackage,
    RawDataPackagePhysicalCopy,
)
from ccat_ops_db.models.movement import NOT_ENDED
from ccat_ops_db.waiting import WaitingReason

ONCE_MORE = "it was read wrong, and another process reads it once more"
"""Why a second reading waits, for people."""

LOST = (PhysicalCopyStatus.CORRUPT, PhysicalCopyStatus.MISSING)
"""What a verdict makes of a copy."""

SPENT = (PhysicalCopyStatus.CORRUPT, PhysicalCopyStatus.MISSING, PhysicalCopyStatus.DELETED)
"""States of a copy under whose name nothing good is any more, nor will be."""


def receive_transfers(session: Session, topology: Topology) -> int:
    """Register what was sent to places of our sites and open its verification; return how many."""

    def receive(row: Row[*tuple[Any, ...]]) -> int:
        return _receive(session, topology, row)

    arrived = ask(session, _arrived(), sites=topology.sites).all()
    return sum(opened for _, opened in one_by_one(session, arrived, receive, row_of("data_transfer")))


def _receive(session: Session, topology: Topology, row: Row[*tuple[Any, ...]]) -> int:
    copy_id = register_copy(
        session,
        row.raw_data_package_id,
        site_id=row.site_id,
        location_id=row.destination_location_id,
        relative_path=row.destination_path,
        generation=row.generation,
        size=row.size,
        at=topology.at,
    )
    if copy_id is None:
        return 0
    return open_check(
        session,
        copy_id,
        site_id=row.site_id,
        data_location_id=row.destination_location_id,
        reason=CheckReason.ARRIVAL,
        priority=row.priority,
        size=row.size,
        # This pass may have begun before it was sent: the check must not seem older than the arrival.
        at=max(topology.at, row.sent_at),
        data_transfer_id=row.id,
    )


@cache
def _arrived() -> Select[*tuple[Any, ...]]:
    checked = exists().where(
        FixityCheck.data_transfer_id == DataTransfer.id, FixityCheck.created_at >= DataTransfer.sent_at
    )
    return (
        select(
            DataTransfer.id,
            DataTransfer.raw_data_package_id,
            DataTransfer.destination_location_id,
            DataTransfer.priority,
            DataTransfer.sent_at,
            DataTransfer.destination_path,
            DataTransfer.generation,
            RawDataPackage.size,
            DataLocation.site_id,
        )
        .join(RawDataPackage, RawDataPackage.id == DataTransfer.raw_data_package_id)
        .join(DataLocation.__table__, DataLocation.__table__.c.id == DataTransfer.destination_location_id)
        .where(
            DataTransfer.sent_at.is_not(None),
            DataTransfer.status.not_in(fixed(Status.COMPLETED)),
            is_among(DataLocation.__table__.c.site_id, "sites"),
            ~checked,
        )
        .order_by(DataTransfer.id)
    )


def conclude_transfers(session: Session, topology: Topology) -> int:
    """Complete transfers whose arrival was verified, and send those again that arrived damaged."""

    def conclude(row: Row[*tuple[Any, ...]]) -> bool:
        if row.result is CheckResult.VERIFIED:
            return _complete(session, row.id, topology.at)
        return _send_again(session, topology, row)

    results = ask(session, _results(), sites=topology.sites).all()
    spent = ask(session, _spent(), sites=topology.sites).all()
    concluded = one_by_one(session, [*results, *spent], conclude, row_of("data_transfer"))
    return sum(done for _, done in concluded)


_CONCLUDED = (
    DataTransfer.id,
    DataTransfer.site_id,
    DataTransfer.destination_location_id,
    DataTransfer.attempt,
    DataTransfer.raw_data_package_id,
)
"""What concluding a transfer needs of it, beside what became of the copy."""


@cache
def _results() -> Select[*tuple[Any, ...]]:
    return (
        select(*_CONCLUDED, FixityCheck.result)
        .join(FixityCheck, FixityCheck.data_transfer_id == DataTransfer.id)
        .join(PhysicalCopy, PhysicalCopy.id == FixityCheck.physical_copy_id)
        .where(
            is_among(DataTransfer.site_id, "sites"),
            DataTransfer.status.in_(fixed(Status.PENDING)),
            DataTransfer.sent_at.is_not(None),
            FixityCheck.created_at >= DataTransfer.sent_at,
            FixityCheck.status.in_(fixed(Status.COMPLETED)),
            # One wrong reading is no verdict: until there is one, nothing is sent again.
            or_(
                FixityCheck.result.in_(fixed(CheckResult.VERIFIED)),
                PhysicalCopy.status.in_(fixed(*LOST)),
            ),
        )
        .order_by(DataTransfer.id)
    )


@cache
def _spent() -> Select[*tuple[Any, ...]]:
    """Return what was sent to a name whose copy is bad, or gone: it had been written by other work."""
    checked = exists().where(
        FixityCheck.data_transfer_id == DataTransfer.id, FixityCheck.created_at >= DataTransfer.sent_at
    )
    return (
        select(
            *_CONCLUDED,
            case(
                (PhysicalCopy.status.in_(fixed(PhysicalCopyStatus.CORRUPT)), literal_column("'corrupt'")),
                else_=literal_column("'missing'"),
            ).label("result"),
        )
        .join(
            PhysicalCopy,
            and_(
                PhysicalCopy.data_location_id == DataTransfer.destination_location_id,
                PhysicalCopy.relative_path == DataTransfer.destination_path,
                PhysicalCopy.form.in_(fixed(CopyForm.TAR)),
            ),
        )
        .where(
            is_among(DataTransfer.site_id, "sites"),
            DataTransfer.status.in_(fixed(Status.PENDING)),
            DataTransfer.sent_at.is_not(None),
            PhysicalCopy.status.in_(fixed(*SPENT)),
            ~checked,
        )
        .order_by(DataTransfer.id)
    )


def _is_sent(transfer_id: UUID) -> ColumnElement[bool]:
    """Tell whether a transfer still waits for its arrival: meanwhile a person may have cancelled it."""
    return and_(
        DataTransfer.id == transfer_id,
        DataTransfer.status == Status.PENDING,
        DataTransfer.sent_at.is_not(None),
    )


def _complete(session: Session, transfer_id: UUID, at: datetime) -> bool:
    completed = session.execute(
        update(DataTransfer)
        .where(_is_sent(transfer_id))
        .values(
            status=Status.COMPLETED,
            finished_at=at,
            waiting_reason=None,
            waiting_detail=None,
            waiting_since=None,
        )
        .returning(DataTransfer.id)
    ).one_or_none()
    if completed is None:
        return False
    session.execute(free_copies(transfer_id, at))
    resolve_errors(session, subject_type="data_transfer", subject_id=transfer_id, at=at)
    return True


def _send_again(session: Session, topology: Topology, row: Row[*tuple[Any, ...]]) -> bool:
    """Have a transfer sent again after a pause, until its attempts are used up."""
    at, attempt = topology.at, row.attempt + 1
    given_up = attempt >= topology.settings.max_attempts
    message = f"the copy at {row.destination_location_id} was {row.result} on arrival"
    name = next_tar(session, row.raw_data_package_id, row.destination_location_id)
    sent_again = session.execute(
        update(DataTransfer)
        .where(_is_sent(row.id))
        .values(
            status=Status.FAILED if given_up else Status.PENDING,
            sent_at=None,
            destination_path=name.path,
            generation=name.generation,
            attempt=attempt,
            next_attempt_at=None
            if given_up
            else at + timedelta(seconds=back_off(attempt, topology.settings, topology.random)),
            finished_at=at if given_up else None,
            error_class=FailureClass.INTEGRITY,
            error_category=f"arrived_{row.result}",
            error_message=message,
            waiting_reason=WaitingReason.GIVEN_UP if given_up else WaitingReason.BACK_OFF,
            waiting_detail=message,
            waiting_since=at,
        )
        .returning(DataTransfer.id)
    ).one_or_none()
    if sent_again is None:
        return False
    record_error(
        session,
        site_id=row.site_id,
        at=at,
        severity=severity_of(FailureClass.INTEGRITY, 0),
        category=f"arrived_{row.result}",
        subject_type="data_transfer",
        subject_id=row.id,
        data_location_id=row.destination_location_id,
        message=message,
    )
    return True


def verify_archive_copies(session: Session, topology: Topology, package_ids: Sequence[UUID]) -> int:
    """Open the verification of our archives' copies of some packages, for want of a recent one.

    One that waits as a scrub is raised to what a deletion waits for.
    """
    location = DataLocation.__table__.c
    being_verified = exists().where(
        FixityCheck.physical_copy_id == PhysicalCopy.id, FixityCheck.status != Status.COMPLETED
    )
    raised = session.execute(
        update(FixityCheck)
        .where(
            FixityCheck.reason == CheckReason.SCRUB,
            FixityCheck.status == Status.PENDING,
            FixityCheck.site_id.in_(topology.sites),
            FixityCheck.physical_copy_id.in_(
                select(PhysicalCopy.id).where(is_one_of(PhysicalCopy.raw_data_package_id, package_ids))
            ),
        )
        .values(reason=CheckReason.CONFIRMATION, priority=0)
        .returning(FixityCheck.id)
        .execution_options(synchronize_session=False)
    ).all()
    copies = session.execute(
        select(
            PhysicalCopy.id,
            PhysicalCopy.site_id,
            PhysicalCopy.data_location_id,
            PhysicalCopy.size,
        )
        .join(DataLocation.__table__, location.id == PhysicalCopy.data_location_id)
        .where(
            is_one_of(PhysicalCopy.raw_data_package_id, package_ids),
            PhysicalCopy.status == PhysicalCopyStatus.VERIFIED,
            PhysicalCopy.site_id.in_(topology.sites),
            location.location_type == LocationType.LONG_TERM_ARCHIVE,
            ~being_verified,
        )
        .order_by(PhysicalCopy.id)
    ).all()
    for copy in copies:
        open_check(
            session,
            copy.id,
            site_id=copy.site_id,
            data_location_id=copy.data_location_id,
            reason=CheckReason.CONFIRMATION,
            priority=0,
            size=copy.size,
            at=topology.at,
        )
    return len(copies) + len(raised)


def living_at(location_id: str, relative_path: str) -> ColumnElement[bool]:
    """Return the condition of the one copy that there is at a path of a location."""
    return and_(
        PhysicalCopy.data_location_id == location_id,
        PhysicalCopy.relative_path == relative_path,
        PhysicalCopy.status != PhysicalCopyStatus.DELETED,
    )


def register_copy(
    session: Session,
    package_id: UUID,
    *,
    site_id: str,
    location_id: str,
    relative_path: str,
    generation: int,
    size: int,
    at: datetime,
) -> UUID | None:
    """Return the copy that a tar under a name at a location is, made as ``present`` if there is none yet.

    None while a copy of the package is being deleted there, and if the copy of that name is bad or gone.
    """
    # Whoever decides on a deletion, or ends one, is waited for.
    there = session.execute(
        select(PhysicalCopy.id, PhysicalCopy.relative_path, PhysicalCopy.status)
        .where(*tars_at(package_id, location_id))
        .order_by(PhysicalCopy.id)
        .with_for_update()
    ).all()
    if any(copy.status in BEING_DELETED for copy in there):
        return None
    named = next((copy for copy in there if copy.relative_path == relative_path), None)
    if named is None:
        copy_id = new_id()
        session.add(
            RawDataPackagePhysicalCopy(
                id=copy_id,
                site_id=site_id,
                raw_data_package_id=package_id,
                data_location_id=location_id,
                relative_path=relative_path,
                generation=generation,
                status=PhysicalCopyStatus.PRESENT,
                size=size,
                created_at=at,
            )
        )
        session.flush()
        return copy_id
    found: UUID | None = named.id if named.status in READABLE else None
    return found


def open_check(
    session: Session,
    copy_id: UUID,
    *,
    site_id: str,
    data_location_id: str,
    reason: CheckReason,
    priority: int,
    size: int,
    at: datetime,
    data_transfer_id: UUID | None = None,
    excluded_worker: str | None = None,
    not_before: datetime | None = None,
    decoys: int = 0,
) -> int:
    """Open the verification of a copy and lock the copy for it; return 0 if it is being verified already.

    A second reading names the process that does not do it, and the time before which it is not done.

    Raises
    ------
    CopyNotReadableError
        If the copy is being deleted, gone or bad.
    """
    copy_site = hold_copy(session, copy_id, "a verification")
    check_id = session.execute(
        insert(FixityCheck)
        .values(
            id=new_id(),
            site_id=site_id,
            physical_copy_id=copy_id,
            data_location_id=data_location_id,
            data_transfer_id=data_transfer_id,
            reason=reason,
            priority=priority,
            created_at=at,
            bytes_total=size,
            excluded_worker=excluded_worker,
            decoys=decoys,
            next_attempt_at=not_before,
            waiting_reason=None if not_before is None else WaitingReason.SECOND_READING,
            waiting_detail=None if not_before is None else ONCE_MORE,
            waiting_since=None if not_before is None else at,
        )
        .on_conflict_do_nothing(index_elements=["physical_copy_id"], index_where=NOT_ENDED)
        .returning(FixityCheck.id)
    ).scalar_one_or_none()
    if check_id is None:
        return 0
    note_reader(session, copy_id, copy_site, "fixity_check", check_id, at)
    return 1
