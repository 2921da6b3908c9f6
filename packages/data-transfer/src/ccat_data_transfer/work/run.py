"""Doing one unit of work: lease it, run its stage, write down how it ended."""

from datetime import timedelta
from uuid import UUID

import structlog
from sqlalchemy.exc import DBAPIError

from ccat_data_transfer.crash_points import crash_point
from ccat_data_transfer.failures import Failure, HandBack, Scope, classify
from ccat_data_transfer.observe.metrics import BYTES, SECONDS, WORK
from ccat_data_transfer.settings import DataTransferSettings
from ccat_data_transfer.stages.registry import STAGES
from ccat_data_transfer.work.attempt import Attempt
from ccat_data_transfer.work.attempt_log import AttemptLog, register_log
from ccat_data_transfer.work.lease import DATABASE_AWAY, Lease, LeaseLostError, acquire, leave_to_another
from ccat_data_transfer.work.outcome import closed_place, credentials_of, fail, hand_back, used_by
from ccat_data_transfer.work.worker_places import WorkerPlaces
from ccat_data_transfer.world import Event, World
from ccat_ops_db.database_words import READ_ONLY, is_in_the_way, said_by_database, sqlstate
from ccat_ops_db.enumerations import Operation

log = structlog.get_logger()

TRIES = 3
"""So often a stage is begun in which other transactions were in the way."""


class WorkRunner:
    """Does work for the places that this process can reach.

    Parameters
    ----------
    world : World
        Database, places and what moves bytes.
    settings : DataTransferSettings
        Limits and times.
    owner : str
        Name of this process in leases, made anew at each start.
    stopping : Event
        Set when the worker is to end; work in hand is then given back.

    Attributes
    ----------
    places : WorkerPlaces
        What it sees of the places.
    """

    def __init__(self, world: World, settings: DataTransferSettings, owner: str, stopping: Event) -> None:
        self._world = world
        self._clock = world.clock
        self._settings = settings
        self._owner = owner
        self._stopping = stopping
        self.places = WorkerPlaces(world, owner)

    def run(self, operation: Operation, work_id: UUID) -> str:
        """Do one unit of work, if it is to be had; return how it ended, in a word.

        A message that came twice, late or for nothing ends as ``not_to_be_had`` and changes nothing, one of
        work that needs a place which this worker cannot use as ``closed_here``, and one of a second reading
        after a first one by this process as ``left_to_others``.
        """
        if self._stopping.is_set():
            return "stopping"
        before = self._clock.monotonic()
        try:
            taken = self._acquire(operation, work_id)
        except DATABASE_AWAY as error:
            return self._database_away(work_id, error)
        if isinstance(taken, str):
            return taken
        lease, attempt_log = taken
        crash_point("work.leased")
        attempt_log.write(
            self._clock.utc_now(),
            "leased",
            owner=self._owner,
            operation=operation,
            fencing=lease.fencing,
        )
        outcome = self._run_leased(lease, before, attempt_log)
        attempt_log.write(self._clock.utc_now(), "ended", outcome=outcome)
        log.info("work.ended", operation=operation, work=str(work_id), fencing=lease.fencing, outcome=outcome)
        return outcome

    def _run_leased(self, lease: Lease, leased_at: float, attempt_log: AttemptLog) -> str:
        work = Attempt(lease, self._world, self._settings, self._stopping, leased_at)
        started = self._clock.monotonic()
        try:
            self._do(work)
            outcome = "done"
            for location_id in work.opened:
                self.places.open_again(location_id)
        except HandBack:
            outcome = self._settle(work, attempt_log, None)
        except LeaseLostError as error:
            log.warning("work.lease_lost", error=str(error))
            outcome = "lease_lost"
        except DATABASE_AWAY as error:
            # Nothing is written to the row: its lease runs out, and others take it.
            attempt_log.write(self._clock.utc_now(), "failed", error, bytes_done=work.bytes_done)
            outcome = (
                self._settle(work, attempt_log, error)
                if is_in_the_way(error)
                else self._database_away(work.id, error)
            )
        except Exception as error:
            log.warning(
                "work.failed", work=str(lease.work_id), log=str(attempt_log.id), error=type(error).__name__
            )
            attempt_log.write(self._clock.utc_now(), "failed", error, bytes_done=work.bytes_done)
            outcome = self._settle(work, attempt_log, error)
        WORK.labels(lease.operation, outcome).inc()
        BYTES.labels(lease.operation).inc(work.bytes_done)
        SECONDS.labels(lease.operation).observe(self._clock.monotonic() - started)
        return outcome

    def _do(self, work: Attempt) -> None:
        """Carry out the stage, and begin it again where other transactions were in the way."""
        for tries_left in reversed(range(TRIES)):
            try:
                with work.heartbeat():
                    STAGES[work.lease.operation](work)
            except DBAPIError as error:
                if not is_in_the_way(error) or tries_left == 0:
                    raise
                log.warning("work.begins_again", work=str(work.id), error=said_by_database(error))
                work.begin_again()
            else:
                return

    def _acquire(self, operation: Operation, work_id: UUID) -> tuple[Lease, AttemptLog] | str:
        """Take the row, and note where the log of the attempt will be, if logs are kept; or tell why not."""
        duration, worker_clock = timedelta(seconds=self._settings.lease), self._clock.utc_now()
        with self._world.sessions.begin() as session:
            closed = self.places.refuses(session, operation, work_id)
            if closed is not None:
                log.info("work.left_to_others", work=str(work_id), location=closed)
                return "closed_here"
            lease = acquire(session, operation, work_id, self._owner, duration, worker_clock)
            if lease is None:
                left = leave_to_another(session, operation, work_id, self._owner)
                return "left_to_others" if left else "not_to_be_had"
            return lease, register_log(session, self._settings.log_folder, lease, worker_clock)

    def _settle(self, work: Attempt, attempt_log: AttemptLog, error: Exception | None) -> str:
        """Write down that the work was given back, or how it failed; else the lease runs out."""
        try:
            if error is None:
                with self._world.sessions.begin() as session:
                    hand_back(session, work.lease, **work.partial)
            else:
                failure = classify(error, where=f" in {work.lease.operation}, log {attempt_log.id}")
                self._close_place(work, failure)
                with self._world.sessions.begin() as session:
                    fail(session, work.lease, failure, self._settings, self._world.random, **work.partial)
        except LeaseLostError:
            return "lease_lost"
        except DATABASE_AWAY as away:
            return self._database_away(work.id, away)
        return "handed_back" if error is None else "failed"

    def _close_place(self, work: Attempt, failure: Failure) -> None:
        """Use a place no more that this worker cannot use, until it can."""
        if failure.scope not in (Scope.PLACE, Scope.CREDENTIAL):
            return
        if failure.location_id is None:
            failure.location_id = _where_it_was_met(work)
        with self._world.sessions.begin() as session:
            used = used_by(session, work.lease)
            location_id = closed_place(used, failure, credentials_of(session, used))
        if location_id is not None:
            self.places.close(location_id, failure)

    def _database_away(self, work_id: UUID, error: Exception) -> str:
        log.warning("work.database_away", work=str(work_id), error=said_by_database(error))
        if sqlstate(error) == READ_ONLY:
            # After a failover the connections still lead to the old primary: the next ones are made anew.
            self._world.engine.dispose()
        return "database_away"


def _where_it_was_met(work: Attempt) -> str | None:
    """Return which place cannot be used any more; null if all seem well."""
    for location_id, storage in work.opened.items():
        try:
            storage.confirm_place()
        except Failure:
            return location_id
    return None
