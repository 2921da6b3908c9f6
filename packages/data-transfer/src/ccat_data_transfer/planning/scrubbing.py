"""Stage 8, scrubbing: copies in archives are read again before their last reading is old.

They are opened only as far as they can begin, so that what is due later never lies before what is due now.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import CompoundSelect, Row, Select, exists, func, literal, select, union
from sqlalchemy.orm import Session

from ccat_data_transfer.planning.one_by_one import one_by_one, row_of
from ccat_data_transfer.planning.statements import ask, fixed, is_among, moment
from ccat_data_transfer.planning.topology import Place, Topology
from ccat_data_transfer.planning.verifying import open_check
from ccat_data_transfer.work.kinds import KINDS, NOWHERE, columns_of_way
from ccat_ops_db.enumerations import CheckReason, CopyForm, LocationType, Severity, Status
from ccat_ops_db.events import record_error, resolve_errors
from ccat_ops_db.evidence import READABLE
from ccat_ops_db.models import DataLocation, ErrorRecord, FixityCheck, PhysicalCopy

LOWEST = -1_000_000
"""Priority of these readings: that of everything else is at least this (`Priority` of the configuration)."""

OVERDUE = 0.05
"""By which part of the interval a copy is late when it is read whatever else its place has to do."""

BEHIND = 0.2
"""By which part of the interval a copy is late when people are told."""

CATEGORY = "reading_overdue"


def next_reading(copy_id: UUID, proved_at: datetime, interval: timedelta) -> datetime:
    """Return when a copy is due to be read again: 0.9 to 1.0 of the interval later, by its id.

    Parameters
    ----------
    copy_id : UUID
        Copy; its random bits spread what was read together.
    proved_at : datetime
        When its bytes were found right.
    interval : timedelta
        Of its location.
    """
    share = (copy_id.int & 0xFFFF) / 0xFFFF
    return proved_at + interval * (0.9 + 0.1 * share)


def plan_scrubbing(session: Session, topology: Topology) -> int:
    """Open the reading of copies in our archives that are due; return how many."""
    archives = topology.of_type(LocationType.LONG_TERM_ARCHIVE)
    late = dict(ask(session, _due(), places=[it.id for it in archives], at=topology.at).all())
    _tell(session, topology, archives, late)
    usable = [place for place in archives if place.id in late and place.obstacle(writing=False) is None]
    if not usable:
        return 0
    ids = [place.id for place in usable]
    under_way = Counter(dict(ask(session, _under_way(), places=ids).all()))
    a_day_ago = topology.at - timedelta(days=1)
    read = dict(ask(session, _read_since(), places=ids, since=a_day_ago).all())
    busy = set(ask(session, _busy(), places=ids).scalars())

    def read_again(copy: Row[*tuple[Any, ...]]) -> int:
        return open_check(
            session,
            copy.id,
            site_id=copy.site_id,
            data_location_id=copy.data_location_id,
            reason=CheckReason.SCRUB,
            priority=LOWEST,
            size=copy.size,
            at=topology.at,
        )

    opened = 0
    for place in usable:
        due_by, slots = topology.at, place.concurrency
        if place.id in busy:
            due_by, slots = topology.at - timedelta(seconds=place.scrub_interval) * OVERDUE, 1
        free = slots - under_way[place.id]
        if free <= 0:
            continue
        copies = session.execute(_first_due(place.id, due_by, free)).all()
        within = _within_budget(place, copies, read.get(place.id, 0))
        opened += sum(count for _, count in one_by_one(session, within, read_again, row_of("physical_copy")))
    return opened


def _within_budget(
    place: Place, copies: Sequence[Row[*tuple[Any, ...]]], read: int
) -> Sequence[Row[*tuple[Any, ...]]]:
    """Return the copies that may be read today; a copy larger than a day's limit is read alone on its day."""
    if place.scrub_bytes_per_day is None:
        return copies
    left = place.scrub_bytes_per_day - read
    found: list[Row[*tuple[Any, ...]]] = []
    for copy in copies:
        if copy.size > left and (read or found):
            break
        left -= copy.size
        found.append(copy)
    return found


@cache
def _due() -> Select[*tuple[Any, ...]]:
    """Return since when the first copy of each archive is due, of those that have such copies."""
    location = DataLocation.__table__.c
    first = (
        select(func.min(PhysicalCopy.next_check_at))
        .where(
            PhysicalCopy.data_location_id == location.id,
            PhysicalCopy.next_check_at.is_not(None),
            PhysicalCopy.status.in_(fixed(*READABLE)),
        )
        .correlate(DataLocation.__table__)
        .scalar_subquery()
    )
    places = select(location.id, first.label("since")).where(is_among(location.id, "places")).subquery()
    return select(places.c.id, places.c.since).where(places.c.since <= moment("at"))


def _first_due(location_id: str, due_by: datetime, most: int) -> Select[*tuple[Any, ...]]:
    being_read = exists().where(
        FixityCheck.physical_copy_id == PhysicalCopy.id,
        FixityCheck.status.not_in([Status.COMPLETED, Status.CANCELLED]),
    )
    return (
        select(PhysicalCopy.id, PhysicalCopy.site_id, PhysicalCopy.data_location_id, PhysicalCopy.size)
        .where(
            PhysicalCopy.data_location_id == location_id,
            PhysicalCopy.next_check_at <= due_by,
            PhysicalCopy.status.in_(READABLE),
            PhysicalCopy.form == CopyForm.TAR,
            ~being_read,
        )
        .order_by(PhysicalCopy.next_check_at, PhysicalCopy.id)
        .limit(most)
    )


@cache
def _under_way() -> Select[*tuple[Any, ...]]:
    """Return how many such readings are open at places."""
    return (
        select(FixityCheck.data_location_id, func.count())
        .where(
            is_among(FixityCheck.data_location_id, "places"),
            FixityCheck.reason.in_(fixed(CheckReason.SCRUB)),
            FixityCheck.status.in_(fixed(Status.PENDING, Status.SCHEDULED, Status.IN_PROGRESS)),
        )
        .group_by(FixityCheck.data_location_id)
    )


@cache
def _read_since() -> Select[*tuple[Any, ...]]:
    """Return how many bytes were to be read for it at places since a time."""
    return (
        select(FixityCheck.data_location_id, func.sum(FixityCheck.bytes_total))
        .where(
            is_among(FixityCheck.data_location_id, "places"),
            FixityCheck.reason.in_(fixed(CheckReason.SCRUB)),
            FixityCheck.created_at > moment("since"),
        )
        .group_by(FixityCheck.data_location_id)
    )


@cache
def _busy() -> CompoundSelect[*tuple[Any, ...]]:
    """Return the places at which other work goes on, or was given to workers."""
    found = []
    for kind in KINDS.values():
        at, source, to, _ = columns_of_way(kind)
        goes_on = [kind.table.status.in_(fixed(Status.SCHEDULED, Status.IN_PROGRESS))]
        if kind.table is FixityCheck:
            goes_on.append(FixityCheck.reason.not_in(fixed(CheckReason.SCRUB)))
        found += [
            select(column.label("place")).where(*goes_on, is_among(column, "places"))
            for column in (at, source, to)
            if column is not NOWHERE
        ]
    return union(*found)


def _tell(session: Session, topology: Topology, archives: list[Place], late: dict[str, datetime]) -> None:
    """Say which archives do not keep up, and take it back when they do."""
    told = set(
        ask(session, _told(), places=[place.id for place in archives], category=CATEGORY).scalars().all()
    )
    for place in archives:
        since = late.get(place.id)
        interval = timedelta(seconds=place.scrub_interval)
        if since is None or topology.at - since < interval * BEHIND:
            if place.id in told:
                resolve_errors(
                    session,
                    subject_type="data_location",
                    subject_id=place.id,
                    at=topology.at,
                    category=CATEGORY,
                )
        elif place.id not in told:
            record_error(
                session,
                site_id=place.site_id,
                at=topology.at,
                severity=Severity.ERROR,
                category=CATEGORY,
                subject_type="data_location",
                subject_id=place.id,
                data_location_id=place.id,
                message=(
                    f"a copy at {place.id} was to be read again by {since:%F}; each is to be within"
                    f" {interval.days} days"
                ),
            )


@cache
def _told() -> Select[*tuple[Any, ...]]:
    return select(ErrorRecord.subject_id).where(
        is_among(ErrorRecord.subject_id, "places"),
        ErrorRecord.category == literal(CATEGORY),
        ErrorRecord.resolved_at.is_(None),
    )
