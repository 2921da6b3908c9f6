"""Leases: who may work on a row, held by compare-and-set and guarded by a fencing number.

A lease is taken by raising the row's fencing number. Whatever a worker writes afterwards names that number,
so a worker whose lease ran out, and who wakes up later, is refused by the database.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import and_, or_, update
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm import Session

from ccat_data_transfer.work.kinds import KINDS
from ccat_ops_db.enumerations import Operation, Status

DATABASE_AWAY = (OperationalError, InterfaceError, PoolTimeoutError)
"""What a database that is away, restarting or out of connections looks like."""


class LeaseLostError(Exception):
    """The row is not ours any more: another worker has it, or a person took it back."""


@dataclass(frozen=True)
class Lease:
    """The right to work on one row."""

    operation: Operation
    work_id: UUID
    owner: str
    fencing: int


def acquire(
    session: Session, operation: Operation, work_id: UUID, owner: str, at: datetime, duration: timedelta
) -> Lease | None:
    """Take a row that was scheduled, or whose holder fell silent; None if it is not to be had."""
    table = KINDS[operation].table
    statement = (
        update(table)
        .where(
            table.id == work_id,
            or_(
                table.status == Status.SCHEDULED,
                and_(table.status == Status.IN_PROGRESS, table.lease_expires_at < at),
            ),
        )
        .values(
            status=Status.IN_PROGRESS,
            lease_owner=owner,
            lease_expires_at=at + duration,
            fencing=table.fencing + 1,
            started_at=at,
            progressed_at=at,
            bytes_done=0,
            waiting_reason=None,
            waiting_detail=None,
            waiting_since=None,
        )
        .returning(table.fencing)
    )
    fencing = session.execute(statement).scalar_one_or_none()
    return None if fencing is None else Lease(operation, work_id, owner, fencing)


def write(session: Session, lease: Lease, **values: Any) -> None:
    """Change the leased row, if the lease still holds.

    Raises
    ------
    LeaseLostError
        If it does not. The caller's transaction must be rolled back.
    """
    table = KINDS[lease.operation].table
    statement = (
        update(table)
        .where(table.id == lease.work_id, table.fencing == lease.fencing, table.status == Status.IN_PROGRESS)
        .values(**values)
        .returning(table.id)
    )
    if session.execute(statement).scalar_one_or_none() is None:
        name = KINDS[lease.operation].name
        raise LeaseLostError(f"{name} {lease.work_id}: lease {lease.fencing} is not valid any more")


def renew(session: Session, lease: Lease, at: datetime, duration: timedelta, **progress: Any) -> None:
    """Prolong the lease and record progress.

    Raises
    ------
    LeaseLostError
        If the lease is not valid any more.
    """
    write(session, lease, lease_expires_at=at + duration, **progress)


def release(session: Session, lease: Lease, status: Status, **values: Any) -> None:
    """End the lease and leave the row in a status.

    Raises
    ------
    LeaseLostError
        If the lease is not valid any more.
    """
    write(session, lease, status=status, lease_owner=None, lease_expires_at=None, **values)
