"""``/executed-obs-units``."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request, Response

from ccat_ops_db.models import ExecutedObsUnit
from ccat_ops_db.permissions import PermissionName
from ccat_ops_db.reports.progress import execution_progress
from ccat_ops_db_api.access.authentication import requires
from ccat_ops_db_api.access.principal import Principal
from ccat_ops_db_api.executions import queries, service
from ccat_ops_db_api.executions.filters import Wanted, times_of_night
from ccat_ops_db_api.executions.schemas import (
    Execution,
    ExecutionPage,
    ExecutionProgress,
    ExecutionSort,
    FinishExecution,
    StartExecution,
)
from ccat_ops_db_api.platform.database import Transaction
from ccat_ops_db_api.platform.errors import not_found
from ccat_ops_db_api.platform.etags import etag_of, require_match
from ccat_ops_db_api.platform.idempotency import Key, once
from ccat_ops_db_api.platform.pages import Page, answer, document, list_page

router = APIRouter(prefix="/executed-obs-units", tags=["executions"])
Reader = Annotated[Principal, requires(PermissionName.READ_OBSERVATIONS)]
Writer = Annotated[Principal, requires(PermissionName.WRITE_OBSERVATIONS)]


@router.get("", operation_id="list_executions", response_model=ExecutionPage)
async def list_executions(
    principal: Reader,
    session: Transaction,
    page: Page,
    wanted: Wanted,
    sort: ExecutionSort = ExecutionSort.STARTED_AT_DESCENDING,
) -> Response:
    """List executions, each with what became of its data."""
    times = wanted.since, wanted.until
    if wanted.night is not None:
        times = times_of_night(wanted, principal.asked_at, await queries.longitude(session))
    rows = await queries.filtered(session, wanted, times)
    identifier = ExecutedObsUnit.__table__.c.id
    return await list_page(session, rows, page, sort, queries.SORT_KEYS, identifier)


@router.post(":start", operation_id="start_execution", status_code=201, response_model=Execution)
async def start_execution(
    request: Request, principal: Writer, session: Transaction, key: Key, body: StartExecution
) -> Response:
    """Start an execution of an obs unit. The same start again, by its id, answers 200."""

    async def work() -> Response:
        execution_id, new = await service.start(session, request, principal, body)
        path = f"{request.url.path.removesuffix(':start')}/{execution_id}"
        shown = await _shown(session, execution_id)
        return answer(request, shown, status=201 if new else 200, location=path)

    return await once(request, session, principal, key, work)


@router.post("/{execution_id}:finish", operation_id="finish_execution", response_model=Execution)
async def finish_execution(
    request: Request,
    principal: Writer,
    session: Transaction,
    key: Key,
    execution_id: UUID,
    body: FinishExecution,
) -> Response:
    """Finish an execution. The same end again answers the same; another end is a conflict."""

    async def work() -> Response:
        execution = await service.hold(session, request, execution_id)
        require_match(request, etag_of(await _shown(session, execution_id)))
        await service.finish(session, principal, execution, body)
        return answer(request, await _shown(session, execution_id))

    return await once(request, session, principal, key, work)


@router.get("/{execution_id}", operation_id="get_execution", response_model=Execution)
async def get_execution(request: Request, _: Reader, session: Transaction, execution_id: UUID) -> Response:
    """Show an execution."""
    return answer(request, await _shown(session, execution_id))


@router.get("/{execution_id}/progress", operation_id="get_execution_progress")
async def get_execution_progress(_: Reader, session: Transaction, execution_id: UUID) -> ExecutionProgress:
    """Tell how far the data of an execution is: filed, packaged, archived, removed at the source."""
    progress = await session.run_sync(lambda sync: execution_progress(sync, execution_id))
    if progress is None:
        raise not_found("execution", execution_id)
    return ExecutionProgress.model_validate(progress)


async def _shown(session: Transaction, execution_id: UUID) -> bytes:
    shown = await document(session, queries.executions().where(ExecutedObsUnit.id == execution_id))
    if shown is None:
        raise not_found("execution", execution_id)
    return shown
