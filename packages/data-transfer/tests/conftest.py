"""Fixtures of the transfer engine's tests."""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import structlog
from sqlalchemy import Engine, create_engine

from ccat_data_transfer import crash_points
from ccat_dev_stack.restored_database import RestoredDatabase
from ccat_dev_stack.services.postgresql import Postgresql
from ccat_dev_stack.testing import NewDatabase, process_database
from ccat_ops_db.settings import synchronous

from .lock_order import LockOrder
from .small_observatory import CrashPointHook, SmallObservatory

_KEPT = "engine of the tests"
"""Name of the sessions that stay open from test to test."""


class _Databases:
    """One engine for the databases of all tests, one at a time: what it compiled once it keeps."""

    def __init__(self) -> None:
        self.url = ""
        # The last used first: what its session knows of the database serves the next.
        self.engine = create_engine(
            "postgresql+psycopg://", creator=self._connect, pool_size=20, pool_use_lifo=True
        )

    def _connect(self) -> psycopg.Connection[Any]:
        url = synchronous(self.url).set(drivername="postgresql").render_as_string(hide_password=False)
        connection = psycopg.connect(url, options="-c timezone=UTC", application_name=_KEPT)
        connection.prepared_max = 1000
        return connection


@pytest.fixture(scope="session")
def lock_order() -> LockOrder:
    """Looks in which order the transactions of all tests lock."""
    return LockOrder()


@pytest.fixture(scope="session")
def _databases(lock_order: LockOrder) -> _Databases:
    databases = _Databases()
    lock_order.watch(databases.engine)
    return databases


@pytest.fixture(scope="session")
def _observatory_database(
    postgresql_server: Postgresql,
    migrated_template: str,
    tmp_path_factory: pytest.TempPathFactory,
    _databases: _Databases,
) -> Iterator[RestoredDatabase]:
    """A database with an observatory to which nothing happened yet."""
    with process_database(postgresql_server, migrated_template) as url:
        _databases.url = url
        SmallObservatory(_databases.engine, tmp_path_factory.mktemp("observatory"))
        database = RestoredDatabase(url)
        yield database
        database.close()
        _databases.engine.dispose()


@pytest.fixture
def ops_database(request: pytest.FixtureRequest, new_database: NewDatabase, migrated_template: str) -> str:
    """URL of a fresh database with the newest schema; that of the observatory, if the test has one."""
    if "observatory" in request.fixturenames:
        return _as_it_was(
            request.getfixturevalue("_observatory_database"), request.getfixturevalue("_databases")
        )
    return new_database(template=migrated_template)


@pytest.fixture
def observatory(
    ops_database: str, tmp_path: Path, _databases: _Databases, lock_order: LockOrder
) -> Iterator[SmallObservatory]:
    with structlog.testing.capture_logs() as entries:
        observatory = SmallObservatory(_databases.engine, tmp_path, copied=True)
        yield observatory
    observatory.clock.stand()
    assert "\n\n".join(lock_order.take()) == ""
    for entry in entries:
        print(entry)
    failed = [entry for entry in entries if entry["event"] == "planner.stage_failed"]
    for entry in failed:
        raise AssertionError(f"{entry['stage']} failed") from entry["exc_info"]


@pytest.fixture
def make_observatory(tmp_path: Path) -> Callable[[Engine], SmallObservatory]:
    """Make an observatory in a database of the test's own."""
    return lambda engine: SmallObservatory(engine, tmp_path)


@pytest.fixture
def new_observatory(
    _observatory_database: RestoredDatabase, tmp_path: Path, _databases: _Databases
) -> Iterator[Callable[[], SmallObservatory]]:
    """Make one observatory after the other."""
    number = itertools.count()

    def make() -> SmallObservatory:
        _as_it_was(_observatory_database, _databases)
        return SmallObservatory(_databases.engine, tmp_path / str(next(number)), copied=True)

    with structlog.testing.capture_logs() as entries:
        yield make
    for entry in [entry for entry in entries if entry["event"] == "planner.stage_failed"]:
        raise AssertionError(f"{entry['stage']} failed") from entry["exc_info"]


@pytest.fixture
def at_crash_points(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[str], None]], CrashPointHook]:
    """Have a function called at every place where a process could be made to die, once each."""

    def install(at: Callable[[str], None]) -> CrashPointHook:
        hook = CrashPointHook(at)
        monkeypatch.setattr(crash_points, "_armed", hook)
        return hook

    return install


def _as_it_was(database: RestoredDatabase, databases: _Databases) -> str:
    if database.end_sessions(but=_KEPT):
        databases.engine.dispose()
    database.restore()
    databases.url = database.url
    return database.url
