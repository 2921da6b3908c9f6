"""Mending packages on their way whose bytes went bad: sent again from a good copy, or made again.

Only while no archive has a verified copy: until then the source has all files, so nothing is lost, but
nothing would go on either. Afterwards archives that have it look again at packages that too few have.
"""

from collections.abc import Collection
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    and_,
    delete,
    exists,
    insert,
    literal_column,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Session, aliased

from ccat_data_transfer.planning.one_by_one import one_by_one, row_of
from ccat_data_transfer.planning.onward import SOURCE_BAD
from ccat_data_transfer.planning.reasons import is_one_of, not_locked
from ccat_data_transfer.planning.spreading import load_spread
from ccat_data_transfer.planning.statements import ask, fixed, is_among
from ccat_data_transfer.planning.topology import Topology
from ccat_ops_db.enumerations import CopyKind, LocationType, PhysicalCopyStatus, Status
from ccat_ops_db.events import record_event
from ccat_ops_db.evidence import READABLE
from ccat_ops_db.identity import new_id
from ccat_ops_db.models import (
    DataLocation,
    DataTransfer,
    FixityCheck,
    LongTermArchiveTransfer,
    PackageCreation,
    PhysicalCopy,
    RawDataPackage,
)
from ccat_ops_db.package_state import is_at_source
from ccat_ops_db.waiting import WaitingReason

LOST = (PhysicalCopyStatus.CORRUPT, PhysicalCopyStatus.MISSING)


def plan_repairs(session: Session, topology: Topology) -> int:
    """Set packages on their way again whose copies went bad; return how many."""
    lost = ask(session, _lost_copies(), places=list(topology.places)).scalars().all()
    packages = ask(session, _stopped(), packages=lost).all() if lost else []

    def repair(package: Row[*tuple[Any, ...]]) -> bool:
        return _repair(session, topology, package)

    staying = ask(session, _staying(), places=list(topology.places), archives=_archives(topology)).scalars()
    again = _spread_again(session, topology, {*lost, *staying})
    mended = one_by_one(session, packages, repair, row_of("raw_data_package"))
    return again + sum(was_mended for _, was_mended in mended)


@cache
def _lost_copies() -> Select[*tuple[Any, ...]]:
    return select(PhysicalCopy.raw_data_package_id).where(
        is_among(PhysicalCopy.data_location_id, "places"),
        PhysicalCopy.kind.in_(fixed(CopyKind.RAW_DATA_PACKAGE)),
        PhysicalCopy.status.in_(fixed(*LOST)),
    )


@cache
def _staying() -> Select[*tuple[Any, ...]]:
    """Return packages that wait for more archives while one that has them has nothing to do for them."""
    archived = aliased(PhysicalCopy)
    settled = exists().where(
        archived.raw_data_package_id == PhysicalCopy.raw_data_package_id,
        is_among(archived.data_location_id, "archives"),
        archived.status.in_(fixed(*READABLE)),
        archived.onward_planned_at.is_not(None),
    )
    return select(PhysicalCopy.raw_data_package_id).where(
        is_among(PhysicalCopy.data_location_id, "places"),
        PhysicalCopy.kind.in_(fixed(CopyKind.RAW_DATA_PACKAGE)),
        PhysicalCopy.waiting_reason.is_not(None),
        PhysicalCopy.waiting_reason.in_(fixed(WaitingReason.WAITING_FOR_SECOND_ARCHIVE)),
        PhysicalCopy.status != literal_column(f"'{PhysicalCopyStatus.DELETED}'"),
        settled,
    )


def _archives(topology: Topology) -> list[str]:
    return [place.id for place in topology.of_type(LocationType.LONG_TERM_ARCHIVE)]


@cache
def _stopped() -> Select[*tuple[Any, ...]]:
    """Return which of some packages no archive has and nothing is done about."""
    return (
        select(
            RawDataPackage.id,
            RawDataPackage.site_id,
            RawDataPackage.source_location_id.label("source_location_id"),
            is_at_source().label("at_source"),
        )
        .where(is_among(RawDataPackage.id, "packages"), ~_is_archived(), ~_is_worked_on())
        .order_by(RawDataPackage.id)
    )


def _repair(session: Session, topology: Topology, package: Row[*tuple[Any, ...]]) -> bool:
    buffers = [p.id for p in topology.places.values() if p.location_type is LocationType.BUFFER]
    good = session.execute(
        select(PhysicalCopy.id, PhysicalCopy.site_id, PhysicalCopy.onward_planned_at)
        .where(
            PhysicalCopy.raw_data_package_id == package.id,
            PhysicalCopy.status.in_(READABLE),
            PhysicalCopy.data_location_id.in_(buffers),
        )
        .order_by(PhysicalCopy.id.desc())
    ).all()
    if any(copy.onward_planned_at is None for copy in good):
        return False
    # The copy that came furthest is the nearest to the archive; its way on is planned by its own site.
    if good and good[0].site_id not in topology.sites:
        return False
    if good:
        _send_on_again(session, good[0].id)
        _tell(session, topology, package, good[0].site_id, "its way on is planned again from a good copy")
        return True
    if package.site_id in topology.sites and package.at_source:
        return _make_again(session, topology, package)
    return False


def _spread_again(session: Session, topology: Topology, packages: Collection[UUID]) -> int:
    """Have archives of our sites look again at packages that too few archives have."""
    too_few = [package for package, spread in load_spread(session, packages).items() if not spread.is_enough]
    if not too_few:
        return 0
    changed = session.execute(
        update(PhysicalCopy)
        .where(
            not_locked(
                PhysicalCopy,
                and_(
                    is_one_of(PhysicalCopy.raw_data_package_id, too_few),
                    PhysicalCopy.data_location_id.in_(_archives(topology)),
                    PhysicalCopy.status.in_(READABLE),
                    PhysicalCopy.onward_planned_at.is_not(None),
                ),
            )
        )
        .values(onward_planned_at=None)
        .returning(PhysicalCopy.id)
        .execution_options(synchronize_session=False)
    )
    return len(changed.all())


def _send_on_again(session: Session, copy_id: UUID) -> None:
    session.execute(
        update(PhysicalCopy)
        .where(PhysicalCopy.id == copy_id)
        .values(onward_planned_at=None)
        .execution_options(synchronize_session=False)
    )


def _make_again(session: Session, topology: Topology, package: Row[*tuple[Any, ...]]) -> bool:
    """Open the work of writing the same tar once more: the bytes of a package are the same each time."""
    before = session.execute(
        select(PackageCreation.priority, PackageCreation.bytes_total).where(
            PackageCreation.raw_data_package_id == package.id, PackageCreation.status == Status.COMPLETED
        )
    ).one_or_none()
    if before is None:
        return False
    session.execute(delete(PackageCreation).where(PackageCreation.raw_data_package_id == package.id))
    session.execute(
        insert(PackageCreation).values(
            id=new_id(),
            site_id=package.site_id,
            raw_data_package_id=package.id,
            source_location_id=package.source_location_id,
            priority=before.priority,
            created_at=topology.at,
            bytes_total=before.bytes_total,
        )
    )
    _tell(session, topology, package, package.site_id, "no good copy is left, so it is made again")
    return True


def _tell(
    session: Session, topology: Topology, package: Row[*tuple[Any, ...]], site_id: str, message: str
) -> None:
    record_event(
        session,
        site_id=site_id,
        at=topology.at,
        actor="planner",
        action="package.repair_planned",
        subject_type="raw_data_package",
        subject_id=package.id,
        message=message,
    )


def _is_archived() -> ColumnElement[bool]:
    location = DataLocation.__table__.c
    copy = aliased(PhysicalCopy)
    return exists().where(
        copy.raw_data_package_id == RawDataPackage.id,
        copy.status.in_(fixed(PhysicalCopyStatus.VERIFIED)),
        copy.data_location_id == location.id,
        location.location_type.in_(fixed(LocationType.LONG_TERM_ARCHIVE)),
    )


def _is_worked_on() -> ColumnElement[bool]:
    """Tell whether work on the package goes on, or was given up for what only a person can mend."""
    checked = aliased(PhysicalCopy)
    being_checked = exists().where(
        FixityCheck.physical_copy_id == checked.id,
        checked.raw_data_package_id == RawDataPackage.id,
        FixityCheck.status.not_in(fixed(Status.COMPLETED)),
    )
    tables: tuple[Any, ...] = (PackageCreation, DataTransfer, LongTermArchiveTransfer)
    return or_(
        being_checked,
        *(
            exists().where(
                table.raw_data_package_id == RawDataPackage.id,
                table.status.not_in(fixed(Status.COMPLETED)),
                ~and_(table.status.in_(fixed(Status.FAILED)), table.error_category.in_(fixed(*SOURCE_BAD))),
            )
            for table in tables
        ),
    )
