"""Stage 6, staging: which copy a requested item is read from."""

from functools import cache
from typing import Any

from sqlalchemy import Row, Select, case, select, update
from sqlalchemy.orm import Session

from ccat_data_transfer.planning.one_by_one import one_by_one
from ccat_data_transfer.planning.onward import note_reader
from ccat_data_transfer.planning.reasons import set_reason
from ccat_data_transfer.planning.statements import ask, fixed, is_among
from ccat_data_transfer.planning.topology import Topology
from ccat_ops_db.enumerations import CopyKind, LocationType, PhysicalCopyStatus, Status
from ccat_ops_db.models import (
    DataLocation,
    PhysicalCopy,
    RawDataFile,
    RawDataPackage,
    StagingItem,
)
from ccat_ops_db.waiting import WaitingReason


def plan_staging(session: Session, topology: Topology) -> int:
    """Choose the copy to read for requested items that have none yet; return how many were given one."""

    def choose(item: Row[*tuple[Any, ...]]) -> bool:
        return _choose_copy(session, topology, item)

    items = ask(session, _requested(), sites=topology.sites).all()
    return sum(chosen for _, chosen in one_by_one(session, items, choose))


def _choose_copy(session: Session, topology: Topology, item: Row[*tuple[Any, ...]]) -> bool:
    """Give an item the copy to read, or the reason why there is none; tell whether there was one."""
    mine = StagingItem.id == item.id
    if item.sealed_at is None:
        set_reason(
            session, StagingItem, mine, WaitingReason.NOT_SEALED, "its package is being made", topology.at
        )
        return False
    copy = _best_copy(session, topology, item)
    if copy is None:
        set_reason(
            session,
            StagingItem,
            mine,
            WaitingReason.NO_READABLE_COPY,
            "no verified copy at a location in service",
            topology.at,
        )
        return False
    # The whole tar is read for a package: what is done is counted in its bytes.
    size = item.size if item.file_size is None else item.file_size
    given = session.execute(
        update(StagingItem)
        # Meanwhile a person may have cancelled it.
        .where(mine, StagingItem.status == Status.PENDING)
        .values(source_copy_id=copy.id, bytes_total=size)
        .returning(StagingItem.id)
    ).one_or_none()
    if given is None:
        return False
    note_reader(session, copy.id, copy.site_id, "staging_item", item.id, topology.at)
    return True


@cache
def _requested() -> Select[*tuple[Any, ...]]:
    return (
        select(
            StagingItem.id,
            StagingItem.site_id,
            StagingItem.raw_data_package_id,
            RawDataPackage.sealed_at,
            RawDataPackage.size,
            RawDataFile.size.label("file_size"),
        )
        .join(RawDataPackage, RawDataPackage.id == StagingItem.raw_data_package_id)
        .outerjoin(RawDataFile, RawDataFile.id == StagingItem.raw_data_file_id)
        .where(
            is_among(StagingItem.site_id, "sites"),
            StagingItem.status.in_(fixed(Status.PENDING)),
            StagingItem.source_copy_id.is_(None),
        )
        .order_by(StagingItem.priority.desc(), StagingItem.id)
        .limit(1000)
    )


def _best_copy(
    session: Session, topology: Topology, item: Row[*tuple[Any, ...]]
) -> Row[*tuple[Any, ...]] | None:
    """Return a verified copy: at the same site before elsewhere, in an archive before in a buffer."""
    usable = [
        place.id
        for place in topology.places.values()
        if place.out_of_service is None
        and place.location_type in (LocationType.LONG_TERM_ARCHIVE, LocationType.BUFFER)
    ]
    location = DataLocation.__table__
    statement = (
        select(PhysicalCopy.id, PhysicalCopy.site_id)
        .join(location, location.c.id == PhysicalCopy.data_location_id)
        .where(
            PhysicalCopy.raw_data_package_id == item.raw_data_package_id,
            PhysicalCopy.kind == CopyKind.RAW_DATA_PACKAGE,
            PhysicalCopy.status == PhysicalCopyStatus.VERIFIED,
            PhysicalCopy.data_location_id.in_(usable),
        )
        .order_by(
            case((location.c.site_id == item.site_id, 0), else_=1),
            case((location.c.location_type == LocationType.LONG_TERM_ARCHIVE, 0), else_=1),
            PhysicalCopy.id,
        )
        .limit(1)
        .with_for_update(of=PhysicalCopy, key_share=True, read=True)
    )
    return session.execute(statement).one_or_none()
