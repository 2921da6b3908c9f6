"""``/physical-copies``."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from ccat_ops_db.enumerations import CopyKind, PhysicalCopyStatus
from ccat_ops_db.models import FixityCheck
from ccat_ops_db.permissions import PermissionName
from ccat_ops_db_api.access.authentication import requires
from ccat_ops_db_api.access.principal import Principal
from ccat_ops_db_api.physical_copies import queries, service
from ccat_ops_db_api.physical_copies.schemas import Copy, CopyPage, CopySort
from ccat_ops_db_api.platform.database import Transaction
from ccat_ops_db_api.platform.errors import not_found
from ccat_ops_db_api.platform.fields import Name
from ccat_ops_db_api.platform.idempotency import Key, once
from ccat_ops_db_api.platform.pages import Page, answer, document, list_page
from ccat_ops_db_api.work.kinds import FIXITY_CHECKS
from ccat_ops_db_api.work.queries import work as checks
from ccat_ops_db_api.work.schemas import FixityCheckRow

router = APIRouter(prefix="/physical-copies", tags=["physical copies"])
Reader = Annotated[Principal, requires(PermissionName.READ_DATA)]
Manager = Annotated[Principal, requires(PermissionName.MANAGE_TRANSFERS)]


@router.get("", operation_id="list_physical_copies", response_model=CopyPage)
async def list_physical_copies(
    _: Reader,
    session: Transaction,
    page: Page,
    package_id: UUID | None = None,
    file_id: UUID | None = None,
    location: Annotated[list[Name] | None, Query(description="Where it is.")] = None,
    status: Annotated[list[PhysicalCopyStatus] | None, Query(description="Its status.")] = None,
    status_not: Annotated[list[PhysicalCopyStatus] | None, Query(description="Not its status.")] = None,
    kind: CopyKind | None = None,
    sort: CopySort = CopySort.ID_DESCENDING,
) -> Response:
    """List copies of files and packages."""
    rows = queries.filtered(package_id, file_id, location, status, status_not, kind)
    return await list_page(session, rows, page, sort, queries.SORT_KEYS, queries.COPIES.id)


@router.get("/{copy_id}", operation_id="get_physical_copy", response_model=Copy)
async def get_physical_copy(request: Request, _: Reader, session: Transaction, copy_id: UUID) -> Response:
    """Show a copy."""
    shown = await document(session, queries.copies().where(queries.COPIES.id == copy_id))
    if shown is None:
        raise not_found("physical copy", copy_id)
    return answer(request, shown)


@router.post(
    "/{copy_id}:verify", operation_id="verify_physical_copy", status_code=201, response_model=FixityCheckRow
)
async def verify_physical_copy(
    request: Request, principal: Manager, session: Transaction, key: Key, copy_id: UUID
) -> Response:
    """Ask for a copy to be read and compared with its checksum; 200 if that was asked for already."""

    async def work() -> Response:
        check_id, new = await service.verify(session, request, principal, copy_id)
        shown = await document(session, checks(FIXITY_CHECKS).where(FixityCheck.id == check_id))
        assert shown is not None
        return answer(request, shown, status=201 if new else 200)

    return await once(request, session, principal, key, work)
