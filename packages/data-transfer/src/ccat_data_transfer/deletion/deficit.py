"""How much places under pressure must free: each file system once, whatever locations are on it."""

from collections import Counter
from collections.abc import Iterable
from functools import cache

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import Session

from ccat_data_transfer.planning.space import Room
from ccat_data_transfer.planning.statements import ask, fixed, is_among, moment
from ccat_data_transfer.planning.topology import Place
from ccat_ops_db.enumerations import DeletionMode, Status
from ccat_ops_db.models import Deletion


class Deficits:
    """What is to be freed at the places of a pass: above the high watermark, down to the low one.

    What open deletions will free, or have freed since it was measured, is taken off, and so is what this pass
    opens, so that the same deficit is never freed twice: neither by two passes nor at two places.

    Parameters
    ----------
    session : Session
        Open session.
    places : iterable of Place
        All of them: what is freed at one helps the others of its file system.
    """

    def __init__(self, session: Session, places: Iterable[Place]) -> None:
        self._session = session
        self._on: dict[int, list[str]] = {}
        for place in places:
            if place.file_system is not None:
                self._on.setdefault(id(place.file_system), []).append(place.id)
        self._being_freed: dict[int, int] = {}
        self._going: Counter[tuple[str, int]] = Counter()

    def left(self, place: Place) -> int:
        """Return the bytes that are still to be freed at a place; 0 where nothing is known of its space."""
        return max((self._left(place, room) for room in place.rooms if not room.is_old), default=0)

    def take(self, place: Place, size: int) -> None:
        """Count what goes at a place, or would go where it is only said."""
        for room in place.rooms:
            self._going[_who_frees(place), id(room)] += size

    def _left(self, place: Place, room: Room) -> int:
        if room.used * 100 < place.watermark_high * room.total:
            return 0
        if id(room) not in self._being_freed:
            places = [place.id] if room is place.quota else self._on[id(room)]
            asked = {"places": places, "measured_at": room.measured_at}
            self._being_freed[id(room)] = int(ask(self._session, _freed_since(), **asked).scalar_one())
        to_low_watermark = room.used - int(room.total * place.watermark_low / 100)
        return max(
            0, to_low_watermark - self._being_freed[id(room)] - self._going[_who_frees(place), id(room)]
        )


def _who_frees(place: Place) -> str:
    """Return for whom it counts what goes: a place that only says so frees nothing for the others."""
    return place.id if place.deletion_mode is DeletionMode.DRY_RUN else ""


@cache
def _freed_since() -> Select[*tuple[int]]:
    under_way = Deletion.status.in_(fixed(Status.PENDING, Status.SCHEDULED, Status.IN_PROGRESS))
    since = and_(Deletion.status.in_(fixed(Status.COMPLETED)), Deletion.finished_at >= moment("measured_at"))
    return select(func.coalesce(func.sum(Deletion.bytes_total), 0)).where(
        is_among(Deletion.data_location_id, "places"), or_(under_way, since)
    )
