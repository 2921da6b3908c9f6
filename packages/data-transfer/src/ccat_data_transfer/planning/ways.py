"""Ways out of a buffer: which route is taken to which place, and the batch that goes by it."""

from uuid import UUID

from sqlalchemy import delete, insert, update
from sqlalchemy.orm import Session

from ccat_data_transfer.planning.topology import Obstacle, Place, Route, Topology
from ccat_ops_db.enumerations import LocationType, RouteType
from ccat_ops_db.identity import new_id
from ccat_ops_db.models import DataTransferPackage
from ccat_ops_db.waiting import WaitingReason


def choose_way(topology: Topology, here: Place, to: set[str], size: int) -> tuple[Route, Place] | Obstacle:
    """Return the best way to one of some sites that is open now, or what closes the best of all."""
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
        return Obstacle(WaitingReason.NO_ROUTE, f"no route from {here.site_id} to {names}")
    ways.sort(key=lambda way: _preference(way, size), reverse=True)
    closed = [route.closed or destination.obstacle(writing=True) for route, destination in ways]
    for way, obstacle in zip(ways, closed, strict=True):
        if obstacle is None:
            return way
    return next(obstacle for obstacle in closed if obstacle is not None)


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


def _preference(way: tuple[Route, Place], size: int) -> tuple[bool, int, float]:
    """Order ways: where there is room first, then by priority, then by the share of space that stays free."""
    route, destination = way
    fits = destination.obstacle(writing=True, size=size + destination.promised) is None
    share = destination.free_share(destination.promised)
    return fits, route.priority, share


def batch_of(session: Session, topology: Topology, route: Route, site_id: str, size: int) -> UUID:
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


def leave_batch(session: Session, batch_id: UUID | None, size: int) -> None:
    """Take a package out of the batch that it was to travel in; without packages there is no batch."""
    session.execute(
        delete(DataTransferPackage).where(
            DataTransferPackage.id == batch_id, DataTransferPackage.package_count == 1
        )
    )
    session.execute(
        update(DataTransferPackage)
        .where(DataTransferPackage.id == batch_id)
        .values(package_count=DataTransferPackage.package_count - 1, size=DataTransferPackage.size - size)
        .execution_options(synchronize_session=False)
    )


def archive_sites(topology: Topology) -> set[str]:
    """Return the sites that have an archive in service."""
    return {
        place.site_id
        for place in topology.places.values()
        if place.location_type is LocationType.LONG_TERM_ARCHIVE and not place.out_of_service
    }
