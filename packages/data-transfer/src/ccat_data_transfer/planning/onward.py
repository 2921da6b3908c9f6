"""What planning the way on from a buffer shares: locking the copy and marking it planned."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, and_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from ccat_data_transfer.planning.topology import Topology
from ccat_ops_db.enumerations import Status
from ccat_ops_db.evidence import READABLE
from ccat_ops_db.identity import new_id
from ccat_ops_db.models import PhysicalCopy, PhysicalCopyLock
from ccat_ops_db.models.base import Work, snake_case

SOURCE_BAD = ("source_mismatch", "source_missing")
"""Categories of failures that mean: the copy that was to be read is bad, the work itself is not."""


class CopyNotReadableError(Exception):
    """The copy is being deleted, or is gone or bad: nothing may begin to read it."""


def lock_copy(session: Session, copy_id: UUID, work_table: str, work_id: UUID, at: datetime) -> None:
    """Keep a copy from being deleted while work reads it; waits for a deletion that is being decided.

    Raises
    ------
    CopyNotReadableError
        If the copy cannot be read, for example because that deletion was decided.
    """
    site_id = hold_copy(session, copy_id, f"{work_table} {work_id}")
    note_reader(session, copy_id, site_id, work_table, work_id, at)


def hold_copy(session: Session, copy_id: UUID, reader: str) -> str:
    """Keep a copy from being deleted until the transaction ends; return its site.

    Copies are locked before work is, everywhere: who opens work that reads a copy holds the copy first.

    Raises
    ------
    CopyNotReadableError
        If the copy cannot be read.
    """
    # The deleting transaction holds the row for itself: after the wait PostgreSQL looks at the status anew.
    site_id: str | None = session.execute(
        select(PhysicalCopy.site_id)
        .where(PhysicalCopy.id == copy_id, PhysicalCopy.status.in_(READABLE))
        .with_for_update(read=True, key_share=True)
    ).scalar_one_or_none()
    if site_id is None:
        raise CopyNotReadableError(f"{reader} cannot read copy {copy_id}: it is not there")
    return site_id


def note_reader(
    session: Session, copy_id: UUID, site_id: str, work_table: str, work_id: UUID, at: datetime
) -> None:
    """Note that work reads a copy that the transaction holds; the note belongs to the site of the copy."""
    session.execute(
        insert(PhysicalCopyLock)
        .values(
            id=new_id(),
            site_id=site_id,
            physical_copy_id=copy_id,
            work_table=work_table,
            work_id=work_id,
            created_at=at,
        )
        .on_conflict_do_nothing(
            index_elements=["physical_copy_id", "work_id"], index_where=PhysicalCopyLock.claim_id.is_(None)
        )
    )


def mark_planned(session: Session, topology: Topology, copy: Row[*tuple[Any, ...]]) -> None:
    """Note that the way on of a copy is planned: the planner does not look at it again."""
    session.execute(
        update(PhysicalCopy)
        .where(PhysicalCopy.id == copy.id)
        .values(onward_planned_at=topology.at, waiting_reason=None, waiting_detail=None, waiting_since=None)
        .execution_options(synchronize_session=False)
    )


def take_up_again(
    session: Session, table: type[Work], rows: ColumnElement[bool], copy_id: UUID
) -> UUID | None:
    """Bring back work that was given up because its source was bad, to read a good copy; return its id.

    Raises
    ------
    CopyNotReadableError
        If there is such work, but the copy cannot be read.
    """
    given_up = and_(rows, table.status == Status.FAILED, table.error_category.in_(SOURCE_BAD))
    if session.execute(select(table.id).where(given_up)).first() is None:
        return None
    hold_copy(session, copy_id, snake_case(table.__name__))
    statement: Any = (
        update(table)
        .where(given_up)
        .values(
            status=Status.PENDING,
            source_copy_id=copy_id,
            attempt=0,
            finished_at=None,
            waiting_reason=None,
            waiting_detail=None,
            waiting_since=None,
        )
        .returning(table.id)
        .execution_options(synchronize_session=False)
    )
    found: UUID | None = session.execute(statement).scalar_one_or_none()
    return found
