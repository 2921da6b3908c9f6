"""Time of the database: what leases, ages, periods of grace, holds, pins and pauses are judged by.

Machines have clocks of their own (`ccat_ops_db.clock`), which may be wrong. Whatever is decided about rows is
decided by the function ``ops_now()`` of the database that has them, so that nobody's clock can end a lease of
somebody else.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Interval, Select, literal, select
from sqlalchemy.engine import Connection
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from ccat_ops_db.models.base import UtcDateTime

FUNCTION = "ops_now"
STATEMENT = (
    f"CREATE OR REPLACE FUNCTION {FUNCTION}() RETURNS timestamptz LANGUAGE sql VOLATILE AS $$\n"
    "  SELECT clock_timestamp()\n"
    "$$"
)
"""The function in PostgreSQL. `clock_timestamp`: time goes on in long transactions, too."""


class ops_now(FunctionElement[datetime]):  # noqa: N801  (as the function in the database is called)
    """The database's time now, as an expression."""

    type = UtcDateTime()
    inherit_cache = True


@compiles(ops_now)
def _function(_element: ops_now, _compiler: SQLCompiler, **_: Any) -> str:
    return f"{FUNCTION}()"


@compiles(ops_now, "sqlite")
def _expression(_element: ops_now, _compiler: SQLCompiler, **_: Any) -> str:
    # As SQLAlchemy stores times there: to the microsecond, of which SQLite tells thousands.
    return "strftime('%Y-%m-%d %H:%M:%f000', 'now')"


def time_after(span: timedelta) -> ColumnElement[datetime]:
    """Return the database's time some while from now, as an expression (PostgreSQL)."""
    return ops_now() + literal(span, Interval())


def database_now(session: Session | Connection) -> datetime:
    """Ask the database for its time."""
    now: datetime = session.execute(_NOW).scalar_one()
    return now


_NOW: Select[Any] = select(ops_now())
