"""``/raw-data-packages``."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse

from ccat_ops_db.models import RawDataFileView, RawDataPackage
from ccat_ops_db.permissions import PermissionName
from ccat_ops_db.reports.life_line import archives_in_doubt, life_line
from ccat_ops_db_api.access.authentication import requires
from ccat_ops_db_api.access.principal import Principal
from ccat_ops_db_api.platform.database import Transaction
from ccat_ops_db_api.platform.errors import conflict, not_found
from ccat_ops_db_api.platform.fields import Name
from ccat_ops_db_api.platform.pages import Page, answer, document, list_page
from ccat_ops_db_api.raw_data_files import queries as files
from ccat_ops_db_api.raw_data_files.schemas import FilePage, FileSort
from ccat_ops_db_api.raw_data_packages import content, queries
from ccat_ops_db_api.raw_data_packages.filters import Wanted
from ccat_ops_db_api.raw_data_packages.schemas import (
    LifeLine,
    LifeStep,
    Package,
    PackageIndex,
    PackagePage,
    PackageSort,
)

router = APIRouter(prefix="/raw-data-packages", tags=["raw data packages"])
Reader = Annotated[Principal, requires(PermissionName.READ_DATA)]


@router.get("", operation_id="list_raw_data_packages", response_model=PackagePage)
async def list_raw_data_packages(
    _: Reader,
    session: Transaction,
    page: Page,
    wanted: Wanted,
    sort: PackageSort = PackageSort.CREATED_AT_DESCENDING,
) -> Response:
    """List packages with their copies and why they wait."""
    listed = queries.sorted_by(await queries.filtered(session, wanted), sort)
    identifier = RawDataPackage.__table__.c.id
    return await list_page(
        session, queries.packages(), page, sort, queries.SORT_KEYS, identifier, listed=listed
    )


@router.get("/{package_id}", operation_id="get_raw_data_package", response_model=Package)
async def get_raw_data_package(
    request: Request, _: Reader, session: Transaction, package_id: UUID
) -> Response:
    """Show a package with its copies and why it waits."""
    shown = await document(session, queries.packages().where(RawDataPackage.id == package_id))
    if shown is None:
        raise not_found("raw data package", package_id)
    return answer(request, shown)


@router.get("/{package_id}/files", operation_id="list_package_files", response_model=FilePage)
async def list_package_files(
    _: Reader,
    session: Transaction,
    page: Page,
    package_id: UUID,
    sort: FileSort = FileSort.ID,
) -> Response:
    """List the files of a package, with where they lie in its tar once it is sealed."""
    if await queries.sealed(session, package_id) is None:
        raise not_found("raw data package", package_id)
    rows = files.filtered(None, None, package_id, None)
    return await list_page(session, rows, page, sort, files.SORT_KEYS, RawDataFileView.__table__.c.id)


@router.get("/{package_id}/index", operation_id="get_package_index", response_model=PackageIndex)
async def get_package_index(request: Request, _: Reader, session: Transaction, package_id: UUID) -> Response:
    """Show where each file of a sealed package lies in its tar."""
    await _require_sealed(session, package_id)
    shown = await document(session, queries.index(package_id))
    assert shown is not None, "a sealed package cannot vanish"
    return answer(request, shown)


@router.get("/{package_id}/life-line", operation_id="get_package_life_line")
async def get_package_life_line(_: Reader, session: Transaction, package_id: UUID) -> LifeLine:
    """Tell the life of a package: what was done, what is under way, what waits and why, what comes next."""
    steps = await session.run_sync(lambda sync: life_line(sync, package_id))
    if steps is None:
        raise not_found("raw data package", package_id)
    in_doubt = await session.run_sync(lambda sync: archives_in_doubt(sync, package_id))
    return LifeLine(
        archives_in_doubt=in_doubt,
        steps=[LifeStep.model_validate(step) for step in steps],
    )


@router.get(
    "/{package_id}/content",
    operation_id="get_package_content",
    status_code=307,
    response_class=RedirectResponse,
)
async def get_package_content(
    request: Request,
    _: Reader,
    session: Transaction,
    package_id: UUID,
    location: Annotated[Name | None, Query(description="From this location; else the nearest.")] = None,
) -> Response:
    """Redirect to a data server that gives the tar, whole or by range, for a limited time."""
    await _require_sealed(session, package_id)
    address = await content.signed_address(session, request, package_id, location)
    return RedirectResponse(address, 307, {"Cache-Control": "no-store"})


async def _require_sealed(session: Transaction, package_id: UUID) -> None:
    sealed = await queries.sealed(session, package_id)
    if sealed is None:
        raise not_found("raw data package", package_id)
    if not sealed:
        raise conflict(
            f"package {package_id} is not sealed yet; GET /api/v1/why/{package_id} tells what it waits for",
            "not-sealed",
        )
