"""The real database of a simulated world: each process has its own connections, and time is virtual.

``ops_now()`` of this database tells the virtual time, with an offset for sessions of sites whose clock is
wrong. A process passes the baton when a transaction has ended, so that none is open while others run.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Self, cast

import psycopg
from psycopg.pq import TransactionStatus
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.pool import ConnectionPoolEntry, Pool

from ccat_data_transfer.simulation.schedule import Process, Schedule, SimulatedTask

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
"""Virtual time 0."""

OFFSET = "simulation.clock_offset"
"""Setting of a session: microseconds by which its site's clock is ahead."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_VIRTUAL_TIME = (
    "CREATE SEQUENCE virtual_time",
    "CREATE OR REPLACE FUNCTION ops_now() RETURNS timestamptz LANGUAGE sql VOLATILE AS $$"
    " SELECT timestamptz '1970-01-01 00:00:00+00' + interval '1 microsecond' * (last_value"
    f" + coalesce(nullif(current_setting('{OFFSET}', true), ''), '0')::bigint)"
    " FROM public.virtual_time $$",
)


_TABLES = """\
SELECT relname FROM pg_class
WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY relname"""


class _Cursor(psycopg.Cursor[Any]):
    """Notes whether its transaction changed anything."""

    def execute(self, *arguments: Any, **options: Any) -> Self:
        super().execute(*arguments, **options)
        self._note()
        return self

    def executemany(self, *arguments: Any, **options: Any) -> None:
        super().executemany(*arguments, **options)
        self._note()

    def _note(self) -> None:
        changing = (self.statusmessage or "").startswith(("INSERT", "UPDATE", "DELETE"))
        if changing and self.rowcount > 0:
            cast(_Connection, self.connection).has_written = True


class _Connection(psycopg.Connection[Any]):
    """Passes the baton whenever a transaction has ended, and tells of those that changed something."""

    ended: Callable[[str], None] | None = None
    has_changed: Callable[[], None] | None = None
    has_written = False

    def commit(self) -> None:
        self._end(super().commit, "commit")

    def rollback(self) -> None:
        self._end(super().rollback, "rollback")

    def _end(self, end: Callable[[], None], what: str) -> None:
        was_open = self.info.transaction_status is not TransactionStatus.IDLE
        wrote, self.has_written = self.has_written and what == "commit", False
        end()
        if wrote and self.has_changed is not None:
            self.has_changed()
        if was_open and self.ended is not None:
            self.ended(what)


@dataclass
class _Connections:
    free: list[ConnectionPoolEntry] = field(default_factory=list)
    all: list[psycopg.Connection[Any]] = field(default_factory=list)


class _PoolOfProcesses(Pool):
    """Gives each process connections of its own."""

    database: "SimulatedDatabase"

    def _do_get(self) -> ConnectionPoolEntry:
        free = self.database.of_current().free
        return free.pop() if free else self._create_connection()

    def _do_return_conn(self, record: ConnectionPoolEntry) -> None:
        if record.dbapi_connection is not None and not record.dbapi_connection.closed:
            self.database.of_current().free.append(record)

    def recreate(self) -> Pool:
        return self

    def dispose(self) -> None:
        """All connections are closed by `SimulatedDatabase.leave`."""


class SimulatedDatabase:
    """One engine for many simulated worlds, one at a time: what it compiled once it keeps."""

    def __init__(self) -> None:
        pool = _PoolOfProcesses(cast(Any, self._connect))
        pool.database = self
        self.engine: Engine = create_engine("postgresql+psycopg://", pool=pool)
        self._url = ""
        self._schedule: Schedule | None = None
        self._told = -1
        self._beside: psycopg.Connection[Any] | None = None
        self._connections: dict[Process | None, _Connections] = {}
        self._offsets: dict[Process | None, timedelta] = {}
        self._acts_for: dict[Process | None, str] = {}
        self.at_change: list[Callable[[], None]] = []
        """Called when a transaction that changed something was committed."""

    def enter(self, url: str, schedule: Schedule) -> None:
        """Take a fresh database for a simulated world, and give it virtual time."""
        self._url, self._schedule, self._told = url, None, -1
        self._connections, self._offsets, self._acts_for, self.at_change = {}, {}, {}, []
        with self.engine.begin() as connection:
            for statement in _VIRTUAL_TIME:
                connection.execute(text(statement))
            for table in connection.scalars(text(_TABLES)).all():
                connection.execute(text(f'ALTER TABLE "{table}" SET (autovacuum_enabled = false)'))
        self._schedule = schedule
        schedule.at_turn.append(self._tell_time)
        self.tell_time()

    def leave(self) -> None:
        """Close all connections."""
        for process in [process for process in self._connections if process is not None]:
            self.close(process)
        self.close(None)
        self._schedule = self._beside = None

    def register(self, process: Process, site_id: str, offset: timedelta = timedelta()) -> None:
        """Have the sessions of a process act for a site, whose clock may be wrong."""
        self._acts_for[process], self._offsets[process] = site_id, offset
        process.on_kill.append(lambda: self.close(process))

    def close(self, process: Process | None) -> None:
        """Close the connections of a process, as the system does when it dies, and wait for it."""
        connections = self._connections.pop(process, _Connections()).all
        pids = [connection.info.backend_pid for connection in connections if not connection.closed]
        for connection in connections:
            connection.close()
        if pids and process is not None:
            self._await_end_of(pids)

    def tell_time(self) -> None:
        """Set the time of the database to the virtual one."""
        assert self._schedule is not None, "a world has been entered"
        now = BEGIN + timedelta(seconds=self._schedule.now)
        microseconds = (now - _EPOCH) // timedelta(microseconds=1)
        if microseconds != self._told:
            self._told = microseconds
            self._control().execute("SELECT setval('virtual_time', %s)", [microseconds])

    def look(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Ask the database beside all processes; nobody passes the baton for it."""
        return self._control().execute(statement, values).fetchall()

    def of_current(self) -> _Connections:
        """Return the connections of the process that has the baton."""
        return self._connections.setdefault(self._process(), _Connections())

    def _tell_of_change(self) -> None:
        for tell in self.at_change:
            tell()

    def _process(self) -> Process | None:
        return None if self._schedule is None else self._schedule.current_process

    def _tell_time(self, task: SimulatedTask) -> None:
        if not task.process.killed:
            self.tell_time()

    def _connect(self) -> psycopg.Connection[Any]:
        process = self._process()
        if self._schedule is not None:
            self._schedule.refuse_the_dead()
        options = "-c timezone=UTC -c jit=off -c max_parallel_workers_per_gather=0"
        if process is not None:
            microseconds = self._offsets[process] // timedelta(microseconds=1)
            options += f" -c ccat.acts_for={self._acts_for[process]} -c {OFFSET}={microseconds}"
            options += f" -c application_name={process.name}"
            options += " -c lock_timeout=2000 -c statement_timeout=30000"
        connection = _Connection.connect(self._url, options=options, cursor_factory=_Cursor)
        connection.has_changed = self._tell_of_change
        if process is not None and self._schedule is not None:
            connection.ended = self._schedule.pass_on
        self.of_current().all.append(connection)
        return connection

    def _control(self) -> psycopg.Connection[Any]:
        if self._beside is None or self._beside.closed:
            self._beside = psycopg.connect(self._url, autocommit=True)
            self._connections.setdefault(None, _Connections()).all.append(self._beside)
        return self._beside

    def _await_end_of(self, pids: list[int]) -> None:
        """Wait until the server has noticed that connections are gone, and given their locks back."""
        living = "SELECT count(*) FROM pg_stat_activity WHERE pid = ANY(%s)"
        while (row := self._control().execute(living, [pids]).fetchone()) and row[0]:
            pass
