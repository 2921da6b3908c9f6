"""A call as HTTP request, and an HTTP response as answer or typed error. No input or output here."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx
from pydantic import ValidationError

from .calls import Call
from .errors import (
    ApiError,
    AuthenticationError,
    CcatError,
    ConflictError,
    FieldError,
    InvalidRequestError,
    NotFoundError,
    PermissionDeniedError,
    ServerFailureError,
    UnavailableError,
    UnexpectedAnswerError,
    UnreachableError,
)
from .settings import Settings

Answer = TypeVar("Answer")

AWAY = frozenset({429, 502, 503, 504})
REDIRECTS = frozenset({301, 302, 303, 307, 308})

_ERRORS: dict[int, type[ApiError]] = {
    400: InvalidRequestError,
    401: AuthenticationError,
    403: PermissionDeniedError,
    404: NotFoundError,
    409: ConflictError,
    412: ConflictError,
    413: InvalidRequestError,
    415: InvalidRequestError,
    422: InvalidRequestError,
}
_ERRORS_SHOWN = 3


def client_arguments(settings: Settings) -> dict[str, Any]:
    """Return what both kinds of HTTP client are made with."""
    timeout = httpx.Timeout(settings.read_timeout, connect=settings.connect_timeout)
    return {"timeout": timeout, "follow_redirects": False, "headers": {"User-Agent": "ccat-ops-db-client"}}


def request_of(call: Call[Any], settings: Settings) -> httpx.Request:
    """Return the HTTP request of a call."""
    headers = {"Accept": "application/json", **authorization(settings)}
    if call.body is not None:
        headers["Content-Type"] = call.content_type
    if call.idempotency_key is not None:
        headers["Idempotency-Key"] = call.idempotency_key
    return httpx.Request(
        call.method,
        settings.api_url + call.path,
        params=dict(call.query) or None,
        headers=headers,
        content=call.body,
        extensions={"timeout": client_arguments(settings)["timeout"].as_dict()},
    )


def authorization(settings: Settings) -> dict[str, str]:
    """Return the header that says who asks."""
    if settings.api_token is None:
        return {}
    return {"Authorization": f"Bearer {settings.api_token.get_secret_value()}"}


def answer_of(call: Call[Answer], response: httpx.Response) -> Answer:
    """Return the answer that a response carries.

    Raises
    ------
    ApiError, ApiAwayError, UnexpectedAnswerError
    """
    if not response.is_success:
        raise error_of(response)
    return parsed(call, response.content)


def parsed(call: Call[Answer], content: bytes) -> Answer:
    """Return the answer to a call that the text of a response carries.

    Raises
    ------
    UnexpectedAnswerError
        It is not an answer of this API.
    """
    try:
        return call.parse(content)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the whole"
        raise UnexpectedAnswerError(
            f"the answer to {call.method} {call.path} is not understood ({where}: {first['msg']})"
        ) from None


def error_of(response: httpx.Response) -> CcatError:
    """Return the error that a response carries; its body must have been read."""
    status = response.status_code
    problem = _problem(response)
    text = problem.get("detail") or problem.get("title") or f"HTTP {status} {response.reason_phrase}".strip()
    if status in AWAY:
        return UnavailableError(
            f"the API at {_origin_text(response)} is not available ({status}: {text})",
            status=status,
            retry_after=_retry_after(response),
        )
    errors = _field_errors(problem)
    request_id = problem.get("request_id") or response.headers.get("x-request-id")
    kind = _ERRORS.get(status, ServerFailureError if status >= 500 else ApiError)
    if status < 400:
        return UnexpectedAnswerError(f"{_origin_text(response)} answered with {status}")
    unsaid = [error for error in errors[:_ERRORS_SHOWN] if error.reason not in str(text)]
    if unsaid:
        text = f"{text}; {'; '.join(str(error) for error in unsaid)}"
    elif kind is ServerFailureError and request_id:
        text = f"{text} (request {request_id})"
    return kind(
        str(text),
        status=status,
        slug=str(problem.get("type", "")).rsplit("/", 1)[-1],
        errors=errors,
        request_id=request_id,
        remedy=problem.get("remedy") if isinstance(problem.get("remedy"), str) else None,
    )


def unreachable(error: httpx.TransportError, request: httpx.Request) -> UnreachableError:
    """Return the error for a connection that could not be made or broke."""
    kind = "did not answer in time" if isinstance(error, httpx.TimeoutException) else "cannot be reached"
    return UnreachableError(
        f"{origin(str(request.url))} {kind} ({error or type(error).__name__})",
        "check CCAT_API_URL and that the service runs",
    )


def origin(url: str) -> str:
    """Return scheme, host and port of `url`, to compare who is asked."""
    parts = urlsplit(url)
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    return f"{parts.scheme}://{parts.hostname}:{port}"


def redirect_request(request: httpx.Request, response: httpx.Response) -> httpx.Request:
    """Return the request that follows a redirect.

    ``Range`` and the other headers are kept. The token is for the API only: it is left out as soon as scheme,
    host or port differ.

    Raises
    ------
    UnexpectedAnswerError
        The redirect leads nowhere or not to HTTP.
    """
    target = response.headers.get("location", "")
    try:
        url = request.url.join(target)
    except httpx.InvalidURL:
        url = httpx.URL("")
    if not target or url.scheme not in {"http", "https"} or not url.host:
        raise UnexpectedAnswerError(f"{_origin_text(response)} redirects to {target!r}")
    headers = {name: value for name, value in request.headers.items() if name.lower() != "host"}
    if origin(str(url)) != origin(str(request.url)):
        headers = {name: value for name, value in headers.items() if name.lower() != "authorization"}
    return httpx.Request(request.method, url, headers=headers, extensions=request.extensions)


def _problem(response: httpx.Response) -> dict[str, Any]:
    try:
        body = response.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _field_errors(problem: dict[str, Any]) -> list[FieldError]:
    listed = problem.get("errors")
    if not isinstance(listed, list):
        return []
    return [
        FieldError(str(entry.get("field") or ""), str(entry.get("reason", "")), entry.get("line"))
        for entry in listed
        if isinstance(entry, dict)
    ]


def _retry_after(response: httpx.Response) -> float | None:
    text = response.headers.get("retry-after", "").strip()
    if text.isdecimal():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())


def _origin_text(response: httpx.Response) -> str:
    return origin(str(response.request.url))
