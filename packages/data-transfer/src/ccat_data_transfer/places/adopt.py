"""Adopting a place: giving it the marker by which it is known from then on.

The marker is put into the place first and goes on record afterwards, because only then it is known which
object it is. Whoever dies in between leaves a marker that nobody knows; the next adoption takes it over. One
adoption of a location runs at a time.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal
from uuid import UUID

from sqlalchemy import ColumnElement, func, literal, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, sessionmaker

from ccat_data_transfer.crash_points import crash_point
from ccat_data_transfer.failures import Failure, classified
from ccat_data_transfer.places.abilities import probe
from ccat_data_transfer.places.marker import Marker, document, find_marker, is_same, only_inode_differs
from ccat_data_transfer.places.open import Places
from ccat_data_transfer.storage.interface import Storage
from ccat_data_transfer.storage.names import MARKER_NAME
from ccat_data_transfer.work.kinds import KINDS
from ccat_data_transfer.work.outages import probe_now
from ccat_ops_db.database_time import database_now
from ccat_ops_db.enumerations import (
    Ability,
    Adoption,
    CopyForm,
    CopyKind,
    LocationType,
    OutageScope,
    PhysicalCopyStatus,
    Status,
)
from ccat_ops_db.events import record_event
from ccat_ops_db.identity import new_id
from ccat_ops_db.models import (
    DataLocation,
    Outage,
    PhysicalCopy,
    PlaceAbility,
    PlaceMarker,
    RawDataSeries,
)

Act = Literal["none", "new", "taken over", "taken back", "same place"]
"""What an adoption does: nothing; a new marker; one that nobody knows goes on record; a retired one is
current again; a known one gets the identity that its copy has."""

MAY_HOLD_FILES_OF_OTHERS = (LocationType.SOURCE, LocationType.PROCESSING)


class AdoptionRefusedError(Exception):
    """The place is not adopted, for the reason given; nothing was changed."""


@dataclass(frozen=True)
class Adopted:
    """What an adoption did, or would do.

    Attributes
    ----------
    location_id : str
        The place.
    act : str
        See `Act`.
    marker_id : UUID
        The place is known by it from now on.
    copies, size : int
        What the database has there, and its bytes.
    to_read : int
        How many of the copies prove nothing until they are read again.
    marker : str
        What stands in the marker.
    """

    location_id: str
    act: Act
    marker_id: UUID
    copies: int
    size: int
    to_read: int
    marker: str


@dataclass(frozen=True)
class Asked:
    """Who adopts a place, and how.

    Attributes
    ----------
    by : str
        Program or person.
    reason : str or None
        Why a person says that this is the place; null: it adopts itself, if it was never used.
    same_place : bool
        Whether a copy of the place is to be called the same place.
    dry_run : bool
        Whether only to say what would be done.
    """

    by: str
    reason: str | None = None
    same_place: bool = False
    dry_run: bool = False


def adopt(sessions: sessionmaker[Session], places: Places, location_id: str, asked: Asked) -> Adopted:
    """Adopt a place as that of a location; may be done again at any time.

    Raises
    ------
    AdoptionRefusedError
        It is not to be, with the remedy.
    Failure
        The place cannot be opened, read or written.
    """
    description = places.describe(location_id)
    if description.create and not asked.dry_run and places.marker_on_record(location_id) is None:
        with classified(description.path):
            Path(description.path).mkdir(parents=True, exist_ok=True)
    storage = places.unknown(location_id)
    with sessions.begin() as session:
        session.execute(
            select(func.pg_advisory_xact_lock(func.hashtextextended(literal(f"place {location_id}"), 0)))
        )
        at = database_now(session)
        known = _known_markers(session, location_id)
        found = find_marker(storage)
        act = _decide(session, storage, found, known, asked)
        marker_id = new_id() if found is None or act == "new" else found.id
        content = document(marker_id, location_id, at)
        copies, size, to_read = _copies(session, location_id, marker_id)
        result = Adopted(location_id, act, marker_id, copies, size, to_read, content.decode())
        if asked.dry_run or act == "none":
            return result
        if act == "new":
            _refuse_to_write(session, location_id, content)
            storage.write_marker(content, replace=found is not None)
            crash_point("adopting.marker_written")
            found = find_marker(storage)
        assert found is not None, "it was written, or is there"
        if found.id != marker_id:
            raise AdoptionRefusedError(f"somebody else put a marker into {location_id} right now; look again")
        _put_on_record(session, storage, found, asked, at, act, to_be_read=to_read > 0)
        if act == "same place" and only_inode_differs(found.identity, known[found.id].identity):
            _note_inodes(session, location_id, at)
        _let_work_go_on(session, location_id)
        record_event(
            session,
            site_id=_site_of(location_id),
            at=at,
            actor=asked.by,
            action="place.adopted",
            subject_type="data_location",
            subject_id=location_id,
            message=f"{act}, marker {marker_id}, {copies} copies, {to_read} of them to be read"
            + (f": {asked.reason}" if asked.reason else ""),
        )
        crash_point("adopting.before_commit")
    return result


def adopt_if_new(sessions: sessionmaker[Session], places: Places, location_id: str, by: str) -> str | None:
    """Adopt a place by itself, if it was never used and is there; return why not, and the remedy.

    What it can do is probed at once. A location that has a marker on record is left alone, whether its place
    is there or not.
    """
    if places.marker_on_record(location_id) is not None:
        return None
    try:
        adopt(sessions, places, location_id, Asked(by))
        probe(sessions, places.storage(location_id))
    except (AdoptionRefusedError, Failure) as error:
        return str(error)
    return None


def _decide(
    session: Session,
    storage: Storage,
    found: Marker | None,
    known: dict[UUID, PlaceMarker],
    asked: Asked,
) -> Act:
    location = storage.location_id
    if found is not None and found.location_id != location:
        raise AdoptionRefusedError(
            f"this is the place of {found.location_id}, not of {location}: correct the path of one of them;"
            f" if {found.location_id} is gone for good, remove its marker by hand"
        )
    row = None if found is None else known.get(found.id)
    if found is not None and row is not None:
        if is_same(found.identity, row.identity, lasting_inodes=True):
            if row.retired_at is None:
                return "none"
            _refuse_without_person(location, asked, "it has a marker that was retired")
            return "taken back"
        _refuse_without_person(location, asked, "it is a copy of the place, or its root changed its owner")
        return "same place" if asked.same_place else "new"
    if asked.same_place:
        raise AdoptionRefusedError(f"what is there has no marker of {location}: it cannot be called the same")
    if asked.reason is None:
        _refuse_used(session, storage, known)
    return "new" if found is None else "taken over"


def _refuse_to_write(session: Session, location: str, content: bytes) -> None:
    """Refuse to write to a place that may only be read: a person puts the marker there."""
    table = DataLocation.__table__.c
    if session.execute(select(table.read_only).where(table.id == location)).scalar_one():
        raise AdoptionRefusedError(
            f"nothing is written to {location}, which may only be read: put a file {MARKER_NAME} into its"
            f" root with this content, and adopt it again:\n{content.decode()}"
        )


def _refuse_without_person(location: str, asked: Asked, why: str) -> None:
    if asked.reason is None:
        raise AdoptionRefusedError(
            f"{location} is not adopted by itself, since {why}; a person decides, with --reason: see the"
            " runbook 'wrong disk mounted'"
        )


def _refuse_used(session: Session, storage: Storage, known: dict[UUID, PlaceMarker]) -> None:
    """Refuse what was used before, or is used by others: a person must say that this is the place."""
    location = storage.location_id
    if known or _was_used(session, location):
        raise AdoptionRefusedError(
            f"{location} was used before, and what is there now has no marker of it: mount the right disk, or"
            f" correct the location; if this is the place: ccat-transfer place adopt {location} --reason …"
        )
    kind = session.execute(
        select(DataLocation.__table__.c.location_type).where(DataLocation.__table__.c.id == location)
    ).scalar_one()
    if kind not in MAY_HOLD_FILES_OF_OTHERS and not storage.is_empty():
        raise AdoptionRefusedError(
            f"{location} is not empty, though it was never used: correct the location; if this is the place:"
            f" ccat-transfer place adopt {location} --reason …"
        )


def _was_used(session: Session, location: str) -> bool:
    """Tell whether the database has any copy or package of a location, or work on what lies there.

    Work that is to write there is no use of a place that never had a marker: without one nothing was written.
    Each part has an index.
    """
    here: list[ColumnElement[bool]] = [
        select(PhysicalCopy.id)
        .where(PhysicalCopy.data_location_id == location, PhysicalCopy.status != PhysicalCopyStatus.DELETED)
        .exists(),
        select(PhysicalCopy.id)
        .where(PhysicalCopy.data_location_id == location, PhysicalCopy.kind == CopyKind.RAW_DATA_PACKAGE)
        .exists(),
        select(RawDataSeries.id).where(RawDataSeries.source_location_id == location).exists(),
    ]
    here += [
        select(kind.table.id).where(getattr(kind.table, kind.location) == location).exists()
        for kind in KINDS.values()
        if kind.location != kind.writes
    ]
    return any(session.execute(select(condition)).scalar_one() for condition in here)


def _known_markers(session: Session, location: str) -> dict[UUID, PlaceMarker]:
    rows = session.scalars(select(PlaceMarker).where(PlaceMarker.data_location_id == location))
    return {row.id: row for row in rows}


def _put_on_record(
    session: Session,
    storage: Storage,
    found: Marker,
    asked: Asked,
    at: datetime,
    act: Act,
    *,
    to_be_read: bool,
) -> None:
    location = storage.location_id
    session.execute(
        update(PlaceMarker)
        .where(
            PlaceMarker.data_location_id == location,
            PlaceMarker.retired_at.is_(None),
            PlaceMarker.id != found.id,
        )
        .values(retired_at=at)
    )
    facts = {
        "identity": found.identity,
        "file_system": storage.file_system(),
        "adopted_at": at,
        "adopted_by": asked.by,
        "how": Adoption.AUTOMATIC if asked.reason is None else Adoption.EXPLICIT,
        "reason": asked.reason,
        "retired_at": None,
        "to_be_read": to_be_read,
    }
    # A marker that is taken back is the same object as before: what was found under it still holds.
    changed = {name: value for name, value in facts.items() if act != "taken back" or name != "adopted_at"}
    session.execute(
        insert(PlaceMarker)
        .values(id=found.id, site_id=_site_of(location), data_location_id=location, **facts)
        .on_conflict_do_update(index_elements=["id", "site_id"], set_=changed)
    )


def _note_inodes(session: Session, location: str, at: datetime) -> None:
    """Note that the inodes of a place do not last: only the inode of its marker had changed."""
    facts = {
        "works": False,
        "probed_at": at,
        "detail": "the marker had another inode and the same time of change",
    }
    session.execute(
        insert(PlaceAbility)
        .values(
            data_location_id=location, ability=Ability.LASTING_INODES, site_id=_site_of(location), **facts
        )
        .on_conflict_do_update(index_elements=["data_location_id", "ability", "site_id"], set_=facts)
    )


def _let_work_go_on(session: Session, location: str) -> None:
    """Let what waits for the place be tried at once."""
    probe_now(session, (Outage.scope == OutageScope.LOCATION) & (Outage.scope_id == location))
    for kind in KINDS.values():
        session.execute(
            update(kind.table)
            .where(
                getattr(kind.table, kind.location) == location,
                kind.table.status == Status.PENDING,
                kind.table.error_category == "place_unavailable",
            )
            .values(next_attempt_at=None, interruptions=0)
            .execution_options(synchronize_session=False)
        )


def _copies(session: Session, location: str, marker_id: UUID) -> tuple[int, int, int]:
    """Count the copies of a place, their bytes, and those that are to be read under a marker."""
    row = session.execute(
        select(
            func.count(),
            func.coalesce(func.sum(PhysicalCopy.size), 0),
            func.count().filter(
                PhysicalCopy.form == CopyForm.TAR,
                PhysicalCopy.status == PhysicalCopyStatus.VERIFIED,
                PhysicalCopy.place_marker_id.is_distinct_from(marker_id),
            ),
        ).where(PhysicalCopy.data_location_id == location, PhysicalCopy.status != PhysicalCopyStatus.DELETED)
    ).one()
    return int(row[0]), int(row[1]), int(row[2])


def _site_of(location: str) -> str:
    return location.partition(".")[0]
