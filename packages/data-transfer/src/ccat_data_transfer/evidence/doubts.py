"""Doubts of copies and places, and what answers them.

A copy is doubted until it was read by work that began when the doubt was known, until a verdict, or until its
deletion. A place is doubted until enough of a sample of what it has is right, or until a person trusts it.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from ccat_ops_db.database_time import database_now
from ccat_ops_db.enumerations import CallerKind, DoubtCause, Severity
from ccat_ops_db.events import record_error, record_event, resolve_errors
from ccat_ops_db.evidence import is_open
from ccat_ops_db.identity import new_id
from ccat_ops_db.models import Doubt, DoubtAnswer
from ccat_ops_db.outages import DOUBT

OF_READINGS = (DoubtCause.READINGS, DoubtCause.READER)
"""Why the engine doubts a place: a sample of readings ends it."""


def open_doubts(session: Session, copy_id: UUID) -> Sequence[UUID]:
    """Return the doubts of a copy that a reading answers which begins now."""
    return session.scalars(
        select(Doubt.id).where(Doubt.physical_copy_id == copy_id, is_open()).order_by(Doubt.id)
    ).all()


def open_doubts_of_place(session: Session, location_id: str, *causes: DoubtCause) -> Sequence[UUID]:
    """Return the doubts of a location, for some causes or for any."""
    found = select(Doubt.id).where(Doubt.data_location_id == location_id, is_open())
    if causes:
        found = found.where(Doubt.cause.in_(causes))
    return session.scalars(found.order_by(Doubt.id)).all()


def answer(
    session: Session,
    doubts: Sequence[UUID],
    site_id: str,
    by: str,
    *,
    caller_kind: CallerKind = CallerKind.ENGINE,
    reason: str | None = None,
    **what: Any,
) -> None:
    """Answer doubts of a copy or a place.

    Parameters
    ----------
    session : Session
        Of the transaction that writes down what was found.
    doubts : sequence of UUID
        Which were known before it was found.
    site_id : str
        Site of the copy or the place.
    by : str
        Worker, planner or person.
    caller_kind, reason
        Of a person, who says why.
    **what
        What answers them, unless a person does: ``verification_id``, ``deletion_id``, or ``sample_read`` and
        ``sample_right``.
    """
    if not doubts:
        return
    facts = {
        "site_id": site_id,
        "caller_kind": caller_kind,
        "caller": by,
        "created_at": database_now(session),
        "reason": reason,
        **what,
    }
    session.execute(
        insert(DoubtAnswer)
        .values([{"id": new_id(), "doubt_id": doubt, **facts} for doubt in doubts])
        .on_conflict_do_nothing(index_elements=["doubt_id", "site_id"])
    )


def one_at_a_time(session: Session, location_id: str) -> None:
    """Wait until nobody else concludes from wrong readings at a location, until the transaction ends."""
    key = func.hashtextextended(f"ccat readings at {location_id}", 0)
    session.execute(select(func.pg_advisory_xact_lock(key)))


def doubt_place(
    session: Session,
    location_id: str,
    cause: DoubtCause,
    reason: str,
    by: str,
    *,
    site_id: str | None = None,
    caller_kind: CallerKind = CallerKind.ENGINE,
    work: tuple[str, UUID] | None = None,
) -> None:
    """Believe nothing of a location any more, unless that is so already.

    Parameters
    ----------
    session : Session
        Of the transaction that writes down what was found.
    location_id, cause, reason
        What is doubted, and why.
    by, caller_kind
        Who says so.
    site_id : str, optional
        Where that is said; that of the location if it is not given.
    work : tuple of str and UUID, optional
        Table and row of the work that met it.
    """
    one_at_a_time(session, location_id)
    causes = OF_READINGS if caller_kind is CallerKind.ENGINE else (cause,)
    if open_doubts_of_place(session, location_id, *causes):
        return
    at, site = database_now(session), site_id or location_id.partition(".")[0]
    table, row = work or (None, None)
    session.execute(
        insert(Doubt).values(
            id=new_id(),
            site_id=site,
            data_location_id=location_id,
            cause=cause,
            work_table=table,
            work_id=row,
            caller_kind=caller_kind,
            caller=by,
            created_at=at,
            reason=reason,
        )
    )
    record_error(
        session,
        site_id=site,
        at=at,
        severity=Severity.CRITICAL,
        category=DOUBT,
        subject_type="data_location",
        subject_id=location_id,
        data_location_id=location_id,
        message=f"{location_id} is in doubt: {reason}",
    )
    record_event(
        session,
        site_id=site,
        at=at,
        actor=by,
        action="location.doubted",
        subject_type="data_location",
        subject_id=location_id,
        message=reason,
    )


def trust_place(
    session: Session,
    location_id: str,
    doubts: Sequence[UUID],
    by: str,
    reason: str,
    *,
    caller_kind: CallerKind = CallerKind.ENGINE,
    **sample: int,
) -> None:
    """Answer doubts of a location at its site; without others its copies count again."""
    site_id = location_id.partition(".")[0]
    answer(session, doubts, site_id, by, caller_kind=caller_kind, reason=reason, **sample)
    at = database_now(session)
    if not open_doubts_of_place(session, location_id):
        resolve_errors(session, subject_type="data_location", subject_id=location_id, at=at)
    record_event(
        session,
        site_id=site_id,
        at=at,
        actor=by,
        action="location.trusted",
        subject_type="data_location",
        subject_id=location_id,
        message=reason,
    )
