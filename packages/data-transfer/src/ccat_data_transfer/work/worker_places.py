"""What a worker sees of the places: one that it cannot open is closed for it alone, and it tries it again."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from ccat_data_transfer.failures import Failure, classify
from ccat_data_transfer.work.kinds import KINDS, places_of
from ccat_data_transfer.work.lease import DATABASE_AWAY
from ccat_data_transfer.work.outages import Thing
from ccat_data_transfer.world import World
from ccat_ops_db.database_time import database_now
from ccat_ops_db.database_words import said_by_database
from ccat_ops_db.enumerations import OutageScope, Severity, Status
from ccat_ops_db.events import record_error, resolve_errors
from ccat_ops_db.models import Outage, WorkerPlace
from ccat_ops_db.outages import FIRST_PROBE, IN_FORCE, LONGEST_PAUSE

log = structlog.get_logger()

READ_ONLY = "read_only_place"
"""Category of a failure that only writing can show to have ended."""


class WorkerPlaces:
    """The places of one worker process.

    Parameters
    ----------
    world : World
        The database, and what opens places.
    owner : str
        Name of the process in leases: ``<host>-…-…``.
    """

    def __init__(self, world: World, owner: str) -> None:
        self._world = world
        self._owner = owner
        self.host = owner.rsplit("-", 2)[0]
        self._closed: dict[str, tuple[str, datetime]] = {}

    @property
    def closed(self) -> list[str]:
        """The places that this worker cannot use."""
        return sorted(self._closed)

    def is_closed(self, location_id: str) -> bool:
        """Tell whether this worker cannot use a place."""
        return location_id in self._closed

    def beat(self, locations: Iterable[str]) -> None:
        """Say that this process lives and works at some places, and at those that are closed for it."""
        mine = sorted({*locations, *self._closed})
        if not mine:
            return
        with self._world.sessions.begin() as session:
            at = database_now(session)
            values = [{"owner": self._owner, "data_location_id": each, "host": self.host} for each in mine]
            session.execute(
                insert(WorkerPlace)
                .values([{**each, "seen_at": at} for each in values])
                .on_conflict_do_update(index_elements=["owner", "data_location_id"], set_={"seen_at": at})
            )

    def leave(self) -> None:
        """Say that this process ends."""
        with self._world.sessions.begin() as session:
            session.execute(delete(WorkerPlace).where(WorkerPlace.owner == self._owner))

    def close(self, location_id: str, failure: Failure) -> None:
        """Stop using a place until it can be opened again."""
        message = self._said(failure)
        with self._world.sessions.begin() as session:
            at = database_now(session)
            facts = {"seen_at": at, "message": message}
            row = insert(WorkerPlace).values(
                owner=self._owner,
                data_location_id=location_id,
                host=self.host,
                closed_since=at,
                **facts,
            )
            session.execute(
                row.on_conflict_do_update(
                    index_elements=["owner", "data_location_id"], set_={**facts, "closed_since": at}
                )
            )
            record_error(
                session,
                site_id=location_id.partition(".")[0],
                at=at,
                severity=Severity.WARNING,
                category=failure.category,
                subject_type="data_location",
                subject_id=location_id,
                data_location_id=location_id,
                message=message,
            )
        self._closed[location_id] = (failure.category, at + FIRST_PROBE)
        log.warning("place.closed_here", location=location_id, why=str(failure))

    def open_again(self, location_id: str) -> None:
        """Use a place again that was closed for this worker."""
        if location_id not in self._closed:
            return
        with self._world.sessions.begin() as session:
            at = database_now(session)
            session.execute(
                update(WorkerPlace)
                .where(WorkerPlace.owner == self._owner, WorkerPlace.data_location_id == location_id)
                .values(seen_at=at, closed_since=None, message=None)
            )
            elsewhere = select(WorkerPlace.owner).where(
                WorkerPlace.data_location_id == location_id, WorkerPlace.closed_since.is_not(None)
            )
            if session.execute(elsewhere).first() is None:
                resolve_errors(session, subject_type="data_location", subject_id=location_id, at=at)
        self._closed.pop(location_id, None)
        log.info("place.open_here", location=location_id)

    def look(self) -> None:
        """Try the closed places whose time has come."""
        if not self._closed:
            return
        for location_id, category, since in self._due():
            try:
                storage = self._world.storage(location_id)
                storage.check()
                if category == READ_ONLY:
                    storage.probe()
            except DATABASE_AWAY as error:
                log.warning("place.not_tried", error=said_by_database(error))
                return
            except Exception as error:
                self._still_closed(location_id, classify(error), since)
            else:
                self.open_again(location_id)

    def refuses(self, session: Session, operation: str, work_id: UUID) -> str | None:
        """Return the closed place that a row of work needs, if it needs one; it is left to other workers."""
        if not self._closed:
            return None
        kind = next(kind for kind in KINDS.values() if kind.operation == operation)
        found = next((each for each in places_of(session, kind, work_id) if self.is_closed(each)), None)
        if found is not None:
            # Whoever has the place is told of it soon.
            session.execute(
                update(kind.table)
                .where(kind.table.id == work_id, kind.table.status == Status.SCHEDULED)
                .values(dispatches=1)
                .execution_options(synchronize_session=False)
            )
        return found

    def _due(self) -> list[tuple[str, str, datetime]]:
        with self._world.sessions() as session:
            at = database_now(session)
            rows = session.execute(
                select(WorkerPlace.data_location_id, WorkerPlace.closed_since, Outage.next_probe_at)
                .outerjoin(
                    Outage,
                    (Outage.scope == OutageScope.LOCATION)
                    & (Outage.scope_id == WorkerPlace.data_location_id)
                    & IN_FORCE,
                )
                .where(WorkerPlace.owner == self._owner, WorkerPlace.data_location_id.in_(list(self._closed)))
                .order_by(WorkerPlace.data_location_id)
            ).all()
        return [
            (row.data_location_id, self._closed[row.data_location_id][0], row.closed_since or at)
            for row in rows
            if self._closed[row.data_location_id][1] <= at
            or (row.next_probe_at is not None and row.next_probe_at <= at)
        ]

    def _said(self, failure: Failure) -> str:
        """Return a failure in words, with the machine that met it."""
        return f"at {self.host}: {failure}"

    def _still_closed(self, location_id: str, failure: Failure, since: datetime) -> None:
        with self._world.sessions.begin() as session:
            at = database_now(session)
            pause: timedelta = min(LONGEST_PAUSE, max(FIRST_PROBE, at - since))
            message = self._said(failure)
            session.execute(
                update(WorkerPlace)
                .where(WorkerPlace.owner == self._owner, WorkerPlace.data_location_id == location_id)
                .values(seen_at=at, message=message)
            )
            thing = Thing(location_id.partition(".")[0], OutageScope.LOCATION, location_id)
            session.execute(
                update(Outage)
                .where(thing.is_this, Outage.next_probe_at.is_not(None))
                .values(next_probe_at=at + pause, last_seen_at=at, count=Outage.count + 1, message=message)
                .execution_options(synchronize_session=False)
            )
        self._closed[location_id] = (self._closed[location_id][0], at + pause)
