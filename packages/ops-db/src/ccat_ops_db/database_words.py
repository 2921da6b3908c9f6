"""What people are told when the database says no: our words and its code, never SQL or the values in it."""

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

_BY_STATE = {
    "25006": "it takes no changes now: it is read-only",
    "42501": "the role of the connection may not do that",
    "55P03": "a lock was not free in time",
    "57014": "a statement took longer than it may",
    "0A000": "a statement was prepared before the schema changed",
}
_BY_CLASS = {
    "08": "the connection broke",
    "22": "a value does not fit its column",
    "23": "a rule of the schema forbids it",
    "25": "a transaction was left open for too long",
    "28": "it does not accept the role or its password",
    "3D": "there is no such database",
    "40": "other transactions were in the way",
    "42": "it has not the schema that is needed",
    "53": "it lacks room: disk, memory or connections",
    "57": "it is being shut down or restarted",
    "58": "its machine reports an error",
    "XX": "it reports an error of its own",
}


def sqlstate(error: BaseException) -> str | None:
    """Return the five letters by which PostgreSQL names an error, if it is one of PostgreSQL."""
    return getattr(getattr(error, "orig", error), "sqlstate", None)


READ_ONLY = "25006"
"""State of an error of a database that takes no changes: after a failover the old primary still answers."""

IN_THE_WAY = ("0A000", "40001", "40P01", "55P03")
"""States of errors after which the same transaction can succeed at once: others were in the way."""


def is_in_the_way(error: BaseException) -> bool:
    """Return whether the same transaction may be tried again at once."""
    return sqlstate(error) in IN_THE_WAY


def said_by_database(error: BaseException) -> str:
    """Return in one line why the database did not do something.

    The server's own words may hold values and pieces of statements, those of SQLAlchemy hold both in full:
    they belong into logs. Only what is said before there is a session, such as a refused connection, is
    passed on.
    """
    state = sqlstate(error)
    if state is not None:
        words = _BY_STATE.get(state) or _BY_CLASS.get(state[:2], "it refused")
        return f"{words} (SQLSTATE {state})"
    if isinstance(error, PoolTimeoutError):
        return "no connection was free"
    if isinstance(error, DBAPIError) and error.statement is None and error.orig is not None:
        return next(iter(str(error.orig).strip().splitlines()), "no answer")
    if isinstance(error, OperationalError | InterfaceError):
        return "the connection broke"
    return type(error).__name__
