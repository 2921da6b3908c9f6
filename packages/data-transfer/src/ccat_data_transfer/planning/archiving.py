"""Stage 4, archiving: which archive of its site a package in a buffer goes into."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, and_, exists, insert, select
from sqlalchemy.orm import Session

from ccat_data_transfer.planning.onward import hold_copy, mark_planned, note_reader, take_up_again
from ccat_data_transfer.planning.topology import Place, Topology
from ccat_ops_db.enumerations import Status
from ccat_ops_db.evidence import READABLE
from ccat_ops_db.identity import new_id
from ccat_ops_db.models import LongTermArchiveTransfer, PhysicalCopy


def plan_archiving(
    session: Session, topology: Topology, copy: Row[*tuple[Any, ...]], archives: list[Place]
) -> int:
    """Open the work of putting a package that lies in a buffer into an archive of the site."""
    opened = open_archiving(session, topology, copy, archives)
    mark_planned(session, topology, copy)
    return opened


def open_archiving(
    session: Session, topology: Topology, copy: Row[*tuple[Any, ...]], archives: list[Place]
) -> int:
    """Open the work of putting a package into that one of some archives that has room, from a copy there."""
    archive = next((p for p in archives if p.obstacle(writing=True, size=copy.size) is None), archives[0])
    if _has_good_copy(session, copy.raw_data_package_id, archive.id):
        return 0
    mine = and_(
        LongTermArchiveTransfer.raw_data_package_id == copy.raw_data_package_id,
        LongTermArchiveTransfer.destination_location_id == archive.id,
    )
    work_id = take_up_again(session, LongTermArchiveTransfer, mine, copy.id)
    if work_id is None and _is_open(session, mine):
        return 0
    hold_copy(session, copy.id, "archiving")
    if work_id is None:
        work_id = new_id()
        session.execute(
            insert(LongTermArchiveTransfer).values(
                id=work_id,
                site_id=archive.site_id,
                raw_data_package_id=copy.raw_data_package_id,
                source_copy_id=copy.id,
                destination_location_id=archive.id,
                priority=copy.priority,
                created_at=topology.at,
                bytes_total=copy.size,
            )
        )
    note_reader(session, copy.id, copy.site_id, "long_term_archive_transfer", work_id, topology.at)
    return 1


def _is_open(session: Session, mine: ColumnElement[bool]) -> bool:
    found = select(LongTermArchiveTransfer.id).where(mine, LongTermArchiveTransfer.status != Status.COMPLETED)
    return session.execute(select(exists(found))).scalar_one()


def _has_good_copy(session: Session, package_id: UUID, location_id: str) -> bool:
    good = select(PhysicalCopy.id).where(
        PhysicalCopy.raw_data_package_id == package_id,
        PhysicalCopy.data_location_id == location_id,
        PhysicalCopy.status.in_(READABLE),
    )
    return session.execute(select(exists(good))).scalar_one()
