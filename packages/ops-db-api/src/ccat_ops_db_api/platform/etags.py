"""ETags of documents, and requests that are conditional on them."""

import hashlib
from collections.abc import Sequence
from http import HTTPStatus

import orjson
from fastapi import Request

from ccat_ops_db_api.platform.errors import Problem


def etag_of(body: bytes, volatile: Sequence[str] = ()) -> str:
    """Return the ETag of a document: it changes exactly when something changes that is not `volatile`."""
    if volatile:
        fields = orjson.loads(body)
        for name in volatile:
            fields.pop(name, None)
        body = orjson.dumps(fields)
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def is_fresh(request: Request, etag: str) -> bool:
    """Return whether the client has the document with this ETag (``If-None-Match``)."""
    return _names(request.headers.get("if-none-match"), etag)


def require_match(request: Request, etag: str) -> None:
    """Refuse a change that was meant for another state of the resource (``If-Match``).

    Raises
    ------
    Problem
        412 if the header is there and does not name the ETag.
    """
    header = request.headers.get("if-match")
    if header is not None and not _names(header, etag):
        raise Problem(
            HTTPStatus.PRECONDITION_FAILED,
            "precondition-failed",
            f"it has changed since: its ETag is {etag} now; read it again and decide anew",
        )


def _names(header: str | None, etag: str) -> bool:
    if header is None:
        return False
    named = {part.strip().removeprefix("W/") for part in header.split(",")}
    return "*" in named or etag in named
