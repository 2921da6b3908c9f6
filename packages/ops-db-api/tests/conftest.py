"""The real application on a real database, and clients with any permission."""

import hashlib
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy import NullPool, create_engine, event
from sqlalchemy.orm import Session

from ccat_dev_stack.testing import NewDatabase, template_database
from ccat_ops_db.settings import OpsDbSettings, synchronous
from ccat_ops_db_api.application import create_app, tidy_up
from ccat_ops_db_api.platform.database import open_engine, session_factory
from ccat_ops_db_api.settings import ApiSettings

from . import seed


class FixedClock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = seed.NOW
        self.seconds = 0.0

    def utc_now(self) -> datetime:
        return self.now

    def monotonic(self) -> float:
        return self.seconds


Client = httpx.AsyncClient
MakeClient = Callable[..., Client]
CountStatements = Callable[[], AbstractContextManager[list[str]]]


@pytest.fixture(scope="session")
def seeded_template(postgresql_server: object, migrated_template: str) -> str:
    """Name of a database with permissions and reference data, made once per state of schema and seed."""
    source = migrated_template.encode() + Path(seed.__file__).read_bytes()
    name = f"ops_api_{hashlib.sha256(source).hexdigest()[:12]}"

    def fill(url: str) -> None:
        from ccat_ops_db.schema import upgrade

        upgrade(url)
        with _session(url) as session:
            seed.permissions(session)
            seed.reference_data(session)

    return template_database(postgresql_server, name, fill)  # type: ignore[arg-type]


@pytest.fixture
def database(new_database: NewDatabase, seeded_template: str) -> str:
    """URL of a fresh database with permissions and reference data."""
    return new_database(template=seeded_template)


@pytest.fixture
def session(database: str) -> Iterator[Session]:
    """A synchronous session; what a test adds must be committed to be seen by the application."""
    with _session(database) as opened:
        yield opened


@pytest.fixture
def clock() -> FixedClock:
    """The clock of the application."""
    return FixedClock()


@pytest.fixture(scope="session")
def built_app() -> FastAPI:
    """The application, built once; `app` gives it a database."""
    nowhere = OpsDbSettings(
        database_url=SecretStr("postgresql://nowhere/none"), token_key=SecretStr(seed.KEY)
    )
    return create_app(settings(), nowhere)


@pytest.fixture
async def app(built_app: FastAPI, database: str, clock: FixedClock) -> AsyncIterator[FastAPI]:
    """The application on the test's database."""
    state = built_app.state
    state.settings = settings()
    state.clock = clock
    state.engine = open_engine(state.settings, OpsDbSettings(database_url=SecretStr(database)))
    state.sessions = session_factory(state.engine)
    state.rate_limit._clock = clock
    yield built_app
    await tidy_up(built_app)
    await state.engine.dispose()


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


def settings(**values: object) -> ApiSettings:
    """Return settings for tests."""
    return ApiSettings(site_id="ccat", **values)


def _client(app: FastAPI, headers: dict[str, str]) -> Client:
    return Client(transport=httpx.ASGITransport(app), base_url="http://api/api/v1", headers=headers)


@contextmanager
def _session(url: str) -> Iterator[Session]:
    engine = create_engine(synchronous(url), poolclass=NullPool)
    with Session(engine) as opened:
        yield opened
        opened.commit()
    engine.dispose()
