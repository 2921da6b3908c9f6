"""Doing one unit of work: lease it, run its stage, write down how it ended."""

from datetime import timedelta
from uuid import UUID

import structlog

from ccat_data_transfer.crash_points import crash_point
from ccat_data_transfer.failures import HandBack, classify
from ccat_data_transfer.observe.metrics import BYTES, SECONDS, WORK
from ccat_data_transfer.settings import DataTransferSettings
from ccat_data_transfer.stages.registry import STAGES
from ccat_data_transfer.work.attempt import Attempt
from ccat_data_transfer.work.attempt_log import AttemptLog, register_log
from ccat_data_transfer.work.lease import DATABASE_AWAY, Lease, LeaseLostError, acquire
from ccat_data_transfer.work.outcome import fail, hand_back
from ccat_data_transfer.world import Event, World
from ccat_ops_db.database_words import said_by_database
from ccat_ops_db.enumerations import Operation

log = structlog.get_logger()


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
    """

    def __init__(self, world: World, settings: DataTransferSettings, owner: str, stopping: Event) -> None:
        self._world = world
        self._clock = world.clock
        self._settings = settings
        self._owner = owner
        self._stopping = stopping

    def run(self, operation: Operation, work_id: UUID) -> str:
        """Do one unit of work, if it is to be had; return how it ended, in a word.

        A message that came twice, late or for nothing ends as ``not_to_be_had`` and changes nothing.
        """
        if self._stopping.is_set():
            return "stopping"
        before = self._clock.monotonic()
        try:
            taken = self._acquire(operation, work_id)
        except DATABASE_AWAY as error:
            log.warning(
                "work.database_away", operation=operation, work=str(work_id), error=said_by_database(error)
            )
            return "database_away"
        if taken is None:
            return "not_to_be_had"
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
            with work.heartbeat():
                STAGES[lease.operation](work)
            outcome = "done"
        except HandBack:
            outcome = self._settle(lease, attempt_log, None)
        except LeaseLostError as error:
            log.warning("work.lease_lost", error=str(error))
            outcome = "lease_lost"
        except Exception as error:
            log.warning(
                "work.failed", work=str(lease.work_id), log=str(attempt_log.id), error=type(error).__name__
            )
            attempt_log.write(self._clock.utc_now(), "failed", error, bytes_done=work.bytes_done)
            outcome = self._settle(lease, attempt_log, error)
        WORK.labels(lease.operation, outcome).inc()
        BYTES.labels(lease.operation).inc(work.bytes_done)
        SECONDS.labels(lease.operation).observe(self._clock.monotonic() - started)
        return outcome

    def _acquire(self, operation: Operation, work_id: UUID) -> tuple[Lease, AttemptLog] | None:
        """Take the row, and note where the log of the attempt will be, if logs are kept."""
        duration, worker_clock = timedelta(seconds=self._settings.lease), self._clock.utc_now()
        with self._world.sessions.begin() as session:
            lease = acquire(session, operation, work_id, self._owner, duration, worker_clock)
            if lease is None:
                return None
            return lease, register_log(session, self._settings.log_folder, lease, worker_clock)

    def _settle(self, lease: Lease, attempt_log: AttemptLog, error: Exception | None) -> str:
        """Write down that the work was given back, or how it failed; else the lease runs out."""
        try:
            with self._world.sessions.begin() as session:
                if error is None:
                    hand_back(session, lease)
                else:
                    where = f" in {lease.operation}, log {attempt_log.id}"
                    failure = classify(error, where=where)
                    fail(session, lease, failure, self._settings, self._world.random)
        except LeaseLostError:
            return "lease_lost"
        except DATABASE_AWAY as away:
            log.warning("work.database_away", work=str(lease.work_id), error=said_by_database(away))
            return "database_away"
        return "handed_back" if error is None else "failed"
