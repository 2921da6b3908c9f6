"""``/errors``."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from ccat_ops_db.enumerations import Severity
from ccat_ops_db.permissions import PermissionName
from ccat_ops_db_api.access.authentication import requires
from ccat_ops_db_api.access.principal import Principal
from ccat_ops_db_api.error_records import queries, service
from ccat_ops_db_api.error_records.schemas import Error, ErrorPage, ErrorSort
from ccat_ops_db_api.platform.database import Transaction
from ccat_ops_db_api.platform.errors import not_found
from ccat_ops_db_api.platform.etags import etag_of, require_match
from ccat_ops_db_api.platform.fields import Name
from ccat_ops_db_api.platform.idempotency import Key, once
from ccat_ops_db_api.platform.pages import Page, answer, document, list_page

router = APIRouter(prefix="/errors", tags=["records"])
Reader = Annotated[Principal, requires(PermissionName.READ_ERRORS)]
Acknowledger = Annotated[Principal, requires(PermissionName.ACKNOWLEDGE_ERRORS)]


@router.get("", operation_id="list_errors", response_model=ErrorPage)
async def list_errors(
    _: Reader,
    session: Transaction,
    page: Page,
    is_open: Annotated[bool | None, Query(alias="open", description="Whether it is not over yet.")] = None,
    severity: Severity | None = None,
    category: Annotated[Name | None, Query(description="Machine-readable kind.")] = None,
    subject_id: Annotated[Name | None, Query(description="Key of what it concerns.")] = None,
    sort: ErrorSort = ErrorSort.LAST_SEEN_AT_DESCENDING,
) -> Response:
    """List errors."""
    rows = queries.filtered(is_open, severity, category, subject_id)
    return await list_page(session, rows, page, sort, queries.SORT_KEYS, queries.ERRORS.id)


@router.get("/{error_id}", operation_id="get_error", response_model=Error)
async def get_error(request: Request, _: Reader, session: Transaction, error_id: UUID) -> Response:
    """Show an error."""
    return answer(request, await _shown(session, error_id))


@router.post("/{error_id}:acknowledge", operation_id="acknowledge_error", response_model=Error)
async def acknowledge_error(
    request: Request, principal: Acknowledger, session: Transaction, key: Key, error_id: UUID
) -> Response:
    """Note that a person knows of an error."""

    async def work() -> Response:
        error = await queries.locked(session, error_id)
        if error is None:
            raise not_found("error", error_id)
        require_match(request, etag_of(await _shown(session, error_id)))
        await service.acknowledge(session, request, principal, error)
        return answer(request, await _shown(session, error_id))

    return await once(request, session, principal, key, work)


async def _shown(session: Transaction, error_id: UUID) -> bytes:
    shown = await document(session, queries.errors().where(queries.ERRORS.id == error_id))
    if shown is None:
        raise not_found("error", error_id)
    return shown
