"""Addresses of databases from secrets, and what it means when one does not lead to a session."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import URL, Connection, NullPool, create_engine
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError

from ccat_operator.reconcile.conditions import Reason
from ccat_ops_db.database_words import sqlstate
from ccat_ops_db.schema import KEEPALIVE
from ccat_ops_db.settings import SettingsError, synchronous

CONNECT_SECONDS = 5
STATEMENT_SECONDS = 20
"""Nothing that is asked of a database at each look takes that long, unless something holds a lock."""


@dataclass(frozen=True)
class Secret:
    """A value from a Secret, or why there is none."""

    where: str
    """Name and key, for messages."""
    value: str | None = None
    problem: str = ""


class UnusableError(Exception):
    """An address does not lead to a session; `reason` and the message say why and what to do."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason = reason


def parse(secret: Secret) -> URL:
    """Return the address that a secret holds.

    Raises
    ------
    UnusableError
        If there is none. The message never holds any of the value: it is a secret.
    """
    if secret.value is None:
        raise UnusableError(Reason.SECRET_MISSING, secret.problem)
    try:
        url = synchronous(secret.value.strip())
    except (ArgumentError, SettingsError, ValueError):
        url = None
    if url is None or url.get_backend_name() != "postgresql" or not (url.username and url.database):
        raise UnusableError(
            Reason.INVALID_ADDRESS,
            f"{secret.where} is no address of a database: write postgresql://USER:PASSWORD@HOST:PORT/DATABASE,"
            " with %-escapes for special characters of the password",
        )
    return url


@contextmanager
def session(url: URL, statement_seconds: int = STATEMENT_SECONDS) -> Iterator[Connection]:
    """Open a session; one that the operator uses itself, with short limits.

    Raises
    ------
    UnusableError
        If none can be opened.
    """
    engine = create_engine(
        url,
        poolclass=NullPool,
        connect_args={
            "connect_timeout": CONNECT_SECONDS,
            "application_name": "ccat-operator",
            "options": f"-c timezone=UTC -c jit=off -c statement_timeout={statement_seconds}s"
            f" -c lock_timeout=5000 {KEEPALIVE}",
        },
    )
    try:
        try:
            connection = engine.connect()
        except DBAPIError as error:
            raise _unusable(url, error) from None
        with connection:
            yield connection
    finally:
        engine.dispose()


def first_line(error: DBAPIError) -> str:
    """Return what the database said, in one line."""
    lines = str(error.orig).strip().splitlines() if error.orig is not None else []
    return lines[0] if lines else type(error).__name__


def is_away(error: BaseException) -> bool:
    """Say whether an error means that the session was lost, not that something was refused."""
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    state = sqlstate(error)
    return isinstance(error, OperationalError) and (
        state is None or (state[:2] in {"08", "57"} and state != "57014")
    )


def _unusable(url: URL, error: DBAPIError) -> UnusableError:
    said = str(error.orig or error)
    at = f"{url.host or 'the local socket'}:{url.port or 5432}"
    if re.search(r"authentication failed|no password supplied|role \S+ does not exist|pg_hba\.conf", said):
        return UnusableError(
            Reason.AUTHENTICATION_FAILED,
            f"the server at {at} does not accept the role {url.username}: correct user or password"
            " in the Secret",
        )
    if re.search(r"database \S+ does not exist", said):
        return UnusableError(
            Reason.DATABASE_MISSING,
            f"the server at {at} has no database {url.database}: create it, owned by {url.username},"
            " or correct the Secret",
        )
    reason = [line for line in said.strip().splitlines() if line][:1]
    return UnusableError(
        Reason.DATABASE_UNREACHABLE,
        f"no session with {at}: {_without_secret(url, reason[0] if reason else 'no answer')}",
    )


def _without_secret(url: URL, message: str) -> str:
    return message.replace(str(url.password), "…") if url.password else message
