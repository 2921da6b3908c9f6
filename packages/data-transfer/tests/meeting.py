"""Two parties at one database: one pauses inside its transaction, the other runs into its locks."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpx
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy import Connection, Engine, NullPool, event, text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.orm import Session, sessionmaker

from ccat_ops_db.identity import new_id
from ccat_ops_db.models import Permission, Role, RolePermission, User, UserRole
from ccat_ops_db.permissions import PERMISSIONS
from ccat_ops_db.settings import OpsDbSettings, asynchronous
from ccat_ops_db.tokens import create_token
from ccat_ops_db_api.application import create_app
from ccat_ops_db_api.platform.database import session_factory
from ccat_ops_db_api.settings import ApiSettings

COMMIT = "COMMIT"
LIMIT = 60.0
"""Seconds after which a party that does not come is an error of the test."""

_KEY = "a key of the tokens of these tests"
_WAITING = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
)

Party = Callable[[], Any]


@dataclass
class Met:
    """How a meeting went.

    Attributes
    ----------
    first, second : object
        What each party returned.
    waited : bool
        Whether the second one waited for a lock of the first.
    """

    first: Any
    second: Any
    waited: bool


@dataclass
class _Pause:
    """Stops one thread inside its transaction, once: after one statement and before another."""

    after: str
    before: str
    thread: int = 0
    reached: threading.Event = field(default_factory=threading.Event)
    go_on: threading.Event = field(default_factory=threading.Event)

    def before_statement(
        self, connection: Connection, _cursor: object, statement: str, *_rest: object
    ) -> None:
        self._come_to(connection, statement)
        connection.info.setdefault("said", []).append(statement)

    def before_commit(self, connection: Connection) -> None:
        self._come_to(connection, COMMIT)
        connection.info["said"] = []

    def before_rollback(self, connection: Connection) -> None:
        connection.info["said"] = []

    def _come_to(self, connection: Connection, statement: str) -> None:
        if threading.get_ident() != self.thread or self.reached.is_set() or self.before not in statement:
            return
        if any(self.after in said for said in connection.info.get("said", [])):
            self.reached.set()
            assert self.go_on.wait(LIMIT), "the test goes on"


class Meeting:
    """Lets two parties meet at the database of an observatory.

    Parameters
    ----------
    engines : Engine
        With which they go there.
    """

    def __init__(self, *engines: Engine) -> None:
        self._engines = engines

    def of(
        self,
        first: Party,
        second: Party,
        *,
        after: str,
        before: str = COMMIT,
        meanwhile: Party | None = None,
    ) -> Met:
        """Run the first party until it pauses inside a transaction, and the second one into its locks.

        When the second one waits for a lock, or has ended, both go on to their ends.

        Parameters
        ----------
        first, second : callable
            The parties.
        after : str
            Part of a statement that the first one has said in that transaction,
        before : str
            and of the one before which it pauses.
        meanwhile : callable, optional
            What happens while the second one waits.
        """
        with ThreadPoolExecutor(2) as threads, self._pausing(after, before) as pause:
            ended_first = threads.submit(_in_thread_of(pause, first))
            try:
                _wait_for(lambda: pause.reached.is_set() or ended_first.done())
                assert pause.reached.is_set(), (
                    f"it never came to {before} after {after}: {ended_first.result()}"
                )
                ended_second = threads.submit(second)
                waited = self._waits_before_it_ends(ended_second)
                if meanwhile is not None:
                    meanwhile()
            finally:
                pause.go_on.set()
            return Met(ended_first.result(LIMIT), ended_second.result(LIMIT), waited)

    @contextmanager
    def _pausing(self, after: str, before: str) -> Iterator[_Pause]:
        pause = _Pause(after, before)
        hooks: dict[str, Callable[..., Any]] = {
            "before_cursor_execute": pause.before_statement,
            "commit": pause.before_commit,
            "rollback": pause.before_rollback,
        }
        for engine in self._engines:
            for name, hook in hooks.items():
                event.listen(engine, name, hook)
        try:
            yield pause
        finally:
            for engine in self._engines:
                for name, hook in hooks.items():
                    event.remove(engine, name, hook)

    def _waits_before_it_ends(self, ended: Future[Any]) -> bool:
        with self._engines[0].connect().execution_options(isolation_level="AUTOCOMMIT") as beside:
            _wait_for(lambda: ended.done() or beside.execute(_WAITING).scalar_one() > 0)
            return not ended.done()


class Api:
    """The real API, whose requests each come from a thread of their own."""

    def __init__(self) -> None:
        nowhere = OpsDbSettings(
            database_url=SecretStr("postgresql://nowhere/none"), token_key=SecretStr(_KEY)
        )
        self._app: FastAPI = create_app(ApiSettings(site_id="ccat"), nowhere)
        self._token = ""

    def enter(self, url: str, sessions: sessionmaker[Session], at: datetime) -> Engine:
        """Go to the database of a test, with the right to do everything; return the engine for it."""
        # Each request has a thread and a loop of its own, and so a connection.
        engine: AsyncEngine = create_async_engine(
            asynchronous(url), poolclass=NullPool, connect_args={"server_settings": {"timezone": "UTC"}}
        )
        self._app.state.engine = engine
        self._app.state.sessions = session_factory(engine)
        with sessions.begin() as session:
            self._token = _token(session, at)
        return engine.sync_engine

    def post(self, path: str, body: Any = None) -> httpx.Response:
        """Send a request and return its answer."""

        async def send() -> httpx.Response:
            headers = {"Authorization": f"Bearer {self._token}"}
            transport = httpx.ASGITransport(self._app)
            base = "http://api/api/v1"
            async with httpx.AsyncClient(transport=transport, base_url=base, headers=headers) as client:
                return await client.post(path, json=body)

        return asyncio.run(send())


def _token(session: Session, at: datetime) -> str:
    rights = [name.value for name in PERMISSIONS]
    user = User(id=new_id(), name="operator", created_at=at)
    session.add_all(Permission(id=name.value, description=what) for name, what in PERMISSIONS.items())
    session.add_all([user, Role(id="everything")])
    session.flush()
    session.add(UserRole(user_id=user.id, role_id="everything"))
    session.add_all(RolePermission(role_id="everything", permission_id=right) for right in rights)
    session.flush()
    return create_token(session, "operator", "test", rights, None, None, _KEY, at)


class StoppedWorker:
    """A worker that stands at a crash point, in a thread of its own, until it is to go on.

    Parameters
    ----------
    at_crash_points : callable
        The fixture.
    point : str
        Where it stops.
    work : callable
        What it does.
    """

    def __init__(self, at_crash_points: Callable[..., Any], point: str, work: Party) -> None:
        self._stopped, self._may_go_on = threading.Event(), threading.Event()
        at_crash_points(lambda name: self._stop() if name == point else None)
        self._threads = ThreadPoolExecutor(1)
        self._ended = self._threads.submit(work)
        _wait_for(lambda: self._stopped.is_set() or self._ended.done())
        assert self._stopped.is_set(), f"it never came to {point}: {self._ended.result()}"

    def go_on(self) -> Any:
        """Let it go on, and return how it ended."""
        self._may_go_on.set()
        self._threads.shutdown(wait=False)
        return self._ended.result(LIMIT)

    def _stop(self) -> None:
        self._stopped.set()
        assert self._may_go_on.wait(LIMIT), "the test goes on"


def _in_thread_of(pause: _Pause, party: Party) -> Party:
    def run() -> Any:
        pause.thread = threading.get_ident()
        return party()

    return run


def _wait_for(done: Callable[[], object]) -> None:
    moment = threading.Event()
    for _ in range(int(LIMIT * 100)):
        if done():
            return
        moment.wait(0.01)
    raise AssertionError(f"it did not happen in {LIMIT:.0f} seconds")
