"""The real application on a real database, and clients with any permission."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import httpx
import psycopg
import pytest
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.orm import Session

from ccat_dev_stack.services.postgresql import Postgresql
from ccat_dev_stack.testing import process_database
from ccat_dev_stack.virtual_time import install_virtual_time, set_virtual_time
from ccat_ops_db.changed_keys import Changed, take
from ccat_ops_db.enumerations import Consumer
from ccat_ops_db.models import Base, Role, RolePermission
from ccat_ops_db.settings import Environment, OpsDbSettings, synchronous
from ccat_ops_db_api.application import create_app, set_limits, tidy_up
from ccat_ops_db_api.platform.database import open_engine, session_factory
from ccat_ops_db_api.platform.logs import configure_logs
from ccat_ops_db_api.settings import ApiSettings

from . import seed, sign_in

KEPT = {
    "change_consumer",
    "database_site",
    "link_role",
    "permission",
    "observatory",
    "site",
    "observing_program",
    "source",
    "fixed_source",
    "retention_policy",
    "telescope",
    "instrument",
    "instrument_module",
    "obs_unit",
    "data_location",
    "disk_data_location",
    "s3_data_location",
    "data_transfer_route",
}


WRONG_BY = timedelta(days=365)


class FixedClock:
    """Time that stands until it is moved: that of the database. The API's own clock is a year behind it."""

    def __init__(self, database: str) -> None:
        self._database = database
        self._now = seed.NOW
        self.seconds = 0.0

    @property
    def now(self) -> datetime:
        return self._now

    @now.setter
    def now(self, moment: datetime) -> None:
        self._now = moment
        set_virtual_time(_engine(self._database), moment)

    def utc_now(self) -> datetime:
        return self.now - WRONG_BY

    def monotonic(self) -> float:
        return self.seconds


Client = httpx.AsyncClient
MakeClient = Callable[..., Client]
ChangedKeys = Callable[[], set[Changed]]
CountStatements = Callable[[], AbstractContextManager[list[str]]]


@pytest.fixture(scope="session")
def shared_database(postgresql_server: Postgresql, migrated_template: str) -> Iterator[str]:
    """URL of a database with permissions and reference data, one for each test process.

    Making a database costs far more than a test, so the tests of a process share one, and each finds it as
    if it were new.
    """
    with process_database(postgresql_server, migrated_template) as url:
        with _session(url) as session:
            seed.permissions(session)
            seed.reference_data(session)
        install_virtual_time(_engine(url), seed.NOW)
        yield url


@pytest.fixture(scope="session")
def clean(shared_database: str) -> Iterator[Callable[[], object]]:
    """Remove what a test left, by statements that are planned once."""
    emptied = " ".join(f'DELETE FROM "{table}";' for table in Base.metadata.tables if table not in KEPT)
    restored = " ".join(
        f"UPDATE {table} SET retired_at = NULL;" for table in ("site", "data_location", "data_transfer_route")
    )
    with psycopg.connect(shared_database, autocommit=True) as connection:
        # Neither guards nor foreign keys are to stop a test from cleaning up.
        connection.execute(
            "INSERT INTO link_role (role, site_id, recovers) VALUES (current_user, '*', true)"
            " ON CONFLICT DO NOTHING; SET session_replication_role = replica;"
            " CREATE FUNCTION pg_temp.clean() RETURNS void LANGUAGE plpgsql AS"
            f" $$ BEGIN {emptied} {restored} DELETE FROM changed_key; END $$"
        )
        yield lambda: connection.execute("SELECT pg_temp.clean()")


@pytest.fixture
def database(shared_database: str, clean: Callable[[], object]) -> str:
    """URL of a database with permissions and reference data and nothing else."""
    clean()
    set_virtual_time(_engine(shared_database), seed.NOW)
    return shared_database


@pytest.fixture
def session(database: str) -> Iterator[Session]:
    """A synchronous session; what a test adds must be committed to be seen by the application."""
    with _session(database) as opened:
        yield opened


@pytest.fixture
def clock(database: str) -> FixedClock:
    """The time of the application's database."""
    return FixedClock(database)


@pytest.fixture(scope="session")
def built_app() -> FastAPI:
    """The application, built once; `app` gives it a database."""
    configure_logs("error")
    return _built(Environment.DEVELOPMENT)


@pytest.fixture(scope="session")
def built_contract_app() -> FastAPI:
    """The application of every environment but development, built once."""
    configure_logs("error")
    return _built(Environment.PRODUCTION)


@pytest.fixture
async def app(built_app: FastAPI, database: str, clock: FixedClock) -> AsyncIterator[FastAPI]:
    """The application of development on the test's database."""
    async with _on_database(built_app, database, clock):
        yield built_app


@pytest.fixture
async def production_app(
    built_contract_app: FastAPI, database: str, clock: FixedClock
) -> AsyncIterator[FastAPI]:
    """The application of production on the test's database."""
    async with _on_database(built_contract_app, database, clock):
        yield built_contract_app


@pytest.fixture
def client_with(app: FastAPI, session: Session) -> MakeClient:
    """Make a client whose token has the given scopes."""

    def make(*scopes: str) -> Client:
        text = seed.token(session, scopes)
        session.commit()
        return _client(app, {"Authorization": f"Bearer {text}"})

    return make


@pytest.fixture
def client(client_with: MakeClient) -> Client:
    """A client that may do everything."""
    from ccat_ops_db.permissions import PermissionName

    return client_with(*PermissionName)


@pytest.fixture
def stranger(app: FastAPI) -> Client:
    """A client without a token."""
    return _client(app, {})


@pytest.fixture
def changed_keys(database: str) -> ChangedKeys:
    """Take what the planner is told of: whose state changed since it was asked last."""

    def taken() -> set[Changed]:
        with _session(database) as session, session.begin():
            return set(take(session, Consumer.PLANNER, 1000).keys)

    return taken


@pytest.fixture
def count_statements(app: FastAPI) -> CountStatements:
    """Count the SQL statements of a block; those that open and check connections do not count."""

    @contextmanager
    def count() -> Iterator[list[str]]:
        statements: list[str] = []

        def note(_c: object, _cursor: object, statement: str, *_rest: object) -> None:
            statements.append(statement)

        event.listen(app.state.engine.sync_engine, "before_cursor_execute", note)
        try:
            yield statements
        finally:
            event.remove(app.state.engine.sync_engine, "before_cursor_execute", note)

    return count


@pytest.fixture
def token(session: Session) -> str:
    """A token that may read and stage data."""
    text = seed.token(session, ("read:data", "stage:data", "read:locations"))
    session.commit()
    return text


@pytest.fixture
def browser(production_app: FastAPI) -> Client:
    """A browser with a page of the interface open."""
    return sign_in.browser(production_app, sign_in.PRODUCTION)


@pytest.fixture
async def signed_in(browser: Client, token: str) -> Client:
    """The same, signed in with the token."""
    return await sign_in.sign_in_with_token(browser, token)


@pytest.fixture
def developer(app: FastAPI) -> Client:
    """A browser with a page of a development stack open."""
    return sign_in.browser(app, sign_in.DEVELOPMENT)


@pytest.fixture
def viewer(session: Session) -> str:
    """A role that may only read locations."""
    session.add(Role(id="viewer", description="Looks on"))
    session.flush()
    session.add(RolePermission(role_id="viewer", permission_id="read:locations"))
    session.commit()
    return "viewer"


def settings(**values: Any) -> ApiSettings:
    """Return settings for tests."""
    return ApiSettings(site_id="ccat", **values)


def _built(environment: Environment) -> FastAPI:
    nowhere = OpsDbSettings(
        database_url=SecretStr("postgresql://nowhere/none"),
        token_key=SecretStr(seed.KEY),
        environment=environment,
    )
    return create_app(settings(), nowhere)


@asynccontextmanager
async def _on_database(app: FastAPI, database: str, clock: FixedClock) -> AsyncIterator[None]:
    state = app.state
    state.settings = settings()
    state.clock = clock
    state.engine = _engine_of_an_app(database)
    state.sessions = session_factory(state.engine)
    set_limits(app)
    yield
    await tidy_up(app)


def _client(app: FastAPI, headers: dict[str, str]) -> Client:
    return Client(transport=httpx.ASGITransport(app), base_url="http://api/api/v1", headers=headers)


@cache
def _engine_of_an_app(url: str) -> AsyncEngine:
    """Return the engine for all tests of a process: statements that were compiled once it keeps."""
    return open_engine(settings(), OpsDbSettings(database_url=SecretStr(url)))


@contextmanager
def _session(url: str) -> Iterator[Session]:
    with Session(_engine(url)) as opened:
        yield opened
        opened.commit()


@cache
def _engine(url: str) -> Engine:
    """Return the engine of a database, with the connections that it keeps."""
    return create_engine(synchronous(url))
