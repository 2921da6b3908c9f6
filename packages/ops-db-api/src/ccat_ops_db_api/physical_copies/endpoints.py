"""``/physical-copies``."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from ccat_ops_db.enumerations import CopyKind, PhysicalCopyStatus
from ccat_ops_db.permissions import PermissionName
from ccat_ops_db_api.access.authentication import Principal, requires
from ccat_ops_db_api.physical_copies import queries
from ccat_ops_db_api.physical_copies.schemas import Copy, CopyPage, CopySort
from ccat_ops_db_api.platform.database import Transaction
from ccat_ops_db_api.platform.errors import not_found
from ccat_ops_db_api.platform.fields import Name
from ccat_ops_db_api.platform.pages import Page, answer, document, list_page

router = APIRouter(prefix="/physical-copies", tags=["physical copies"])
Reader = Annotated[Principal, requires(PermissionName.READ_DATA)]


@router.get("", operation_id="list_physical_copies", response_model=CopyPage)
async def list_physical_copies(
    _: Reader,
    session: Transaction,
    page: Page,
    package_id: UUID | None = None,
    file_id: UUID | None = None,
    location: Annotated[Name | None, Query(description="Where it is.")] = None,
    status: PhysicalCopyStatus | None = None,
    kind: CopyKind | None = None,
    sort: CopySort = CopySort.ID_DESCENDING,
) -> Response:
    """List copies of files and packages."""
    rows = queries.filtered(package_id, file_id, location, status, kind)
    return await list_page(session, rows, page, sort, queries.SORT_KEYS, queries.COPIES.id)


@router.get("/{copy_id}", operation_id="get_physical_copy", response_model=Copy)
async def get_physical_copy(request: Request, _: Reader, session: Transaction, copy_id: UUID) -> Response:
    """Show a copy."""
    shown = await document(session, queries.copies().where(queries.COPIES.id == copy_id))
    if shown is None:
        raise not_found("physical copy", copy_id)
    return answer(request, shown)
