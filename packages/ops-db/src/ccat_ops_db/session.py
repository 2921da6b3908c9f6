"""Opening the operations database: the documented four lines, and what services use."""

from pathlib import Path
from typing import Any

from pydantic import SecretStr
from sqlalchemy import Engine, NullPool, QueuePool, StaticPool, event, inspect
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
        Drop all tables first. Refused in production.
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
        If the type is not supported, or ``drop`` is asked for in production.
    sqlalchemy.exc.OperationalError
        If the database does not answer.
    """
    given = {
        "database_type": _supported(database_type),
        "database_sqlite_database": database,
        "database_postgresql_host": host,
        "database_postgresql_port": port,
        "database_postgresql_user": user,
        "database_postgresql_password": SecretStr(password) if password is not None else None,
        "database_postgresql_database": db_name,
    }
    explicit: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    if explicit:
        explicit["database_url"] = None
    settings = OpsDbSettings(**explicit)
    if drop and settings.environment is Environment.PRODUCTION:
        raise SettingsError("drop is refused: CCAT_OPS_DB_ENVIRONMENT is production")
    engine = create_engine(settings.url(), null_pool=null_pool)
    if drop:
        Base.metadata.drop_all(engine)
    with engine.connect() as connection:
        empty = not inspect(connection).get_table_names()
    if empty and engine.dialect.name == "sqlite":
        Base.metadata.create_all(engine)
    return scoped_session(sessionmaker(engine, expire_on_commit=False)), engine


def create_engine(url: URL, null_pool: bool = False, pool_size: int = 5) -> Engine:
    """Return an engine with our connection settings: UTC everywhere, foreign keys also on SQLite."""
    if url.get_backend_name() == "sqlite":
        memory = url.database in (None, "", ":memory:")
        pool = StaticPool if memory else NullPool if null_pool else QueuePool
        engine = sqlalchemy_create_engine(url, poolclass=pool)
        event.listen(engine, "connect", _enforce_foreign_keys)
        return engine
    options = "-c timezone=UTC"
    if null_pool:
        return sqlalchemy_create_engine(url, poolclass=NullPool, connect_args={"options": options})
    return sqlalchemy_create_engine(
        url,
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_pre_ping=True,
        connect_args={"options": options, "connect_timeout": 10},
    )


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
