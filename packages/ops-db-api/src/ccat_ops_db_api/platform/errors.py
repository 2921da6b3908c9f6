"""Problem documents (RFC 9457): the one form of every answer that is not a success."""

from collections.abc import Mapping, Sequence
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
from starlette.types import Scope

from ccat_ops_db.schema_gap import schema_gap
from ccat_ops_db.waiting import HelpPage
from ccat_ops_db_api.platform.database import DATABASE_ERRORS, READ_ONLY, sqlstate_of
from ccat_ops_db_api.platform.problem_catalogue import RetryWhen, guidance_of
from ccat_ops_db_api.platform.routes import SAFE_METHODS, allowed_methods, subject_of

TYPE_BASE = "https://data-center.ccatobservatory.org/problems/"
MEDIA_TYPE = "application/problem+json"
MOST_ERRORS = 100

log = structlog.get_logger()


class FieldError(BaseModel):
    """What is wrong with one field, in the line of a bulk request where there are lines."""

    line: int | None = Field(None, description="Line of the body, from 1 (bulk filing).")
    field: str | None = Field(None, description="Name of the field, as the client wrote it.")
    reason: str = Field(description="What is wrong and what would be right.")


class Retry(BaseModel):
    """Whether to ask again."""

    may: RetryWhen = Field(description="`same-request`: as it was; else after what it says, or never.")
    after_seconds: int | None = Field(description="When (`same-request`); also in `Retry-After`.")


class Subject(BaseModel):
    """One thing of the API."""

    collection: str = Field(description="Where it is found: `/<collection>/<id>`.")
    id: str


class ProblemDocument(BaseModel):
    """A problem, as RFC 9457 describes it."""

    type: str = Field(description="Stable identifier of the kind of problem.")
    title: str = Field(description="The kind of problem, for people.")
    status: int = Field(description="HTTP status.")
    detail: str = Field(description="What is wrong here.")
    remedy: str = Field(description="What helps, as a sentence.")
    help: HelpPage | None = Field(description="Page of the interface whose help explains it.")
    subject: Subject | None = Field(description="What was asked for, or was to be changed.")
    instance: str = Field(description="Path that was asked for.")
    request_id: str = Field(description="Identifier of the request; it is in our log too.")
    retry: Retry = Field(description="Whether to ask again.")
    errors: list[FieldError] | None = Field(None, description="The fields that are wrong, the first 100.")
    permission: str | None = Field(None, description="The permission that is missing (`forbidden`).")
    roles: list[str] | None = Field(None, description="The roles that give it (`forbidden`).")
    owner_site: str | None = Field(None, description="Whose it is (`owned-by-other-site`).")


class Problem(Exception):  # noqa: N818  (the standard's word)
    """An answer that is a problem document; raised anywhere below an endpoint.

    Parameters
    ----------
    status : HTTPStatus
        Status of the answer.
    slug : str
        Last part of the problem's type.
    detail : str
        What is wrong here.
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


def busy(detail: str) -> Problem:
    """Return the problem that others are at it this moment; nothing was changed."""
    return Problem(HTTPStatus.SERVICE_UNAVAILABLE, "busy", detail)


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
    subject: Mapping[str, str] | None = None,
) -> Response:
    """Return a problem document as an answer; ``Retry-After`` is there exactly if asking again may help."""
    guidance = guidance_of(slug)
    after: int | None = None
    if guidance.may is RetryWhen.SAME_REQUEST:
        headers = {"Retry-After": str(guidance.after_seconds), **(headers or {})}
        after = int(headers["Retry-After"])
    document: dict[str, Any] = {
        "type": TYPE_BASE + slug,
        "title": slug.replace("-", " ").capitalize(),
        "status": int(status),
        "detail": writable(detail),
        "remedy": guidance.remedy,
        "help": guidance.help,
        "subject": {name: writable(text) for name, text in subject.items()} if subject else None,
        "instance": writable(path),
        "request_id": request_id,
        "retry": {"may": guidance.may, "after_seconds": after},
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


def method_not_allowed(scope: Scope) -> Response:
    """Return the answer to a method that a path does not have; it names all that it has."""
    allowed = ", ".join(allowed_methods(scope["app"], scope["path"]))
    return problem_response(
        scope["path"],
        scope["state"]["request_id"],
        HTTPStatus.METHOD_NOT_ALLOWED,
        "method-not-allowed",
        f"{scope['method']} is not possible here, but {allowed}",
        headers={"Allow": allowed},
    )


def writable(text: str) -> str:
    """Return text that can be written as UTF-8: what a client sent may hold lone surrogates."""
    return text.encode(errors="replace").decode()


def _answer(
    request: Request,
    status: HTTPStatus,
    slug: str,
    detail: str,
    errors: Sequence[FieldError] = (),
    headers: Mapping[str, str] | None = None,
    extensions: Mapping[str, Any] | None = None,
) -> Response:
    request_id = getattr(request.state, "request_id", "")
    subject = subject_of(request.scope)
    return problem_response(
        request.url.path, request_id, status, slug, detail, errors, headers, extensions, subject
    )


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
    headers = dict(error.headers or {})
    detail = str(error.detail)
    if status is HTTPStatus.NOT_FOUND:
        detail = "there is nothing at this path; see /api/v1/openapi.json"
    elif status is HTTPStatus.METHOD_NOT_ALLOWED:
        return method_not_allowed(request.scope)
    elif status is HTTPStatus.BAD_REQUEST:
        slug = "malformed"
    return _answer(request, status, slug, detail, headers=headers)


async def _busy(request: Request, _error: Exception) -> Response:
    return _unavailable(request, "busy", "all connections to the database are in use")


async def _database(request: Request, error: Exception) -> Response:
    """Answer 503 when the database is away or asks to try again; anything else is a mistake of ours."""
    state = sqlstate_of(error)
    if state == READ_ONLY:
        found = ("database-read-only", "the database takes no changes now; nothing was changed")
    elif state == TIMED_OUT and request.method in SAFE_METHODS:
        found = ("query-too-slow", "the database did not answer this question in the time that it may take")
        request.state.too_slow = True
    elif state in CLASHES or state == TIMED_OUT:
        found = ("busy", "other requests are at the same rows; nothing was changed")
    elif _is_away(error, state):
        found = ("database-unavailable", "the database does not answer; the request was not carried out")
    else:
        gap = await _gap_of_schema(request, state)
        if gap is None:
            raise error
        found = ("schema-not-ready", f"the database is not set up for this release yet: {gap}")
    log.warning("database_unavailable", problem=found[0], error=str(error))
    return _unavailable(request, *found)


def _unavailable(request: Request, slug: str, detail: str) -> Response:
    return _answer(request, HTTPStatus.SERVICE_UNAVAILABLE, slug, detail)


TIMED_OUT = "57014"
CLASHES = {"40001", "40P01", "55P03", "0A000"}
"""Serialization failure, deadlock, lock not available, a plan from before a migration."""
MISSING_STATES = {"42P01", "42703", "42883"}
"""Undefined table, column, function."""


async def _gap_of_schema(request: Request, state: str) -> str | None:
    """Return what the schema lacks, if that is why a statement failed; otherwise the mistake is ours."""
    if state not in MISSING_STATES:
        return None
    engine: AsyncEngine = request.app.state.engine
    try:
        async with engine.connect() as connection:
            return await connection.run_sync(schema_gap)
    except DATABASE_ERRORS:
        return None


def _is_away(error: Exception, state: str) -> bool:
    cause = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    if isinstance(cause, OSError | InterfaceError | PostgresConnectionError):
        return True
    # Connection, shut down, no room; a password or a database that is not there yet.
    return state.startswith(("08", "57P", "53", "28", "3D"))
