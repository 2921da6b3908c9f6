"""Opening the operations database: the documented four lines, and what services use."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Dialect, Engine, NullPool, QueuePool, StaticPool, event, inspect
from sqlalchemy import create_engine as sqlalchemy_create_engine
from sqlalchemy.engine import URL
from sqlalchemy.orm import Session, scoped_session, sessionmaker

from ccat_ops_db.models import Base
from ccat_ops_db.settings import DatabaseType, Environment, OpsDbSettings, SettingsError


def init_ccat_ops_db(
    database_type: str | None = None,
    database: str | Path | None = None,
    drop: bool = False,
    null_pool: bool = False,
    host: str | None = None,
    port: int | None = None,
    user: str | None = None,
    password: str | None = None,
    db_name: str | None = None,
) -> tuple[scoped_session[Session], Engine]:
    """Connect to the operations database; an empty SQLite file gets its tables.

    Parameters
    ----------
    database_type : str, optional
        ``sqlite`` or ``postgresql``. This and all other parameters come from the settings when not given.
    database : str or Path, optional
        File of a SQLite database (``:memory:`` for none).
    drop : bool
        Drop all tables and make them anew. Refused in production.
    null_pool : bool
        Open a connection for each use instead of keeping a pool.
    host, port, user, password, db_name : optional
        Where PostgreSQL is.

    Returns
    -------
    session : scoped_session
        A session per thread.
    engine : Engine
        The engine below it.

    Raises
    ------
    SettingsError
        If the type is not supported, the parameters do not fit it, or ``drop`` is asked for in production.
    sqlalchemy.exc.OperationalError
        If the database does not answer.
    """
    settings = OpsDbSettings()
    if drop and settings.environment is Environment.PRODUCTION:
        raise SettingsError("drop is refused: CCAT_OPS_DB_ENVIRONMENT is production")
    parts = {"host": host, "port": port, "username": user, "password": password, "database": db_name}
    given = {name: value for name, value in parts.items() if value is not None}
    engine = create_engine(
        _address(settings, _supported(database_type), database, given), null_pool=null_pool
    )
    if drop:
        _start_again(engine)
    with engine.connect() as connection:
        empty = engine.dialect.name == "sqlite" and not inspect(connection).get_table_names()
    if empty:
        Base.metadata.create_all(engine)
    return scoped_session(sessionmaker(engine, expire_on_commit=False)), engine


@dataclass(frozen=True)
class SessionLimits:
    """How long a service's sessions wait, and how soon they end when the other side is gone.

    Attributes
    ----------
    lock_timeout : float
        Longest wait for a lock that somebody else holds, seconds.
    statement_timeout : float
        Longest that a statement may take, seconds.
    """

    lock_timeout: float
    statement_timeout: float

    @property
    def options(self) -> str:
        """Options of the server; a transaction that does nothing for a minute is ended by it."""
        return (
            f" -c lock_timeout={self.lock_timeout * 1000:.0f}"
            f" -c statement_timeout={self.statement_timeout * 1000:.0f}"
            " -c idle_in_transaction_session_timeout=60000"
        )


ACTS_FOR = "ccat.acts_for"
"""Setting of a session: sites whose rows it may write, separated by commas; empty: all of the database."""

_SITE = re.compile("[a-z0-9][a-z0-9_-]*", re.IGNORECASE)

_WHILE_CONNECTED = {
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}
"""A server that is gone without a word, as after a power cut, is noticed within half a minute."""


def create_engine(
    url: URL,
    null_pool: bool = False,
    pool_size: int = 5,
    limits: SessionLimits | None = None,
    acts_for: Iterable[str] = (),
) -> Engine:
    """Return an engine with our connection settings: UTC everywhere, foreign keys also on SQLite.

    Parameters
    ----------
    url : URL
        Where the database is.
    null_pool : bool
        Open a connection for each use instead of keeping a pool.
    pool_size : int
        Connections that are kept.
    limits : SessionLimits, optional
        Of a service.
    acts_for : iterable of str
        Sites whose rows may be written; none: all of this database.

    Raises
    ------
    SettingsError
        If one of them cannot be the name of a site.
    """
    if url.get_backend_name() == "sqlite":
        memory = url.database in (None, "", ":memory:")
        pool = StaticPool if memory else NullPool if null_pool else QueuePool
        engine = sqlalchemy_create_engine(url, poolclass=pool)
        event.listen(engine, "connect", _enforce_foreign_keys)
        return engine
    # Compiling plans and starting workers for them costs more than it gives: our statements are short.
    options = "-c timezone=UTC -c jit=off -c max_parallel_workers_per_gather=0"
    if limits is not None:
        options += limits.options
    if sites := acting_for(acts_for):
        options += f" -c {ACTS_FOR}={sites}"
    if null_pool:
        return sqlalchemy_create_engine(url, poolclass=NullPool, connect_args={"options": options})
    return sqlalchemy_create_engine(
        url,
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_pre_ping=True,
        connect_args={"options": options, "connect_timeout": 10, **(_WHILE_CONNECTED if limits else {})},
    )


def acting_for(sites: Iterable[str]) -> str:
    """Return the value of the setting `ACTS_FOR`.

    Raises
    ------
    SettingsError
        If one of them cannot be the name of a site.
    """
    names = sorted(set(sites))
    for name in names:
        if not _SITE.fullmatch(name):
            raise SettingsError(f"{name!r} is no name of a site")
    return ",".join(names)


def follow_address(engine: Engine, address: Callable[[], URL]) -> None:
    """Have each new connection opened with the address as it is then: passwords are changed while we run.

    Connections that are open stay. While the address cannot be had, that of the engine is used.

    Parameters
    ----------
    engine : Engine
        Whose connections are meant (``sync_engine`` of an asynchronous one).
    address : callable
        Returns the address, with the engine's driver; may raise `SettingsError`.
    """

    @event.listens_for(engine, "do_connect")
    def use_address(dialect: Dialect, _record: object, _arguments: object, options: dict[str, Any]) -> None:
        try:
            options.update(dialect.create_connect_args(address())[1])
        except SettingsError:
            return


def _address(
    settings: OpsDbSettings, kind: DatabaseType | None, file: str | Path | None, parts: dict[str, Any]
) -> URL:
    """Return the address that the settings give, with what the caller gave in their stead."""
    if kind is None and file is not None:
        kind = DatabaseType.SQLITE
    if kind is None and parts:
        kind = DatabaseType.POSTGRESQL
    url = settings.url()
    if kind is not None and url.get_backend_name() != kind:
        url = OpsDbSettings(database_type=kind, database_url=None).url()
    if url.get_backend_name() == DatabaseType.SQLITE:
        if parts:
            raise SettingsError(f"{', '.join(sorted(parts))}: of PostgreSQL, but the database type is sqlite")
        return url.set(database=str(file)) if file is not None else url
    if file is not None:
        raise SettingsError("database is the file of SQLite, but the type is postgresql; use db_name")
    return url.set(**parts)


def _start_again(engine: Engine) -> None:
    # Alembic is only needed here; notebooks that import the package should not wait for it.
    from ccat_ops_db import schema

    schema.drop_everything(engine)
    if engine.dialect.name == "postgresql":
        schema.upgrade(engine.url)


def _supported(database_type: str | None) -> DatabaseType | None:
    if database_type is None:
        return None
    try:
        return DatabaseType(database_type)
    except ValueError:
        raise SettingsError(
            f"database type {database_type!r} is not supported; use sqlite or postgresql"
        ) from None


def _enforce_foreign_keys(connection: object, _record: object) -> None:
    connection.execute("PRAGMA foreign_keys = ON")  # type: ignore[attr-defined]
