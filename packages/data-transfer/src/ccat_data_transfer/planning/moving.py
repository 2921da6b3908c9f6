"""Stage 2, moving: where packages go that lie in buffers and archives.

The observatory sends each package once; archives copy among themselves.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, and_, exists, func, insert, or_, select, tuple_
from sqlalchemy.orm import Session, aliased

from ccat_data_transfer.planning.archiving import plan_archiving
from ccat_data_transfer.planning.one_by_one import one_by_one, row_of
from ccat_data_transfer.planning.onward import hold_copy, lock_copy, mark_planned, note_reader, take_up_again
from ccat_data_transfer.planning.reasons import Obstacles, is_one_of
from ccat_data_transfer.planning.spreading import Spread, load_spread, plan_spreading
from ccat_data_transfer.planning.statements import ask, fixed, is_among
from ccat_data_transfer.planning.tar_names import next_tar
from ccat_data_transfer.planning.topology import Obstacle, Place, Topology
from ccat_data_transfer.planning.ways import archive_sites, batch_of, choose_way
from ccat_ops_db.enumerations import CopyKind, LocationType, Status
from ccat_ops_db.events import record_event
from ccat_ops_db.evidence import READABLE, trusted
from ccat_ops_db.identity import new_id
from ccat_ops_db.models import (
    DataTransfer,
    ExecutedObsUnit,
    ObsUnit,
    PhysicalCopy,
    RawDataPackage,
)
from ccat_ops_db.waiting import WaitingReason

PLANNER = "planner"
PAGE = 1000
MOST_IN_A_PASS = 1000
"""Packages that one transaction plans; the rest follows in the next pass, at once."""


def plan_moving(session: Session, topology: Topology) -> int:
    """Open the work that takes packages on from buffers and archives; return how many.

    What cannot go on now is passed over and told why; it never keeps what lies behind it from going.
    """
    planned, waiting = 0, Obstacles()
    done: set[UUID] = set()
    spreads: dict[UUID, Spread] = {}

    def plan(copy: Row[*tuple[Any, ...]]) -> int | Obstacle:
        return _plan(session, topology, copy, spreads)

    copies = (c for c in _to_go_on(session, topology, spreads) if c.raw_data_package_id not in done)
    for copy, outcome in one_by_one(session, copies, plan, row_of("physical_copy")):
        if isinstance(outcome, Obstacle):
            waiting.add(outcome, copy.id)
            continue
        done.add(copy.raw_data_package_id)
        planned += outcome
        if planned >= MOST_IN_A_PASS:
            break
    waiting.write(session, PhysicalCopy, lambda ids: is_one_of(PhysicalCopy.id, ids), topology.at)
    return planned


def _plan(
    session: Session, topology: Topology, copy: Row[*tuple[Any, ...]], spreads: Mapping[UUID, Spread]
) -> int | Obstacle:
    here = topology.places[copy.data_location_id]
    if here.location_type is LocationType.LONG_TERM_ARCHIVE:
        return plan_spreading(session, topology, copy, here, spreads[copy.raw_data_package_id], _send_on)
    bound_for = copy.bound_for or here.site_id
    archives_here = topology.at_site(here.site_id, LocationType.LONG_TERM_ARCHIVE)
    if bound_for != here.site_id:
        return _send(session, topology, copy, here, {bound_for})
    if archives_here:
        return plan_archiving(session, topology, copy, archives_here)
    if copy.bound_for is None:
        return _send(session, topology, copy, here, archive_sites(topology))
    return Obstacle(WaitingReason.NO_ARCHIVE, f"site {here.site_id} has none")


def _to_go_on(
    session: Session, topology: Topology, spreads: dict[UUID, Spread]
) -> Iterator[Row[*tuple[Any, ...]]]:
    """Yield the packages whose way on from a buffer or an archive is not planned, oldest first.

    Of those in archives it is noted how many archives have them.
    """
    archives = [place.id for place in topology.of_type(LocationType.LONG_TERM_ARCHIVE)]
    both = (*topology.of_type(LocationType.BUFFER), *topology.of_type(LocationType.LONG_TERM_ARCHIVE))
    places = [place.id for place in both if not place.out_of_service]
    page = ask(session, _unplanned(), places=places).all()
    while page:
        copies = ask(session, _waiting(), copies=[copy.id for copy in page], archives=archives).all()
        in_archives = {copy.raw_data_package_id for copy in copies if copy.data_location_id in archives}
        spreads.update(load_spread(session, in_archives))
        yield from copies
        last = tuple_(page[-1].created_at, page[-1].id)
        rest = _unplanned().where(tuple_(PhysicalCopy.created_at, PhysicalCopy.id) > last)
        page = ask(session, rest, places=places).all()


@cache
def _unplanned() -> Select[*tuple[Any, ...]]:
    return (
        select(PhysicalCopy.id, PhysicalCopy.created_at)
        .where(
            is_among(PhysicalCopy.data_location_id, "places"),
            PhysicalCopy.kind.in_(fixed(CopyKind.RAW_DATA_PACKAGE)),
            PhysicalCopy.onward_planned_at.is_(None),
            PhysicalCopy.status.in_(fixed(*READABLE)),
        )
        # Ordered by the key alone, PostgreSQL may walk all copies there ever were to find the first.
        .order_by(PhysicalCopy.created_at, PhysicalCopy.id)
        .limit(PAGE)
    )


@cache
def _waiting() -> Select[*tuple[Any, ...]]:
    """Return which of some unplanned copies can go on, and what decides where to."""
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
    return (
        select(
            PhysicalCopy.id,
            PhysicalCopy.site_id,
            PhysicalCopy.data_location_id,
            PhysicalCopy.status,
            PhysicalCopy.raw_data_package_id,
            RawDataPackage.size,
            bound_for.label("bound_for"),
            _is_elsewhere().label("elsewhere"),
            _priority().label("priority"),
        )
        .join(RawDataPackage, RawDataPackage.id == PhysicalCopy.raw_data_package_id)
        .where(
            is_among(PhysicalCopy.id, "copies"),
            RawDataPackage.sealed_at.is_not(None),
            # What came from elsewhere, or into an archive, goes on only after it was verified here.
            or_(
                trusted(),
                and_(bound_for.is_(None), ~is_among(PhysicalCopy.data_location_id, "archives")),
            ),
        )
        .order_by(PhysicalCopy.created_at, PhysicalCopy.id)
    )


def _priority() -> ColumnElement[int]:
    """Return the priority of a package's obs unit, which all work for the package has."""
    of_unit = (
        select(ObsUnit.priority)
        .join(ExecutedObsUnit, ExecutedObsUnit.obs_unit_id == ObsUnit.id)
        .where(ExecutedObsUnit.id == RawDataPackage.executed_obs_unit_id)
    )
    return func.coalesce(of_unit.scalar_subquery(), 0)


def _is_elsewhere() -> ColumnElement[bool]:
    """Tell whether another site has the package already, or a transfer is on its way: it is sent once."""
    other = aliased(PhysicalCopy)
    there = exists().where(
        other.raw_data_package_id == PhysicalCopy.raw_data_package_id,
        other.site_id.notin_([PhysicalCopy.site_id, RawDataPackage.site_id]),
        other.status.in_(fixed(*READABLE)),
    )
    under_way = exists().where(
        DataTransfer.raw_data_package_id == PhysicalCopy.raw_data_package_id,
        DataTransfer.source_location_id == PhysicalCopy.data_location_id,
        DataTransfer.status.not_in(fixed(Status.COMPLETED)),
    )
    return or_(there, under_way)


def _send(
    session: Session, topology: Topology, copy: Row[*tuple[Any, ...]], here: Place, to: set[str]
) -> int | Obstacle:
    """Open the one transfer that takes a package on from a buffer."""
    if _take_up_again(session, topology, copy, here):
        mark_planned(session, topology, copy)
        return 1
    if copy.elsewhere:
        mark_planned(session, topology, copy)
        return 0
    outcome = _open_transfer(session, topology, copy, here, to)
    if not isinstance(outcome, Obstacle):
        mark_planned(session, topology, copy)
    return outcome


def _send_on(
    session: Session, topology: Topology, copy: Row[*tuple[Any, ...]], here: Place, to: set[str]
) -> int | Obstacle:
    """Open a transfer from an archive to a site that has no copy yet."""
    if _take_up_again(session, topology, copy, here):
        return 1
    return _open_transfer(session, topology, copy, here, to)


def _take_up_again(session: Session, topology: Topology, copy: Row[*tuple[Any, ...]], here: Place) -> bool:
    from_here = and_(
        DataTransfer.raw_data_package_id == copy.raw_data_package_id,
        DataTransfer.source_location_id == here.id,
    )
    again = take_up_again(session, DataTransfer, from_here, copy.id)
    if again is None:
        return False
    lock_copy(session, copy.id, "data_transfer", again, topology.at)
    return True


def _open_transfer(
    session: Session, topology: Topology, copy: Row[*tuple[Any, ...]], here: Place, to: set[str]
) -> int | Obstacle:
    way = choose_way(topology, here, to, copy.size)
    if isinstance(way, Obstacle):
        return way
    route, destination = way
    hold_copy(session, copy.id, "a transfer")
    work_id, name = new_id(), next_tar(session, copy.raw_data_package_id, destination.id)
    session.execute(
        insert(DataTransfer).values(
            id=work_id,
            site_id=here.site_id,
            raw_data_package_id=copy.raw_data_package_id,
            source_copy_id=copy.id,
            source_location_id=here.id,
            destination_location_id=destination.id,
            destination_path=name.path,
            generation=name.generation,
            final_site_id=route.destination_site_id,
            data_transfer_route_id=route.id,
            data_transfer_package_id=batch_of(session, topology, route, here.site_id, copy.size),
            priority=copy.priority,
            created_at=topology.at,
            bytes_total=copy.size,
        )
    )
    note_reader(session, copy.id, copy.site_id, "data_transfer", work_id, topology.at)
    destination.promised += copy.size
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
