"""What the statements share that each pass executes, whether or not something is due.

Such a statement is built once, by a cached function, and takes what changes as parameters: building it takes
far longer than PostgreSQL takes to find nothing. What is done about rows that were found is built where it
is done. Sessions end with a commit also where they only read: the driver forgets the statements that it has
prepared at each rollback.
"""

from typing import Any

from sqlalchemy import (
    ARRAY,
    BindParameter,
    ColumnElement,
    CursorResult,
    Executable,
    any_,
    bindparam,
    literal_column,
)
from sqlalchemy.orm import Session

from ccat_ops_db.models.base import UtcDateTime


def ask(session: Session, statement: Executable, **parameters: Any) -> CursorResult[*tuple[Any, ...]]:
    """Execute a statement whose rows are read only: what a session does for objects is left out."""
    return session.connection().execute(statement, parameters)


def is_among(column: Any, name: str) -> ColumnElement[bool]:
    """Return whether a column is one of the values that a parameter lists, however many."""
    return column == any_(bindparam(name, type_=ARRAY(column.type)))  # type: ignore[no-any-return]


def moment(name: str) -> BindParameter[Any]:
    """Return a parameter that is a time."""
    return bindparam(name, type_=UtcDateTime())


def fixed(*values: str) -> list[ColumnElement[Any]]:
    """Return values as a part of the statement's text: only so a prepared one can use partial indexes."""
    return [literal_column(f"'{value}'") for value in values]
