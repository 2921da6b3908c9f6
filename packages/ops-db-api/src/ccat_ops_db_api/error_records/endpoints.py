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
from ccat_ops_db_api.platform.fields import Name, Time
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
    acknowledged: Annotated[bool | None, Query(description="Whether a person took note of it.")] = None,
    severity: Annotated[list[Severity] | None, Query(description="How bad.")] = None,
    severity_not: Annotated[list[Severity] | None, Query(description="Not so bad.")] = None,
    category: Annotated[list[Name] | None, Query(description="Code of ``GET /error-categories``.")] = None,
    category_not: Annotated[list[Name] | None, Query(description="Not of this kind.")] = None,
    subject_type: Annotated[list[Name] | None, Query(description="Table of what it concerns.")] = None,
    subject_id: Annotated[list[Name] | None, Query(description="Key of what it concerns.")] = None,
    location: Annotated[list[Name] | None, Query(description="Location that it concerns.")] = None,
    location_not: Annotated[list[Name] | None, Query(description="Does not concern this location.")] = None,
    route: Annotated[list[Name] | None, Query(description="On this route.")] = None,
    site: Annotated[list[Name] | None, Query(description="Site where it happened.")] = None,
    since: Annotated[Time | None, Query(description="Seen last then or later.")] = None,
    until: Annotated[Time | None, Query(description="Seen last before.")] = None,
    sort: ErrorSort = ErrorSort.LAST_SEEN_AT_DESCENDING,
) -> Response:
    """List errors."""
    wanted = {
        "severity": severity,
        "severity_not": severity_not,
        "category": category,
        "category_not": category_not,
        "subject_type": subject_type,
        "subject_id": subject_id,
        "data_location_id": location,
        "data_location_id_not": location_not,
        "site_id": site,
    }
    rows = queries.filtered(wanted, is_open, acknowledged, (since, until), route)
    order = sort.value.replace("severity", "severity_rank")
    return await list_page(session, rows, page, order, queries.SORT_KEYS, queries.ERRORS.id)


@router.get("/{error_id}", operation_id="get_error", response_model=Error)
async def get_error(request: Request, _: Reader, session: Transaction, error_id: UUID) -> Response:
    """Show an error."""
    return answer(request, await _shown(session, error_id), queries.MEASURED)


@router.post("/{error_id}:acknowledge", operation_id="acknowledge_error", response_model=Error)
async def acknowledge_error(
    request: Request, principal: Acknowledger, session: Transaction, key: Key, error_id: UUID
) -> Response:
    """Note that a person knows of an error."""

    async def work() -> Response:
        require_match(request, etag_of(await _shown(session, error_id), queries.MEASURED))
        await service.acknowledge(session, request, principal, error_id)
        return answer(request, await _shown(session, error_id), queries.MEASURED)

    return await once(request, session, principal, key, work)


async def _shown(session: Transaction, error_id: UUID) -> bytes:
    shown = await document(session, queries.errors().where(queries.ERRORS.id == error_id))
    if shown is None:
        raise not_found("error", error_id)
    return shown
