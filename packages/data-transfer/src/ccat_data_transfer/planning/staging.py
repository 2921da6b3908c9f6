"""Stage 6, staging: which copy a requested item is read from."""

from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, and_, case, delete, select, update
from sqlalchemy.orm import Session

from ccat_data_transfer.planning.claims import claim_copy, release_claim, release_claims, was_refused
from ccat_data_transfer.planning.one_by_one import Subject, one_by_one
from ccat_data_transfer.planning.onward import hold_copy, note_reader
from ccat_data_transfer.planning.reasons import set_reason
from ccat_data_transfer.planning.statements import ask, fixed, is_among
from ccat_data_transfer.planning.topology import Topology
from ccat_ops_db.enumerations import ClaimOutcome, CopyKind, LocationType, Status
from ccat_ops_db.evidence import trusted
from ccat_ops_db.models import (
    CopyClaim,
    DataLocation,
    PhysicalCopy,
    PhysicalCopyLock,
    RawDataFile,
    RawDataPackage,
    StagingItem,
)
from ccat_ops_db.waiting import WaitingReason


def plan_staging(session: Session, topology: Topology) -> int:
    """Choose the copy to read for requested items that have none that is good; return how many got one.

    A copy that is doubted since it was chosen is given up, so that another one is read while it is judged.
    """
    doubted = ask(session, _of_doubted_copies(), sites=topology.sites).all()
    list(one_by_one(session, doubted, lambda item: _give_up_copy(session, topology, item), _about))

    def choose(item: Row[*tuple[Any, ...]]) -> bool:
        return _choose_copy(session, topology, item)

    items = ask(session, _requested(), sites=topology.sites).all()
    return sum(chosen for _, chosen in one_by_one(session, items, choose, _about))


def _about(item: Row[*tuple[Any, ...]]) -> Subject:
    return Subject("raw_data_package", item.raw_data_package_id, item.site_id)


def _choose_copy(session: Session, topology: Topology, item: Row[*tuple[Any, ...]]) -> bool:
    """Give an item the copy to read, or the reason why it has none; tell whether it went on."""
    if item.sealed_at is None:
        return _wait(session, topology, item, WaitingReason.NOT_SEALED, "its package is being made")
    if item.outcome is ClaimOutcome.GRANTED:
        return _give(session, item, item.claimed_copy_id)
    if item.outcome is ClaimOutcome.REFUSED:
        release_claim(session, topology, item.claim_id)
    elif item.claim_id is not None:
        detail = f"site {item.claimed_of} has not answered yet"
        return _wait(session, topology, item, WaitingReason.COPY_NOT_RESERVED, detail)
    copy = _best_copy(session, topology, item)
    if copy is None:
        detail = "no verified copy at a location in service"
        return _wait(session, topology, item, WaitingReason.NO_READABLE_COPY, detail)
    if copy.site_id != item.site_id:
        claim_copy(session, topology, copy, item)
        detail = f"site {copy.site_id} is asked for its copy"
        _wait(session, topology, item, WaitingReason.COPY_NOT_RESERVED, detail)
        return True
    hold_copy(session, copy.id, f"staging_item {item.id}")
    if not _give(session, item, copy.id):
        return False
    note_reader(session, copy.id, copy.site_id, "staging_item", item.id, topology.at)
    return True


def _give(session: Session, item: Row[*tuple[Any, ...]], copy_id: UUID) -> bool:
    """Give an item a copy to read; meanwhile a person may have cancelled it."""
    # The whole tar is read for a package: what is done is counted in its bytes.
    size = item.size if item.file_size is None else item.file_size
    given = session.execute(
        update(StagingItem)
        .where(StagingItem.id == item.id, StagingItem.status == Status.PENDING)
        .values(source_copy_id=copy_id, bytes_total=size)
        .returning(StagingItem.id)
    )
    return given.one_or_none() is not None


def _give_up_copy(session: Session, topology: Topology, item: Row[*tuple[Any, ...]]) -> None:
    """Let an item wait for another copy; meanwhile a worker may have taken it."""
    waits = session.execute(
        update(StagingItem)
        .where(
            StagingItem.id == item.id,
            StagingItem.status == Status.PENDING,
            StagingItem.source_copy_id == item.source_copy_id,
        )
        .values(source_copy_id=None)
        .returning(StagingItem.id)
    )
    if waits.one_or_none() is not None:
        session.execute(
            delete(PhysicalCopyLock).where(
                PhysicalCopyLock.work_id == item.id, PhysicalCopyLock.claim_id.is_(None)
            )
        )
        release_claims(session, topology, item.id)


def _wait(
    session: Session, topology: Topology, item: Row[*tuple[Any, ...]], reason: WaitingReason, detail: str
) -> bool:
    set_reason(session, StagingItem, StagingItem.id == item.id, reason, detail, topology.at)
    return False


@cache
def _of_doubted_copies() -> Select[*tuple[Any, ...]]:
    """Return items whose copy was trusted when it was chosen, and is no more."""
    return (
        select(
            StagingItem.id, StagingItem.source_copy_id, StagingItem.raw_data_package_id, StagingItem.site_id
        )
        .join(PhysicalCopy, PhysicalCopy.id == StagingItem.source_copy_id)
        .where(
            is_among(StagingItem.site_id, "sites"),
            StagingItem.status.in_(fixed(Status.PENDING)),
            ~trusted(),
        )
        .order_by(StagingItem.id)
        .limit(1000)
    )


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
            CopyClaim.id.label("claim_id"),
            CopyClaim.physical_copy_id.label("claimed_copy_id"),
            CopyClaim.copy_site_id.label("claimed_of"),
            PhysicalCopyLock.outcome,
        )
        .join(RawDataPackage, RawDataPackage.id == StagingItem.raw_data_package_id)
        .outerjoin(CopyClaim, and_(CopyClaim.work_id == StagingItem.id, CopyClaim.released_at.is_(None)))
        .outerjoin(PhysicalCopyLock, PhysicalCopyLock.claim_id == CopyClaim.id)
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
            trusted(),
            PhysicalCopy.data_location_id.in_(usable),
            ~was_refused(topology, item.id),
        )
        .order_by(
            case((location.c.site_id == item.site_id, 0), else_=1),
            case((location.c.location_type == LocationType.LONG_TERM_ARCHIVE, 0), else_=1),
            PhysicalCopy.id,
        )
        .limit(1)
    )
    return session.execute(statement).one_or_none()
