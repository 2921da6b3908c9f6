"""Problem documents (RFC 9457): the one form of every answer that is not a success."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from http import HTTPStatus
from typing import Any

import orjson
import structlog
from asyncpg.exceptions import InterfaceError, PostgresConnectionError, PostgresError
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.exceptions import HTTPException

from ccat_ops_db.schema_gap import schema_gap
from ccat_ops_db_api.platform.database import DATABASE_ERRORS

TYPE_BASE = "https://data-center.ccatobservatory.org/problems/"
MEDIA_TYPE = "application/problem+json"
MOST_ERRORS = 100
LONGER_WAIT = 60
"""When to ask again after a mistake of ours, seconds."""

log = structlog.get_logger()


class FieldError(BaseModel):
    """What is wrong with one field, in the line of a bulk request where there are lines."""

    line: int | None = Field(None, description="Line of the body, from 1 (bulk filing).")
    field: str | None = Field(None, description="Name of the field, as the client wrote it.")
    reason: str = Field(description="What is wrong and what would be right.")


class RetryWhen(StrEnum):
    """When the same request may succeed."""

    NEVER = "never"
    SAME_REQUEST = "same-request"
    AFTER_CHANGE = "after-change"
    AFTER_SIGN_IN = "after-sign-in"


class Retry(BaseModel):
    """Whether to ask again."""

    may: RetryWhen = Field(description="`same-request`: as it was; else after what it says, or never.")
    after_seconds: int | None = Field(description="When (`same-request`); also in `Retry-After`.")


class ProblemDocument(BaseModel):
    """A problem, as RFC 9457 describes it."""

    type: str = Field(description="Stable identifier of the kind of problem.")
    title: str = Field(description="The kind of problem, for people.")
    status: int = Field(description="HTTP status.")
    detail: str = Field(description="What is wrong here, and the remedy.")
    instance: str = Field(description="Path that was asked for.")
    request_id: str = Field(description="Identifier of the request; it is in our log too.")
    retry: Retry = Field(description="Whether to ask again.")
    errors: list[FieldError] | None = Field(None, description="The fields that are wrong, the first 100.")
    permission: str | None = Field(None, description="The permission that is missing (`forbidden`).")
    roles: list[str] | None = Field(None, description="The roles that give it (`forbidden`).")


class Problem(Exception):  # noqa: N818  (the standard's word)
    """An answer that is a problem document; raised anywhere below an endpoint.

    Parameters
    ----------
    status : HTTPStatus
        Status of the answer.
    slug : str
        Last part of the problem's type.
    detail : str
        What is wrong here, and the remedy.
    errors : sequence of FieldError
        The fields that are wrong.
    headers : mapping
        Further headers of the answer.
    extensions : mapping
        Further members of the document; `ProblemDocument` describes them.
    """

    def __init__(
        self,
        status: HTTPStatus,
        slug: str,
        detail: str,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
        extensions: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status, self.slug, self.detail = status, slug, detail
        self.errors, self.headers, self.extensions = errors, headers, extensions


def not_found(kind: str, identifier: object) -> Problem:
    """Return the problem that there is no such thing."""
    return Problem(HTTPStatus.NOT_FOUND, "not-found", f"there is no {kind} {identifier}")


def conflict(detail: str, slug: str = "conflict") -> Problem:
    """Return the problem that the request contradicts what is there."""
    return Problem(HTTPStatus.CONFLICT, slug, detail)


def invalid(field: str, reason: str) -> Problem:
    """Return the problem that one field of the request cannot be."""
    return invalid_fields([FieldError(field=field, reason=reason)])


def invalid_fields(errors: Sequence[FieldError], count: int | None = None) -> Problem:
    """Return the problem that fields of the request cannot be; ``count`` when there are more than listed."""
    return Problem(
        HTTPStatus.UNPROCESSABLE_ENTITY, "invalid-request", summary(errors, count), errors[:MOST_ERRORS]
    )


def summary(errors: Sequence[FieldError], count: int | None = None) -> str:
    """Return the first error and how many more there are, in one sentence."""
    first, total = errors[0], count or len(errors)
    where = ", ".join(
        part for part in (f"line {first.line}" if first.line else "", first.field or "") if part
    )
    more = f" (and {total - 1} more)" if total > 1 else ""
    return f"{where}: {first.reason}{more}" if where else f"{first.reason}{more}"


def install(app: FastAPI) -> None:
    """Make every error of the application a problem document."""
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(RequestValidationError, _validation)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(PoolTimeoutError, _busy)
    app.add_exception_handler(DBAPIError, _database)
    app.add_exception_handler(OSError, _database)
    app.add_exception_handler(InterfaceError, _database)
    app.add_exception_handler(PostgresError, _database)


def problem_response(
    path: str,
    request_id: str,
    status: HTTPStatus,
    slug: str,
    detail: str,
    errors: Sequence[FieldError] = (),
    headers: Mapping[str, str] | None = None,
    extensions: Mapping[str, Any] | None = None,
) -> Response:
    """Return a problem document as an answer."""
    may = _RETRY_WHEN.get(status, RetryWhen.NEVER)
    after: int | None = None
    if may is RetryWhen.SAME_REQUEST:
        headers = {"Retry-After": str(LONGER_WAIT), **(headers or {})}
        after = int(headers["Retry-After"])
    document: dict[str, Any] = {
        "type": TYPE_BASE + slug,
        "title": slug.replace("-", " ").capitalize(),
        "status": int(status),
        "detail": writable(detail),
        "instance": writable(path),
        "request_id": request_id,
        "retry": {"may": may, "after_seconds": after},
        **(extensions or {}),
    }
    if errors:
        document["errors"] = [
            {
                **({"line": error.line} if error.line is not None else {}),
                "field": writable(error.field) if error.field is not None else None,
                "reason": writable(error.reason),
            }
            for error in errors[:MOST_ERRORS]
        ]
    return Response(orjson.dumps(document), int(status), headers, MEDIA_TYPE)


_RETRY_WHEN = {
    HTTPStatus.UNAUTHORIZED: RetryWhen.AFTER_SIGN_IN,
    HTTPStatus.CONFLICT: RetryWhen.AFTER_CHANGE,
    HTTPStatus.PRECONDITION_FAILED: RetryWhen.AFTER_CHANGE,
    HTTPStatus.PRECONDITION_REQUIRED: RetryWhen.AFTER_CHANGE,
    HTTPStatus.TOO_MANY_REQUESTS: RetryWhen.SAME_REQUEST,
    HTTPStatus.INTERNAL_SERVER_ERROR: RetryWhen.SAME_REQUEST,
    HTTPStatus.SERVICE_UNAVAILABLE: RetryWhen.SAME_REQUEST,
}
"""By status; everything else will never do."""


def writable(text: str) -> str:
    """Return text that can be written as UTF-8: what a client sent may hold lone surrogates."""
    return text.encode(errors="replace").decode()


def _answer(request: Request, *arguments: Any, **named: Any) -> Response:
    request_id = getattr(request.state, "request_id", "")
    return problem_response(request.url.path, request_id, *arguments, **named)


async def _problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    return _answer(
        request,
        error.status,
        error.slug,
        error.detail,
        errors=error.errors,
        headers=error.headers,
        extensions=error.extensions,
    )


async def _validation(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    errors = [
        FieldError(field=_field(problem["loc"]), reason=writable(problem["msg"]))
        for problem in error.errors()[:MOST_ERRORS]
    ]
    problem = invalid_fields(errors, len(error.errors()))
    return _answer(request, problem.status, problem.slug, problem.detail, errors=errors)


def _field(location: Sequence[int | str]) -> str:
    # A parameter that may be given several times is named once, without the number of the value.
    location = location[:2] if location[0] == "query" else location
    parts = [writable(str(part)) for part in location]
    return ".".join(parts[1:]) if len(parts) > 1 else parts[0]


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    status = HTTPStatus(error.status_code)
    slug = status.phrase.lower().replace(" ", "-").replace("'", "")
    details = {
        HTTPStatus.NOT_FOUND: "there is nothing at this path; see /api/v1/openapi.json",
        HTTPStatus.METHOD_NOT_ALLOWED: f"{request.method} is not possible here",
    }
    return _answer(request, status, slug, details.get(status, str(error.detail)), headers=error.headers)


async def _busy(request: Request, _error: Exception) -> Response:
    return _answer(
        request,
        HTTPStatus.SERVICE_UNAVAILABLE,
        "busy",
        "all connections to the database are in use; try again in a moment",
        headers={"Retry-After": "1"},
    )


async def _database(request: Request, error: Exception) -> Response:
    """Answer 503 when the database is away or asks to try again; anything else is a mistake of ours."""
    detail = "the database does not answer; the request was not carried out, try it again"
    if not _passing(error):
        gap = await _gap_of_schema(request, error)
        if gap is None:
            raise error
        detail = f"the database is not set up for this release yet: {gap}"
    log.warning("database_unavailable", error=str(error))
    return _answer(
        request,
        HTTPStatus.SERVICE_UNAVAILABLE,
        "database-unavailable",
        detail,
        headers={"Retry-After": "5"},
    )


# Undefined table, column, function.
MISSING_STATES = {"42P01", "42703", "42883"}


async def _gap_of_schema(request: Request, error: Exception) -> str | None:
    """Return what the schema lacks, if that is why a statement failed; otherwise the mistake is ours."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    if getattr(cause, "sqlstate", None) not in MISSING_STATES:
        return None
    engine: AsyncEngine = request.app.state.engine
    try:
        async with engine.connect() as connection:
            return await connection.run_sync(schema_gap)
    except DATABASE_ERRORS:
        return None


# Serialization failure, deadlock, cancelled by timeout, lock not available, a plan from before a migration.
PASSING_STATES = {"40001", "40P01", "57014", "55P03", "0A000"}


def _passing(error: Exception) -> bool:
    cause = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    if isinstance(cause, OSError | InterfaceError | PostgresConnectionError):
        return True
    state = getattr(cause, "sqlstate", None) or ""
    # Connection, shut down, no room; a password or a database that is not there yet.
    return state in PASSING_STATES or state.startswith(("08", "57P", "53", "28", "3D"))
