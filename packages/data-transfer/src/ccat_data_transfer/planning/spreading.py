"""Stage 5, spreading: archives copy among themselves, until as many have a package as are asked for.

So a package leaves the observatory once: further archives get it from the first one. A copy in an archive
stays unplanned until there is evidence of enough others.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, and_, func, select, union
from sqlalchemy.orm import Session

from ccat_data_transfer.planning.archiving import open_archiving
from ccat_data_transfer.planning.onward import SOURCE_BAD, mark_planned
from ccat_data_transfer.planning.statements import ask, fixed, is_among
from ccat_data_transfer.planning.topology import Obstacle, Place, Topology
from ccat_ops_db.enumerations import LocationType, Status
from ccat_ops_db.evidence import READABLE, trusted
from ccat_ops_db.models import (
    DataLocation,
    DataTransfer,
    LongTermArchiveTransfer,
    PhysicalCopy,
    RetentionPolicy,
)
from ccat_ops_db.models.base import Work
from ccat_ops_db.waiting import WaitingReason

Copy = Row[*tuple[Any, ...]]
Send = Callable[[Session, Topology, Copy, Place, set[str]], int | Obstacle]


@dataclass(frozen=True)
class Spread:
    """In how many archives a package is, and is to be.

    Attributes
    ----------
    needed : int
        How many must have it before every place that it came by may let it go.
    good : set of str
        Archives that have it by evidence.
    kept : set of str
        These, and those where it is still to be read.
    coming : set of str
        Sites that it is on its way to.
    """

    needed: int
    good: set[str]
    kept: set[str]
    coming: set[str]

    @property
    def is_enough(self) -> bool:
        """Whether nothing has to be done any more."""
        return len(self.good) >= self.needed


def load_spread(session: Session, packages: Collection[UUID]) -> dict[UUID, Spread]:
    """Look at some packages; a fixed number of statements, however many they are."""
    if not packages:
        return {}
    ids = list(packages)
    found = {package: Spread(1, set(), set(), set()) for package in ids}
    for package, needed in ask(session, _needed(), packages=ids):
        found[package] = Spread(max(1, needed), set(), set(), set())
    for package, archive, is_good in ask(session, _in_archives(), packages=ids):
        found[package].kept.add(archive)
        if is_good:
            found[package].good.add(archive)
    for package, site in ask(session, _on_its_way(), packages=ids):
        found[package].coming.add(site)
    return found


def plan_spreading(
    session: Session, topology: Topology, copy: Copy, here: Place, spread: Spread, send: Send
) -> int | Obstacle:
    """Open the work that takes a package from an archive to another while there are too few."""
    if spread.is_enough:
        mark_planned(session, topology, copy)
        return 0
    sites = {topology.places[archive].site_id for archive in spread.kept if archive in topology.places}
    if len(spread.kept) + len(spread.coming - sites) >= spread.needed:
        detail = f"{len(spread.good)} of {spread.needed} archives have it, the others are getting it"
        return Obstacle(WaitingReason.WAITING_FOR_SECOND_ARCHIVE, detail)
    archives = [
        place
        for place in topology.places.values()
        if place.location_type is LocationType.LONG_TERM_ARCHIVE
        and place.id not in spread.kept
        and place.out_of_service is None
    ]
    in_service = len(spread.kept) + len(archives)
    outcome: int | Obstacle = Obstacle(
        WaitingReason.NO_ARCHIVE, f"{spread.needed} archives are asked for, {in_service} are in service"
    )
    elsewhere = {place.site_id for place in archives} - sites - spread.coming
    if elsewhere:
        outcome = send(session, topology, copy, here, elsewhere)
    beside = sorted((p for p in archives if p.site_id == here.site_id), key=lambda p: (-p.priority, p.id))
    if isinstance(outcome, Obstacle) and beside and here.site_id not in spread.coming:
        return open_archiving(session, topology, copy, beside) or outcome
    return outcome


@cache
def _needed() -> Select[*tuple[Any, ...]]:
    location = DataLocation.__table__.c
    return (
        select(PhysicalCopy.raw_data_package_id, func.max(RetentionPolicy.min_archive_copies))
        .join(DataLocation.__table__, location.id == PhysicalCopy.data_location_id)
        .join(RetentionPolicy, RetentionPolicy.id == location.retention_policy_id)
        .where(
            is_among(PhysicalCopy.raw_data_package_id, "packages"),
            location.location_type.not_in(fixed(LocationType.LONG_TERM_ARCHIVE)),
        )
        .group_by(PhysicalCopy.raw_data_package_id)
    )


@cache
def _in_archives() -> Select[*tuple[Any, ...]]:
    location = DataLocation.__table__.c
    return (
        select(PhysicalCopy.raw_data_package_id, PhysicalCopy.data_location_id, trusted())
        .join(DataLocation.__table__, location.id == PhysicalCopy.data_location_id)
        .where(
            is_among(PhysicalCopy.raw_data_package_id, "packages"),
            location.location_type.in_(fixed(LocationType.LONG_TERM_ARCHIVE)),
            PhysicalCopy.status.in_(fixed(*READABLE)),
        )
    )


@cache
def _on_its_way() -> Any:
    """Return the sites that packages are sent to, or lie at and are not in the archive yet."""
    location = DataLocation.__table__.c
    sent = select(DataTransfer.raw_data_package_id, DataTransfer.final_site_id).where(
        is_among(DataTransfer.raw_data_package_id, "packages"), _goes_on(DataTransfer)
    )
    archived = select(LongTermArchiveTransfer.raw_data_package_id, LongTermArchiveTransfer.site_id).where(
        is_among(LongTermArchiveTransfer.raw_data_package_id, "packages"), _goes_on(LongTermArchiveTransfer)
    )
    arrived = (
        select(PhysicalCopy.raw_data_package_id, PhysicalCopy.site_id)
        .join(DataLocation.__table__, location.id == PhysicalCopy.data_location_id)
        .where(
            is_among(PhysicalCopy.raw_data_package_id, "packages"),
            PhysicalCopy.onward_planned_at.is_(None),
            PhysicalCopy.status.in_(fixed(*READABLE)),
            location.location_type.in_(fixed(LocationType.BUFFER)),
        )
    )
    return union(sent, archived, arrived)


def _goes_on(table: type[Work]) -> ColumnElement[bool]:
    """Tell whether work goes on, or waits for a person; what ended with a bad source is taken up again."""
    source_bad = and_(table.status.in_(fixed(Status.FAILED)), table.error_category.in_(fixed(*SOURCE_BAD)))
    return and_(table.status.not_in(fixed(Status.COMPLETED)), source_bad.is_not(True))
