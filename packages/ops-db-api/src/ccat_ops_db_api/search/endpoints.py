"""``/search``."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import Field

from ccat_ops_db_api.access.authentication import requires_credential
from ccat_ops_db_api.access.principal import Principal
from ccat_ops_db_api.platform.database import Transaction
from ccat_ops_db_api.platform.fields import Name, ResponseBody
from ccat_ops_db_api.platform.pages import refuse_unknown
from ccat_ops_db_api.search import queries

router = APIRouter(tags=["reports"])


class Hit(ResponseBody):
    """Something that was found: ``GET /{collection}/{id}`` shows it."""

    type: str
    collection: str
    id: str
    title: str
    detail: str | None


class Hits(ResponseBody):
    """What was found, exact names first."""

    items: list[Hit] = Field(description="At most 20.")


@router.get("/search", operation_id="search")
async def search(
    request: Request,
    principal: Annotated[Principal, requires_credential()],
    session: Transaction,
    q: Annotated[Name, Query(description="Beginning of a name, or at least 8 digits of an id.")],
) -> Hits:
    """Find what the credential may read by the beginning of its name or id."""
    refuse_unknown(request)
    statement = queries.hits(q, principal.permissions)
    rows = () if statement is None else (await session.execute(statement)).all()
    return Hits(
        items=[Hit(type=row[0], collection=row[1], id=row[2], title=row[3], detail=row[4]) for row in rows]
    )
