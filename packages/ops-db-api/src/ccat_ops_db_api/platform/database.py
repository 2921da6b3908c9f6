"""The database of a running service: one engine, one transaction a request."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated

from asyncpg.exceptions import InterfaceError, PostgresError
from fastapi import Depends, Request
from sqlalchemy import URL, Engine, event, func, select
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

from ccat_ops_db.database_time import ops_now
from ccat_ops_db.session import ACTS_FOR, acting_for, follow_address
from ccat_ops_db.settings import OpsDbSettings, asynchronous
from ccat_ops_db_api.settings import ApiSettings

DATABASE_ERRORS = (SQLAlchemyError, InterfaceError, PostgresError, OSError)
"""What a database that cannot be used raises; the driver's own errors while a connection is opened."""

READ_ONLY = "25006"
"""SQLSTATE of a change in a database that takes none."""


def open_engine(settings: ApiSettings, database: OpsDbSettings) -> AsyncEngine:
    """Return the engine of the service; it connects with its first use."""
    engine = create_async_engine(
        asyncpg_url(database.postgresql_url()),
        pool_size=settings.database_pool_size,
        max_overflow=0,
        pool_timeout=5,
        pool_pre_ping=True,
        connect_args={
            "timeout": 10,
            "server_settings": {
                "timezone": "UTC",
                "application_name": "ccat-ops-db-api",
                "statement_timeout": str(settings.statement_timeout * 1000),
                # Our statements are short: compiling them takes longer than running them.
                "jit": "off",
                # Disks have no heads, and most rows are in memory: looking up costs as much as reading on.
                "random_page_cost": "1.1",
                ACTS_FOR: acting_for(settings.served_sites),
            },
        },
    )
    follow_address(engine.sync_engine, lambda: asyncpg_url(database.postgresql_url()))
    _drop_read_only_connections(engine.sync_engine)
    return engine


def sqlstate_of(error: BaseException) -> str:
    """Return the SQLSTATE of an error of the database; empty if it has none."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    return getattr(cause, "sqlstate", None) or ""


async def database_now(session: AsyncSession) -> datetime:
    """Ask the database for its time: that of this machine decides nothing about rows."""
    return (await session.execute(select(ops_now()))).scalar_one()


async def take_turns(session: AsyncSession, subject: str) -> None:
    """Wait until no other transaction says something about a subject; held until the end of this one.

    Statements lock no row: what they are about may be of another site.
    """
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(subject, 0))))


def _drop_read_only_connections(engine: Engine) -> None:
    """Have all connections opened anew after one turned out to be read-only.

    After a failover the connections of the pool lead to what was the primary, the address to the new one.
    """

    @event.listens_for(engine, "handle_error")
    def drop(context: ExceptionContext) -> None:
        if sqlstate_of(context.original_exception) == READ_ONLY:
            context.is_disconnect = True


def asyncpg_url(url: URL) -> URL:
    """Return an address for asyncpg, which calls ``sslmode`` ``ssl``."""
    url = asynchronous(url)
    if "sslmode" in url.query:
        mode = url.query["sslmode"]
        url = url.difference_update_query(["sslmode"]).update_query_dict({"ssl": mode})
    return url


def session_factory(engine: AsyncEngine) -> async_sessionmaker[AsyncSession]:
    """Return what opens sessions."""
    return async_sessionmaker(engine, expire_on_commit=False)


async def transaction(request: Request) -> AsyncIterator[AsyncSession]:
    """Open the one transaction of a request; it is committed before the answer is sent."""
    sessions: async_sessionmaker[AsyncSession] = request.app.state.sessions
    async with sessions.begin() as session:
        yield session


Transaction = Annotated[AsyncSession, Depends(transaction, scope="function")]
"""The transaction of the request."""
