"""How much a location must free: computed once a pass and reserved, so that it is freed only once."""

from functools import cache

from sqlalchemy import Select, and_, bindparam, func, or_, select
from sqlalchemy.orm import Session

from ccat_data_transfer.planning.statements import ask, fixed, moment
from ccat_data_transfer.planning.topology import Place
from ccat_ops_db.enumerations import Status
from ccat_ops_db.models import Deletion


def bytes_to_free(session: Session, place: Place) -> int:
    """Return the bytes to free at a location: above the high watermark, down to the low one.

    What open deletions will free, or have freed since the location was measured, is taken off, so that the
    same deficit is never freed twice.

    Returns
    -------
    int
        0 below the high watermark, or where the storage does not say how full it is.
    """
    if place.used is None or not place.total or place.used * 100 < place.watermark_high * place.total:
        return 0
    to_low_watermark = place.used - int(place.total * place.watermark_low / 100)
    return max(0, to_low_watermark - _being_freed(session, place))


def _being_freed(session: Session, place: Place) -> int:
    """Sum what deletions free that the last measurement of the location cannot know of."""
    freed = ask(session, _freed_since(), place=place.id, measured_at=place.measured_at)
    return int(freed.scalar_one())


@cache
def _freed_since() -> Select[*tuple[int]]:
    under_way = Deletion.status.in_(fixed(Status.PENDING, Status.SCHEDULED, Status.IN_PROGRESS))
    since = and_(Deletion.status.in_(fixed(Status.COMPLETED)), Deletion.finished_at >= moment("measured_at"))
    return select(func.coalesce(func.sum(Deletion.bytes_total), 0)).where(
        Deletion.data_location_id == bindparam("place"), or_(under_way, since)
    )
