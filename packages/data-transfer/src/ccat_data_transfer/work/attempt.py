"""An attempt at a row of work, as its stage sees it: lease, time, places and progress."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import ColumnElement, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, sessionmaker

from ccat_data_transfer.failures import HandBack, classify
from ccat_data_transfer.settings import DataTransferSettings
from ccat_data_transfer.storage.interface import Storage
from ccat_data_transfer.work.kinds import KINDS
from ccat_data_transfer.work.lease import DATABASE_AWAY, Lease, LeaseLostError, confirm, release, renew
from ccat_data_transfer.work.outcome import note_success
from ccat_data_transfer.world import Event, World
from ccat_ops_db.clock import Clock
from ccat_ops_db.copy_locks import free_copies
from ccat_ops_db.database_time import database_now, ops_now
from ccat_ops_db.database_words import said_by_database, sqlstate
from ccat_ops_db.enumerations import Status
from ccat_ops_db.events import resolve_errors
from ccat_ops_db.models import PhysicalCopy

LOCK_TRIES = 3
LOCK_NOT_FREE = "55P03"
"""SQLSTATE of a lock that somebody else held for longer than the session waits."""

log = structlog.get_logger()


@dataclass
class Attempt:
    """One leased row and what is needed to work on it.

    Attributes
    ----------
    lease : Lease
        The right to work on the row.
    world : World
        Database, places and what moves bytes.
    settings : DataTransferSettings
        Limits and times.
    stopping : Event
        Set when the worker is to end.
    renewed_at : float
        When the lease was last known to hold, by the span of the clock.
    opened : dict of Storage
        Places that were opened, by location.
    """

    lease: Lease
    world: World
    settings: DataTransferSettings
    stopping: Event
    renewed_at: float
    opened: dict[str, Storage] = field(default_factory=dict)
    _bytes_done: int = 0
    _kept: int | None = None
    _steps: int = 0

    def __post_init__(self) -> None:
        self._lost = self.world.event()

    @property
    def sessions(self) -> sessionmaker[Session]:
        """For short transactions; none is open while bytes move."""
        return self.world.sessions

    @property
    def clock(self) -> Clock:
        """The machine's own, for spans and logs; what is decided is decided by the database's time."""
        return self.world.clock

    @property
    def id(self) -> UUID:
        """Key of the row."""
        return self.lease.work_id

    @property
    def bytes_done(self) -> int:
        """Bytes done so far in this attempt."""
        return self._bytes_done

    def storage(self, location_id: str) -> Storage:
        """Open the place of a location.

        Raises
        ------
        Failure
            It cannot be opened; the failure names the place.
        """
        try:
            storage = self.world.storage(location_id)
        except DATABASE_AWAY:
            raise
        except Exception as error:
            failure = classify(error)
            failure.location_id, failure.opening = location_id, True
            raise failure from error
        self.opened[location_id] = storage
        return storage

    @property
    def partial(self) -> dict[str, int]:
        """The column that tells what the next attempt finds of this one, as far as that is known."""
        return {} if self._kept is None else {"partial_bytes": self._kept}

    def kept(self, bytes_there: int) -> None:
        """Report how many bytes lie at the destination that the next attempt goes on from, or removes first.

        They are a part of what is used there, and so are not needed once more.
        """
        self._kept = bytes_there

    def begin_again(self) -> None:
        """Do the same once more under the same lease, from what is there by now."""
        self._bytes_done = 0

    def progress(self, bytes_done: int) -> None:
        """Report bytes done so far; stages call it at least once a second or every few MiB.

        Only more bytes count as progress: who calls with the same number says merely that it lives.

        Raises
        ------
        HandBack
            If the worker is to stop.
        LeaseLostError
            If the row is not ours any more.
        """
        if bytes_done != self._bytes_done:
            self._bytes_done = bytes_done
            self._steps += 1
        # A process that was stopped for a while may wake up before its heartbeat does: ask the clock, too.
        if self._lost.is_set() or self.clock.monotonic() - self.renewed_at > self.settings.lease:
            raise LeaseLostError(f"{self.lease.operation} {self.id}: the lease ran out while working")
        if self.stopping.is_set():
            raise HandBack(f"{self.lease.operation} {self.id}: the worker is to stop")

    def moved(self, more_bytes: int) -> None:
        """Report bytes done since the last report; otherwise as `progress`."""
        self.progress(self._bytes_done + more_bytes)

    def item_done(self) -> None:
        """Report that one of many small things is done, whatever its bytes; otherwise as `progress`."""
        self._steps += 1
        self.progress(self._bytes_done)

    def now(self) -> datetime:
        """Ask the database for its time, outside of a transaction that could tell it."""
        with self.sessions() as session:
            return database_now(session)

    def confirm(self) -> None:
        """See that the lease holds before something that cannot be taken back.

        Raises
        ------
        LeaseLostError
            If it does not.
        """
        with self.sessions() as session:
            confirm(session, self.lease, timedelta(seconds=self.settings.lease))

    @contextmanager
    def finishing(self, copies: ColumnElement[bool] | None = None, **values: Any) -> Iterator[Session]:
        """Complete the row in one transaction with whatever the body writes.

        The copies that the body changes are locked first, in the order of their ids, and only then the row
        of the work: who locks in one order everywhere never waits in a circle.

        Raises
        ------
        LeaseLostError
            If the lease does not hold any more; then nothing is written.
        """
        with self._ending(Status.COMPLETED, copies, **values) as session:
            yield session
            session.execute(free_copies(self.id, database_now(session)))

    @contextmanager
    def giving_up(self, **values: Any) -> Iterator[Session]:
        """Cancel the row in one transaction: there is nothing to do any more, unless a person retries it."""
        with self._ending(Status.CANCELLED, None, **values) as session:
            yield session

    @contextmanager
    def handing_over(self, **values: Any) -> Iterator[Session]:
        """Leave the row open for its next phase, which somebody else does, in one transaction."""
        with self._ending(Status.PENDING, None, **values) as session:
            yield session

    @contextmanager
    def heartbeat(self) -> Iterator[None]:
        """Renew the lease in the background while the body runs, as long as there is progress."""
        done = self.world.event()
        beating = self.world.spawn(f"heartbeat-{self.id}", lambda: self._beat(done))
        try:
            yield
        finally:
            done.set()
            beating.join()

    @contextmanager
    def _ending(self, status: Status, copies: ColumnElement[bool] | None, **values: Any) -> Iterator[Session]:
        with self.sessions.begin() as session:
            at = database_now(session)
            ended = {
                "finished_at": None if status is Status.PENDING else at,
                "bytes_done": self._bytes_done,
                "partial_bytes": 0,
                "interruptions": 0,
                "error_class": None,
                "error_category": None,
                "error_message": None,
                **values,
            }
            self._lock_and_release(session, status, copies, ended)
            name = KINDS[self.lease.operation].name
            resolve_errors(session, subject_type=name, subject_id=self.id, at=at)
            note_success(session, self.lease, at)
            yield session

    def _lock_and_release(
        self, session: Session, status: Status, copies: ColumnElement[bool] | None, values: dict[str, Any]
    ) -> None:
        """Lock the copies and end the lease. All bytes are done: a lock that is not free is asked again."""
        for tries_left in reversed(range(LOCK_TRIES)):
            try:
                with session.begin_nested():
                    if copies is not None:
                        session.execute(
                            select(PhysicalCopy.id)
                            .where(copies)
                            .order_by(PhysicalCopy.id)
                            .with_for_update(key_share=True)
                        )
                    release(session, self.lease, status, **values)
            except OperationalError as error:
                if sqlstate(error) != LOCK_NOT_FREE or tries_left == 0:
                    raise
            else:
                return

    def _beat(self, done: Event) -> None:
        steps, moved_at = self._steps, self.clock.monotonic()
        duration = timedelta(seconds=self.settings.lease)
        while not done.wait(self.settings.heartbeat):
            now = self.clock.monotonic()
            progress: dict[str, Any] = {"bytes_done": self._bytes_done, **self.partial}
            if self._steps != steps:
                steps, moved_at = self._steps, now
                progress["progressed_at"] = ops_now()
            if now - moved_at > self.settings.stall_limit or now - self.renewed_at > self.settings.lease:
                log.warning("heartbeat.ended", work=str(self.id), silent_for=round(now - moved_at))
                self._lost.set()
                return
            try:
                with self.sessions.begin() as session:
                    renew(session, self.lease, duration, **progress)
                self.renewed_at = now
            except LeaseLostError:
                self._lost.set()
                return
            except DATABASE_AWAY as error:
                log.warning("heartbeat.failed", work=str(self.id), error=said_by_database(error))
