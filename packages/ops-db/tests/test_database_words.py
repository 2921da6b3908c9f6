"""What people are told when the database says no has no statement, no value and one line."""

import pytest
from sqlalchemy import Connection, bindparam, create_engine, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from ccat_ops_db.database_words import said_by_database, sqlstate
from ccat_ops_db.models.base import UtcDateTime
from ccat_ops_db.settings import synchronous

POISON = "12'); DROP TABLE site; --"


def error_of(connection: Connection, statement: str) -> DBAPIError:
    with pytest.raises(DBAPIError) as raised:
        connection.execute(text(statement), {"poison": POISON})
    connection.rollback()
    return raised.value


@pytest.mark.parametrize(
    ("statement", "state", "words"),
    [
        ("SELECT CAST(CAST(:poison AS text) AS bigint)", "22P02", "a value does not fit its column"),
        (
            "INSERT INTO site (id, name, main) VALUES (:poison, NULL, false)",
            "23502",
            "a rule of the schema forbids it",
        ),
        ("SELECT :poison FROM nowhere", "42P01", "it has not the schema that is needed"),
        ("SELEKT :poison", "42601", "it has not the schema that is needed"),
        ("DO $$ BEGIN RAISE EXCEPTION 'DROP TABLE site'; END $$", "P0001", "it refused"),
        ("SET LOCAL statement_timeout = 1; SELECT pg_sleep(9)", "57014", "a statement took longer"),
        ("SET default_transaction_read_only = on; COMMIT; DELETE FROM site", "25006", "it takes no changes"),
    ],
)
def test_words_for_what_the_server_says(ops_database: str, statement: str, state: str, words: str) -> None:
    engine = create_engine(synchronous(ops_database))
    with engine.connect() as connection:
        error = error_of(connection, statement)
    engine.dispose()
    assert sqlstate(error) == state
    assert said_by_database(error).startswith(words)
    assert said_by_database(error).endswith(f"(SQLSTATE {state})")
    for part in ("DROP", "site", "nowhere", "SEL", "12'", "\n"):
        assert part not in said_by_database(error)


def test_words_for_what_is_said_before_there_is_a_session() -> None:
    engine = create_engine("postgresql+psycopg://nobody@127.0.0.1:1/none")
    with pytest.raises(DBAPIError) as raised:
        engine.connect()
    assert "refused" in said_by_database(raised.value)
    assert "\n" not in said_by_database(raised.value)
    assert said_by_database(PoolTimeoutError()) == "no connection was free"


def test_a_value_that_is_refused_before_it_is_sent_is_not_told(ops_database: str) -> None:
    engine = create_engine(synchronous(ops_database))
    statement = text("SELECT :poison").bindparams(bindparam("poison", type_=UtcDateTime()))
    with engine.connect() as connection, pytest.raises(SQLAlchemyError) as raised:
        connection.execute(statement, {"poison": POISON})
    engine.dispose()
    assert POISON in str(raised.value)
    assert said_by_database(raised.value) == "StatementError"
