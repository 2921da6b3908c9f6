"""Databases whose time is set by hand: for tests and for pictures of invented nights."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine, text

from ccat_ops_db import database_time

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# A sequence is seen at once by every transaction, open ones too, as time is.
_STATEMENTS = (
    "CREATE SEQUENCE IF NOT EXISTS virtual_time",
    "CREATE OR REPLACE FUNCTION ops_now() RETURNS timestamptz LANGUAGE sql VOLATILE AS $$"
    " SELECT timestamptz '1970-01-01 00:00:00+00' + last_value * interval '1 microsecond'"
    " FROM public.virtual_time $$",
)


def install_virtual_time(engine: Engine, now: datetime) -> None:
    """Have ``ops_now()`` of a database tell what it is set to, beginning with `now`."""
    with engine.begin() as connection:
        for statement in _STATEMENTS:
            connection.execute(text(statement))
    set_virtual_time(engine, now)


def remove_virtual_time(engine: Engine) -> None:
    """Have a database tell its own time again."""
    with engine.begin() as connection:
        connection.execute(text(database_time.STATEMENT))


def set_virtual_time(engine: Engine, now: datetime) -> None:
    """Set the time of a database that has a virtual one."""
    microseconds = (now - _EPOCH) // timedelta(microseconds=1)
    with engine.begin() as connection:
        connection.execute(text("SELECT setval('virtual_time', :now)"), {"now": microseconds})
