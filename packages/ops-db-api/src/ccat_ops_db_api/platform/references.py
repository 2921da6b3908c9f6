"""Reference data of any kind: one list and one document each, by natural key."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from ccat_ops_db.permissions import PermissionName
from ccat_ops_db_api.access.authentication import requires
from ccat_ops_db_api.access.principal import Principal
from ccat_ops_db_api.platform.database import Transaction
from ccat_ops_db_api.platform.documents import Rows
from ccat_ops_db_api.platform.errors import not_found
from ccat_ops_db_api.platform.fields import Name, ResponseBody
from ccat_ops_db_api.platform.pages import Page, answer, document, list_page


@dataclass(frozen=True)
class ReferenceKind:
    """A kind of reference data.

    Attributes
    ----------
    path, noun, plural : str
        Last part of its path; its name in messages and operation ids.
    table : Any
        Its table, with ``id`` and ``retired_at``.
    resource : callable
        Returns it as it is shown.
    row, page : type
        How it is described.
    permission : PermissionName
        What reading it needs.
    volatile : tuple of str
        Fields that are measured, not set.
    """

    path: str
    noun: str
    plural: str
    table: Any
    resource: Callable[[], Rows]
    row: type[ResponseBody]
    page: type[ResponseBody]
    permission: PermissionName
    volatile: tuple[str, ...] = ()


def reference_routes(kind: ReferenceKind, tag: str) -> APIRouter:
    """Return the routes that list and show a kind of reference data."""
    router = APIRouter(prefix=f"/{kind.path}", tags=[tag])
    reader = requires(kind.permission)
    identifier = kind.table.c.id

    @router.get("", operation_id=f"list_{kind.plural}", response_model=kind.page)
    async def list_references(
        _: Annotated[Principal, reader],
        session: Transaction,
        page: Page,
        retired: Annotated[bool, Query(description="Also what configuration ceased to name.")] = False,
    ) -> Response:
        """List them by their names."""
        rows = kind.resource()
        if not retired:
            rows = rows.where(kind.table.c.retired_at.is_(None))
        return await list_page(session, rows, page, "id", {"id": identifier}, identifier)

    @router.get("/{name}", operation_id=f"get_{kind.noun}", response_model=kind.row)
    async def get_reference(
        request: Request, _: Annotated[Principal, reader], session: Transaction, name: Name
    ) -> Response:
        """Show one of them."""
        return answer(request, await reference(session, kind, name), kind.volatile)

    return router


async def reference(session: AsyncSession, kind: ReferenceKind, name: str) -> bytes:
    """Return the document of one of them.

    Raises
    ------
    Problem
        404 if there is none of that name.
    """
    shown = await document(session, kind.resource().where(kind.table.c.id == name))
    if shown is None:
        raise not_found(kind.noun.replace("_", " "), repr(name))
    return shown
