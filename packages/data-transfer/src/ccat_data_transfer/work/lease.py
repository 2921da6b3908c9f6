"""Leases: who may work on a row, held by compare-and-set, for a time that the database measures.

A lease is a fencing number and its owner. The number grows with each lease of a row, and the owner's name is
made anew by each process: a database that was restored from a backup gives out old numbers again. Whatever a
worker writes names both, so that one whose lease ran out, and who wakes up later, is refused.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.exc import InterfaceError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm import Session

from ccat_data_transfer.work.kinds import KINDS
from ccat_ops_db.database_time import ops_now, time_after
from ccat_ops_db.enumerations import Operation, Status
from ccat_ops_db.models import FixityCheck, Work
from ccat_ops_db.waiting import WaitingReason

DATABASE_AWAY = (OperationalError, InterfaceError, InternalError, PoolTimeoutError)
"""What a database that is away, restarting, read-only or out of connections looks like."""

ENOUGH = timedelta(seconds=10)
"""What must be left of a lease before something is done that cannot be taken back."""

SAME_PROCESS_AFTER = timedelta(hours=6)
"""After so long the process that read a copy wrong may read it for the second time, too."""

ANOTHER_SOON = timedelta(minutes=1)
"""What one process is not to do is offered to the others after so long."""


class LeaseLostError(Exception):
    """The row is not ours any more: another worker has it, or a person took it back."""


@dataclass(frozen=True)
class Lease:
    """The right to work on one row."""

    operation: Operation
    work_id: UUID
    owner: str
    fencing: int

    @property
    def tag(self) -> str:
        """What stands for the lease in names of temporary files: ``<fencing>-<8 hex of the owner>``."""
        return f"{self.fencing}-{hashlib.sha256(self.owner.encode()).hexdigest()[:8]}"


def acquire(
    session: Session,
    operation: Operation,
    work_id: UUID,
    owner: str,
    duration: timedelta,
    worker_clock: datetime,
) -> Lease | None:
    """Take a row that was scheduled, or whose holder fell silent; None if it is not to be had.

    `worker_clock` is only noted.
    """
    table = KINDS[operation].table
    statement = (
        update(table)
        .where(
            table.id == work_id,
            or_(
                table.status == Status.SCHEDULED,
                and_(table.status == Status.IN_PROGRESS, table.lease_expires_at < ops_now()),
            ),
            *_may_be_done_by(table, owner),
        )
        .values(
            status=Status.IN_PROGRESS,
            lease_owner=owner,
            lease_expires_at=time_after(duration),
            fencing=table.fencing + 1,
            started_at=ops_now(),
            worker_clock=worker_clock,
            progressed_at=ops_now(),
            bytes_done=0,
            waiting_reason=None,
            waiting_detail=None,
            waiting_since=None,
        )
        .returning(table.fencing)
    )
    fencing = session.execute(statement).scalar_one_or_none()
    return None if fencing is None else Lease(operation, work_id, owner, fencing)


def leave_to_another(session: Session, operation: Operation, work_id: UUID, owner: str) -> bool:
    """Put back a row that this process is not to do; return whether it was such a row."""
    table = KINDS[operation].table
    excluding = _may_be_done_by(table, owner)
    if not excluding:
        return False
    put_back = (
        update(table)
        .where(table.id == work_id, table.status == Status.SCHEDULED, *(~each for each in excluding))
        .values(
            status=Status.PENDING,
            next_attempt_at=time_after(ANOTHER_SOON),
            waiting_reason=WaitingReason.SECOND_READING,
            waiting_detail=f"{owner} read it before: another process does it, or the same some hours later",
            waiting_since=ops_now(),
        )
        .returning(table.id)
        .execution_options(synchronize_session=False)
    )
    return session.execute(put_back).scalar_one_or_none() is not None


def _may_be_done_by(table: type[Work], owner: str) -> list[ColumnElement[bool]]:
    """Return the conditions under which a process may do a row, beside those of its status."""
    if table is not FixityCheck:
        return []
    excluded = func.coalesce(FixityCheck.excluded_worker, "")
    return [or_(excluded != owner, FixityCheck.created_at <= time_after(-SAME_PROCESS_AFTER))]


def write(session: Session, lease: Lease, **values: Any) -> None:
    """Change the leased row, if the lease still holds.

    Raises
    ------
    LeaseLostError
        If it does not. The caller's transaction must be rolled back.
    """
    table = KINDS[lease.operation].table
    statement = update(table).where(_is_ours(lease)).values(**values).returning(table.id)
    if session.execute(statement).scalar_one_or_none() is None:
        raise _lost(lease)


def confirm(session: Session, lease: Lease, duration: timedelta) -> None:
    """See that the lease holds, and will for a while, before something that cannot be taken back.

    Of a lease that was made for `duration` a quarter is enough, if that is less than ten seconds.

    Raises
    ------
    LeaseLostError
        If it does not.
    """
    table = KINDS[lease.operation].table
    held = select(table.id).where(
        _is_ours(lease), table.lease_expires_at > time_after(min(ENOUGH, duration / 4))
    )
    if session.execute(held).scalar_one_or_none() is None:
        raise _lost(lease)


def renew(session: Session, lease: Lease, duration: timedelta, **progress: Any) -> None:
    """Prolong the lease and record progress.

    Raises
    ------
    LeaseLostError
        If the lease is not valid any more.
    """
    write(session, lease, lease_expires_at=time_after(duration), **progress)


def release(session: Session, lease: Lease, status: Status, **values: Any) -> None:
    """End the lease and leave the row in a status.

    Raises
    ------
    LeaseLostError
        If the lease is not valid any more.
    """
    write(session, lease, status=status, lease_owner=None, lease_expires_at=None, **values)


def _is_ours(lease: Lease) -> ColumnElement[bool]:
    table = KINDS[lease.operation].table
    return and_(
        table.id == lease.work_id,
        table.fencing == lease.fencing,
        table.lease_owner == lease.owner,
        table.status == Status.IN_PROGRESS,
    )


def _lost(lease: Lease) -> LeaseLostError:
    name = KINDS[lease.operation].name
    return LeaseLostError(f"{name} {lease.work_id}: lease {lease.tag} is not valid any more")
