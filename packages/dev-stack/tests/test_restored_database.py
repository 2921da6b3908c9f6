"""A database that tests share is to each of them as if it were new."""

from collections.abc import Iterator

import psycopg
import pytest
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from ccat_dev_stack.restored_database import RestoredDatabase
from ccat_ops_db.models import Site
from ccat_ops_db.settings import synchronous

KEPT = "kept"
ROWS = "SELECT id, name FROM site ORDER BY id"


@pytest.fixture
def database(ops_database: str) -> Iterator[RestoredDatabase]:
    with psycopg.connect(ops_database, autocommit=True) as connection:
        connection.execute("CREATE SEQUENCE told START 7; SELECT nextval('told')")
    engine = create_engine(synchronous(ops_database))
    with Session(engine) as session, session.begin():
        session.add_all(Site(id=name, name=name, time_zone="UTC") for name in ("one", "two", "three"))
    engine.dispose()
    restored = RestoredDatabase(ops_database)
    yield restored
    restored.close()


def connect(database: RestoredDatabase, name: str = KEPT) -> "psycopg.Connection[tuple[object, ...]]":
    return psycopg.connect(database.url, autocommit=True, application_name=name)


def test_rows_and_sequences_are_as_they_were(database: RestoredDatabase) -> None:
    with connect(database) as connection:
        before = connection.execute(ROWS).fetchall()
        connection.execute("SELECT nextval('told'), nextval('told')")
        connection.execute("UPDATE site SET name = 'Another' WHERE id = 'one'")
        connection.execute("DELETE FROM site WHERE id = 'two'")
        connection.execute("UPDATE site SET id = 'four' WHERE id = 'three'")
        connection.execute("INSERT INTO permission (id, description) VALUES ('read:all', 'All')")
        database.restore()
        assert connection.execute(ROWS).fetchall() == before
        assert connection.execute("SELECT count(*) FROM permission").fetchone() == (0,)
        assert connection.execute("SELECT count(*) FROM changed_key").fetchone() == (0,)
        assert connection.execute("SELECT nextval('told')").fetchone() == (8,)


def test_only_idle_sessions_of_the_kept_stay(database: RestoredDatabase) -> None:
    with connect(database) as kept:
        assert not database.end_sessions(but=KEPT)
        with connect(database) as busy, connect(database) as locking, connect(database, "other") as other:
            busy.execute("BEGIN; SELECT 1")
            locking.execute("SELECT pg_advisory_lock(1)")
            assert database.end_sessions(but=KEPT)
            for ended in (busy, locking, other):
                with pytest.raises(psycopg.OperationalError):
                    ended.execute("SELECT 1")
        assert kept.execute("SELECT 1").fetchone() == (1,)


def test_settings_of_the_database_are_taken_back(database: RestoredDatabase) -> None:
    with connect(database) as connection:
        name = connection.info.dbname
        connection.execute(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
    with connect(database):
        assert database.end_sessions(but=KEPT), "it began with what is no more"
    database.restore()
    with connect(database) as connection:
        assert connection.execute("SHOW default_transaction_read_only").fetchone() == ("off",)


def test_a_test_may_end_all_sessions(database: RestoredDatabase) -> None:
    with connect(database) as connection:
        connection.execute("DELETE FROM site")
        connection.execute(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        database.restore()
        assert connection.execute("SELECT count(*) FROM site").fetchone() == (3,)
