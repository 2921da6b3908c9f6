"""Collecting what was begun at a place and belongs to no open work, so that nothing temporary stays for ever.

What it is, its name says. Whose it is, the database says. How old it is, the place says: what no row is known
of is removed when it is a week older than a decoy that is written now. Nothing is removed but what was found,
under a name that only we give, and nothing at all that has a name of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from itertools import islice
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from ccat_data_transfer.crash_points import crash_point
from ccat_data_transfer.places.adopt import MAY_HOLD_FILES_OF_OTHERS
from ccat_data_transfer.storage.interface import Leftover, Storage
from ccat_data_transfer.storage.names import package_path
from ccat_data_transfer.work.kinds import KINDS
from ccat_ops_db.database_time import database_now
from ccat_ops_db.enumerations import Severity, Status
from ccat_ops_db.events import record_error, resolve_errors
from ccat_ops_db.models import (
    DataLocation,
    DataTransfer,
    Deletion,
    LongTermArchiveTransfer,
    PackageCreation,
    RawDataFileView,
    RawDataPackage,
)

log = structlog.get_logger()

UNKNOWN_STAYS_NS = 7 * 86_400 * 10**9
"""How much older than a decoy something must be of which no row is known: its row may still be on its way."""

BATCH = 100
"""So much is asked about at once."""

LEFTOVER = "leftover"
"""Category of what a person must look at."""


class Whose(Enum):
    """What the database says of something that was begun."""

    OPEN = auto()
    ENDED = auto()
    UNKNOWN = auto()


@dataclass
class Collected:
    """What was done.

    Attributes
    ----------
    removed, put_back : int
        How many things were.
    for_people : list of str
        Paths of files that were moved away and whose names others took since.
    """

    removed: int
    put_back: int
    for_people: list[str]


def collect(sessions: sessionmaker[Session], storage: Storage, waiting: Callable[[], None]) -> Collected:
    """Remove or put back what was begun at a place and belongs to no open work; may run twice at once.

    Where others write nothing is removed but what is only written there.

    Parameters
    ----------
    sessions : sessionmaker
        Of the site's database.
    storage : Storage
        Place.
    waiting : callable
        Called for everything that is passed on the way; may raise to stop.

    Raises
    ------
    Failure
        The place cannot be used.
    """
    done = Collected(0, 0, [])
    location = DataLocation.__table__.c
    with sessions() as session:
        facts = select(location.read_only, location.location_type).where(location.id == storage.location_id)
        read_only, location_type = session.execute(facts).one()
    if read_only:
        return done
    now_ns = storage.time_of_changes()
    kinds = _OF_OTHERS if location_type in MAY_HOLD_FILES_OF_OTHERS else None
    found = (each for each in storage.leftovers(waiting) if kinds is None or each.begun.kind in kinds)
    for batch in _batches(found):
        with sessions() as session:
            whose = _whose(session, storage.location_id, batch)
            names = _names(session, [each for each in batch if each.begun.kind == "moved away"])
        crash_point("collecting.asked")
        for each in batch:
            state = whose[each]
            if each.begun.kind == "moved away":
                if state is Whose.ENDED and each in names:
                    _put_back(storage, each, names[each], done)
            elif state is Whose.ENDED or (state is Whose.UNKNOWN and _may_go(each, now_ns)):
                done.removed += storage.remove_leftover(each)
    _tell(sessions, storage.location_id, done)
    return done


_OF_OTHERS = frozenset({"unpacked", "moved away", "put"})
"""What we begin where others write, too."""


def _batches(found: Iterator[Leftover]) -> Iterator[Sequence[Leftover]]:
    while batch := list(islice(found, BATCH)):
        yield batch


def _may_go(leftover: Leftover, now_ns: int | None) -> bool:
    """Tell whether something of no known row is old enough; uploads of others to a bucket are no matter."""
    is_ours = leftover.begun.kind != "upload"
    return is_ours and now_ns is not None and now_ns - leftover.changed_ns > UNKNOWN_STAYS_NS


def _put_back(storage: Storage, leftover: Leftover, name: str, done: Collected) -> None:
    if storage.put_back(leftover, name):
        done.put_back += 1
    else:
        done.for_people.append(leftover.path)


def _whose(session: Session, location_id: str, found: Sequence[Leftover]) -> dict[Leftover, Whose]:
    """Ask whether work is open to which something belongs."""
    works = _works(session, {each.begun.work_id for each in found if each.begun.work_id is not None})
    tars = {each: package_path(tar) for each in found if (tar := _tar(each)) is not None}
    packages = _packages(session, location_id, sorted(set(tars.values())))
    return {
        each: works.get(each.begun.work_id, Whose.UNKNOWN)
        if each.begun.work_id is not None
        else packages.get(tars.get(each, ""), Whose.UNKNOWN)
        for each in found
    }


def _works(session: Session, ids: set[UUID]) -> dict[UUID | None, Whose]:
    found: dict[UUID | None, Whose] = {}
    for kind in KINDS.values():
        rows = select(kind.table.id, kind.table.status).where(kind.table.id.in_(sorted(ids)))
        found |= {row.id: _state(row.status) for row in session.execute(rows)}
    return found


def _packages(session: Session, location_id: str, tars: Sequence[str]) -> dict[str, Whose]:
    """Ask of tars that were being made, or sent, at a location whether they still are."""
    found = dict.fromkeys(
        session.scalars(select(RawDataPackage.relative_path).where(RawDataPackage.relative_path.in_(tars))),
        Whose.ENDED,
    )
    return found | dict.fromkeys(packages_under_way(session, location_id, tars), Whose.OPEN)


def packages_under_way(session: Session, location_id: str, tars: Sequence[str]) -> set[str]:
    """Return those of some paths of packages that are being made at a location, or sent there."""
    found: set[str] = set()
    for work in (PackageCreation, DataTransfer, LongTermArchiveTransfer):
        open_here = (
            select(RawDataPackage.relative_path)
            .join(work, work.raw_data_package_id == RawDataPackage.id)
            .where(
                RawDataPackage.relative_path.in_(tars),
                work.destination_location_id == location_id,
                work.status.not_in([Status.COMPLETED, Status.CANCELLED]),
            )
        )
        found |= set(session.scalars(open_here))
    return found


def _names(session: Session, moved: Sequence[Leftover]) -> dict[Leftover, str]:
    """Return the names that files had which were moved away; of what is not known none."""
    rows = session.execute(
        select(Deletion.id, RawDataFileView.number, RawDataFileView.relative_path)
        .join(RawDataFileView, RawDataFileView.raw_data_package_id == Deletion.raw_data_package_id)
        .where(
            Deletion.id.in_({each.begun.work_id for each in moved}),
            RawDataFileView.number.in_({each.begun.number for each in moved}),
        )
    )
    names: dict[tuple[Any, Any], str] = {
        (row.id, row.number): row.relative_path.rpartition("/")[2] for row in rows
    }
    keys = {each: (each.begun.work_id, each.begun.number) for each in moved}
    return {each: names[key] for each, key in keys.items() if key in names}


def _tar(leftover: Leftover) -> str | None:
    """Return the path of the tar that was being made, or whose index was."""
    if leftover.begun.kind == "upload":
        return leftover.path
    if leftover.begun.target is None:
        return None
    folder, slash, _ = leftover.path.rpartition("/")
    target = leftover.begun.target
    tar = target if target.endswith(".tar") else target.removesuffix(".index.json") + ".tar"
    return folder + slash + tar


def _state(status: Status) -> Whose:
    """Work that was given up is open: a person may have it go on."""
    return Whose.ENDED if status in (Status.COMPLETED, Status.CANCELLED) else Whose.OPEN


def _tell(sessions: sessionmaker[Session], location_id: str, done: Collected) -> None:
    """Tell people of files that cannot be put back, as long as there are any."""
    if done.removed or done.put_back:
        log.info("place.collected", location=location_id, removed=done.removed, put_back=done.put_back)
    with sessions.begin() as session:
        at = database_now(session)
        if not done.for_people:
            resolve_errors(
                session, subject_type="data_location", subject_id=location_id, category=LEFTOVER, at=at
            )
            return
        others = f" and {len(done.for_people) - 1} more" if len(done.for_people) > 1 else ""
        record_error(
            session,
            site_id=location_id.partition(".")[0],
            at=at,
            severity=Severity.WARNING,
            category=LEFTOVER,
            subject_type="data_location",
            subject_id=location_id,
            data_location_id=location_id,
            message=f"{done.for_people[0]}{others}: moved away to be removed; another file has its name now",
        )
