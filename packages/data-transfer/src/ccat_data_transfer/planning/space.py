"""Room at places: what new work may still take of their file systems and quotas."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Select, func, select, union_all
from sqlalchemy.orm import Session

from ccat_data_transfer.planning.statements import ask, fixed, is_among
from ccat_ops_db.enumerations import PhysicalCopyStatus, Status
from ccat_ops_db.models import (
    DataTransfer,
    FileSystem,
    LongTermArchiveTransfer,
    PackageCreation,
    PhysicalCopy,
    PlaceMarker,
    StagingItem,
)
from ccat_ops_db.own_rows import own_rows

COUNTED_AGAIN = timedelta(minutes=1)
"""How often a planner counts what lies at a place with a quota."""


@dataclass
class Room:
    """Space that all who share it take from: a file system, or the quota of one location.

    Attributes
    ----------
    name : str
        Key of the file system, or the location.
    total, used : int
        Bytes in all, and bytes that were used when it was measured: of a file system by anybody, of a quota
        by our copies.
    measured_at : datetime
        When it was measured, or counted.
    is_old : bool
        Whether that was too long ago to decide anything by it.
    free : int
        Bytes that new work may still take: without the reserve, and what admitted work is still to write.
    """

    name: str
    total: int
    used: int
    measured_at: datetime
    is_old: bool
    free: int


@dataclass(frozen=True)
class Limits:
    """What a location may take of its file system and of its quota."""

    location: str
    reserve: int
    quota: int | None


class Counted:
    """Bytes of our copies at places with a quota, as a planner counted them last."""

    def __init__(self) -> None:
        self._sums: dict[str, tuple[int, datetime]] = {}

    def at(
        self, session: Session, locations: Sequence[str], now: datetime
    ) -> dict[str, tuple[int, datetime]]:
        """Return the bytes at each location, and when they were counted."""
        due = [each for each in locations if not self._is_fresh(each, now)]
        if due:
            found = dict(ask(session, _copies(), places=due).all())
            self._sums |= {each: (int(found.get(each, 0)), now) for each in due}
        return {each: self._sums[each] for each in locations}

    def _is_fresh(self, location: str, now: datetime) -> bool:
        counted = self._sums.get(location)
        return counted is not None and timedelta() <= now - counted[1] < COUNTED_AGAIN


@dataclass(frozen=True)
class Space:
    """The rooms of each location; none where nothing is known, or nothing limits it."""

    file_systems: dict[str, Room]
    quotas: dict[str, Room]


def load_space(
    session: Session, locations: Iterable[Limits], counted: Counted, at: datetime, longest: timedelta
) -> Space:
    """Read how much room there is; a fixed number of statements.

    Parameters
    ----------
    session : Session
        Open session.
    locations : iterable of Limits
        All of them: those of one file system share it.
    counted : Counted
        What lies at places with a quota.
    at : datetime
        Now.
    longest : timedelta
        Older measurements of this database's own sites decide nothing. Of other sites the time is theirs, and
        two clocks are not compared.
    """
    limits = {each.location: each for each in locations}
    admitted = {row.location: row for row in ask(session, _admitted())}
    rooms: dict[Any, Room] = {}
    file_systems: dict[str, Room] = {}
    reserves: dict[Any, list[int]] = defaultdict(list)
    promised: Counter[Any] = Counter()
    for row in ask(session, _measured()):
        if row.location not in limits:
            continue
        if row.id not in rooms:
            used = row.total_bytes - row.free_bytes
            is_old = row.is_own and at - row.measured_at > longest
            rooms[row.id] = Room(row.key, row.total_bytes, used, row.measured_at, is_old, row.free_bytes)
        file_systems[row.location] = rooms[row.id]
        reserves[row.id].append(limits[row.location].reserve)
        if row.location in admitted:
            promised[row.id] += int(admitted[row.location].needed)
    for key, room in rooms.items():
        room.free -= max(reserves[key]) + promised[key]
    with_quota = [each for each in limits.values() if each.quota is not None]
    own = counted.at(session, [each.location for each in with_quota], at) if with_quota else {}
    quotas = {}
    for each in with_quota:
        assert each.quota is not None, "those alone were chosen"
        used, counted_at = own[each.location]
        whole = int(admitted[each.location].whole) if each.location in admitted else 0
        free = each.quota - used - each.reserve - whole
        quotas[each.location] = Room(each.location, each.quota, used, counted_at, False, free)
    return Space(file_systems, quotas)


def needed(table: Any) -> Any:
    """Return what a row of work still needs of the file system: what it has written is used already."""
    return func.greatest(table.bytes_total - table.partial_bytes, 0)


@cache
def _measured() -> Select[*tuple[Any, ...]]:
    return (
        select(
            PlaceMarker.data_location_id.label("location"),
            FileSystem.id,
            FileSystem.key,
            FileSystem.total_bytes,
            FileSystem.free_bytes,
            FileSystem.measured_at,
            own_rows(FileSystem.site_id).label("is_own"),
        )
        .join(
            FileSystem,
            (FileSystem.key == PlaceMarker.file_system) & (FileSystem.site_id == PlaceMarker.site_id),
        )
        .where(PlaceMarker.retired_at.is_(None))
        .order_by(PlaceMarker.data_location_id)
    )


@cache
def _admitted() -> Select[*tuple[Any, ...]]:
    """Sum what admitted work writes, by location: what is still to come, and all of it."""
    inbound = [
        select(
            kind.destination_location_id.label("location"),
            needed(kind).label("needed"),
            kind.bytes_total.label("whole"),
        ).where(
            kind.status.in_(fixed(Status.SCHEDULED, Status.IN_PROGRESS)),
            kind.destination_location_id.is_not(None),
        )
        for kind in (PackageCreation, DataTransfer, LongTermArchiveTransfer, StagingItem)
    ]
    work = union_all(*inbound).subquery()
    sums = func.sum(work.c.needed).label("needed"), func.sum(work.c.whole).label("whole")
    return select(work.c.location, *sums).group_by(work.c.location)


@cache
def _copies() -> Select[*tuple[Any, ...]]:
    return (
        select(PhysicalCopy.data_location_id, func.sum(PhysicalCopy.size))
        .where(
            is_among(PhysicalCopy.data_location_id, "places"),
            PhysicalCopy.status != fixed(PhysicalCopyStatus.DELETED)[0],
        )
        .group_by(PhysicalCopy.data_location_id)
    )
