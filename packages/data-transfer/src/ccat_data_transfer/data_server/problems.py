"""Answers that are no success: problem documents (RFC 9457)."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ccat_data_transfer.failures import Failure, Resource, Transient

_TYPE_BASE = "https://data-center.ccatobservatory.org/problems/"
_MEDIA_TYPE = "application/problem+json"
_RETRY = {"retry-after": "10"}
_NOT_THERE = frozenset({"missing", "unknown_location", "symbolic_link", "not_a_file", "not_a_folder"})


class Problem(Exception):  # noqa: N818  (the standard's word)
    """An answer that is a problem document.

    Parameters
    ----------
    status : int
        Status of the answer.
    slug : str
        Last part of the problem's type.
    detail : str
        What is wrong here, and the remedy.
    headers : mapping
        Further headers of the answer.
    """

    def __init__(self, status: int, slug: str, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.slug = slug
        self.detail = detail
        self.headers = dict(headers or {})


def problem_of(failure: Failure) -> Problem:
    """Return the answer to a request that ended in a failure. Inner paths and keys stay inside."""
    if failure.category in _NOT_THERE:
        return Problem(404, "not-found", "there is no such object at this site")
    if failure.category == "illegal_path":
        return Problem(400, "illegal-path", "the path of the object is not legal")
    if isinstance(failure, Transient | Resource):
        return Problem(
            503,
            "storage-unavailable",
            "the storage does not answer; try again",
            _RETRY,
        )
    return Problem(
        500, "storage-failed", f"the storage cannot give the object ({failure.category}); tell the operator"
    )


async def answer_problem(request: Request, error: Exception) -> Response:
    """Answer a `Problem`."""
    assert isinstance(error, Problem)
    return _document(request, error.status, error.slug, error.detail, error.headers)


async def answer_http_error(request: Request, error: Exception) -> Response:
    """Answer what the framework refuses: unknown addresses and methods."""
    assert isinstance(error, HTTPException)
    phrase = HTTPStatus(error.status_code).phrase
    slug = phrase.lower().replace(" ", "-")
    return _document(request, error.status_code, slug, error.detail, dict(error.headers or {}))


def _document(request: Request, status: int, slug: str, detail: str, headers: dict[str, str]) -> Response:
    content = {
        "type": _TYPE_BASE + slug,
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "instance": request.url.path,
    }
    return JSONResponse(content, status_code=status, media_type=_MEDIA_TYPE, headers=headers)
