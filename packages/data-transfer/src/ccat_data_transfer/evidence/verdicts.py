"""When a copy is called missing or corrupt: two processes read it wrong, at a place that is believed."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import and_, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from ccat_data_transfer.evidence.record import Reading
from ccat_data_transfer.work.lease import SAME_PROCESS_AFTER
from ccat_ops_db.enumerations import WRONG, CheckReason, LocationType
from ccat_ops_db.evidence import doubted_since
from ccat_ops_db.models import FixityCheck, PlaceMarker, Verification

FIRST_READINGS = (CheckReason.ARRIVAL, CheckReason.ARCHIVE)
"""Why an object is read that was not there before: what was found earlier was another one."""


def pause_before_second(location_type: LocationType) -> timedelta:
    """Return how long after a wrong reading the second one begins, at the earliest."""
    return timedelta(minutes=15 if location_type is LocationType.LONG_TERM_ARCHIVE else 1)


def is_verdict(
    session: Session,
    copy_id: UUID,
    location_id: str,
    location_type: LocationType,
    reading: Reading,
    *,
    worker: str,
    begun_at: datetime,
) -> bool:
    """Return whether a wrong reading is the second one, so that the copy is known to be bad.

    Parameters
    ----------
    session : Session
        Of the transaction that writes the reading down, in which the copy is locked, and before it does.
    copy_id, location_id, location_type
        The copy and its place.
    reading : Reading
        What was found now.
    worker : str
        Process that read it now.
    begun_at : datetime
        When that reading began.
    """
    if reading.finding not in WRONG:
        return False
    proof, newer = aliased(Verification), aliased(FixityCheck)
    proved = select(func.coalesce(func.max(proof.number), 0)).where(
        proof.physical_copy_id == copy_id, proof.proved_at.is_not(None)
    )
    first = exists().where(
        Verification.physical_copy_id == copy_id,
        Verification.number > proved.scalar_subquery(),
        Verification.finding.in_(WRONG),
        Verification.place_marker_id == reading.marker_id,
        Verification.recorded_at <= begun_at - pause_before_second(location_type),
        or_(
            Verification.worker != worker,
            Verification.recorded_at <= begun_at - SAME_PROCESS_AFTER,
        ),
        ~exists().where(
            newer.physical_copy_id == copy_id,
            newer.reason.in_(FIRST_READINGS),
            newer.created_at > Verification.recorded_at,
        ),
    )
    right_place = exists().where(
        PlaceMarker.id == reading.marker_id,
        PlaceMarker.data_location_id == location_id,
        PlaceMarker.retired_at.is_(None),
    )
    found = select(and_(first, right_place, ~doubted_since(location_id, begun_at)))
    return bool(session.scalar(found))


def was_wrong(session: Session, copy_id: UUID) -> bool:
    """Return whether what was last found of a copy is wrong."""
    newest = select(Verification.finding).where(Verification.physical_copy_id == copy_id)
    return session.scalar(newest.order_by(Verification.number.desc()).limit(1)) in WRONG
