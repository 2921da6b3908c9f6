"""Which pending work may begin now, within the limits of places and routes; the rest is told why not.

One grouped look at the open rows of each kind finds which ways they need; a way that is closed holds back
its own rows and no others. Free slots are filled in order of priority and age, whichever way a row goes.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, and_, func, not_, or_, select, update
from sqlalchemy.orm import Session

from ccat_data_transfer.planning.reasons import not_locked, set_reason
from ccat_data_transfer.planning.space import needed
from ccat_data_transfer.planning.statements import fixed
from ccat_data_transfer.planning.topology import Obstacle, Place, Topology
from ccat_data_transfer.work.kinds import NOWHERE, WorkKind, columns_of_way, kinds_with
from ccat_ops_db.enumerations import CheckReason, Status
from ccat_ops_db.models import DataTransfer, FixityCheck, PackageCreation, StagingItem
from ccat_ops_db.waiting import WaitingReason

WAY = ("at", "source", "to", "route", "of_sample")


@dataclass(frozen=True)
class Way:
    """What a row of work needs: the place whose workers do it, where it reads and writes, and its route.

    ``of_sample``: it is done to find out about a place in doubt.
    """

    at: str
    source: str | None
    to: str | None
    route: str | None
    of_sample: bool = False

    @property
    def places(self) -> set[str]:
        """Every place of it."""
        return {place for place in (self.at, self.source, self.to) if place is not None}


@dataclass
class Slots:
    """How much of a kind is under way at places and on routes, and how much more may be."""

    topology: Topology
    at: Counter[str] = field(default_factory=Counter)
    on_route: Counter[str] = field(default_factory=Counter)
    using: Counter[str] = field(default_factory=Counter)

    def free(self, way: Way) -> int:
        """Return how many more rows may go a way; to what is tried after failures, one."""
        free = self.topology.places[way.at].concurrency - self.at[way.at]
        for place in way.places:
            if self.topology.is_on_trial(way.at, place):
                free = min(free, 1 - self.using[place])
        if way.route is not None:
            free = min(free, self.topology.routes[way.route].concurrency - self.on_route[way.route])
        return max(0, free)

    def take(self, way: Way, rows: int = 1) -> None:
        """Count rows that go a way."""
        self.at[way.at] += rows
        for place in way.places:
            self.using[place] += rows
        if way.route is not None:
            self.on_route[way.route] += rows


def admit(session: Session, topology: Topology) -> int:
    """Schedule the pending work that may begin now; return how many rows."""
    kinds = kinds_with(session, _may_begin, sites=topology.sites)
    return sum(_admit_kind(session, topology, kind) for kind in kinds)


def _may_begin(table: Any) -> ColumnElement[bool]:
    return table.status.in_(fixed(Status.PENDING, Status.SCHEDULED))  # type: ignore[no-any-return]


def _admit_kind(session: Session, topology: Topology, kind: WorkKind) -> int:
    _withdraw(session, topology, kind)
    due = _is_due(topology, kind)
    open_ways = []
    for way in _ways(session, kind, due):
        obstacle = _obstacle(topology, way)
        if obstacle is None:
            open_ways.append(way)
        else:
            rows = and_(due, _goes(kind, way))
            set_reason(session, kind.table, rows, obstacle.reason, obstacle.detail, topology.at)
    if not open_ways:
        return 0
    slots = _slots_under_way(session, topology, kind)
    admitted = 0
    chosen = _choose(topology, slots, _first_rows(session, topology, kind, due, open_ways, slots))
    for way in open_ways:
        _schedule(session, topology, kind, way, chosen.get(way, []))
        _tell_the_rest(session, topology, kind, due, way)
        admitted += len(chosen.get(way, []))
    return admitted


def _withdraw(session: Session, topology: Topology, kind: WorkKind) -> None:
    """Take back what no worker has begun yet and whose way was closed since: it must not hold slots."""
    scheduled = and_(kind.table.site_id.in_(topology.sites), kind.table.status == Status.SCHEDULED)
    for way in _ways(session, kind, scheduled):
        obstacle = _obstacle(topology, way)
        if obstacle is not None:
            session.execute(
                update(kind.table)
                .where(not_locked(kind.table, and_(scheduled, _goes(kind, way))))
                .values(
                    status=Status.PENDING,
                    waiting_reason=obstacle.reason,
                    waiting_detail=obstacle.detail,
                    waiting_since=topology.at,
                )
                .execution_options(synchronize_session=False)
            )


def _is_due(topology: Topology, kind: WorkKind) -> ColumnElement[bool]:
    table = kind.table
    due = and_(
        table.site_id.in_(topology.sites),
        table.status == Status.PENDING,
        or_(table.next_attempt_at.is_(None), table.next_attempt_at <= topology.at),
    )
    # Rows that another part of the planner must first complete, or that somebody else concludes.
    if kind.table is DataTransfer:
        return and_(due, DataTransfer.sent_at.is_(None))
    if kind.table is StagingItem:
        return and_(due, StagingItem.source_copy_id.is_not(None))
    if kind.table is PackageCreation:
        return and_(due, PackageCreation.destination_location_id.is_not(None))
    return due


def _ways(session: Session, kind: WorkKind, rows: ColumnElement[bool]) -> list[Way]:
    columns = _columns(kind)
    return [Way(*row) for row in session.execute(select(*columns).where(rows).distinct().order_by(*columns))]


def _goes(kind: WorkKind, way: Way) -> ColumnElement[bool]:
    values = (way.at, way.source, way.to, way.route, way.of_sample)
    pairs = zip(_columns(kind), values, strict=True)
    return and_(*(column.is_not_distinct_from(value) for column, value in pairs if column is not NOWHERE))


def _columns(kind: WorkKind) -> tuple[ColumnElement[Any], ...]:
    readings = kind.table is FixityCheck
    of_sample = FixityCheck.reason == CheckReason.SAMPLE if readings else kind.table.id.is_(None)
    return (*columns_of_way(kind), of_sample)


def _obstacle(topology: Topology, way: Way) -> Obstacle | None:
    for location_id, writing in ((way.at, False), (way.source, False), (way.to, True)):
        if location_id is None:
            continue
        place = topology.places.get(location_id)
        if place is None:
            return Obstacle(WaitingReason.LOCATION_DISABLED, f"{location_id} was retired")
        obstacle = place.obstacle(writing=writing, of_sample=way.of_sample) or topology.credential_refused(
            way.at, place
        )
        if obstacle is not None:
            return obstacle
    if way.route is not None:
        route = topology.routes.get(way.route)
        if route is None:
            return Obstacle(WaitingReason.ROUTE_DISABLED, f"route {way.route} was retired")
        return route.closed
    return None


def _slots_under_way(session: Session, topology: Topology, kind: WorkKind) -> Slots:
    rows = (
        select(*(column.label(name) for name, column in zip(WAY, _columns(kind), strict=True)))
        .where(kind.table.status.in_([Status.SCHEDULED, Status.IN_PROGRESS]))
        .subquery()
    )
    slots = Slots(topology)
    for *way, count in session.execute(select(*rows.c, func.count()).group_by(*rows.c)):
        slots.take(Way(*way), count)
    return slots


def _first_rows(
    session: Session,
    topology: Topology,
    kind: WorkKind,
    due: ColumnElement[bool],
    ways: Iterable[Way],
    slots: Slots,
) -> list[tuple[Way, Row[*tuple[Any, ...]]]]:
    """Return the rows to fill the slots with: highest priority first, then oldest.

    What is too large for the room at its destination is passed over: it must not hold up what fits.
    """
    table, found = kind.table, []
    for way in ways:
        free = slots.free(way)
        if free == 0:
            continue
        statement = (
            select(table.id, table.bytes_total, table.partial_bytes, table.priority)
            .where(due, _goes(kind, way))
            .order_by(table.priority.desc(), table.id)
            .limit(free)
            .with_for_update(skip_locked=True)
        )
        found += [(way, row) for row in session.execute(statement.where(*_fits(topology, way, table)))]
    return sorted(found, key=lambda item: (-item[1].priority, item[1].id))


def _choose(
    topology: Topology, slots: Slots, candidates: Sequence[tuple[Way, Row[*tuple[Any, ...]]]]
) -> dict[Way, list[UUID]]:
    chosen: dict[Way, list[UUID]] = {}
    for way, row in candidates:
        destination = _destination(topology, way)
        if slots.free(way) == 0:
            continue
        if destination is not None:
            if not destination.has_room(row.bytes_total, row.partial_bytes):
                continue
            destination.take(row.bytes_total, row.partial_bytes)
        slots.take(way)
        chosen.setdefault(way, []).append(row.id)
    return chosen


def _schedule(session: Session, topology: Topology, kind: WorkKind, way: Way, rows: Sequence[UUID]) -> None:
    if not rows:
        return
    session.execute(
        update(kind.table)
        .where(kind.table.id.in_(rows))
        .values(
            status=Status.SCHEDULED,
            dispatched_at=None,
            dispatches=0,
            waiting_reason=WaitingReason.DISPATCHED,
            waiting_detail=f"given to the workers of {way.at}",
            waiting_since=topology.at,
        )
        .execution_options(synchronize_session=False)
    )


def _tell_the_rest(
    session: Session, topology: Topology, kind: WorkKind, due: ColumnElement[bool], way: Way
) -> None:
    table, left = kind.table, and_(due, _goes(kind, way))
    fits = _fits(topology, way, table)
    if fits:
        set_reason(
            session,
            table,
            and_(left, not_(and_(*fits))),
            WaitingReason.NO_SPACE_AT_DESTINATION,
            f"{way.to} has not enough room for it",
            topology.at,
        )
        left = and_(left, *fits)
    full = f"all {topology.places[way.at].concurrency} slots of {way.at}"
    route = f" or those of route {way.route}" if way.route else ""
    set_reason(session, table, left, WaitingReason.CONCURRENCY_LIMIT, f"{full}{route} are taken", topology.at)


def _fits(topology: Topology, way: Way, table: Any) -> list[ColumnElement[bool]]:
    """Return the conditions that a row has room where it goes; none where nothing limits it."""
    destination = _destination(topology, way)
    if destination is None:
        return []
    found = []
    if destination.file_system is not None:
        found.append(needed(table) <= max(destination.file_system.free, 0))
    if destination.quota is not None:
        found.append(table.bytes_total <= max(destination.quota.free, 0))
    return found


def _destination(topology: Topology, way: Way) -> Place | None:
    return topology.places.get(way.to) if way.to else None
