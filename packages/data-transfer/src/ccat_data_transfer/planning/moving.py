"""Stage 2, moving: where packages go that lie in buffers. The observatory sends each package once."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, exists, insert, or_, select, update
from sqlalchemy.orm import Session, aliased

from ccat_data_transfer.planning.archiving import plan_archiving
from ccat_data_transfer.planning.onward import READABLE, lock_copy, mark_planned, wait
from ccat_data_transfer.planning.topology import Obstacle, Place, Route, Topology
from ccat_ops_db.enumerations import CopyKind, LocationType, PhysicalCopyStatus, RouteType, Status
from ccat_ops_db.events import record_event
from ccat_ops_db.identity import new_id
from ccat_ops_db.models import DataTransfer, DataTransferPackage, PhysicalCopy, RawDataPackage
from ccat_ops_db.waiting import WaitingReason

PLANNER = "planner"


def plan_moving(session: Session, topology: Topology) -> int:
    """Open the work that takes packages on from buffers; return how many."""
    planned = 0
    for copy in _lying_in_buffers(session, topology):
        here = topology.places[copy.data_location_id]
        bound_for = copy.bound_for or here.site_id
        archives_here = topology.at_site(here.site_id, LocationType.LONG_TERM_ARCHIVE)
        if bound_for != here.site_id:
            planned += _send(session, topology, copy, here, {bound_for})
        elif archives_here:
            planned += plan_archiving(session, topology, copy, archives_here)
        elif copy.bound_for is None:
            planned += _send(session, topology, copy, here, _archive_sites(topology))
        else:
            wait(session, topology, copy, Obstacle(WaitingReason.NO_ARCHIVE, f"site {here.site_id} has none"))
    return planned


def _lying_in_buffers(session: Session, topology: Topology) -> Sequence[Row[*tuple[Any, ...]]]:
    buffers = [place.id for place in topology.of_type(LocationType.BUFFER) if not place.out_of_service]
    inbound = aliased(DataTransfer)
    bound_for = (
        select(inbound.final_site_id)
        .where(
            inbound.raw_data_package_id == PhysicalCopy.raw_data_package_id,
            inbound.destination_location_id == PhysicalCopy.data_location_id,
        )
        .order_by(inbound.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    statement = (
        select(
            PhysicalCopy.id,
            PhysicalCopy.site_id,
            PhysicalCopy.data_location_id,
            PhysicalCopy.status,
            PhysicalCopy.raw_data_package_id,
            RawDataPackage.size,
            RawDataPackage.site_id.label("package_site_id"),
            bound_for.label("bound_for"),
        )
        .join(RawDataPackage, RawDataPackage.id == PhysicalCopy.raw_data_package_id)
        .where(
            PhysicalCopy.data_location_id.in_(buffers),
            PhysicalCopy.kind == CopyKind.RAW_DATA_PACKAGE,
            PhysicalCopy.onward_planned_at.is_(None),
            PhysicalCopy.status.in_(READABLE),
            RawDataPackage.sealed_at.is_not(None),
            # What came from elsewhere goes on only after it was verified here.
            or_(PhysicalCopy.status == PhysicalCopyStatus.VERIFIED, bound_for.is_(None)),
        )
        .order_by(PhysicalCopy.id)
        .limit(1000)
    )
    return session.execute(statement).all()


def _send(
    session: Session, topology: Topology, copy: Row[*tuple[Any, ...]], here: Place, to: set[str]
) -> int:
    if _is_elsewhere(session, copy, here):
        mark_planned(session, topology, copy)
        return 0
    ways = [
        (route, destination)
        for route in topology.routes.values()
        if route.origin_site_id == here.site_id
        and route.destination_site_id in to
        and route.origin_location_id in (None, here.id)
        and (destination := _destination(topology, route)) is not None
    ]
    if not ways:
        names = ", ".join(sorted(to)) or "any archive"
        wait(
            session,
            topology,
            copy,
            Obstacle(WaitingReason.NO_ROUTE, f"no route from {here.site_id} to {names}"),
        )
        return 0
    open_ways = [way for way in ways if way[0].closed is None]
    if not open_ways:
        for route, _ in ways[:1]:
            wait(session, topology, copy, route.closed or Obstacle(WaitingReason.ROUTE_DISABLED, route.id))
        return 0
    route, destination = max(open_ways, key=lambda way: _preference(topology, way, copy.size))
    work_id = new_id()
    session.execute(
        insert(DataTransfer).values(
            id=work_id,
            site_id=here.site_id,
            raw_data_package_id=copy.raw_data_package_id,
            source_copy_id=copy.id,
            source_location_id=here.id,
            destination_location_id=destination.id,
            final_site_id=route.destination_site_id,
            data_transfer_route_id=route.id,
            data_transfer_package_id=_batch(session, topology, route, here.site_id, copy.size),
            created_at=topology.at,
            bytes_total=copy.size,
        )
    )
    lock_copy(session, copy.id, "data_transfer", work_id, here.site_id, topology.at)
    if destination.free is not None:
        destination.free -= copy.size
    mark_planned(session, topology, copy)
    record_event(
        session,
        site_id=here.site_id,
        at=topology.at,
        actor=PLANNER,
        action="transfer.planned",
        subject_type="raw_data_package",
        subject_id=copy.raw_data_package_id,
        message=f"{here.id} to {destination.id} by route {route.id}, bound for {route.destination_site_id}",
    )
    return 1


def _destination(topology: Topology, route: Route) -> Place | None:
    """Return where a route's first hop leads: the override, the relay's buffer, or past the buffer."""
    if route.route_type is RouteType.RELAY and route.relay_site_id is not None:
        found = topology.at_site(route.relay_site_id, LocationType.BUFFER)
    elif route.destination_location_id is not None:
        found = [p for p in (topology.places.get(route.destination_location_id),) if p is not None]
    else:
        found = topology.at_site(route.destination_site_id, LocationType.LONG_TERM_ARCHIVE)
    usable = [place for place in found if place.out_of_service is None]
    return next(iter(usable or found), None)


def _preference(topology: Topology, way: tuple[Route, Place], size: int) -> tuple[bool, int, float]:
    """Order ways: healthy ones first, then by priority, then by the share of space that would stay free."""
    route, destination = way
    obstacle = destination.obstacle(writing=True, size=size)
    share = 1.0 if destination.free is None or not destination.total else destination.free / destination.total
    return obstacle is None, route.priority, share


def _batch(session: Session, topology: Topology, route: Route, site_id: str, size: int) -> UUID:
    """Return the batch that gathers what one pass sends over a route."""
    batch = session.execute(
        update(DataTransferPackage)
        .where(
            DataTransferPackage.data_transfer_route_id == route.id,
            DataTransferPackage.created_at == topology.at,
        )
        .values(package_count=DataTransferPackage.package_count + 1, size=DataTransferPackage.size + size)
        .returning(DataTransferPackage.id)
    ).scalar_one_or_none()
    if batch is None:
        batch = new_id()
        session.execute(
            insert(DataTransferPackage).values(
                id=batch,
                site_id=site_id,
                data_transfer_route_id=route.id,
                created_at=topology.at,
                package_count=1,
                size=size,
            )
        )
    return batch


def _archive_sites(topology: Topology) -> set[str]:
    return {
        place.site_id
        for place in topology.places.values()
        if place.location_type is LocationType.LONG_TERM_ARCHIVE and not place.out_of_service
    }


def _is_elsewhere(session: Session, copy: Row[*tuple[Any, ...]], here: Place) -> bool:
    """Tell whether another site has the package already, or a transfer is on its way: it is sent once."""
    other = select(PhysicalCopy.id).where(
        PhysicalCopy.raw_data_package_id == copy.raw_data_package_id,
        PhysicalCopy.site_id.notin_([here.site_id, copy.package_site_id]),
        PhysicalCopy.status.in_(READABLE),
    )
    under_way = select(DataTransfer.id).where(
        DataTransfer.raw_data_package_id == copy.raw_data_package_id,
        DataTransfer.source_location_id == here.id,
        DataTransfer.status != Status.COMPLETED,
    )
    return session.execute(select(or_(exists(other), exists(under_way)))).scalar_one()
