"""``/deletion-holds``."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from ccat_ops_db.enumerations import HoldScope
from ccat_ops_db.permissions import PermissionName
from ccat_ops_db_api.access.authentication import requires
from ccat_ops_db_api.access.principal import Principal
from ccat_ops_db_api.deletion_holds import queries, service
from ccat_ops_db_api.deletion_holds.schemas import Hold, HoldPage, HoldSort, LiftHold, PlaceHold
from ccat_ops_db_api.platform.database import Transaction
from ccat_ops_db_api.platform.errors import not_found
from ccat_ops_db_api.platform.etags import etag_of, require_match
from ccat_ops_db_api.platform.idempotency import Key, once
from ccat_ops_db_api.platform.pages import Page, answer, document, list_page

router = APIRouter(prefix="/deletion-holds", tags=["deletion holds"])
Reader = Annotated[Principal, requires(PermissionName.READ_TRANSFERS)]
Holder = Annotated[Principal, requires(PermissionName.MANAGE_HOLDS)]


@router.get("", operation_id="list_deletion_holds", response_model=HoldPage)
async def list_deletion_holds(
    _: Reader,
    session: Transaction,
    page: Page,
    active: Annotated[bool | None, Query(description="Neither lifted nor run out.")] = None,
    scope: HoldScope | None = None,
    sort: HoldSort = HoldSort.ID_DESCENDING,
) -> Response:
    """List holds on deletion."""
    rows = queries.filtered(active, scope)
    return await list_page(session, rows, page, sort, queries.SORT_KEYS, queries.HOLDS.id)


@router.post("", operation_id="place_deletion_hold", status_code=201, response_model=Hold)
async def place_deletion_hold(
    request: Request, principal: Holder, session: Transaction, key: Key, body: PlaceHold
) -> Response:
    """Place a hold: nothing that it covers is deleted."""

    async def work() -> Response:
        hold_id = await service.place(session, request, principal, body)
        shown = await _shown(session, hold_id)
        return answer(request, shown, status=201, location=f"{request.url.path}/{hold_id}")

    return await once(request, session, principal, key, work)


@router.get("/{hold_id}", operation_id="get_deletion_hold", response_model=Hold)
async def get_deletion_hold(request: Request, _: Reader, session: Transaction, hold_id: UUID) -> Response:
    """Show a hold."""
    return answer(request, await _shown(session, hold_id))


@router.post("/{hold_id}:lift", operation_id="lift_deletion_hold", response_model=Hold)
async def lift_deletion_hold(
    request: Request,
    principal: Holder,
    session: Transaction,
    key: Key,
    hold_id: UUID,
    body: LiftHold | None = None,
) -> Response:
    """Lift a hold, of whichever site."""

    async def work() -> Response:
        require_match(request, etag_of(await _shown(session, hold_id)))
        await service.lift(session, request, principal, hold_id, body.reason if body else None)
        return answer(request, await _shown(session, hold_id))

    return await once(request, session, principal, key, work)


async def _shown(session: Transaction, hold_id: UUID) -> bytes:
    shown = await document(session, queries.holds().where(queries.HOLDS.id == hold_id))
    if shown is None:
        raise not_found("deletion hold", hold_id)
    return shown
