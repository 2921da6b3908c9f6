"""Leases: one worker at a row, stale ones refused, silent ones replaced; messages may come as they like."""

import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine, event, text, update
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import OperationalError

from ccat_data_transfer.work.attempt import Attempt
from ccat_data_transfer.work.kinds import KINDS
from ccat_data_transfer.work.lease import Lease, LeaseLostError, acquire, confirm, write
from ccat_data_transfer.work.run import WorkRunner
from ccat_data_transfer.work.worker import process_name
from ccat_ops_db.database_words import sqlstate
from ccat_ops_db.enumerations import Operation, PhysicalCopyStatus, Severity, Status
from ccat_ops_db.models import (
    DataTransfer,
    Deletion,
    ErrorRecord,
    Event,
    FixityCheck,
    LongTermArchiveTransfer,
    PackageCreation,
    PhysicalCopy,
    PhysicalCopyLock,
    RawDataPackage,
    StagingItem,
)
from ccat_ops_db.session import SessionLimits, create_engine
from ccat_ops_db.settings import synchronous

from ..small_observatory import WrongClock

CONTENTS = {"2026/a.fits": b"a" * 10_000, "2026/b.fits": b"b" * 10_000}


@pytest.fixture
def creation(observatory: Any) -> Any:
    """The work of making a package, scheduled, its message in the mailbox."""
    observatory.observe(CONTENTS)
    observatory.planner.run_pass()
    [row] = observatory.rows(PackageCreation)
    assert row.status is Status.SCHEDULED
    return row


def take(observatory: Any, row: Any, owner: str = "somebody") -> Lease | None:
    with observatory.sessions.begin() as session:
        return acquire(
            session,
            Operation.PACKAGE_CREATION,
            row.id,
            owner,
            timedelta(seconds=observatory.settings.lease),
            observatory.clock.now,
        )


def attempt_with(observatory: Any, right: Lease, **changed: Any) -> Attempt:
    return Attempt(
        right,
        replace(
            observatory.world_with(clock=changed.pop("clock", None)),
            sessions=changed.pop("sessions", observatory.sessions),
        ),
        observatory.settings.model_copy(update=changed),
        observatory.stopping,
        observatory.clock.monotonic(),
    )


def test_of_two_workers_at_once_one_gets_the_row(observatory: Any, creation: Any) -> None:
    barrier, leases = threading.Barrier(2), []

    def compete(owner: str) -> None:
        barrier.wait()
        leases.append(take(observatory, creation, owner))

    workers = [threading.Thread(target=compete, args=(f"worker-{n}",)) for n in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sum(lease is not None for lease in leases) == 1
    [row] = observatory.rows(PackageCreation)
    assert row.fencing == 1


def test_a_stale_worker_is_refused_at_every_stage(observatory: Any, at_crash_points: Any) -> None:
    """It wakes up right before it would write its result, when another has done the work long since."""
    stale: list[str] = []
    outcomes: list[str] = []

    def another_overtakes(name: str) -> None:
        if not name.endswith("before_commit"):
            return
        stale.append(name)
        observatory.clock.advance(observatory.settings.lease + 10)
        waiting, observatory.mailbox.messages = observatory.mailbox.messages, []
        observatory.planner.run_pass()
        outcomes.extend(observatory.deliver(observatory.new_runner("worker-2")))
        observatory.mailbox.messages += waiting

    hook = at_crash_points(another_overtakes)
    observatory.observe(CONTENTS)
    while observatory.planner.run_pass() or observatory.mailbox.messages:
        outcomes += observatory.deliver()
        if observatory.tars_at("cologne.lta") and "staging.before_commit" not in hook.reached:
            observatory.stage(observatory.rows(RawDataPackage)[0])
    assert sorted(stale) == [
        "archiving.before_commit",
        "deleting.before_commit",
        "moving.before_commit",
        "packaging.before_commit",
        "staging.before_commit",
        "verifying.before_commit",
    ]
    assert outcomes.count("lease_lost") == 6
    actions = [event.action for event in observatory.rows(Event)]
    for once in ("package.sealed", "transfer.sent", "archive.written", "package.archived", "staging.done"):
        assert actions.count(once) == 1, once
    assert actions.count("copy.deleted") == 3
    assert observatory.copy_at("cologne.lta").status is PhysicalCopyStatus.VERIFIED
    assert observatory.rows(PhysicalCopyLock) == []


def test_work_is_taken_back_when_its_lease_ran_out_and_not_before(observatory: Any, creation: Any) -> None:
    lease = take(observatory, creation)
    assert lease is not None
    observatory.clock.advance(observatory.settings.lease - 1)
    observatory.planner.run_pass()
    assert observatory.rows(PackageCreation)[0].status is Status.IN_PROGRESS
    observatory.clock.advance(10)
    observatory.planner.run_pass()
    [row] = observatory.rows(PackageCreation)
    assert (row.status, row.attempt, row.interruptions) == (Status.SCHEDULED, 0, 1)
    assert row.lease_owner is None
    with pytest.raises(LeaseLostError), observatory.sessions.begin() as session:
        write(session, lease, bytes_done=1)


def test_work_that_kills_its_workers_waits_longer_each_time_and_is_reported(
    observatory: Any, creation: Any
) -> None:
    pauses = []
    for _ in range(9):
        observatory.planner.run_pass()
        assert take(observatory, creation) is not None
        observatory.clock.advance(observatory.settings.lease + 10)
        observatory.planner.run_pass()
        [row] = observatory.rows(PackageCreation)
        pauses.append(
            (row.next_attempt_at - observatory.clock.now).total_seconds() if row.next_attempt_at else 0
        )
        observatory.clock.advance(pauses[-1] + 1)
    assert pauses[0] == 0
    assert 2.5 <= pauses[1] <= 5
    assert 0 < pauses[-1] <= observatory.settings.back_off_limit
    assert pauses[-1] > pauses[1] * 16
    [error] = observatory.rows(ErrorRecord)
    assert (error.category, error.count, error.severity) == ("worker_lost", 9, Severity.ERROR)
    assert row.attempt == 0


def test_life_without_progress_loses_the_lease(observatory: Any, creation: Any) -> None:
    lease = take(observatory, creation)
    assert lease is not None
    work = attempt_with(observatory, lease, heartbeat=0.01, lease=100_000)
    with work.heartbeat():
        for _ in range(2):
            observatory.clock.advance(observatory.settings.stall_limit * 0.7)
            before = observatory.rows(PackageCreation)[0].bytes_done
            work.moved(1000)
            observatory_reaches(observatory, before + 1000)
        observatory.clock.advance(observatory.settings.stall_limit + 1)
        with pytest.raises(LeaseLostError):
            say_that_it_lives(work)


def observatory_reaches(observatory: Any, bytes_done: int) -> None:
    """Wait for the heartbeat to have written so many bytes."""
    condition = threading.Event()
    for _ in range(3000):
        if observatory.rows(PackageCreation)[0].bytes_done == bytes_done:
            return
        condition.wait(0.01)
    raise AssertionError(f"the heartbeat never wrote {bytes_done}")


def say_that_it_lives(work: Attempt) -> None:
    condition = threading.Event()
    for _ in range(3000):
        work.moved(0)
        condition.wait(0.01)


def test_a_process_that_was_stopped_knows_by_the_clock_that_its_lease_is_over(
    observatory: Any, creation: Any
) -> None:
    lease = take(observatory, creation)
    assert lease is not None
    work = attempt_with(observatory, lease)
    work.moved(1)
    observatory.clock.advance(observatory.settings.lease + 1)
    with pytest.raises(LeaseLostError):
        work.moved(1)


def test_a_worker_that_is_to_stop_hands_its_work_back_at_no_cost(
    observatory: Any, at_crash_points: Any
) -> None:
    def stop(name: str) -> None:
        if name in ("work.leased", "mover.before_send"):
            observatory.stopping.set()

    observatory.observe(CONTENTS)
    hook = at_crash_points(stop)
    outcomes: list[str] = []
    for _ in range(40):
        observatory.planner.run_pass()
        if not observatory.mailbox.messages:
            break
        outcomes += observatory.deliver()
        observatory.stopping.clear()
    assert {"work.leased", "mover.before_send"} <= set(hook.reached)
    assert outcomes.count("handed_back") == 2
    assert observatory.copy_at("cologne.lta").status is PhysicalCopyStatus.VERIFIED
    for model in (PackageCreation, DataTransfer, FixityCheck, LongTermArchiveTransfer, Deletion):
        assert {(row.attempt, row.interruptions) for row in observatory.rows(model)} == {(0, 0)}
    assert observatory.rows(ErrorRecord) == []


def test_messages_may_come_twice_late_or_for_nothing(observatory: Any) -> None:
    observatory.observe(CONTENTS)
    every: list[Any] = []
    for _ in range(40):
        observatory.planner.run_pass()
        if not observatory.mailbox.messages:
            break
        every += observatory.mailbox.messages
        observatory.mailbox.messages *= 2
        outcomes = observatory.deliver()
        assert outcomes.count("done") * 2 == len(outcomes)
    before = [(copy.id, copy.status) for copy in observatory.rows(PhysicalCopy)]
    observatory.mailbox.messages = [*reversed(every), ("q", Operation.TRANSFER, every[0][2])]
    assert set(observatory.deliver()) == {"not_to_be_had"}
    assert [(copy.id, copy.status) for copy in observatory.rows(PhysicalCopy)] == before


class Away:
    """Sessions of a database that can be away."""

    def __init__(self, sessions: Callable[[], Any]) -> None:
        self._sessions: Any = sessions
        self.away = False

    def __call__(self) -> Any:
        self._answer()
        return self._sessions()

    @contextmanager
    def begin(self) -> Iterator[Any]:
        self._answer()
        with self._sessions.begin() as session:
            yield session

    def _answer(self) -> None:
        if self.away:
            raise OperationalError("SELECT 1", {}, Exception("connection refused"))


def test_a_database_that_is_away_for_a_while_costs_no_lease(observatory: Any, creation: Any) -> None:
    lease = take(observatory, creation)
    assert lease is not None
    sessions = Away(observatory.sessions)
    work = attempt_with(observatory, lease, heartbeat=0.01, sessions=sessions)
    with work.heartbeat():
        sessions.away = True
        observatory.clock.advance(observatory.settings.lease * 0.6)
        work.moved(500)
        sessions.away = False
        observatory_reaches(observatory, 500)
        observatory.clock.advance(observatory.settings.lease * 0.6)
        work.moved(500)
        observatory_reaches(observatory, 1000)


def test_a_connection_that_breaks_under_the_heartbeat_is_replaced(observatory: Any, creation: Any) -> None:
    lease = take(observatory, creation)
    assert lease is not None
    work = attempt_with(observatory, lease, heartbeat=0.01)
    with work.heartbeat():
        work.moved(500)
        observatory_reaches(observatory, 500)
        terminate_all(observatory)
        observatory.clock.advance(observatory.settings.lease * 0.5)
        work.moved(500)
        observatory_reaches(observatory, 1000)


def terminate_all(observatory: Any) -> None:
    """Cut every connection to the database but the one that does it."""
    with observatory.engine.connect() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
    observatory.engine.dispose()


def test_a_database_that_is_away_at_the_end_leaves_the_work_to_another(
    observatory: Any, creation: Any, at_crash_points: Any
) -> None:
    sessions: Any = Away(observatory.sessions)
    world = replace(observatory.world, sessions=sessions)
    runner = WorkRunner(world, observatory.settings, "worker-1", observatory.stopping)

    def cut(name: str) -> None:
        sessions.away = name == "packaging.before_commit"

    at_crash_points(cut)
    assert observatory.deliver(runner) == ["database_away"]
    assert runner.run(Operation.PACKAGE_CREATION, creation.id) == "database_away"
    assert observatory.rows(PackageCreation)[0].status is Status.IN_PROGRESS
    observatory.clock.advance(observatory.settings.lease + 10)
    observatory.run()
    assert observatory.copy_at("cologne.lta").status is PhysicalCopyStatus.VERIFIED


@pytest.mark.parametrize("ahead", [timedelta(hours=2), timedelta(hours=-2)])
def test_a_fast_clock_takes_no_living_lease(observatory: Any, creation: Any, ahead: timedelta) -> None:
    """Neither a worker nor a planner on a machine with a wrong clock judges the lease of another."""
    lease = take(observatory, creation, "worker-1")
    assert lease is not None
    clock = WrongClock(observatory.clock, ahead)
    wrong = observatory.new_runner("worker-2", clock)
    observatory.new_planner(clock).run_pass()
    assert wrong.run(Operation.PACKAGE_CREATION, creation.id) == "not_to_be_had"
    [row] = observatory.rows(PackageCreation)
    assert (row.status, row.lease_owner, row.interruptions) == (Status.IN_PROGRESS, "worker-1", 0)
    # When it has run out by the time of the database, it is taken, whatever the clock says.
    observatory.clock.advance(observatory.settings.lease + 1)
    assert wrong.run(Operation.PACKAGE_CREATION, creation.id) == "done"
    [row] = observatory.rows(PackageCreation)
    assert row.worker_clock - row.started_at == ahead
    assert row.finished_at == observatory.clock.now
    with pytest.raises(LeaseLostError), observatory.sessions.begin() as session:
        write(session, lease, bytes_done=1)


def test_a_worker_with_a_wrong_clock_keeps_its_own_lease(observatory: Any, creation: Any) -> None:
    clock = WrongClock(observatory.clock, timedelta(hours=-2))
    lease = take(observatory, creation)
    assert lease is not None
    work = attempt_with(observatory, lease, clock=clock, heartbeat=0.01)
    with work.heartbeat():
        observatory.clock.advance(observatory.settings.lease * 0.6)
        work.moved(500)
        observatory_reaches(observatory, 500)
        observatory.clock.advance(observatory.settings.lease * 0.6)
        observatory.planner.run_pass()
        assert observatory.rows(PackageCreation)[0].status is Status.IN_PROGRESS


@pytest.mark.needs_mount
def test_a_suspended_worker_knows(observatory: Any, creation: Any) -> None:
    """The span of a clock goes on in suspend, so that whoever slept longer than its lease stops by itself."""
    slept = 100_000
    # To a process in a time namespace its machine has slept this long since it was started.
    told = subprocess.run(
        [
            *("unshare", "--map-root-user", "--time", "--boottime", str(slept), sys.executable, "-c"),
            "import time; from ccat_ops_db.clock import SystemClock;"
            " print(SystemClock().monotonic() - time.monotonic())",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert float(told.stdout) > slept - 10
    lease = take(observatory, creation)
    assert lease is not None
    work = attempt_with(observatory, lease)
    observatory.clock.advance(observatory.settings.lease + 1)
    with pytest.raises(LeaseLostError):
        work.moved(1)


def put_back(observatory: Any, model: Any, row: Any) -> None:
    """Write a row as it was before its worker came, as restoring a backup does: past the life cycle."""
    with observatory.sessions.begin() as session:
        guard = "ALTER TABLE {0} {1} TRIGGER {0}_life_cycle"
        session.execute(text(guard.format(model.__tablename__, "DISABLE")))
        session.execute(
            update(model)
            .where(model.id == row.id)
            .values(
                status=Status.SCHEDULED,
                fencing=row.fencing - 1,
                lease_owner=None,
                lease_expires_at=None,
            )
        )
        session.execute(text(guard.format(model.__tablename__, "ENABLE")))


RESTORED = ("packaging", "moving", "verifying", "archiving", "staging", "deleting")


@pytest.mark.parametrize("stage", RESTORED)
def test_a_restored_database_meets_an_old_worker(observatory: Any, at_crash_points: Any, stage: str) -> None:
    """It gives out fencing numbers again: an old worker and a new one hold the same, and one is refused."""
    new: list[Lease] = []

    def restore(name: str) -> None:
        if name != f"{stage}.before_commit" or new:
            return
        [(kind, row)] = [
            (kind, row)
            for kind in KINDS.values()
            for row in observatory.rows(kind.table, status=Status.IN_PROGRESS)
        ]
        put_back(observatory, kind.table, row)
        with observatory.sessions.begin() as session:
            at, duration = observatory.clock.now, timedelta(seconds=observatory.settings.lease)
            lease = acquire(session, kind.operation, row.id, "worker-2", duration, at)
        assert lease is not None
        assert lease.fencing == row.fencing
        new.append(lease)

    at_crash_points(restore)
    observatory.observe(CONTENTS)
    outcomes: list[str] = []
    for _ in range(60):
        observatory.planner.run_pass()
        if stage == "staging" and observatory.tars_at("cologne.lta") and not observatory.rows(StagingItem):
            observatory.stage(observatory.rows(RawDataPackage)[0])
        outcomes += observatory.deliver()
        if outcomes.count("lease_lost") == len(new) == 1:
            [row] = observatory.rows(KINDS[new[0].operation].table, id=new[0].work_id)
            assert (row.lease_owner, row.fencing) == ("worker-2", new[0].fencing)
            break
    with observatory.sessions.begin() as session:
        confirm(session, new[0], timedelta(seconds=observatory.settings.lease))
        write(session, new[0], bytes_done=1)
    # The new one is lost in turn; a third does it all.
    observatory.clock.advance(observatory.settings.lease + 1)
    observatory.run()
    assert observatory.copy_at("cologne.lta").status is PhysicalCopyStatus.VERIFIED
    assert observatory.rows(PhysicalCopyLock) == []
    actions = [event.action for event in observatory.rows(Event)]
    for once in ("package.sealed", "transfer.sent", "archive.written", "package.archived"):
        assert actions.count(once) == 1, once


def test_a_lease_that_is_about_to_end_is_not_confirmed(observatory: Any, creation: Any) -> None:
    lease, duration = take(observatory, creation), timedelta(seconds=observatory.settings.lease)
    assert lease is not None
    with observatory.sessions() as session:
        confirm(session, lease, duration)
        observatory.clock.advance(observatory.settings.lease - 9)
        with pytest.raises(LeaseLostError):
            confirm(session, lease, duration)
        # A short one needs less.
        confirm(session, lease, timedelta(seconds=12))


def test_a_lock_that_is_not_free_at_the_end_is_asked_again(
    make_observatory: Callable[[Engine], Any], ops_database: str, at_crash_points: Any
) -> None:
    """All bytes are read by then: they are not read again because somebody looks at the copy."""
    engine = create_engine(
        synchronous(ops_database), limits=SessionLimits(lock_timeout=0.05, statement_timeout=30)
    )
    observatory = make_observatory(engine)
    other = create_engine(synchronous(ops_database)).connect()
    refused: list[str] = []

    def hold(name: str) -> None:
        if name == "verifying.before_commit" and not other.in_transaction():
            other.execute(text("SELECT id FROM physical_copy ORDER BY id FOR UPDATE"))

    @event.listens_for(engine, "handle_error")
    def let_go(context: ExceptionContext) -> None:
        refused.append(sqlstate(context.original_exception) or "")
        if len(refused) == 2:
            other.rollback()

    at_crash_points(hold)
    observatory.observe(CONTENTS)
    observatory.run_until(lambda: observatory.rows(FixityCheck) != [])
    assert observatory.deliver() == ["done"]
    assert refused == ["55P03", "55P03"]
    assert observatory.copy_at("cologne.buffer").status is PhysicalCopyStatus.VERIFIED
    other.close()
    other.engine.dispose()
    engine.dispose()


def test_lease_tags_tell_number_and_owner() -> None:
    first = Lease(Operation.DELETION, UUID(int=1), "worker-1", 7)
    assert re.fullmatch("7-[0-9a-f]{8}", first.tag)
    assert first.tag != Lease(Operation.DELETION, UUID(int=1), "worker-2", 7).tag
    assert len({process_name() for _ in range(3)}) == 3
