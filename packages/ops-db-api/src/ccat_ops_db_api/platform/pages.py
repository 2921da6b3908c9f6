"""Lists and single resources: keyset pages, one statement each, their JSON written by PostgreSQL.

A resource is one ``Select`` whose labelled columns are the fields of its document. Everything here works on
that: what is shown, sorted by and cut to with ``fields=`` are its labels.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any

import orjson
from fastapi import Depends, FastAPI, Query, Request, Response
from pydantic import BaseModel
from sqlalchemy import (
    ColumnElement,
    String,
    asc,
    bindparam,
    cast,
    desc,
    func,
    literal_column,
    select,
    tuple_,
)
from sqlalchemy.ext.asyncio import AsyncSession

from ccat_ops_db_api.platform.documents import Rows
from ccat_ops_db_api.platform.errors import FieldError, invalid, invalid_fields
from ccat_ops_db_api.platform.etags import etag_of, is_fresh
from ccat_ops_db_api.platform.filters import among

LARGEST_PAGE = 1000
DEFAULT_PAGE = 100
MAC_BYTES = 12


class Count(BaseModel):
    """How many items match, on all pages together."""

    value: int
    exact: bool


@dataclass(frozen=True)
class PageRequest:
    """Which part of a list is wanted."""

    limit: int
    cursor: str | None
    fields: tuple[str, ...]
    path: str
    key: bytes


def page_request(
    request: Request,
    limit: Annotated[
        int, Query(ge=1, le=LARGEST_PAGE, description="Most items in the answer.")
    ] = DEFAULT_PAGE,
    cursor: Annotated[
        str | None, Query(max_length=2000, description="``next_cursor`` of the page before; opaque.")
    ] = None,
    fields: Annotated[
        str | None, Query(max_length=1000, description="Only these fields, separated by commas.")
    ] = None,
) -> PageRequest:
    """Return what the query says about the page; a filter that the list does not have is refused.

    Left alone, a mistyped filter would give the whole list, which its reader takes for the filtered one.
    """
    refuse_unknown(request)
    chosen = tuple(dict.fromkeys(field.strip() for field in fields.split(","))) if fields else ()
    return PageRequest(limit, cursor, chosen, request.url.path, request.app.state.cursor_key)


def refuse_unknown(request: Request) -> None:
    """Refuse query parameters that the operation does not have.

    Raises
    ------
    Problem
        422 that names them.
    """
    known = _query_parameters(request.app)[request.scope["route"].operation_id]
    unknown = [
        FieldError(field=name, reason=f"is no parameter of this list; it has: {', '.join(sorted(known))}")
        for name in request.query_params
        if name not in known
    ]
    if unknown:
        raise invalid_fields(unknown)


@lru_cache(maxsize=1)
def _query_parameters(app: FastAPI) -> Mapping[str, frozenset[str]]:
    """Return the names of the query parameters of each operation."""
    return {
        operation["operationId"]: frozenset(
            parameter["name"] for parameter in operation.get("parameters", ()) if parameter["in"] == "query"
        )
        for methods in app.openapi()["paths"].values()
        for operation in methods.values()
    }


Page = Annotated[PageRequest, Depends(page_request)]
"""The page that a request asks for."""


async def list_page(
    session: AsyncSession,
    resource: Rows,
    page: PageRequest,
    sort: str,
    keys: Mapping[str, ColumnElement[Any]],
    identifier: ColumnElement[Any],
    counted: Rows | None = None,
    listed: Rows | None = None,
) -> Response:
    """Answer with one page of a resource.

    Parameters
    ----------
    session : AsyncSession
        Transaction of the request.
    resource : Select
        The resource, filtered, not ordered.
    page : PageRequest
        Which part of it.
    sort : str
        A key of `keys`, with ``-`` before it for the largest first.
    keys : mapping
        Label of a column that may be sorted by → the column. Never null.
    identifier : ColumnElement
        The unique column (label ``id``) that decides between equal keys.
    counted : Select, optional
        What is counted, if the answer is to have a count.
    listed : Select, optional
        Identifiers of what is on the list, where the resource is not filtered: then only the rows of the page
        are worked out.

    Raises
    ------
    Problem
        422 for a cursor that was not given out for this list and order, or an unknown field.
    """
    label, descending = sort.removeprefix("-"), sort.startswith("-")
    key = keys[label]
    order = desc if descending else asc
    orders = (*([order(key)] if label != "id" else []), order(identifier))
    statement = (resource if listed is None else listed).order_by(*orders).limit(page.limit + 1)
    if page.cursor is not None:
        after = _read_cursor(page, sort)
        statement = statement.where(_beyond(key, identifier, label, after, descending))
    if listed is not None:
        statement = resource.where(among(identifier, statement)).order_by(*orders)
    rows = (await session.execute(_documents(statement, page.fields, label))).all()
    shown = rows[: page.limit]
    more = len(rows) > page.limit
    cursor = _write_cursor(page, sort, [shown[-1].sort_key, shown[-1].identifier]) if more else None
    body = b'{"items":[%s],"next_cursor":%s%s}' % (
        b",".join(row.document.encode() for row in shown),
        orjson.dumps(cursor),
        b"" if counted is None else b',"count":' + orjson.dumps(await _count(session, counted)),
    )
    return Response(body, media_type="application/json")


async def document(session: AsyncSession, resource: Rows) -> bytes | None:
    """Return the one document that a resource filtered by its key has, or None."""
    found: str | None = (await session.execute(_documents(resource, ()))).scalar_one_or_none()
    return found.encode() if found is not None else None


def answer(
    request: Request,
    body: bytes,
    volatile: Sequence[str] = (),
    status: int = 200,
    location: str | None = None,
) -> Response:
    """Answer with a document and its ETag; 304 when the client has this one already.

    Parameters
    ----------
    request : Request
        The request.
    body : bytes
        The document.
    volatile : sequence of str
        Fields that are measured, not set: the ETag does not tell of them.
    status : int
        Status of the answer.
    location : str, optional
        Path of what was created.
    """
    etag = etag_of(body, volatile)
    headers = {"ETag": etag, **({"Location": location} if location else {})}
    if request.method == "GET" and not volatile and is_fresh(request, etag):
        return Response(status_code=304, headers=headers)
    return Response(body, status, headers, "application/json")


async def _count(session: AsyncSession, counted: Rows) -> dict[str, Any]:
    of_all = select(func.count()).select_from(counted.with_only_columns(literal_column("1")).subquery())
    return {"value": (await session.execute(of_all)).scalar_one(), "exact": True}


def _documents(statement: Rows, fields: Sequence[str], sort_label: str | None = None) -> Rows:
    rows = statement.subquery("resource")
    if unknown := [field for field in fields if field not in rows.c]:
        raise invalid("fields", f"there is no field {unknown[0]!r}; there are {', '.join(rows.c.keys())}")
    if fields:
        shown = select(*(rows.c[field] for field in fields)).correlate(rows).subquery("shown")
        whole: ColumnElement[Any] = (
            select(func.row_to_json(literal_column("shown"))).select_from(shown).scalar_subquery()
        )
    else:
        whole = func.row_to_json(literal_column("resource"))
    columns = [cast(whole, String).label("document")]
    if sort_label is not None:
        columns += [
            cast(func.to_json(rows.c[sort_label]), String).label("sort_key"),
            cast(rows.c.id, String).label("identifier"),
        ]
    return select(*columns).select_from(rows)


def _beyond(
    key: ColumnElement[Any], identifier: ColumnElement[Any], label: str, after: list[Any], descending: bool
) -> ColumnElement[bool]:
    last_id = cast(bindparam("after_id", str(after[1]), String), identifier.type)
    if label == "id":
        return identifier < last_id if descending else identifier > last_id
    last_key = cast(bindparam("after_key", str(orjson.loads(after[0])), String), key.type)
    here, there = tuple_(key, identifier), tuple_(last_key, last_id)
    return here < there if descending else here > there


def _write_cursor(page: PageRequest, sort: str, position: list[Any]) -> str:
    content = orjson.dumps(position)
    return base64.urlsafe_b64encode(_mac(page, sort, content) + content).rstrip(b"=").decode()


def _read_cursor(page: PageRequest, sort: str) -> list[Any]:
    assert page.cursor is not None
    try:
        raw = base64.b64decode(
            page.cursor.encode("ascii") + b"=" * (-len(page.cursor) % 4), altchars=b"-_", validate=True
        )
    except (UnicodeEncodeError, binascii.Error):
        raw = b""
    mac, content = raw[:MAC_BYTES], raw[MAC_BYTES:]
    if not content or not hmac.compare_digest(mac, _mac(page, sort, content)):
        raise invalid(
            "cursor",
            "is not a next_cursor of this list in this order; leave it out to start at the beginning",
        )
    position: list[Any] = orjson.loads(content)
    return position


def _mac(page: PageRequest, sort: str, content: bytes) -> bytes:
    """Sign a position: whoever reads a cursor can trust the types in it, and for which list it is."""
    message = b"\0".join([page.path.encode(), sort.encode(), content])
    return hmac.new(page.key, message, hashlib.sha256).digest()[:MAC_BYTES]
