"""A real PostgreSQL, databases that were set up from the observatory's own configuration, and rows."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from ccat_dev_stack.restored_database import RestoredDatabase
from ccat_dev_stack.services.postgresql import Postgresql
from ccat_dev_stack.testing import process_database, template_database
from ccat_ops_db import schema
from ccat_ops_db.configuration import apply_configuration, load
from ccat_ops_db.session import create_engine
from ccat_ops_db.settings import PREFIX, synchronous

from . import rows

CONFIGURATION = Path(__file__).parents[3] / "data-center-config"
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.upper().startswith(PREFIX):
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def worker_engine(postgresql_server: Postgresql, migrated_template: str) -> Iterator[Engine]:
    """An engine on this worker's database with the newest schema, which every test leaves as it found it."""
    with _worker_database(postgresql_server, migrated_template) as engine:
        yield engine


@pytest.fixture(scope="session")
def configured_worker_engine(postgresql_server: Postgresql, configured_template: str) -> Iterator[Engine]:
    """The same with the observatory's configuration."""
    with _worker_database(postgresql_server, configured_template) as engine:
        yield engine


@pytest.fixture
def session(worker_engine: Engine) -> Iterator[Session]:
    """A session on a database with the newest schema and no rows; all is rolled back, commits too."""
    with _rolled_back(worker_engine) as opened:
        yield opened


@pytest.fixture
def configured(configured_worker_engine: Engine) -> Iterator[Session]:
    """A session on a database to which the observatory's configuration was applied; all is rolled back."""
    with _rolled_back(configured_worker_engine) as opened:
        yield opened


@pytest.fixture
def world(session: Session) -> rows.World:
    """Sites, locations, an execution, a sealed package and its file; committed."""
    made = rows.make_world(session)
    session.commit()
    return made


@pytest.fixture(scope="session")
def configured_template(postgresql_server: Postgresql, migrated_template: str) -> str:
    """Name of a database to which the observatory's configuration was applied."""
    text = b"".join(path.read_bytes() for path in sorted(CONFIGURATION.rglob("*.yaml")))
    name = f"ops_conf_{hashlib.sha256(migrated_template.encode() + text).hexdigest()[:12]}"

    def fill(url: str) -> None:
        schema.upgrade(url)
        for engine in _engine(url):
            with Session(engine) as session:
                apply_configuration(session, load(CONFIGURATION), actor="tests", at=NOW)
                session.commit()

    return template_database(postgresql_server, name, fill)


@pytest.fixture(scope="session")
def _configured_database(
    postgresql_server: Postgresql, configured_template: str
) -> Iterator[RestoredDatabase]:
    with process_database(postgresql_server, configured_template) as url:
        database = RestoredDatabase(url)
        yield database
        database.close()


@pytest.fixture
def configured_url(_configured_database: RestoredDatabase) -> str:
    """URL of a database to which the observatory's configuration was applied and nothing else happened."""
    _configured_database.end_sessions(but="")
    _configured_database.restore()
    return _configured_database.url


@pytest.fixture
def configured_engine(configured_url: str) -> Iterator[Engine]:
    """An engine on a fresh database to which the observatory's configuration was applied."""
    yield from _engine(configured_url)


@contextmanager
def _worker_database(server: Postgresql, template: str) -> Iterator[Engine]:
    with process_database(server, template) as url:
        engine = create_engine(synchronous(url))
        yield engine
        engine.dispose()


@contextmanager
def _rolled_back(engine: Engine) -> Iterator[Session]:
    with engine.connect() as connection:
        transaction = connection.begin()
        with Session(connection, join_transaction_mode="create_savepoint") as session:
            yield session
        transaction.rollback()


def _engine(url: str) -> Iterator[Engine]:
    engine = create_engine(synchronous(url), null_pool=True)
    yield engine
    engine.dispose()
