"""``/data-transfers``, ``/archive-transfers`` and the other kinds of work: one set of routes for each."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request, Response

from ccat_ops_db.permissions import PermissionName
from ccat_ops_db_api.access.authentication import requires
from ccat_ops_db_api.access.principal import Principal
from ccat_ops_db_api.platform.database import Transaction
from ccat_ops_db_api.platform.errors import not_found
from ccat_ops_db_api.platform.etags import etag_of, require_match
from ccat_ops_db_api.platform.idempotency import Key, once
from ccat_ops_db_api.platform.pages import Page, answer, document, list_page
from ccat_ops_db_api.platform.site import require_own_row
from ccat_ops_db_api.work import queries, service
from ccat_ops_db_api.work.filters import Wanted
from ccat_ops_db_api.work.kinds import KINDS, Kind
from ccat_ops_db_api.work.schemas import ChangeOfWork, WorkSort
from ccat_ops_db_api.work.service import Change

Reader = Annotated[Principal, requires(PermissionName.READ_TRANSFERS)]
Manager = Annotated[Principal, requires(PermissionName.MANAGE_TRANSFERS)]


def _routes(kind: Kind) -> APIRouter:
    router = APIRouter(prefix=f"/{kind.path}", tags=["work"])

    @router.get("", operation_id=f"list_{kind.noun}s", response_model=kind.page)
    async def list_work(
        _: Reader,
        session: Transaction,
        page: Page,
        wanted: Wanted,
        sort: WorkSort = WorkSort.CREATED_AT_DESCENDING,
    ) -> Response:
        """List work of this kind."""
        rows = queries.sorted_by(kind, queries.filtered(kind, wanted), sort)
        keys = queries.sort_keys(kind)
        return await list_page(session, rows, page, sort, keys, keys["id"])

    @router.get("/{work_id}", operation_id=f"get_{kind.noun}", response_model=kind.row)
    async def get_work(request: Request, _: Reader, session: Transaction, work_id: UUID) -> Response:
        """Show a unit of work."""
        return answer(request, await _shown(session, kind, work_id), queries.MEASURED)

    @router.post("/{work_id}:retry", operation_id=f"retry_{kind.noun}", response_model=kind.row)
    async def retry_work(
        request: Request,
        principal: Manager,
        session: Transaction,
        key: Key,
        work_id: UUID,
        body: ChangeOfWork | None = None,
    ) -> Response:
        """Try work at once that failed, was cancelled or waits for its next attempt."""

        async def work() -> Response:
            return await _change(request, principal, session, kind, work_id, service.retry, body)

        return await once(request, session, principal, key, work)

    @router.post("/{work_id}:cancel", operation_id=f"cancel_{kind.noun}", response_model=kind.row)
    async def cancel_work(
        request: Request,
        principal: Manager,
        session: Transaction,
        key: Key,
        work_id: UUID,
        body: ChangeOfWork | None = None,
    ) -> Response:
        """Stop work until a person retries it."""

        async def work() -> Response:
            return await _change(request, principal, session, kind, work_id, service.cancel, body)

        return await once(request, session, principal, key, work)

    return router


async def _change(
    request: Request,
    principal: Principal,
    session: Transaction,
    kind: Kind,
    work_id: UUID,
    change: Change,
    body: ChangeOfWork | None,
) -> Response:
    wanted = body or ChangeOfWork()
    row = await _held(session, request, kind, work_id)
    attempt = await session.begin_nested()
    await change(session, principal, kind, row, wanted.reason)
    response = answer(request, await _shown(session, kind, work_id), queries.MEASURED)
    await (attempt.rollback() if wanted.dry_run else attempt.commit())
    return response


async def _held(session: Transaction, request: Request, kind: Kind, work_id: UUID) -> object:
    await require_own_row(session, request, kind.model, work_id, kind.noun)
    [row] = await queries.locked(session, kind, [work_id])
    require_match(request, etag_of(await _shown(session, kind, work_id), queries.MEASURED))
    return row


async def _shown(session: Transaction, kind: Kind, work_id: UUID) -> bytes:
    shown = await document(session, queries.work(kind).where(kind.model.id == work_id))
    if shown is None:
        raise not_found(kind.noun, work_id)
    return shown


router = APIRouter()
for _kind in KINDS:
    router.include_router(_routes(_kind))
