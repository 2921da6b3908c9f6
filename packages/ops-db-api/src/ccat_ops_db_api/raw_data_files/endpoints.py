"""``/raw-data-files``."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import ColumnElement

from ccat_ops_db.models import RawDataFileView
from ccat_ops_db.permissions import PermissionName
from ccat_ops_db.signed_urls import Member
from ccat_ops_db_api.access.authentication import requires
from ccat_ops_db_api.access.principal import Principal
from ccat_ops_db_api.platform.database import Transaction
from ccat_ops_db_api.platform.errors import conflict, invalid, not_found
from ccat_ops_db_api.platform.fields import Name
from ccat_ops_db_api.platform.idempotency import Key, once
from ccat_ops_db_api.platform.pages import Page, answer, document, list_page
from ccat_ops_db_api.raw_data_files import deciding, queries, service
from ccat_ops_db_api.raw_data_files.schemas import (
    BulkAnswer,
    DecidedFiles,
    DecideOnFiles,
    File,
    FileFilesAnew,
    FilePage,
    FileSort,
    FileToFile,
)
from ccat_ops_db_api.raw_data_packages.content import signed_address

router = APIRouter(prefix="/raw-data-files", tags=["raw data files"])
Reader = Annotated[Principal, requires(PermissionName.READ_DATA)]
Manager = Annotated[Principal, requires(PermissionName.MANAGE_TRANSFERS)]
Writer = Annotated[Principal, requires(PermissionName.WRITE_DATA)]
NDJSON = "application/x-ndjson"


@router.post("", operation_id="file_raw_data_file", status_code=201, response_model=File)
async def file_raw_data_file(
    request: Request, principal: Writer, session: Transaction, key: Key, body: FileToFile
) -> Response:
    """File one raw data file. The same facts again answer 200, other facts for the same file 409."""

    async def work() -> Response:
        filing = await service.receive_one(session, request, body)
        filed = await service.file(session, request, principal, filing, numbered=False)
        shown = await _shown(
            session,
            RawDataFileView.executed_obs_unit_id == body.execution_id,
            RawDataFileView.instrument_module_id == body.module,
            RawDataFileView.relative_path == body.relative_path,
            RawDataFileView.source_location_id == body.source_location,
            RawDataFileView.size == body.size,
            RawDataFileView.checksum == body.checksum,
        )
        return answer(request, shown, status=201 if filed else 200)

    return await once(request, session, principal, key, work)


@router.post(
    ":bulk",
    operation_id="file_raw_data_files",
    response_model=BulkAnswer,
    openapi_extra={
        "requestBody": {
            "required": True,
            "description": "One file a line, each as in the body of file_raw_data_file.",
            "content": {NDJSON: {"schema": {"type": "string", "contentMediaType": NDJSON}}},
        }
    },
)
async def file_raw_data_files(
    request: Request, principal: Writer, session: Transaction, key: Key
) -> Response:
    """File many raw data files, all or nothing. A problem names the bad lines, the first 100."""
    filing, digest = await service.receive_lines(session, request)

    async def work() -> Response:
        filed = await service.file(session, request, principal, filing, numbered=True)
        return Response(service.bulk_answer(filed, filing), media_type="application/json")

    return await once(request, session, principal, key, work, digest)


@router.post(":set-aside", operation_id="set_raw_data_files_aside", response_model=DecidedFiles)
async def set_raw_data_files_aside(
    request: Request, principal: Manager, session: Transaction, key: Key, body: DecideOnFiles
) -> Response:
    """Leave files that are not as they were filed where they are: no package waits for them any more."""

    async def work() -> Response:
        decided = await deciding.set_files_aside(session, request, principal, body)
        return Response(decided.model_dump_json(), media_type="application/json")

    return await once(request, session, principal, key, work)


@router.post(":file-anew", operation_id="file_raw_data_files_anew", response_model=DecidedFiles)
async def file_raw_data_files_anew(
    request: Request, principal: Manager, session: Transaction, key: Key, body: FileFilesAnew
) -> Response:
    """File files anew that were not as they were filed: as they were filed, or one of them as it is now."""

    async def work() -> Response:
        decided = await deciding.file_files_anew(session, request, principal, body)
        return Response(decided.model_dump_json(), media_type="application/json")

    return await once(request, session, principal, key, work)


@router.get("", operation_id="list_raw_data_files", response_model=FilePage)
async def list_raw_data_files(
    _: Reader,
    session: Transaction,
    page: Page,
    execution_id: UUID | None = None,
    module: Annotated[Name | None, Query(description="Module that wrote it.")] = None,
    package_id: UUID | None = None,
    packaged: Annotated[bool | None, Query(description="Whether it is in a package.")] = None,
    relative_path: Annotated[
        Name | None, Query(description="Its path; needs ``execution_id`` or ``package_id``.")
    ] = None,
    path_prefix: Annotated[
        Name | None, Query(description="Beginning of its path; needs ``execution_id`` or ``package_id``.")
    ] = None,
    problem: Annotated[
        bool | None,
        Query(description="Whether something is wrong with it."),
    ] = None,
    sort: FileSort = FileSort.ID,
) -> Response:
    """List raw data files."""
    slow = "size" in sort or relative_path is not None or path_prefix is not None
    if slow and execution_id is None and package_id is None:
        raise invalid(
            "execution_id", "is needed, or package_id, to find files by path or to sort them by size"
        )
    rows = queries.filtered(execution_id, module, package_id, packaged, relative_path, path_prefix, problem)
    return await list_page(session, rows, page, sort, queries.SORT_KEYS, RawDataFileView.__table__.c.id)


@router.get("/{file_id}", operation_id="get_raw_data_file", response_model=File)
async def get_raw_data_file(request: Request, _: Reader, session: Transaction, file_id: UUID) -> Response:
    """Show a raw data file."""
    shown = await document(session, queries.files().where(RawDataFileView.id == file_id))
    if shown is None:
        raise not_found("raw data file", file_id)
    return answer(request, shown)


@router.get(
    "/{file_id}/content",
    operation_id="get_file_content",
    status_code=307,
    response_class=RedirectResponse,
)
async def get_file_content(
    request: Request,
    _: Reader,
    session: Transaction,
    file_id: UUID,
    location: Annotated[Name | None, Query(description="From this location; else the nearest.")] = None,
) -> Response:
    """Redirect to a data server that gives the file out of its package, whole or by range, for a time.

    The answer there has the file's sha256 in ``Repr-Digest``.
    """
    file = await queries.file_in_package(session, file_id)
    if file is None:
        raise not_found("raw data file", file_id)
    if file.package_id is None:
        raise conflict(
            f"file {file_id} is in no package yet; GET /api/v1/why/{file_id} tells what it waits for",
            "not-packaged",
        )
    if file.left_out:
        raise conflict(f"file {file_id} was left out of package {file.package_id}", "left-out")
    if file.tar_offset is None or file.sha256 is None:
        raise conflict(
            f"package {file.package_id} of file {file_id} is not sealed yet;"
            f" GET /api/v1/why/{file.package_id} tells what it waits for",
            "not-sealed",
        )
    name = file.relative_path.rpartition("/")[2]
    member = Member(file.tar_offset, file.size, name, file.sha256.hex())
    address = await signed_address(session, request, file.package_id, location, member)
    return RedirectResponse(address, 307, {"Cache-Control": "no-store"})


async def _shown(session: Transaction, *conditions: ColumnElement[bool]) -> bytes:
    # Filed anew with the same facts, a file has several rows.
    latest = queries.files().where(*conditions).order_by(RawDataFileView.revision.desc()).limit(1)
    shown = await document(session, latest)
    assert shown is not None, "it was filed in this transaction, or before"
    return shown
