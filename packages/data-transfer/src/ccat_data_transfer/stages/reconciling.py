"""Stage 9, reconciling: all that a place of ours has is listed and compared with the rows, once a day.

It changes no state and removes nothing. A copy that is not there, or has another size, is doubted,
so that it is read. An object that is of no copy, nor of open work, is told until it is gone, or a person has
it adopted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from uuid import UUID

import structlog
import xxhash
from sqlalchemy import ColumnElement, exists, func, insert, or_, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert as insert_or_change
from sqlalchemy.orm import Session, sessionmaker

from ccat_data_transfer.crash_points import crash_point
from ccat_data_transfer.evidence.identity import identity_of
from ccat_data_transfer.places.collect import packages_under_way
from ccat_data_transfer.stages.sidecars import sidecars_of
from ccat_data_transfer.storage.interface import ObjectInfo, Storage
from ccat_data_transfer.storage.names import begun_as, package_path
from ccat_data_transfer.work.outcome import storable
from ccat_ops_db.database_time import database_now
from ccat_ops_db.enumerations import (
    CallerKind,
    CopyForm,
    DoubtCause,
    FindingResolution,
    LocationType,
    PhysicalCopyStatus,
    Severity,
)
from ccat_ops_db.events import record_error, resolve_errors
from ccat_ops_db.evidence import READABLE, is_open
from ccat_ops_db.identity import new_id
from ccat_ops_db.models import DataLocation, Doubt, PhysicalCopy, PlaceMarker, ReconcileFinding

log = structlog.get_logger()

OF_OURS_ALONE = frozenset({LocationType.BUFFER, LocationType.LONG_TERM_ARCHIVE})
"""Types of locations at which nobody else has anything."""

APART = timedelta(hours=23)
"""A place is listed so long after it was last begun, by whichever process."""

YOUNG = timedelta(days=1)
"""What is younger is not compared: its row, or its bytes, may be on their way."""

BATCH = 500
"""Objects, or copies, that are asked about at once."""

MOST_TOLD = 1000
"""Objects of no copy at one place that are told one by one; of more than that their number is."""

CATEGORY = "unknown_objects"


@dataclass
class Listed:
    """What a listing came to.

    Attributes
    ----------
    objects, copies : int
        How many there were at the place, and among the rows.
    lost, unknown : int
        Copies that were not there as they should be; objects that are of no copy.
    """

    objects: int = 0
    copies: int = 0
    lost: int = 0
    unknown: int = 0


def reconcile(
    sessions: sessionmaker[Session], storage: Storage, by: str, waiting: Callable[[], None]
) -> Listed | None:
    """List a place of ours and compare it with the rows, if that is due; may run twice at once.

    Parameters
    ----------
    sessions : sessionmaker
        Of the site's database.
    storage : Storage
        Place.
    by : str
        Process that does it.
    waiting : callable
        Called for everything that is passed on the way; may raise to stop.

    Raises
    ------
    Failure
        The place cannot be used.
    """
    begun_at = _begin(sessions, storage)
    if begun_at is None:
        return None
    now_ns = None if _is_read_only(sessions, storage.location_id) else storage.time_of_changes()
    found = Listed()
    seen: dict[int, int] = {}
    for batch in _batches(_objects(storage, waiting)):
        found.objects += len(batch)
        seen |= {_key(each.path): each.size for each in batch}
        old = [each.path for each in batch if now_ns is not None and _is_old(each, now_ns)]
        for path in _of_no_copy(sessions, storage.location_id, old):
            found.unknown += 1
            if found.unknown <= MOST_TOLD:
                _note_unknown(sessions, storage, path, begun_at)
    # What was listed at another place is nothing about this one.
    storage.confirm_place()
    for copies in _copies(sessions, storage.location_id, begun_at - YOUNG):
        found.copies += len(copies)
        for copy_id, path, size in copies:
            waiting()
            if seen.get(_key(path)) != size:
                found.lost += _doubt_if_lost(sessions, storage, copy_id, path, size, by)
    storage.confirm_place()
    crash_point("reconciling.before_end")
    _end(sessions, storage, begun_at, found, ages_known=now_ns is not None)
    return found


def _begin(sessions: sessionmaker[Session], storage: Storage) -> datetime | None:
    """Take the listing of a place, unless it is not due, or somebody else began it; return when."""
    with sessions.begin() as session:
        at = database_now(session)
        due = or_(PlaceMarker.listing_begun_at.is_(None), PlaceMarker.listing_begun_at <= at - APART)
        begun = session.execute(
            update(PlaceMarker)
            .where(PlaceMarker.id == storage.marker_id, PlaceMarker.retired_at.is_(None), due)
            .values(listing_begun_at=at)
            .returning(PlaceMarker.id)
            .execution_options(synchronize_session=False)
        ).one_or_none()
    return None if begun is None else at


def _is_read_only(sessions: sessionmaker[Session], location_id: str) -> bool:
    """Tell whether nothing may be written at a location, not even what tells its time."""
    location = DataLocation.__table__.c
    with sessions() as session:
        return bool(session.scalar(select(location.read_only).where(location.id == location_id)))


def _objects(storage: Storage, waiting: Callable[[], None]) -> Iterator[ObjectInfo]:
    for each in storage.list():
        waiting()
        if begun_as(each.path.rpartition("/")[2]) is None:
            yield each


def _batches(found: Iterator[ObjectInfo]) -> Iterator[Sequence[ObjectInfo]]:
    while batch := list(islice(found, BATCH)):
        yield batch


def _is_old(each: ObjectInfo, now_ns: int) -> bool:
    return now_ns - each.modified_ns > YOUNG / timedelta(microseconds=1) * 1000


def _key(path: str) -> int:
    """Return what stands for a name in memory: a place may have millions."""
    return xxhash.xxh3_64_intdigest(path.encode(errors="surrogateescape"))


def _of_no_copy(sessions: sessionmaker[Session], location_id: str, objects: Sequence[str]) -> list[str]:
    """Return those of some objects that are neither of a copy at a location nor of open work there."""
    tars = {path: _tar_of(path) for path in objects}
    if not tars:
        return []
    names = sorted({storable(name) for name in tars.values()})
    with sessions() as session:
        copies = set(
            session.scalars(
                select(PhysicalCopy.relative_path).where(
                    PhysicalCopy.data_location_id == location_id,
                    PhysicalCopy.relative_path.in_(names),
                    PhysicalCopy.form == CopyForm.TAR,
                    PhysicalCopy.status != PhysicalCopyStatus.DELETED,
                )
            )
        )
        paths = sorted({package_path(name) for name in names})
        under_way = packages_under_way(session, location_id, paths)
    return [
        path
        for path, tar in tars.items()
        if storable(tar) not in copies and package_path(storable(tar)) not in under_way
    ]


def _tar_of(path: str) -> str:
    """Return the tar that an object is, or lies beside."""
    for ending in sidecars_of(".tar"):
        if path.endswith(ending):
            return path.removesuffix(ending) + ".tar"
    return path


def _note_unknown(sessions: sessionmaker[Session], storage: Storage, path: str, at: datetime) -> None:
    info = storage.stat(path)
    if info is None or info.mark is None:
        return
    seen = {"size": info.size, "identity": identity_of(storage, info), "last_seen_at": at}
    with sessions.begin() as session:
        session.execute(
            insert_or_change(ReconcileFinding)
            .values(
                id=new_id(),
                site_id=storage.location_id.partition(".")[0],
                data_location_id=storage.location_id,
                path=storable(path),
                first_seen_at=at,
                **seen,
            )
            .on_conflict_do_update(
                index_elements=["data_location_id", "path"],
                index_where=ReconcileFinding.resolved_at.is_(None),
                set_=seen,
            )
        )


def _copies(
    sessions: sessionmaker[Session], location_id: str, before: datetime
) -> Iterator[Sequence[tuple[UUID, str, int]]]:
    """Yield the copies that should be at a location, page by page."""
    last: tuple[str, UUID] | None = None
    while True:
        wanted = (
            select(PhysicalCopy.id, PhysicalCopy.relative_path, PhysicalCopy.size)
            .where(*_should_be_there(location_id), PhysicalCopy.created_at <= before)
            .order_by(PhysicalCopy.relative_path, PhysicalCopy.id)
            .limit(BATCH)
        )
        if last is not None:
            wanted = wanted.where(tuple_(PhysicalCopy.relative_path, PhysicalCopy.id) > last)
        with sessions() as session:
            page = [(row.id, row.relative_path, row.size) for row in session.execute(wanted)]
        if not page:
            return
        yield page
        last = (page[-1][1], page[-1][0])


def _should_be_there(location_id: str) -> Iterable[ColumnElement[bool]]:
    return (
        PhysicalCopy.data_location_id == location_id,
        PhysicalCopy.form == CopyForm.TAR,
        PhysicalCopy.status.in_(READABLE),
    )


def _doubt_if_lost(
    sessions: sessionmaker[Session], storage: Storage, copy_id: UUID, path: str, size: int, by: str
) -> int:
    """Doubt a copy that was not listed as it should be, if the place says the same when asked for it."""
    info = storage.stat(path)
    if info is not None and info.size == size:
        return 0
    storage.confirm_place()
    what = "is not there" if info is None else f"has {info.size:,} bytes instead of {size:,}"
    crash_point("reconciling.lost")
    with sessions.begin() as session:
        still = (
            select(PhysicalCopy.id, PhysicalCopy.site_id)
            .where(PhysicalCopy.id == copy_id, *_should_be_there(storage.location_id))
            .with_for_update(key_share=True)
        )
        copy = session.execute(still).one_or_none()
        doubted = exists().where(Doubt.physical_copy_id == copy_id, is_open())
        if copy is None or session.execute(select(doubted)).scalar_one():
            return 0
        session.execute(
            insert(Doubt).values(
                id=new_id(),
                site_id=copy.site_id,
                physical_copy_id=copy_id,
                cause=DoubtCause.LOST,
                caller_kind=CallerKind.ENGINE,
                caller=by,
                created_at=database_now(session),
                reason=f"{path} {what} where all of {storage.location_id} was listed",
            )
        )
    return 1


def _end(
    sessions: sessionmaker[Session], storage: Storage, begun_at: datetime, found: Listed, *, ages_known: bool
) -> None:
    """Note that all was listed, what is gone since, and tell of what is of no copy."""
    location_id = storage.location_id
    log.info("place.reconciled", location=location_id, **vars(found))
    with sessions.begin() as session:
        at = database_now(session)
        session.execute(
            update(PlaceMarker)
            .where(PlaceMarker.id == storage.marker_id)
            .values(listed_at=at)
            .execution_options(synchronize_session=False)
        )
        if not ages_known:
            return
        unresolved = (
            ReconcileFinding.data_location_id == location_id,
            ReconcileFinding.resolved_at.is_(None),
        )
        if found.unknown <= MOST_TOLD:
            session.execute(
                update(ReconcileFinding)
                .where(*unresolved, ReconcileFinding.last_seen_at < begun_at)
                .values(resolution=FindingResolution.GONE, resolved_at=at)
                .execution_options(synchronize_session=False)
            )
        if not found.unknown:
            resolve_errors(
                session, subject_type="data_location", subject_id=location_id, category=CATEGORY, at=at
            )
            return
        first = session.scalar(select(func.min(ReconcileFinding.path)).where(*unresolved))
        others = f" and {found.unknown - 1:,} more" if found.unknown > 1 else ""
        record_error(
            session,
            site_id=location_id.partition(".")[0],
            at=at,
            severity=Severity.WARNING,
            category=CATEGORY,
            subject_type="data_location",
            subject_id=location_id,
            data_location_id=location_id,
            message=f"{first}{others}: of no copy, and of no work that goes on",
        )
