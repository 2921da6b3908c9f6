"""Planners: any number at once plan all once; they wake when a state changes and survive what fails."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy
import structlog
from sqlalchemy import Engine, event, text

from ccat_data_transfer.cli.context import PLANNER_LIMITS, WORKER_LIMITS
from ccat_data_transfer.planning import planner as planner_module
from ccat_data_transfer.planning.planner import Planner
from ccat_ops_db.clock import SystemClock
from ccat_ops_db.enumerations import Status
from ccat_ops_db.models import (
    DataTransfer,
    Deletion,
    FixityCheck,
    PackageCreation,
    PhysicalCopy,
    RawDataFileView,
    RawDataPackage,
)
from ccat_ops_db.session import create_engine
from ccat_ops_db.settings import synchronous


def wait_until(done: Callable[[], bool]) -> None:
    pause = threading.Event()
    for _ in range(1500):
        if done():
            return
        pause.wait(0.02)
    raise AssertionError("it did not happen in 30 seconds")


def test_two_planners_at_once_plan_everything_once(observatory: Any) -> None:
    for number in range(12):
        observatory.observe({f"2026/{number}.fits": b"x"})
    barrier = threading.Barrier(2)

    def plan() -> None:
        planner = observatory.new_planner()
        barrier.wait()
        for _ in range(3):
            planner.run_pass()

    planners = [threading.Thread(target=plan) for _ in range(2)]
    for thread in planners:
        thread.start()
    for thread in planners:
        thread.join()
    packages = observatory.rows(RawDataPackage)
    assert len(packages) == len(observatory.rows(PackageCreation)) == 12
    assert {file.raw_data_package_id for file in observatory.rows(RawDataFileView)} == {
        p.id for p in packages
    }


def test_a_planner_that_loses_its_connection_writes_nothing_more_and_blocks_nobody(observatory: Any) -> None:
    observatory.observe({"2026/a.fits": b"x"})
    stages = planner_module.STAGES

    def cut(session: Any, topology: Any) -> int:
        """End whichever connection holds the lock of the telescope's site."""
        with observatory.engine.connect() as other:
            other.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_locks JOIN pg_database ON oid = database"
                    " WHERE locktype = 'advisory' AND datname = current_database()"
                )
            )
            other.commit()
        return 0

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(planner_module, "STAGES", (cut, *stages))
        with pytest.raises(Exception, match=r"terminat|closed"):
            observatory.planner.run_pass()
        assert observatory.rows(RawDataPackage) == []
    # Its locks went with its connection: another plans at once.
    assert observatory.new_planner().run_pass() > 0
    assert len(observatory.rows(RawDataPackage)) == 1


def test_a_stage_that_fails_does_not_stop_the_others(
    observatory: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def divide(session: Any, topology: Any) -> int:
        session.execute(text("SELECT 1 / 0"))
        return 0

    def time_out(session: Any, topology: Any) -> int:
        session.execute(text("SET LOCAL statement_timeout = 1"))
        session.execute(text("SELECT pg_sleep(10)"))
        return 0

    monkeypatch.setattr(planner_module, "STAGES", (divide, time_out, *planner_module.STAGES))
    observatory.observe({"2026/a.fits": b"x"})
    with structlog.testing.capture_logs() as entries:
        observatory.planner.run_pass()
    failed = [entry["stage"] for entry in entries if entry["event"] == "planner.stage_failed"]
    assert failed == ["divide", "time_out"]
    assert len(observatory.mailbox.messages) == 1


def test_what_each_pass_asks_is_planned_by_the_database_only_at_first(
    observatory: Any, ops_database: str
) -> None:
    # One connection for all: what a pass decides goes through the one that holds its locks.
    engine = sqlalchemy.create_engine(synchronous(ops_database), pool_size=1, max_overflow=0)
    planner = Planner(observatory.world_with(engine=engine), observatory.settings)
    for _ in range(8):
        assert planner.run_pass() == 0
    asked = set()

    def note(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        asked.add(statement)

    event.listen(engine, "before_cursor_execute", note)
    planner.run_pass()
    event.remove(engine, "before_cursor_execute", note)
    with engine.connect() as connection:
        prepared = connection.scalars(text("SELECT statement FROM pg_prepared_statements")).all()
    engine.dispose()
    assert len(asked) > 1
    assert len(prepared) == len(asked), prepared


class CountingPlanner(Planner):
    """Runs in a thread and counts its passes; its tick is an hour, so that only what changes wakes it."""

    def __init__(self, url: str, observatory: Any, *sites: str) -> None:
        self.engine = create_engine(synchronous(url))
        settings = observatory.settings.model_copy(update={"tick": 3600, "sites": list(sites)})
        super().__init__(observatory.world_with(engine=self.engine, clock=SystemClock()), settings)
        self.looks = self.passes = 0
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self.run, args=(self._stopping,))

    def run_pass(self) -> int:
        touched = super().run_pass()
        self.passes += 1
        return touched

    def _something_changed(self) -> bool:
        changed = super()._something_changed()
        self.looks += 1
        return changed

    def wait_for_quiet(self) -> None:
        """Wait until it has looked some times without a reason for a pass."""
        before = -1, -1

        def quiet() -> bool:
            nonlocal before
            if self.passes != before[0]:
                before = self.passes, self.looks
            return self.passes > 0 and self.looks >= before[1] + 5

        wait_until(quiet)

    def wait_for_more_than(self, passes: int) -> None:
        wait_until(lambda: self.passes > passes)

    def __enter__(self) -> "CountingPlanner":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join(timeout=10)
        assert not self._thread.is_alive()
        self.engine.dispose()


def test_a_planner_sleeps_until_a_state_changes_and_ends_when_told(
    observatory: Any, ops_database: str
) -> None:
    with CountingPlanner(ops_database, observatory) as planner:
        planner.wait_for_quiet()
        observatory.observe({"2026/a.fits": b"x"})
        wait_until(lambda: observatory.mailbox.messages != [])
        # What it passes over does not keep it awake.
        planner.wait_for_quiet()
        # All its connections are cut: it opens others and goes on.
        with observatory.engine.connect() as connection:
            connection.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            )
        observatory.engine.dispose()
        before = len(observatory.mailbox.messages)
        observatory.observe({"2026/b.fits": b"x"})
        wait_until(lambda: len(observatory.mailbox.messages) > before)


def test_planners_of_several_sites_wake_whoever_of_them_takes_the_keys(
    observatory: Any, ops_database: str
) -> None:
    with (
        CountingPlanner(ops_database, observatory, "ccat") as telescope,
        CountingPlanner(ops_database, observatory, "cologne") as archive,
    ):
        for _ in range(3):
            telescope.wait_for_quiet()
            archive.wait_for_quiet()
            before = telescope.passes, archive.passes
            observatory.start()
            for planner, passes in zip((telescope, archive), before, strict=True):
                planner.wait_for_more_than(passes)


@dataclass
class Forgotten:
    """A transaction that somebody forgot, which keeps all rows of one observation for itself."""

    engine: Engine
    execution: UUID

    def __post_init__(self) -> None:
        self._connection = self.engine.connect()
        self._pid = self._connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
        self.waited_for = False
        self._watch = threading.Timer(120, self._end_it)

    def __enter__(self) -> "Forgotten":
        for statement in LOCKS:
            self._connection.execute(text(statement + " FOR UPDATE"), {"execution": self.execution})
        self._watch.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._watch.cancel()
        self._connection.rollback()
        self._connection.close()

    def _end_it(self) -> None:
        """End it from outside, so that a planner that waits for ever fails the test and does not hang."""
        self.waited_for = True
        with self.engine.connect() as other:
            other.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": self._pid})


_PACKAGES = (
    "SELECT id FROM raw_data_package WHERE raw_data_series_id IN"
    " (SELECT id FROM raw_data_series WHERE executed_obs_unit_id = :execution)"
)
_COPIES = (
    f"SELECT id FROM physical_copy WHERE raw_data_package_id IN ({_PACKAGES}) OR raw_data_file_id IN"
    " (SELECT id FROM raw_data_file_view WHERE executed_obs_unit_id = :execution)"
)
LOCKS = (
    _COPIES,
    "SELECT 1 FROM executed_obs_unit_module WHERE executed_obs_unit_id = :execution",
    "SELECT 1 FROM raw_data_series WHERE executed_obs_unit_id = :execution",
    _PACKAGES,
    *(
        f"SELECT 1 FROM {table} WHERE raw_data_package_id IN ({_PACKAGES})"
        for table in (
            "package_creation",
            "data_transfer",
            "long_term_archive_transfer",
            "staging_item",
            "deletion",
        )
    ),
    f"SELECT 1 FROM fixity_check WHERE physical_copy_id IN ({_COPIES})",
)


def has_status(observatory: Any, model: Any, *status: Status) -> bool:
    return any(row.status in status for row in observatory.rows(model))


MOMENTS: dict[str, Callable[[Any], bool]] = {
    "filed": lambda o: True,
    "to be made": lambda o: has_status(o, PackageCreation, Status.PENDING, Status.SCHEDULED),
    "made": lambda o: has_status(o, PackageCreation, Status.COMPLETED),
    "to be sent": lambda o: has_status(o, DataTransfer, Status.SCHEDULED),
    "sent": lambda o: any(row.sent_at for row in o.rows(DataTransfer)),
    "arrived": lambda o: has_status(o, FixityCheck, Status.SCHEDULED),
    "verified": lambda o: has_status(o, FixityCheck, Status.COMPLETED),
    "archived": lambda o: o.tars_at("cologne.lta") != [],
    "to be deleted": lambda o: has_status(o, Deletion, Status.PENDING, Status.SCHEDULED),
}


ALWAYS_TRIED = ("sent",)
"""All moments are tried in the long run."""


@pytest.mark.parametrize(
    "moment",
    [
        moment if moment in ALWAYS_TRIED else pytest.param(moment, marks=pytest.mark.long)
        for moment in MOMENTS
    ],
)
def test_a_forgotten_transaction_delays_its_own_rows_only(
    make_observatory: Callable[[Engine], Any], ops_database: str, moment: str
) -> None:
    engine = create_engine(synchronous(ops_database), pool_size=10, limits=WORKER_LIMITS)
    without_limits = create_engine(synchronous(ops_database))
    planning = create_engine(synchronous(ops_database), pool_size=2, limits=PLANNER_LIMITS)
    observatory = make_observatory(engine)
    observatory.planner = Planner(observatory.world_with(engine=planning), observatory.settings)
    held = observatory.start()
    observatory.file(held, {"2026/held.fits": b"h" * 1000})
    if moment != "filed":
        observatory.finish(held)
        observatory.run_until(lambda: MOMENTS[moment](observatory))
    else:
        observatory.finish(held)
    with Forgotten(without_limits, held) as forgotten, structlog.testing.capture_logs() as entries:
        other = observatory.observe({"2026/other.fits": b"o" * 1000})
        for _ in range(60):
            observatory.planner.run_pass()
            observatory.deliver()
            if removed_at_source(observatory, other):
                break
        assert not forgotten.waited_for
    assert removed_at_source(observatory, other)
    assert [entry for entry in entries if entry["event"] == "planner.stage_failed"] == []
    assert not removed_at_source(observatory, held)
    observatory.clock.advance(3600)
    observatory.run()
    assert removed_at_source(observatory, held)
    for each in (engine, planning, without_limits):
        each.dispose()


def removed_at_source(observatory: Any, execution: UUID) -> bool:
    """Tell whether an observation came to the end of its way: archived, and removed where it was made."""
    packages = observatory.rows(RawDataPackage, executed_obs_unit_id=execution)
    removed = {
        copy.raw_data_package_id
        for copy in observatory.rows(PhysicalCopy, data_location_id="ccat.raw", status="deleted")
    }
    return packages != [] and {package.id for package in packages} <= removed
