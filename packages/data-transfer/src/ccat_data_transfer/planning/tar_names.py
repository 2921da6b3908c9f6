"""Names of tars: each is written once in the life of a place, and a tar that comes again gets the next one.

Generation 1 of a package has the path of the package, generation n is ``<id>.g<n>.tar``. Which is next is
told by all copies that ever were at the place, so that nobody ever reads, removes or overwrites one tar for
another.
"""

import re
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, select
from sqlalchemy.orm import Session

from ccat_ops_db.enumerations import CopyForm, PhysicalCopyStatus
from ccat_ops_db.evidence import READABLE
from ccat_ops_db.models import PhysicalCopy, RawDataPackage

BEING_DELETED = (PhysicalCopyStatus.DELETION_SCHEDULED, PhysicalCopyStatus.DELETION_IN_PROGRESS)


@dataclass(frozen=True)
class TarName:
    """Where a tar comes to be at a place.

    Attributes
    ----------
    path : str
        Its name.
    generation : int
        Which of the tars it is that the package ever had there.
    bad : str or None
        Name of the bad tar that it succeeds, and beside which it comes to be.
    is_there : bool
        Whether a good copy has the name already.
    is_going : bool
        Whether the copy before it is being deleted.
    """

    path: str
    generation: int
    bad: str | None = None
    is_there: bool = False
    is_going: bool = False


def name_of(package_path: str, generation: int) -> str:
    """Return the name of a tar: ``<id>.tar`` → ``<id>.g2.tar``."""
    return package_path if generation == 1 else f"{package_path.removesuffix('.tar')}.g{generation}.tar"


def generation_of(path: str) -> int | None:
    """Return which generation of its package's tar a name is; null if it is the name of no tar."""
    if not path.endswith(".tar"):
        return None
    number = re.search(r"\.g([0-9]+)\.tar$", path)
    return 1 if number is None else int(number[1])


def next_tar(session: Session, package_id: UUID, location_id: str) -> TarName:
    """Return the name of a package's tar at a place: of the one that is there, or else the next."""
    path = session.execute(
        select(RawDataPackage.relative_path).where(RawDataPackage.id == package_id)
    ).scalar_one()
    newest = session.execute(
        select(PhysicalCopy.relative_path, PhysicalCopy.generation, PhysicalCopy.status)
        .where(*tars_at(package_id, location_id))
        .order_by(PhysicalCopy.generation.desc())
        .limit(1)
    ).one_or_none()
    if newest is None:
        return TarName(path, 1)
    if newest.status in READABLE:
        return TarName(newest.relative_path, newest.generation, is_there=True)
    generation = newest.generation + 1
    return TarName(
        name_of(path, generation),
        generation,
        newest.relative_path if newest.status is PhysicalCopyStatus.CORRUPT else None,
        is_going=newest.status in BEING_DELETED,
    )


def bad_before(session: Session, package_id: UUID, location_id: str, generation: int) -> str | None:
    """Return the name of the bad tar that a generation succeeds at a place; null if there is none."""
    before = select(PhysicalCopy.relative_path).where(
        *tars_at(package_id, location_id),
        PhysicalCopy.generation == generation - 1,
        PhysicalCopy.status == PhysicalCopyStatus.CORRUPT,
    )
    return session.execute(before).scalar_one_or_none()


def is_used(session: Session, location_id: str, path: str) -> bool:
    """Tell whether a tar has, or ever had, a name at a place: nothing is published under it any more."""
    had = and_(
        PhysicalCopy.data_location_id == location_id,
        PhysicalCopy.relative_path == path,
        PhysicalCopy.form == CopyForm.TAR,
    )
    return session.execute(select(exists().where(had))).scalar_one()


def tars_at(package_id: UUID, location_id: str) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions of all tars that a package ever had at a place."""
    return (
        PhysicalCopy.raw_data_package_id == package_id,
        PhysicalCopy.data_location_id == location_id,
        PhysicalCopy.form == CopyForm.TAR,
    )
