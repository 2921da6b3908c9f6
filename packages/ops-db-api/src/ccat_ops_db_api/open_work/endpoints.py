"""``/open-work``."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from ccat_ops_db.permissions import PermissionName
from ccat_ops_db.reports.open_work_groups import GroupBy, open_work_groups
from ccat_ops_db_api.access.authentication import requires
from ccat_ops_db_api.access.principal import Principal
from ccat_ops_db_api.open_work import queries, service
from ccat_ops_db_api.open_work.filters import Wanted, conditions
from ccat_ops_db_api.open_work.schemas import (
    ChangedWork,
    ChangeOfOpenWork,
    OpenWorkGroups,
    OpenWorkPage,
    OpenWorkSort,
    Verb,
)
from ccat_ops_db_api.platform.database import Transaction
from ccat_ops_db_api.platform.idempotency import Key, once
from ccat_ops_db_api.platform.pages import Page, list_page, refuse_unknown

router = APIRouter(prefix="/open-work", tags=["work"])
Reader = Annotated[Principal, requires(PermissionName.READ_TRANSFERS)]
Manager = Annotated[Principal, requires(PermissionName.MANAGE_TRANSFERS)]


@router.get("", operation_id="list_open_work", response_model=OpenWorkPage)
async def list_open_work(
    request: Request,
    principal: Reader,
    session: Transaction,
    page: Page,
    wanted: Wanted,
    count: Annotated[bool, Query(description="Whether to count all that match, exactly.")] = False,
    sort: OpenWorkSort = OpenWorkSort.WAITING_SINCE,
) -> Response:
    """List what is not done: open and given-up work of all kinds, and what waits before there is work."""
    rows = queries.wanted_rows(principal.asked_at, wanted)
    resource = queries.shown(rows, wanted, request.app.state.settings.served_sites)
    resource, order = queries.sorted_by(resource, rows, sort)
    return await list_page(
        session,
        resource,
        page,
        order,
        queries.sort_keys(rows),
        rows.c.id,
        counted=resource if count else None,
    )


@router.get("/groups", operation_id="get_open_work_groups")
async def get_open_work_groups(
    request: Request,
    principal: Reader,
    session: Transaction,
    wanted: Wanted,
    by: Annotated[GroupBy, Query(description="What the work of a group has in common.")] = GroupBy.REASON,
) -> OpenWorkGroups:
    """Tell how much is not done, how old it is, what happens next and whose turn it is, in groups."""
    refuse_unknown(request)
    now = principal.asked_at
    rows = queries.wanted_rows(now, wanted, programs=by is GroupBy.PROGRAM)
    verbs = queries.possible(rows.c, request.app.state.settings.served_sites)
    work = await session.run_sync(
        lambda sync: open_work_groups(sync, by, rows, conditions(rows, wanted), verbs)
    )
    return OpenWorkGroups.model_validate(
        {
            "by": by,
            "at": now,
            "count": sum(group.count for group in work.groups),
            "bytes": work.bytes,
            "groups": work.groups,
        }
    )


@router.post(":retry", operation_id="retry_open_work", response_model=ChangedWork)
async def retry_open_work(
    request: Request, principal: Manager, session: Transaction, key: Key, body: ChangeOfOpenWork
) -> Response:
    """Retry the given-up work that a filter lists, at most 1,000 rows; each row's refusal is told."""
    return await _change(request, principal, session, key, Verb.RETRY, body)


@router.post(":cancel", operation_id="cancel_open_work", response_model=ChangedWork)
async def cancel_open_work(
    request: Request, principal: Manager, session: Transaction, key: Key, body: ChangeOfOpenWork
) -> Response:
    """Cancel the open work that a filter lists, at most 1,000 rows; each row's refusal is told."""
    return await _change(request, principal, session, key, Verb.CANCEL, body)


async def _change(
    request: Request,
    principal: Principal,
    session: Transaction,
    key: str | None,
    verb: Verb,
    body: ChangeOfOpenWork,
) -> Response:
    async def work() -> Response:
        answer = await service.change(session, request, principal, verb, body)
        return Response(answer.model_dump_json(), media_type="application/json")

    return await once(request, session, principal, key, work)
