"""When a place is to be doubted, and not its copies: several that were right there were read wrong lately.

Copies are counted, not readings or hours: a place that is read slowly is judged like one that is read fast.
"""

from uuid import UUID

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session, aliased

from ccat_ops_db.enumerations import WRONG, Finding, ReadingMethod
from ccat_ops_db.models import Doubt, DoubtAnswer, Verification

LAST_COPIES, WRONG_COPIES = 20, 3
"""Of so many copies that were read last, so many that were read wrong make the place doubtful."""

READINGS = 10 * LAST_COPIES
"""So many readings are looked at to find the copies."""


def wrong_for_the_first_time(session: Session, location_id: str, marker_id: UUID) -> list[UUID]:
    """Return which of the copies that were read last at a place were right before, and then read wrong.

    Second readings, what arrived bad, and what was read before the place was last trusted are not counted.

    Parameters
    ----------
    session : Session
        In which the newest reading is written down.
    location_id, marker_id : str, UUID
        The place.
    """
    before = aliased(Verification)
    confirms = and_(before.method == ReadingMethod.UNCHANGED, before.finding == Finding.RIGHT)
    earlier = (
        select(before.finding)
        .where(
            before.physical_copy_id == Verification.physical_copy_id,
            before.number < Verification.number,
            ~confirms,
        )
        .order_by(before.number.desc())
        .limit(1)
        .correlate(Verification)
        .scalar_subquery()
    )
    trusted_at = (
        select(func.max(DoubtAnswer.created_at))
        .join(Doubt, Doubt.id == DoubtAnswer.doubt_id)
        .where(Doubt.data_location_id == location_id)
        .scalar_subquery()
    )
    readings = session.execute(
        select(Verification.physical_copy_id, Verification.finding, earlier.label("earlier"))
        .where(
            Verification.place_marker_id == marker_id,
            Verification.method != ReadingMethod.UNCHANGED,
            func.coalesce(Verification.recorded_at > trusted_at, True),
        )
        .order_by(Verification.recorded_at.desc(), Verification.id.desc())
        .limit(READINGS)
    ).all()
    wrong: dict[UUID, bool] = {}
    for copy_id, finding, earlier_finding in readings:
        if len(wrong) == LAST_COPIES:
            break
        if finding is Finding.RIGHT or earlier_finding is Finding.RIGHT:
            wrong.setdefault(copy_id, finding in WRONG)
    return [copy_id for copy_id, is_wrong in wrong.items() if is_wrong]
