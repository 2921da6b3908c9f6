"""The real database of a simulated world: each process has its own connections, and time is virtual.

``ops_now()`` of this database tells the virtual time, with an offset for sessions of sites whose clock is
wrong. A process passes the baton when a transaction has ended, so that none is open while others run.

One database serves many worlds, one after the other, and so do the sessions of its server: what they have
prepared and planned they keep. A process that dies loses its session in every way that matters: what is open
is rolled back, its locks are gone, and its connection is closed for it.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Self, cast

import psycopg
from psycopg import pq
from psycopg.pq import TransactionStatus
from sqlalchemy import Engine, create_engine
from sqlalchemy.pool import ConnectionPoolEntry, Pool

from ccat_data_transfer.simulation.schedule import Process, Schedule, SimulatedTask

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
"""Virtual time 0."""

OFFSET = "simulation.clock_offset"
"""Setting of a session: microseconds by which its site's clock is ahead."""

WORLDS_BETWEEN_VACUUMS = 10
"""Vacuuming makes the server plan everything anew."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_OPTIONS = (
    "-c timezone=UTC -c jit=off -c max_parallel_workers_per_gather=0 -c plan_cache_mode=force_generic_plan"
    " -c lock_timeout=2000 -c statement_timeout=30000"
)

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

_TRIGGERS_OF_REPLICATION = """\
SELECT tgrelid::regclass::text, tgname FROM pg_trigger
WHERE tgenabled = 'R' AND NOT tgisinternal ORDER BY tgrelid, tgname"""

_BE = b"SELECT set_config('ccat.acts_for', $1, false), set_config('application_name', $2, false),\
 set_config('simulation.clock_offset', $3, false)"


@dataclass
class _ServerSession:
    """A session of the server, with what it has prepared; one process after the other has it."""

    pgconn: pq.abc.PGconn
    prepared: Any

    def be(self, acts_for: str, name: str, offset: timedelta) -> None:
        """Act for a site, in the name of a process."""
        microseconds = offset // timedelta(microseconds=1)
        self.pgconn.exec_params(_BE, [acts_for.encode(), name.encode(), str(microseconds).encode()])

    def give_everything_back(self) -> None:
        """Do what the server does when a connection is lost."""
        if self.pgconn.transaction_status is not TransactionStatus.IDLE:
            self.pgconn.exec_(b"ROLLBACK")
        self.pgconn.exec_(b"SELECT pg_advisory_unlock_all()")


class _Cursor(psycopg.Cursor[Any]):
    """Notes whether its transaction changed anything, and whether copies."""

    def execute(self, query: Any, *arguments: Any, **options: Any) -> Self:
        super().execute(query, *arguments, **options)
        self._note(query)
        return self

    def executemany(self, query: Any, *arguments: Any, **options: Any) -> None:
        super().executemany(query, *arguments, **options)
        self._note(query)

    def _note(self, query: str) -> None:
        changing = (self.statusmessage or "").startswith(("INSERT", "UPDATE", "DELETE"))
        if changing and self.rowcount > 0:
            connection = cast(_Connection, self.connection)
            connection.has_written = True
            connection.has_changed_copies |= query.startswith("UPDATE physical_copy")


class _Connection(psycopg.Connection[Any]):
    """Passes the baton whenever a transaction has ended, and tells of those that changed something."""

    ended: Callable[[str], None] | None = None
    has_changed: Callable[[bool], None] | None = None
    loses_answer: Callable[[], bool] | None = None
    give_back: Callable[[_ServerSession], None]
    has_written = False
    has_changed_copies = False

    def commit(self) -> None:
        """See `psycopg.Connection.commit`; the answer may be lost."""
        self._end(super().commit, "commit")

    def rollback(self) -> None:
        """See `psycopg.Connection.rollback`; what was prepared stays, for nothing here changes tables."""
        self._end(self._roll_back, "rollback")

    def close(self) -> None:
        """Give the session of the server to who comes next."""
        if self.closed:
            return
        session = _ServerSession(self.pgconn, self._prepared)
        self.pgconn, self._closed = _NOTHING, True
        self.give_back(session)

    def _roll_back(self) -> None:
        if self.closed:
            raise psycopg.OperationalError("the connection is closed")
        if self.info.transaction_status is not TransactionStatus.IDLE:
            self.pgconn.exec_(b"ROLLBACK")

    def _end(self, end: Callable[[], None], what: str) -> None:
        was_open = self.info.transaction_status not in (TransactionStatus.IDLE, TransactionStatus.UNKNOWN)
        wrote, self.has_written = self.has_written and what == "commit", False
        copies, self.has_changed_copies = self.has_changed_copies, False
        end()
        if wrote and self.has_changed is not None:
            self.has_changed(copies)
        lost = wrote and self.loses_answer is not None and self.loses_answer()
        if lost:
            self.close()
        if was_open and self.ended is not None:
            self.ended(what)
        if lost:
            raise psycopg.OperationalError("the connection was lost before the answer came")


def _closed_connection() -> pq.abc.PGconn:
    pgconn = pq.PGconn.connect_start(b"host=127.0.0.1 port=1")
    pgconn.finish()
    return pgconn


_NOTHING = _closed_connection()
"""What a closed connection has instead of a session of the server."""


@dataclass
class _Connections:
    free: list[ConnectionPoolEntry] = field(default_factory=list)
    all: list[_Connection] = field(default_factory=list)


class _PoolOfProcesses(Pool):
    """Gives each process connections of its own."""

    database: "SimulatedDatabase"

    def _do_get(self) -> ConnectionPoolEntry:
        free = self.database.of_current().free
        return free.pop() if free else self._create_connection()

    def _do_return_conn(self, record: ConnectionPoolEntry) -> None:
        if record.dbapi_connection is not None and not cast(_Connection, record.dbapi_connection).closed:
            self.database.of_current().free.append(record)

    def recreate(self) -> Pool:
        return self

    def dispose(self) -> None:
        """All connections are closed by `SimulatedDatabase.leave`."""


class SimulatedDatabase:
    """A database with the schema for many simulated worlds, one at a time.

    Parameters
    ----------
    url : str
        Of a fresh database that nobody else uses. It is given virtual time, for good.
    """

    def __init__(self, url: str) -> None:
        pool = _PoolOfProcesses(cast(Any, self._connect))
        pool.database = self
        self.engine: Engine = create_engine("postgresql+psycopg://", pool=pool)
        self._url = url
        self._schedule: Schedule | None = None
        self._told = -1
        self._worlds = 0
        self._sessions: list[_ServerSession] = []
        self._connections: dict[Process | None, _Connections] = {}
        self._offsets: dict[Process | None, timedelta] = {}
        self._acts_for: dict[Process | None, str] = {}
        self._away_until = 0.0
        self._without_answer: set[Process] = set()
        self._given: set[str] = set()
        self._tables: list[str] = []
        self._kept: list[str] = []
        self.at_change: list[Callable[[], None]] = []
        """Called when a transaction that changed something was committed."""
        self.at_change_of_copies: list[Callable[[], None]] = []
        """The same of one that changed copies."""
        self._beside = psycopg.connect(url, autocommit=True, options=_OPTIONS)
        self._beside.prepare_threshold = 0
        self._prepare()

    def enter(self, schedule: Schedule) -> None:
        """Begin a world in which nothing has happened yet."""
        self._worlds += 1
        self._empty()
        self._told, self._away_until = -1, 0.0
        self._without_answer.clear()
        self._connections, self._offsets, self._acts_for = {}, {}, {}
        self.at_change, self.at_change_of_copies = [], []
        self._schedule = schedule
        schedule.at_turn.append(self._tell_time)
        self.tell_time()

    def leave(self) -> None:
        """Take the connections of all processes from them."""
        for process in list(self._connections):
            self.close(process)
        self._schedule = None

    def end(self) -> None:
        """Close all sessions of the server."""
        for session in self._sessions:
            session.pgconn.finish()
        self._sessions.clear()
        self._beside.close()

    def register(self, process: Process, site_id: str, offset: timedelta = timedelta()) -> None:
        """Have the sessions of a process act for a site, whose clock may be wrong."""
        self._acts_for[process], self._offsets[process] = site_id, offset
        process.on_kill.append(lambda: self.close(process))

    def close(self, process: Process | None) -> None:
        """Close the connections of a process, as the system does when it dies."""
        for connection in self._connections.pop(process, _Connections()).all:
            connection.close()

    def restart(self, seconds: float) -> None:
        """Have the server stop, which ends all sessions, and come back some seconds later."""
        assert self._schedule is not None, "a world has been entered"
        self._away_until = self._schedule.now + seconds
        for connections in self._connections.values():
            for connection in connections.all:
                connection.close()
            connections.all.clear()

    def lose_next_answer(self, process: Process) -> None:
        """Have the connection be lost between the next commit of a process and the answer to it."""
        self._without_answer.add(process)

    def tell_time(self) -> None:
        """Set the time of the database to the virtual one."""
        assert self._schedule is not None, "a world has been entered"
        now = BEGIN + timedelta(seconds=self._schedule.now)
        microseconds = (now - _EPOCH) // timedelta(microseconds=1)
        if microseconds != self._told:
            self._told = microseconds
            self._beside.execute("SELECT setval('virtual_time', %s)", [microseconds])

    def look(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Ask the database beside all processes; nobody passes the baton for it."""
        done = self._beside.execute(statement, values)
        return [] if done.description is None else done.fetchall()

    def undone(self) -> AbstractContextManager[object]:
        """Return a context at whose end is undone what was changed beside all processes."""
        return self._beside.transaction(force_rollback=True)

    def of_current(self) -> _Connections:
        """Return the connections of the process that has the baton."""
        return self._connections.setdefault(self._process(), _Connections())

    def run_once(self, name: str, statements: tuple[str, ...]) -> None:
        """Give the database what who looks at it needs: once, whatever the number of worlds."""
        if name not in self._given:
            self._given.add(name)
            for statement in statements:
                self._beside.execute(statement)
            self._note_tables()

    def _prepare(self) -> None:
        for statement in _VIRTUAL_TIME:
            self._beside.execute(statement)
        self._beside.execute("CREATE SCHEMA simulation_kept")
        self._note_tables()
        # They look at what replication brings, which is how `_empty` removes everything.
        for table, trigger in self.look(_TRIGGERS_OF_REPLICATION):
            self._beside.execute(f'ALTER TABLE {table} DISABLE TRIGGER "{trigger}"')
        for table in self._tables:
            self._beside.execute(f'ALTER TABLE "{table}" SET (autovacuum_enabled = false)')
            if self.look(f'SELECT FROM "{table}" LIMIT 1'):
                self._kept.append(table)
                self._beside.execute(f'CREATE TABLE simulation_kept."{table}" AS TABLE "{table}"')

    def _note_tables(self) -> None:
        self._tables = [str(name) for (name,) in self.look(_TABLES)]

    def _empty(self) -> None:
        """Remove all rows but those with which the database began; tables and plans stay as they are."""
        # Without consumers the triggers that are always on note nothing.
        statements = ["SET session_replication_role = replica", "DELETE FROM change_consumer"]
        statements += [f'DELETE FROM "{table}"' for table in self._tables]
        statements += [
            f'INSERT INTO "{table}" SELECT * FROM simulation_kept."{table}"' for table in self._kept
        ]
        statements += ["RESET session_replication_role"]
        self._beside.execute("; ".join(statements), prepare=False)
        if self._worlds % WORLDS_BETWEEN_VACUUMS == 0:
            tables = ", ".join(f'"{table}"' for table in self._tables)
            self._beside.execute(f"VACUUM {tables}", prepare=False)

    def _tell_of_change(self, copies: bool) -> None:
        for tell in [*self.at_change, *(self.at_change_of_copies if copies else [])]:
            tell()

    def _process(self) -> Process | None:
        return None if self._schedule is None else self._schedule.current_process

    def _tell_time(self, task: SimulatedTask) -> None:
        if not task.process.killed:
            self.tell_time()

    def _loses_answer(self) -> bool:
        process = self._process()
        if process not in self._without_answer:
            return False
        self._without_answer.discard(process)
        return True

    def _connect(self) -> psycopg.Connection[Any]:
        process, schedule = self._process(), self._schedule
        if schedule is not None:
            schedule.refuse_the_dead()
            if process is not None and schedule.now < self._away_until:
                raise psycopg.OperationalError("the database system is starting up")
        session = self._sessions.pop() if self._sessions else self._new_session()
        name = "set-up" if process is None else process.name
        session.be(self._acts_for.get(process, ""), name, self._offsets.get(process, timedelta()))
        connection = _Connection(session.pgconn)
        connection._prepared = session.prepared
        connection.cursor_factory = _Cursor
        connection.give_back = self._take_back
        connection.has_changed = self._tell_of_change
        if process is not None and schedule is not None:
            connection.ended = schedule.pass_on
            connection.loses_answer = self._loses_answer
        self.of_current().all.append(connection)
        return connection

    def _new_session(self) -> _ServerSession:
        connection = psycopg.connect(self._url, options=_OPTIONS)
        connection.prepare_threshold, connection.prepared_max = 0, 10_000
        session = _ServerSession(connection.pgconn, connection._prepared)
        connection.pgconn = _NOTHING
        return session

    def _take_back(self, session: _ServerSession) -> None:
        session.give_everything_back()
        self._sessions.append(session)
