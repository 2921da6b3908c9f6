"""Pytest fixtures with real PostgreSQL, Redis and S3 (plugin ``ccat-testing``, loaded by itself).

========================  ==============================================================================
fixture                   gives
========================  ==============================================================================
``new_database``          function: URL of a fresh database, empty or a copy of a template
``postgresql_url``        URL of a fresh empty database
``ops_database``          URL of a fresh database with the newest schema
``redis_url``             URL of an empty Redis database that no other test process uses
``s3``                    endpoint, credentials and a fresh bucket
``own_postgresql``        a stopped PostgreSQL server of the test's own, to be started, killed, restarted
``own_redis``             the same for Redis
========================  ==============================================================================

Servers are shared by all workers and runs of a checkout (see `ccat_dev_stack.shared_services`); databases,
Redis databases and buckets are not, and are gone at the end of the test. What a killed run left is cleared by
the next.

With ``-n`` the tests are given to processes as `ccat_dev_stack.distribution` says.
"""

import contextlib
import fcntl
import gc
import hashlib
import itertools
import os
import secrets
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Protocol

import psycopg
import pytest
import redis
from psycopg import sql

from ccat_dev_stack import ports, processes
from ccat_dev_stack import shared_services as shared
from ccat_dev_stack.locks import locked
from ccat_dev_stack.services import Service, start_detached
from ccat_dev_stack.services.postgresql import Postgresql
from ccat_dev_stack.services.redis import Redis
from ccat_dev_stack.shared_services import POSTGRESQL_SETTINGS, SharedServices
from ccat_dev_stack.small_disk import can_mount

# Of older states of the schema; other runs may be using them at this moment.
_KEPT_TEMPLATES = 5

_GARBAGE_THRESHOLDS = (50_000, 20, 20)
"""Looking as often as Python does by itself takes a tenth of the time of tests that handle many objects."""

_NEEDS_MOUNT = "needs_mount"

_numbers = itertools.count(1)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Know the settings of `ccat_dev_stack.distribution`."""
    parser.addini("in_one_process", "beginnings of ids of tests that run in one process", "linelist", [])
    parser.addini("started_first", "beginnings of ids of tests that take long", "linelist", [])


def pytest_configure(config: pytest.Config) -> None:
    """Know the marker of tests that not every ordinary user can run."""
    config.addinivalue_line("markers", f"{_NEEDS_MOUNT}: mounts a small file system")


def pytest_report_header() -> list[str]:
    """Say what is left out, and why."""
    if can_mount():
        return []
    return [f"left out: tests marked {_NEEDS_MOUNT}: here only root may mount a file system"]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what cannot be here."""
    out = [item for item in items if item.get_closest_marker(_NEEDS_MOUNT)]
    if out and not can_mount():
        items[:] = [item for item in items if item not in out]
        config.hook.pytest_deselected(items=out)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Have the garbage collector pass over what collecting makes, all of which stays, and look less often."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.set_threshold(*_GARBAGE_THRESHOLDS)
        gc.enable()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Choose who gives out the tests, unless the command line does."""
    if config.getoption("dist") != "load":
        return None
    from ccat_dev_stack.distribution import KnownOrder

    return KnownOrder(config, log)


class NewDatabase(Protocol):
    """Makes a database that is dropped at the end of the test."""

    def __call__(self, template: str | None = None) -> str:
        """Return the URL of a fresh database: empty, or a copy of the database named `template`."""


@dataclass(frozen=True)
class Bucket:
    """A fresh bucket and how to reach it."""

    endpoint: str
    bucket: str
    access_key_id: str
    secret_access_key: str
    region: str = "us-east-1"


class OwnServer:
    """A server of one test, which the test may start, kill and start again; data and port stay."""

    def __init__(self, service: Service, url: str, folder: Path) -> None:
        self.url = url
        self._service = service
        self._folder = folder

    def start(self) -> None:
        """Start it and wait until it answers."""
        name = self._service.program().name
        start_detached(self._service, self._folder / "run", self._folder / f"{name}.log")

    def stop(self) -> None:
        """Stop it as an operator would."""
        program = self._service.program()
        processes.stop(self._folder / "run", program.name, program.stop_signal, program.grace_seconds)

    def kill(self) -> None:
        """Kill it and everything it started (SIGKILL)."""
        processes.kill(self._folder / "run", self._service.program().name)


@pytest.fixture(scope="session")
def shared_services() -> Iterator[SharedServices]:
    """The running servers of this checkout's tests."""
    with shared.in_use():
        services = shared.running_services()
        _drop_left_databases(services.postgresql)
        yield services


@pytest.fixture(scope="session")
def postgresql_server(shared_services: SharedServices) -> Postgresql:
    """The shared PostgreSQL server; tests want `new_database` or `ops_database` instead."""
    return shared_services.postgresql


@contextlib.contextmanager
def process_database(server: Postgresql, template: str) -> Iterator[str]:
    """Give the URL of a copy of a template that many tests of this process share."""
    name = _new_name()
    _execute(server, _create(name, template))
    yield server.url(name)
    _drop(server, name)


@pytest.fixture
def new_database(postgresql_server: Postgresql) -> Iterator[NewDatabase]:
    """Make fresh databases."""
    made: list[str] = []

    def make(template: str | None = None) -> str:
        name = _new_name()
        _execute(postgresql_server, _create(name, template or "template0"))
        made.append(name)
        return postgresql_server.url(name)

    yield make
    for name in made:
        _drop(postgresql_server, name)


@pytest.fixture
def postgresql_url(new_database: NewDatabase) -> str:
    """URL of a fresh empty database."""
    return new_database()


@pytest.fixture(scope="session")
def migrated_template(postgresql_server: Postgresql) -> str:
    """Name of a database with the newest schema, made once per state of the migrations."""
    return template_database(postgresql_server, f"ops_{_migrations_hash()}", _upgrade)


@pytest.fixture
def ops_database(new_database: NewDatabase, migrated_template: str) -> str:
    """URL of a fresh database with the newest schema."""
    return new_database(template=migrated_template)


@pytest.fixture(scope="session")
def _redis_database(shared_services: SharedServices) -> Iterator[str]:
    server = shared_services.redis
    folder = shared.folder() / "redis-databases"
    folder.mkdir(exist_ok=True)
    for number in range(1, server.databases):
        with (folder / f"{number}.lock").open("a") as claim:
            try:
                fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            yield server.database_url(number)
            return
    raise RuntimeError(f"all {server.databases} Redis databases are in use by test processes")


@pytest.fixture
def redis_url(_redis_database: str) -> str:
    """URL of an empty Redis database."""
    with redis.Redis.from_url(_redis_database) as client:
        client.flushdb()
    return _redis_database


@pytest.fixture
def s3(shared_services: SharedServices) -> Iterator[Bucket]:
    """A fresh bucket on the shared S3 server."""
    server = shared_services.s3
    name = f"test-{secrets.token_hex(8)}"
    server.make_bucket(name)
    yield Bucket(server.endpoint, name, server.access_key_id, server.secret_access_key)
    server.remove_bucket(name)


@contextlib.contextmanager
def own_postgresql_server() -> Iterator[OwnServer]:
    """Give a PostgreSQL server that nobody else uses, not started yet."""
    # Not below the test's temporary folder, which only its owner can enter: root's server is not root.
    folder = shared.folder() / "own" / secrets.token_hex(8)
    # What it has acknowledged survives its being killed, unlike on the shared server, which nobody kills.
    settings = POSTGRESQL_SETTINGS | {"synchronous_commit": "on"}
    service = Postgresql(folder, ports.free_ports(1)[0], secrets.token_hex(16), settings)
    server = OwnServer(service, service.url(), folder)
    yield server
    server.kill()
    service.remove()


@pytest.fixture
def own_postgresql() -> Iterator[OwnServer]:
    """A PostgreSQL server of the test's own, not started yet."""
    with own_postgresql_server() as server:
        yield server


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[OwnServer]:
    """A Redis server of the test's own, not started yet."""
    folder = tmp_path / "own-redis"
    service = Redis(folder, ports.free_ports(1)[0], secrets.token_hex(16))
    server = OwnServer(service, service.url, folder)
    yield server
    server.kill()


def template_database(server: Postgresql, name: str, fill: Callable[[str], None]) -> str:
    """Make a template database once, whoever needs it first; return its name.

    Parameters
    ----------
    name
        Its name; has to change when what `fill` writes changes.
    fill
        Called with the URL of the empty database.
    """
    with locked(shared.folder() / "templates.lock"):
        if not _exists(server, name):
            _drop_old_templates(server)
            unfinished = f"{name}_unfinished"
            _drop(server, unfinished)
            _execute(server, _create(unfinished, "template0"))
            fill(server.url(unfinished))
            rename = sql.SQL("ALTER DATABASE {} RENAME TO {}")
            _execute(server, rename.format(sql.Identifier(unfinished), sql.Identifier(name)))
    return name


def _upgrade(url: str) -> None:
    from ccat_ops_db.schema import upgrade

    upgrade(url)


def _migrations_hash() -> str:
    # Models too: migrations may read tables or triggers from them.
    package = Path(str(files("ccat_ops_db")))
    digest = hashlib.sha256()
    for path in sorted(package.rglob("*.py")):
        digest.update(str(path.relative_to(package)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def _new_name() -> str:
    """Return a name that no other database has, and that tells the next run when our process is gone."""
    return f"test_{os.getpid()}_{processes.start_ticks(os.getpid())}_{next(_numbers)}"


def _create(name: str, template: str) -> sql.Composed:
    # WAL_LOG copies block by block through shared buffers: for a small template faster than the
    # checkpoints of FILE_COPY, and it disturbs nobody.
    return sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY wal_log").format(
        sql.Identifier(name), sql.Identifier(template)
    )


def _drop(server: Postgresql, name: str) -> None:
    _execute(server, sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _exists(server: Postgresql, name: str) -> bool:
    with psycopg.connect(server.url(), autocommit=True) as connection:
        row = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone()
    return row is not None


def _drop_old_templates(server: Postgresql) -> None:
    with psycopg.connect(server.url(), autocommit=True) as connection:
        rows = connection.execute("SELECT datname FROM pg_database WHERE datname ~ '^ops_' ORDER BY oid DESC")
        names = [str(name) for (name,) in rows.fetchall()]
    for name in names[_KEPT_TEMPLATES:]:
        _drop(server, name)


def _drop_left_databases(server: Postgresql) -> None:
    with psycopg.connect(server.url(), autocommit=True) as connection:
        rows = connection.execute(r"SELECT datname FROM pg_database WHERE datname ~ '^test_\d+_\d+_\d+$'")
        names = [str(name) for (name,) in rows.fetchall()]
    for name in names:
        pid, started = (int(part) for part in name.split("_")[1:3])
        if processes.start_ticks(pid) != started:
            _drop(server, name)


def _execute(server: Postgresql, statement: sql.Composed) -> None:
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute(statement)
