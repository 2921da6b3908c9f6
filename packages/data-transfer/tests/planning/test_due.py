"""A pass costs what is due, whatever exists; and what is wrong with one row stops nothing else."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine
from sqlalchemy.orm import Session

from ccat_data_transfer.planning import packaging
from ccat_data_transfer.planning.planner import Planner
from ccat_ops_db.models import DataLocation, ErrorRecord
from ccat_ops_db.settings import synchronous

from ..many_rows import (
    add_files_at_a_source,
    add_packages_behind_a_route,
    add_packages_in_dry_run,
    add_unpackaged_files,
    rows_read,
)
from ..trouble import close_route, keep_everything, packages

FEW, MANY = 50, 1000


@pytest.fixture
def one_connection(ops_database: str) -> Iterator[Engine]:
    # Of few rows PostgreSQL reads whole tables where of many it asks an index: as if there were always many.
    options = {"options": "-c enable_seqscan=off"}
    engine = create_engine(synchronous(ops_database), pool_size=1, max_overflow=0, connect_args=options)
    yield engine
    engine.dispose()


@pytest.fixture
def read_by_a_pass(observatory: Any, one_connection: Engine) -> Callable[[], int]:
    """Tell how many rows a pass reads that finds nothing to do."""
    planner = Planner(observatory.world_with(engine=one_connection), observatory.settings)

    def read() -> int:
        planner.run_pass()
        before = rows_read(one_connection)
        planner.run_pass()
        return rows_read(one_connection) - before

    return read


def assert_costs_nothing(read_by_a_pass: Callable[[], int], add: Callable[[int], None]) -> None:
    """Compare a pass over few rows that are not due with one over many."""
    add(FEW)
    few = read_by_a_pass()
    add(MANY)
    assert read_by_a_pass() - few < 200


@pytest.mark.xfail(
    strict=True, raises=AssertionError, reason="g4: each pass looks at all files that stay at their source"
)
def test_files_that_stay_cost_nothing(observatory: Any, read_by_a_pass: Any) -> None:
    observatory.observe({"2026/a.fits": b"a"})
    observatory.run()
    observatory.change(DataLocation, "ccat.raw", retention_policy_id=None)
    assert_costs_nothing(read_by_a_pass, lambda count: add_files_at_a_source(observatory, count))


@pytest.mark.xfail(
    strict=True, raises=AssertionError, reason="g5: each pass looks at all packages that a dry run keeps"
)
def test_packages_in_dry_run_cost_nothing(observatory: Any, read_by_a_pass: Any) -> None:
    keep_everything(observatory)
    observatory.observe({"2026/a.fits": b"a"})
    observatory.run()
    assert_costs_nothing(read_by_a_pass, lambda count: add_packages_in_dry_run(observatory, count))


@pytest.mark.xfail(
    strict=True, raises=AssertionError, reason="g6: each pass looks at all packages behind a closed route"
)
def test_packages_behind_a_closed_route_cost_nothing(observatory: Any, read_by_a_pass: Any) -> None:
    observatory.observe({"2026/a.fits": b"a"})
    observatory.run()
    close_route(observatory, "ccat-cologne", "the cable is cut")
    assert_costs_nothing(read_by_a_pass, lambda count: add_packages_behind_a_route(observatory, count // 4))


def test_files_of_a_running_execution_cost_nothing(observatory: Any, read_by_a_pass: Any) -> None:
    observatory.file(observatory.start(), {"2026/a.fits": b"a"})
    assert_costs_nothing(read_by_a_pass, lambda count: add_unpackaged_files(observatory, count))


def test_a_row_without_a_worker_is_called_less_and_less(observatory: Any) -> None:
    observatory.observe({"2026/a.fits": b"a"})
    for _ in range(20):
        observatory.planner.run_pass()
        observatory.clock.advance(15.1)
    assert 2 <= len(observatory.mailbox.messages) <= 8


def test_one_poisonous_row(make_observatory: Any, one_connection: Engine) -> None:
    observatory = make_observatory(one_connection)
    poisoned = observatory.start()
    observatory.file(poisoned, {"2026\\a.fits": b"a"})
    observatory.finish(poisoned)
    for number in range(2):
        observatory.observe({f"2026/{number}.fits": b"x"})
    for _ in range(3):
        observatory.planner.run_pass()
    assert [package for package in packages(observatory) if package.executed_obs_unit_id != poisoned] != []
    [error] = [one for one in observatory.rows(ErrorRecord) if one.resolved_at is None]
    assert (error.category, error.subject_type, error.subject_id, error.count) == (
        "cannot_be_planned",
        "executed_obs_unit",
        str(poisoned),
        3,
    )
    assert "2026\\a.fits" in error.message


def test_what_failed_in_the_planner_is_over_when_it_does_not_fail_any_more(
    observatory: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever failed: its remains are undone, and people see none of what it said."""
    real = packaging._form_packages

    def fail(session: Session, *args: Any, **options: Any) -> int:
        real(session, *args, **options)
        raise KeyError("SELECT secret")

    observatory.observe({"2026/a.fits": b"a"})
    monkeypatch.setattr(packaging, "_form_packages", fail)
    observatory.planner.run_pass()
    assert packages(observatory) == []
    [error] = observatory.rows(ErrorRecord)
    assert "KeyError" in error.message
    assert "SELECT" not in error.message
    monkeypatch.undo()
    observatory.planner.run_pass()
    assert len(packages(observatory)) == 1
    observatory.clock.advance(301)
    observatory.planner.run_pass()
    assert [error.resolved_at is not None for error in observatory.rows(ErrorRecord)] == [True]
