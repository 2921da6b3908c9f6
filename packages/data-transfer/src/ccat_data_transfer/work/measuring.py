"""Measuring how full the file systems of places are, each place by itself: one that hangs delays no other."""

import threading
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import delete, exists, literal, select, update
from sqlalchemy.dialects.postgresql import Insert, insert
from sqlalchemy.orm import Session, sessionmaker

from ccat_data_transfer.crash_points import crash_point
from ccat_data_transfer.storage.interface import Storage
from ccat_ops_db.clock import Clock
from ccat_ops_db.database_time import database_now
from ccat_ops_db.enumerations import StorageType
from ccat_ops_db.identity import new_id
from ccat_ops_db.models import FileSystem, FileSystemUsage, PlaceMarker

log = structlog.get_logger()

KEPT = timedelta(days=400)
"""How long measurements are kept."""

APART = timedelta(seconds=20)
"""Measurements that are kept for those who look back are at least so far apart, whoever measures."""

SILENT = 10.0
"""Seconds without an answer after which a place is said to be silent."""


class PlaceByPlace:
    """Asks each place in a thread of its own, one call at a time.

    Parameters
    ----------
    what : str
        What it is asked, for logs.
    ask : callable
        Asks one place, by its location; it may hang for as long as it wants.
    clock : Clock
        The machine's own.
    """

    def __init__(self, what: str, ask: Callable[[str], None], clock: Clock) -> None:
        self._what = what
        self._ask = ask
        self._clock = clock
        self._asking: dict[str, tuple[threading.Thread, float]] = {}
        self._silent: set[str] = set()

    def look(self, locations: Iterable[str]) -> None:
        """Begin to ask every place that is not still asked, and say once of each that it does not answer."""
        for location_id in locations:
            thread, since = self._asking.get(location_id, (None, 0.0))
            if thread is not None and thread.is_alive():
                if self._clock.monotonic() - since > SILENT and location_id not in self._silent:
                    self._silent.add(location_id)
                    log.warning("place.silent", what=self._what, location=location_id, seconds=SILENT)
                continue
            self._silent.discard(location_id)
            thread = threading.Thread(
                target=self._ask, args=(location_id,), name=f"{self._what}-{location_id}", daemon=True
            )
            self._asking[location_id] = thread, self._clock.monotonic()
            thread.start()


def measure(sessions: sessionmaker[Session], storage: Storage, by: str) -> None:
    """Write down how full the file system of a place is, if its storage says so, and which one it is.

    The time is taken before: an answer that comes late, or is written down late, is an old one, and never
    replaces a newer.

    Raises
    ------
    Failure
        If the storage cannot be asked.
    """
    with sessions() as session:
        at = database_now(session)
    key, usage = storage.file_system(), storage.usage()
    if usage is None:
        return
    crash_point("measuring.answered")
    site_id = storage.location_id.partition(".")[0]
    space = {"total_bytes": usage.total_bytes, "free_bytes": usage.free_bytes}
    facts = {**space, "measured_at": at, "measured_by": by}
    with sessions.begin() as session:
        row = insert(FileSystem).values(
            id=new_id(), site_id=site_id, key=key, kind=StorageType(storage.kind), **facts
        )
        changed = row.on_conflict_do_update(
            index_elements=["key", "site_id"], set_=facts, where=FileSystem.measured_at < at
        )
        file_system = session.execute(changed.returning(FileSystem.id)).scalar_one_or_none()
        if file_system is None:
            return
        _note_where_it_is(session, storage, key)
        session.execute(_kept_apart(file_system, at, space))
        session.execute(
            delete(FileSystemUsage).where(
                FileSystemUsage.file_system_id == file_system, FileSystemUsage.measured_at < at - KEPT
            )
        )


def _note_where_it_is(session: Session, storage: Storage, key: str) -> None:
    """Note on which file system a place is: its number may be another after the machine was started anew."""
    session.execute(
        update(PlaceMarker)
        .where(
            PlaceMarker.id == storage.marker_id,
            PlaceMarker.retired_at.is_(None),
            PlaceMarker.file_system != key,
        )
        .values(file_system=key)
        .execution_options(synchronize_session=False)
    )


def _kept_apart(file_system: UUID, at: datetime, space: dict[str, int]) -> Insert:
    """Return the statement that adds to the series, unless it has something of this time."""
    usage = FileSystemUsage
    lately = exists().where(usage.file_system_id == file_system, usage.measured_at > at - APART)
    columns = [usage.file_system_id, usage.measured_at, usage.total_bytes, usage.free_bytes]
    values = (file_system, at, space["total_bytes"], space["free_bytes"])
    typed = [literal(value, column.type) for value, column in zip(values, columns, strict=True)]
    return (
        insert(usage)
        .from_select([each.key for each in columns], select(*typed).where(~lately))
        .on_conflict_do_nothing()
    )
