"""``/staging-jobs``."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from ccat_ops_db.permissions import PermissionName
from ccat_ops_db_api.access.authentication import requires
from ccat_ops_db_api.access.principal import Principal
from ccat_ops_db_api.platform.database import Transaction
from ccat_ops_db_api.platform.errors import not_found
from ccat_ops_db_api.platform.fields import Name, Time
from ccat_ops_db_api.platform.idempotency import Key, once
from ccat_ops_db_api.platform.pages import Page, answer, document, list_page
from ccat_ops_db_api.staging_jobs import queries, service
from ccat_ops_db_api.staging_jobs.schemas import (
    JobState,
    StageData,
    StagingJob,
    StagingJobPage,
    StagingJobSort,
)

router = APIRouter(prefix="/staging-jobs", tags=["staging"])
Reader = Annotated[Principal, requires(PermissionName.READ_DATA)]
Stager = Annotated[Principal, requires(PermissionName.STAGE_DATA)]


@router.post("", operation_id="stage_data", status_code=201, response_model=StagingJob)
async def stage_data(
    request: Request, principal: Stager, session: Transaction, key: Key, body: StageData
) -> Response:
    """Ask for data at a processing location. The same request again, by its id, answers 200."""

    async def work() -> Response:
        job_id, new = await service.make(session, request, principal, body)
        shown = await _shown(session, job_id)
        return answer(request, shown, status=201 if new else 200, location=f"{request.url.path}/{job_id}")

    return await once(request, session, principal, key, work)


@router.get("", operation_id="list_staging_jobs", response_model=StagingJobPage)
async def list_staging_jobs(
    principal: Reader,
    session: Transaction,
    page: Page,
    state: Annotated[list[JobState] | None, Query(description="State of its items.")] = None,
    location: Annotated[list[Name] | None, Query(description="Processing location.")] = None,
    execution_id: UUID | None = None,
    mine: Annotated[bool, Query(description="Only those that the asking user asked for.")] = False,
    since: Annotated[Time | None, Query(description="Asked for then or later.")] = None,
    until: Annotated[Time | None, Query(description="Asked for before.")] = None,
    sort: StagingJobSort = StagingJobSort.CREATED_AT_DESCENDING,
) -> Response:
    """List staging jobs."""
    user = principal.user_name if mine else None
    rows = queries.filtered(state, location, execution_id, user, (since, until))
    return await list_page(session, rows, page, sort, queries.SORT_KEYS, queries.JOBS.id)


@router.get("/{job_id}", operation_id="get_staging_job", response_model=StagingJob)
async def get_staging_job(request: Request, _: Reader, session: Transaction, job_id: UUID) -> Response:
    """Show a staging job and how far it is."""
    return answer(request, await _shown(session, job_id))


@router.post("/{job_id}:cancel", operation_id="cancel_staging_job", response_model=StagingJob)
async def cancel_staging_job(
    request: Request, principal: Stager, session: Transaction, key: Key, job_id: UUID
) -> Response:
    """Cancel a staging job and its open items."""

    async def work() -> Response:
        await service.cancel(session, request, principal, job_id)
        return answer(request, await _shown(session, job_id))

    return await once(request, session, principal, key, work)


async def _shown(session: Transaction, job_id: UUID) -> bytes:
    shown = await document(session, queries.jobs().where(queries.JOBS.id == job_id))
    if shown is None:
        raise not_found("staging job", job_id)
    return shown
