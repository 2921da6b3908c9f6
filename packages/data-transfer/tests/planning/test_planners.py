"""Planners: any number at once plan everything once; they wake by notification and survive what fails."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
import structlog
from sqlalchemy import create_engine, event, text

from ccat_data_transfer.planning import planner as planner_module
from ccat_data_transfer.planning.planner import Planner
from ccat_data_transfer.work.hand import wake_planners
from ccat_ops_db.models import DataLocation, PackageCreation, RawDataFile, RawDataPackage
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
    assert {file.raw_data_package_id for file in observatory.rows(RawDataFile)} == {p.id for p in packages}


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
    engine = create_engine(synchronous(ops_database), pool_size=1, max_overflow=0)
    planner = Planner(engine, observatory.mailbox, observatory.clock, observatory.settings)
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


def test_a_planner_sleeps_until_it_is_woken_and_ends_when_told(observatory: Any, ops_database: str) -> None:
    engine = create_engine(synchronous(ops_database), connect_args={"options": "-c timezone=UTC"})
    passes: list[int] = []
    woken = threading.Event()

    class Counting(Planner):
        def run_pass(self) -> int:
            passes.append(super().run_pass())
            woken.set()
            return passes[-1]

    planner = Counting(
        engine, observatory.mailbox, observatory.clock, observatory.settings.model_copy(update={"tick": 3600})
    )
    stopping = threading.Event()
    thread = threading.Thread(target=planner.run, args=(stopping,))
    thread.start()
    try:
        wait_until(lambda: len(passes) == 1)
        observatory.observe({"2026/a.fits": b"x"})
        assert len(passes) == 1, "it does not look without being woken"
        with observatory.sessions.begin() as session:
            wake_planners(session)
        wait_until(lambda: observatory.mailbox.messages != [])
        # All its connections are cut: it opens others and goes on.
        before = len(passes)
        with observatory.engine.connect() as connection:
            connection.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND query ILIKE 'LISTEN%'"
                )
            )
        wait_until(lambda: len(passes) > before)
    finally:
        stopping.set()
        thread.join(timeout=10)
    assert not thread.is_alive()
    engine.dispose()


@pytest.mark.xfail(
    strict=True,
    raises=AssertionError,
    reason="f6: a transaction that somebody forgot stops all planning, for as long as it is open",
)
def test_a_forgotten_transaction_delays_its_own_rows_only(observatory: Any) -> None:
    observatory.change(DataLocation, "cologne.buffer", retention_policy_id=None)
    observatory.observe({"2026/a.fits": b"a" * 5000})
    observatory.run()
    observatory.change(DataLocation, "cologne.buffer", retention_policy_id="when-archived")
    with observatory.engine.connect() as forgotten:
        forgotten.execute(text("SELECT id FROM physical_copy FOR UPDATE"))
        planning = threading.Thread(target=observatory.new_planner().run_pass, daemon=True)
        planning.start()
        planning.join(4)
        observatory.observe({"2026/b.fits": b"b" * 5000})
        observatory.new_planner().run_pass()
        planned = len(observatory.rows(PackageCreation))
        forgotten.rollback()
    planning.join(30)
    assert planned == 2
