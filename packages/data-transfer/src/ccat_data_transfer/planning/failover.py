"""Failover: what cannot leave by its route for long goes to the same site by another that is open."""

from datetime import timedelta
from functools import cache
from typing import Any

from sqlalchemy import Row, Select, exists, select, update
from sqlalchemy.orm import Session, aliased

from ccat_data_transfer.planning.one_by_one import one_by_one, row_of
from ccat_data_transfer.planning.statements import ask, fixed, is_among, moment
from ccat_data_transfer.planning.tar_names import next_tar
from ccat_data_transfer.planning.topology import Obstacle, Place, Route, Topology
from ccat_data_transfer.planning.ways import batch_of, choose_way, leave_batch
from ccat_ops_db.enumerations import Status
from ccat_ops_db.events import record_event
from ccat_ops_db.models import DataTransfer
from ccat_ops_db.waiting import WaitingReason

REROUTE_AFTER = timedelta(minutes=30)
"""How long a transfer waits for its own route. Shorter troubles end before its data would be elsewhere."""

AT_ONCE = 1000
"""Transfers that one pass looks at."""

CLOSED = (
    WaitingReason.ROUTE_DISABLED,
    WaitingReason.ROUTE_CIRCUIT_OPEN,
    WaitingReason.SITE_DISABLED,
    WaitingReason.LOCATION_DISABLED,
    WaitingReason.LOCATION_READ_ONLY,
    WaitingReason.LOCATION_SUSPECT,
    WaitingReason.LOCATION_CIRCUIT_OPEN,
    WaitingReason.NO_SPACE_AT_DESTINATION,
    WaitingReason.SPACE_UNKNOWN,
)
"""What keeps a transfer from its route or its destination; not a window that opens again in hours."""


def plan_failover(session: Session, topology: Topology) -> int:
    """Put transfers that wait for their route since long on another one to the same site; return how many.

    Those of which bytes are at their destination already stay: they go on where they were.
    """

    def reroute(transfer: Row[*tuple[Any, ...]]) -> bool:
        return _reroute(session, topology, transfer)

    routes = [route.id for route in topology.routes.values() if _others(topology, route)]
    if not routes:
        return 0
    waiting = ask(
        session, _waiting(), sites=topology.sites, routes=routes, since=topology.at - REROUTE_AFTER
    ).all()
    return sum(rerouted for _, rerouted in one_by_one(session, waiting, reroute, row_of("data_transfer")))


def _others(topology: Topology, route: Route) -> bool:
    """Tell whether another route between the same sites is open."""
    return any(
        other.closed is None
        and other.id != route.id
        and other.origin_site_id == route.origin_site_id in topology.sites
        and other.destination_site_id == route.destination_site_id
        for other in topology.routes.values()
    )


@cache
def _waiting() -> Select[*tuple[Any, ...]]:
    return (
        select(
            DataTransfer.id,
            DataTransfer.site_id,
            DataTransfer.raw_data_package_id,
            DataTransfer.source_location_id,
            DataTransfer.destination_location_id,
            DataTransfer.data_transfer_route_id,
            DataTransfer.data_transfer_package_id,
            DataTransfer.bytes_total,
            DataTransfer.final_site_id,
        )
        .where(
            is_among(DataTransfer.site_id, "sites"),
            is_among(DataTransfer.data_transfer_route_id, "routes"),
            DataTransfer.status.in_(fixed(Status.PENDING)),
            DataTransfer.sent_at.is_(None),
            DataTransfer.partial_bytes == 0,
            DataTransfer.waiting_reason.in_(fixed(*CLOSED)),
            DataTransfer.waiting_since <= moment("since"),
        )
        .order_by(DataTransfer.id)
        .limit(AT_ONCE)
    )


def _reroute(session: Session, topology: Topology, transfer: Row[*tuple[Any, ...]]) -> bool:
    here = topology.places.get(transfer.source_location_id)
    if here is None or here.obstacle(writing=False) is not None:
        return False
    way = choose_way(topology, here, {transfer.final_site_id}, transfer.bytes_total)
    if isinstance(way, Obstacle):
        return False
    route, destination = way
    if (route.id, destination.id) == (transfer.data_transfer_route_id, transfer.destination_location_id):
        return False
    if _is_under_way(session, transfer, destination):
        return False
    waits = select(DataTransfer.id).where(
        DataTransfer.id == transfer.id, DataTransfer.status == Status.PENDING, DataTransfer.partial_bytes == 0
    )
    if session.execute(waits.with_for_update(skip_locked=True, key_share=True)).first() is None:
        return False
    name = next_tar(session, transfer.raw_data_package_id, destination.id)
    session.execute(
        update(DataTransfer)
        .where(DataTransfer.id == transfer.id)
        .values(
            destination_location_id=destination.id,
            destination_path=name.path,
            generation=name.generation,
            data_transfer_route_id=route.id,
            data_transfer_package_id=batch_of(
                session, topology, route, transfer.site_id, transfer.bytes_total
            ),
            next_attempt_at=None,
            waiting_reason=None,
            waiting_detail=None,
            waiting_since=None,
        )
        .execution_options(synchronize_session=False)
    )
    leave_batch(session, transfer.data_transfer_package_id, transfer.bytes_total)
    destination.promised += transfer.bytes_total
    record_event(
        session,
        site_id=transfer.site_id,
        at=topology.at,
        actor="planner",
        action="transfer.rerouted",
        subject_type="raw_data_package",
        subject_id=transfer.raw_data_package_id,
        message=(
            f"{here.id} to {destination.id} by route {route.id}: {transfer.data_transfer_route_id} to"
            f" {transfer.destination_location_id} could not be used for"
            f" {REROUTE_AFTER // timedelta(minutes=1)} minutes"
        ),
    )
    return True


def _is_under_way(session: Session, transfer: Row[*tuple[Any, ...]], destination: Place) -> bool:
    """Tell whether the package is being sent to a place already, by whatever route."""
    other = aliased(DataTransfer)
    found = exists().where(
        other.site_id == transfer.site_id,
        other.raw_data_package_id == transfer.raw_data_package_id,
        other.destination_location_id == destination.id,
        other.id != transfer.id,
        other.status.not_in([Status.COMPLETED, Status.CANCELLED]),
    )
    return session.execute(select(found)).scalar_one()
