"""Which pending work may begin now, within the limits of places and routes; the rest is told why not.

One grouped look at the pending rows of each kind finds which (place, way) they need; a way that is closed
holds back its own rows and no others. Free slots are filled in order of priority and age.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, String, and_, cast, func, null, or_, select, update
from sqlalchemy.orm import Session

from ccat_data_transfer.planning.reasons import set_reason
from ccat_data_transfer.planning.topology import Obstacle, Topology
from ccat_data_transfer.work.kinds import KINDS, WorkKind
from ccat_ops_db.enumerations import Status
from ccat_ops_db.models import DataTransfer, PackageCreation, StagingItem
from ccat_ops_db.waiting import WaitingReason

NOWHERE = cast(null(), String)
"""Stands for the column that a kind of work does not have."""


def admit(session: Session, topology: Topology) -> int:
    """Schedule the pending work that may begin now; return how many rows."""
    return sum(_admit_kind(session, topology, kind) for kind in KINDS.values())


def _admit_kind(session: Session, topology: Topology, kind: WorkKind) -> int:
    due = _is_due(topology, kind)
    route: Any = DataTransfer.data_transfer_route_id if kind.table is DataTransfer else NOWHERE
    at, to = _columns(kind)
    groups = session.execute(
        select(at.label("at"), to.label("to"), route.label("route")).where(due).distinct()
    ).all()
    if not groups:
        return 0
    busy = _busy(session, kind, at, route)
    admitted = 0
    for group in groups:
        of_group = and_(
            due, at == group.at, to.is_not_distinct_from(group.to), route.is_not_distinct_from(group.route)
        )
        obstacle = _obstacle(topology, group)
        if obstacle is not None:
            set_reason(session, kind.table, of_group, obstacle.reason, obstacle.detail, topology.at)
            continue
        slots = _free_slots(topology, group, busy)
        admitted += _admit_group(session, topology, kind, group, of_group, slots, busy)
    return admitted


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


def _columns(kind: WorkKind) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    at = getattr(kind.table, kind.location)
    to = getattr(kind.table, kind.writes) if kind.writes else NOWHERE
    return at, to


def _busy(
    session: Session, kind: WorkKind, at: ColumnElement[Any], route: ColumnElement[Any]
) -> dict[tuple[str, str | None], int]:
    under_way = (
        select(at, route, func.count())
        .where(kind.table.status.in_([Status.SCHEDULED, Status.IN_PROGRESS]))
        .group_by(at, route)
    )
    return {(row[0], row[1]): row[2] for row in session.execute(under_way)}


def _obstacle(topology: Topology, group: Row[*tuple[Any, ...]]) -> Obstacle | None:
    for location_id, writing in ((group.at, False), (group.to, True)):
        if location_id is None:
            continue
        place = topology.places.get(location_id)
        if place is None:
            return Obstacle(WaitingReason.LOCATION_DISABLED, f"{location_id} was retired")
        obstacle = place.obstacle(writing=writing)
        if obstacle is not None:
            return obstacle
    if group.route is not None:
        route = topology.routes.get(group.route)
        if route is None:
            return Obstacle(WaitingReason.ROUTE_DISABLED, f"route {group.route} was retired")
        return route.closed
    return None


def _free_slots(
    topology: Topology, group: Row[*tuple[Any, ...]], busy: dict[tuple[str, str | None], int]
) -> int:
    here = sum(count for (at, _), count in busy.items() if at == group.at)
    slots = topology.places[group.at].concurrency - here
    if group.route is not None:
        on_route = sum(count for (_, route), count in busy.items() if route == group.route)
        slots = min(slots, topology.routes[group.route].concurrency - on_route)
    return max(0, slots)


def _admit_group(
    session: Session,
    topology: Topology,
    kind: WorkKind,
    group: Row[*tuple[Any, ...]],
    of_group: ColumnElement[bool],
    slots: int,
    busy: dict[tuple[str, str | None], int],
) -> int:
    table = kind.table
    admitted: list[Any] = []
    destination = topology.places.get(group.to) if group.to else None
    for row in _first(session, kind, of_group, slots):
        obstacle = destination.obstacle(writing=True, size=row.bytes_total) if destination else None
        if obstacle is not None:
            set_reason(session, table, table.id == row.id, obstacle.reason, obstacle.detail, topology.at)
            continue
        if destination is not None and destination.free is not None:
            destination.free -= row.bytes_total
        admitted.append(row.id)
    if admitted:
        session.execute(
            update(table)
            .where(table.id.in_(admitted))
            .values(
                status=Status.SCHEDULED,
                dispatched_at=None,
                waiting_reason=WaitingReason.DISPATCHED,
                waiting_detail=f"given to the workers of {group.at}",
                waiting_since=topology.at,
            )
            .execution_options(synchronize_session=False)
        )
        busy[group.at, group.route] = busy.get((group.at, group.route), 0) + len(admitted)
    full = topology.places[group.at].concurrency
    set_reason(
        session,
        table,
        and_(of_group, table.waiting_reason.is_distinct_from(WaitingReason.NO_SPACE_AT_DESTINATION)),
        WaitingReason.CONCURRENCY_LIMIT,
        f"all {full} slots of {group.at}"
        + (f" or those of route {group.route}" if group.route else "")
        + " are taken",
        topology.at,
    )
    return len(admitted)


def _first(
    session: Session, kind: WorkKind, of_group: ColumnElement[bool], slots: int
) -> Sequence[Row[*tuple[Any, ...]]]:
    """Return the rows to fill the slots with: highest priority first, then oldest."""
    if slots == 0:
        return []
    table = kind.table
    statement = (
        select(table.id, table.bytes_total)
        .where(of_group)
        .order_by(table.priority.desc(), table.id)
        .limit(slots)
        .with_for_update(skip_locked=True)
    )
    return session.execute(statement).all()
