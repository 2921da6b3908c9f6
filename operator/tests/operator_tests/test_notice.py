"""What services say that wait for a schema: for whom, and for what."""

from datetime import UTC, datetime

from sqlalchemy import create_engine

from ccat_operator.reconcile.address import Secret
from ccat_operator.reconcile.database import Surroundings, reconcile_database
from ccat_operator.reconcile.jobs import MigrationJob, Phase
from ccat_operator.resources import OpsDatabase
from ccat_ops_db import schema
from ccat_ops_db.schema_gap import schema_gap
from ccat_ops_db.schema_notice import read_notice, write_notice
from ccat_ops_db.settings import synchronous

from .conftest import GOOD, query

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


def look(url: str, approval: str = "always", window: dict[str, str] | None = None, **around: object) -> None:
    """Let an operator look at a database once."""
    migrations = {"approval": approval, "backup": {"before": "never"}, "window": window}
    resource = OpsDatabase.model_validate(
        {
            "metadata": {"name": "default", "namespace": "site"},
            "spec": {"connection": {"secretRef": {"name": "owner"}}, "migrations": migrations},
        }
    )
    reconcile_database(resource, Surroundings(Secret("owner", url), more=GOOD, **around), NOW)  # type: ignore[arg-type]


def said(url: str) -> str | None:
    """Return what a service says whose release has more revisions."""
    engine = create_engine(synchronous(url))
    try:
        with engine.connect() as connection:
            return schema_gap(connection, GOOD)
    finally:
        engine.dispose()


BEFORE = "schema is at 0001, needs at least t2"


def test_a_service_says_which_approval_is_waited_for(ops_database: str) -> None:
    assert said(ops_database) == f"{BEFORE}: run opsdb_migrate"
    look(ops_database)
    assert said(ops_database) == f"{BEFORE} (OpsDatabase default is waiting for approval of t1)"


def test_it_says_so_no_more_when_it_is_approved(ops_database: str) -> None:
    look(ops_database)
    look(ops_database, approved="t2")
    assert said(ops_database) == f"{BEFORE}: run opsdb_migrate"


def test_a_service_says_which_window_is_waited_for(ops_database: str) -> None:
    look(ops_database, "never", {"start": "22:00", "end": "04:00"})
    assert said(ops_database) == f"{BEFORE} (OpsDatabase default: OutsideWindow)"


def test_a_service_says_that_the_migration_failed(ops_database: str) -> None:
    failed = MigrationJob("default-migrate-t3", "t3", Phase.FAILED, NOW, None, "it was killed")
    look(ops_database, "never", jobs=[failed])
    assert said(ops_database) == f"{BEFORE} (OpsDatabase default: MigrationFailed)"


def test_nothing_is_written_while_a_migration_runs(ops_database: str) -> None:
    look(ops_database)
    active = MigrationJob("default-migrate-t1", "t1", Phase.ACTIVE, NOW, None, None)
    look(ops_database, "never", jobs=[active])
    assert "waiting for approval" in (said(ops_database) or "")


def test_nothing_is_left_in_a_schema_that_will_do(ops_database: str) -> None:
    look(ops_database)
    schema.upgrade(ops_database, more=GOOD)
    assert said(ops_database) is None
    look(ops_database)
    assert query(ops_database, "SELECT obj_description('alembic_version'::regclass)") == [(None,)]


def test_a_database_without_a_schema_is_left_alone(postgresql_url: str) -> None:
    look(postgresql_url)
    assert said(postgresql_url) == "schema is at nothing, needs at least t2: run opsdb_migrate"
    assert query(postgresql_url, "SELECT to_regclass('alembic_version')") == [(None,)]


def test_a_notice_is_never_a_statement(ops_database: str) -> None:
    engine = create_engine(synchronous(ops_database))
    told = "it's \\ 'quoted' 100 % $$ :x ; DROP TABLE site; --"
    with engine.connect() as connection:
        write_notice(connection, told)
        assert read_notice(connection) == told
    engine.dispose()
