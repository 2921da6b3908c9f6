"""The application: its parts, put together once."""

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncIterator

import structlog
from fastapi import APIRouter, FastAPI

from ccat_ops_db.changed_keys import LONGEST_QUEUE, empty_long_queues
from ccat_ops_db.clock import Clock, SystemClock
from ccat_ops_db.reports.sums import Sums
from ccat_ops_db.settings import Environment, OpsDbSettings
from ccat_ops_db_api import __version__
from ccat_ops_db_api.access import endpoints as access
from ccat_ops_db_api.access.last_use import LastUse
from ccat_ops_db_api.access.queries import write_session_uses, write_token_uses
from ccat_ops_db_api.access.rate_limit import RateLimit
from ccat_ops_db_api.access.sessions import forget_ended_sessions
from ccat_ops_db_api.deletion_holds import endpoints as deletion_holds
from ccat_ops_db_api.error_records import endpoints as error_records
from ccat_ops_db_api.events import endpoints as events
from ccat_ops_db_api.executions import endpoints as executions
from ccat_ops_db_api.interface import documentation
from ccat_ops_db_api.interface.pages import serve_interface
from ccat_ops_db_api.observatory import endpoints as observatory
from ccat_ops_db_api.open_work import endpoints as open_work
from ccat_ops_db_api.physical_copies import endpoints as physical_copies
from ccat_ops_db_api.places import endpoints as places
from ccat_ops_db_api.plan import endpoints as plan
from ccat_ops_db_api.platform import errors, health
from ccat_ops_db_api.platform.database import DATABASE_ERRORS, open_engine, session_factory
from ccat_ops_db_api.platform.idempotency import forget_old_keys
from ccat_ops_db_api.platform.kept_answer import KeptAnswer
from ccat_ops_db_api.platform.openapi import describe
from ccat_ops_db_api.platform.requests import BodyLimit, RequestRecord, VerbPaths
from ccat_ops_db_api.platform.slow_questions import SlowQuestions
from ccat_ops_db_api.raw_data_files import endpoints as raw_data_files
from ccat_ops_db_api.raw_data_packages import endpoints as raw_data_packages
from ccat_ops_db_api.reports import endpoints as reports
from ccat_ops_db_api.search import endpoints as search
from ccat_ops_db_api.settings import ApiSettings
from ccat_ops_db_api.staging_jobs import endpoints as staging_jobs
from ccat_ops_db_api.work import endpoints as work

PREFIX = "/api/v1"
HOUSEKEEPING_PERIOD = 60.0
STATUS_SECONDS = 2.0
"""For how long one status serves all who ask; its description says so."""
SUMS_SECONDS = 30.0
"""For how long what there is in all serves each status, which says when it was counted."""
FAILURES_PER_SECOND = 0.1
"""Wrong tokens and cookies of one address, sustained: one every ten seconds."""
LAST_HOUSEKEEPING = 2.0
"""Longest time that an ending process waits for a database that may be away, seconds."""
ROUTERS: tuple[APIRouter, ...] = (
    access.router,
    observatory.router,
    plan.router,
    executions.router,
    raw_data_files.router,
    raw_data_packages.router,
    physical_copies.router,
    work.router,
    open_work.router,
    staging_jobs.router,
    places.router,
    deletion_holds.router,
    error_records.router,
    events.router,
    reports.router,
    search.router,
)

log = structlog.get_logger()


def create_app(settings: ApiSettings, database: OpsDbSettings, clock: Clock | None = None) -> FastAPI:
    """Return the application; it connects to the database with the first request.

    Parameters
    ----------
    settings : ApiSettings
        Settings of the service.
    database : OpsDbSettings
        Where the database is.
    clock : Clock, optional
        Source of time; the machine's by default.
    """
    app = FastAPI(
        title="CCAT operations database",
        version=__version__,
        openapi_url=f"{PREFIX}/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=_lifespan,
        redirect_slashes=False,
    )
    app.state.settings = settings
    app.state.clock = clock or SystemClock()
    app.state.engine = open_engine(settings, database)
    app.state.sessions = session_factory(app.state.engine)
    app.state.token_key = database.key_of_tokens()
    app.state.cursor_key = hashlib.sha256(b"cursor:" + app.state.token_key.encode()).digest()
    app.state.development = database.environment is Environment.DEVELOPMENT
    app.state.development_sign_in = database.is_said_to_be_development()
    set_limits(app)
    for router in ROUTERS:
        app.include_router(router, prefix=PREFIX)
    if app.state.development_sign_in:
        app.include_router(access.development_router, prefix=PREFIX)
    app.include_router(documentation.router, prefix=PREFIX)
    app.include_router(health.router)
    serve_interface(app, settings.ui_folder)
    errors.install(app)
    describe(app)
    app.add_middleware(VerbPaths)
    app.add_middleware(SlowQuestions)
    app.add_middleware(BodyLimit, largest=settings.max_body_bytes, largest_bulk=settings.max_bulk_body_bytes)
    app.add_middleware(RequestRecord)
    return app


def set_limits(app: FastAPI) -> None:
    """Give an application its limits, its memory of uses and the answers that it keeps, all as new."""
    state, settings = app.state, app.state.settings
    state.rate_limit = RateLimit(
        state.clock, settings.requests_per_second, settings.request_burst, "this token asks"
    )
    state.session_rate_limit = RateLimit(
        state.clock, settings.session_requests_per_second, settings.session_request_burst, "this session asks"
    )
    state.failure_limit = RateLimit(
        state.clock, FAILURES_PER_SECOND, settings.failure_burst, "this address gives wrong tokens or cookies"
    )
    state.last_use = LastUse()
    state.session_use = LastUse()
    state.sums = KeptAnswer[Sums](state.clock, SUMS_SECONDS)
    state.status = KeptAnswer[bytes](state.clock, STATUS_SECONDS)


@contextlib.asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    housekeeping = asyncio.create_task(_keep_house(app))
    try:
        yield
    finally:
        housekeeping.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await housekeeping
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LAST_HOUSEKEEPING):
                await tidy_up(app)
        await app.state.engine.dispose()


async def _keep_house(app: FastAPI) -> None:
    while True:
        await asyncio.sleep(HOUSEKEEPING_PERIOD)
        await tidy_up(app)


async def tidy_up(app: FastAPI) -> None:
    """Write when tokens and sessions were last used; forget what is old and what nobody takes.

    Nothing depends on it: while the database is away it is left for the next time.
    """
    state = app.state
    uses, session_uses = state.last_use.take(), state.session_use.take()
    for limit in (state.rate_limit, state.session_rate_limit, state.failure_limit):
        limit.forget_full()
    try:
        async with state.sessions.begin() as session:
            await write_token_uses(session, state.settings.site_id, uses)
            await write_session_uses(session, session_uses)
            await forget_ended_sessions(session)
            await forget_old_keys(session)
        async with state.sessions.begin() as session:
            for consumer in await session.run_sync(empty_long_queues, LONGEST_QUEUE):
                log.warning("emptied_queue", consumer=consumer)
    except DATABASE_ERRORS as error:
        log.warning("housekeeping_failed", error=str(error))
