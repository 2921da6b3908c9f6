"""A call as HTTP request, and an HTTP response as answer or typed error. No input or output here."""

import re
import ssl
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx
from pydantic import ValidationError

from .calls import Call
from .errors import (
    ApiAwayError,
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
from .limits import Limit
from .settings import Settings

Answer = TypeVar("Answer")

KEY = "Idempotency-Key"
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

PROBLEM_MEDIA_TYPE = "application/problem+json"
PROBLEM_TYPES = "https://data-center.ccatobservatory.org/problems/"

_OF_THE_CONNECTION = frozenset({b"content-encoding", b"transfer-encoding", b"content-length"})
_LOOKED_AT = 4096
_WORDS_SHOWN = 80
_TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)
_TAGS = re.compile(r"<[^>]*>")


def client_arguments(settings: Settings) -> dict[str, Any]:
    """Return what both kinds of HTTP client are made with."""
    return {
        "timeout": timeout_of(settings),
        "follow_redirects": False,
        "headers": {"User-Agent": "ccat-ops-db-client"},
        # A gateway may give a cookie with each answer. Nobody sends them, and a night has many answers.
        "cookies": CookieJar(DefaultCookiePolicy(allowed_domains=())),
    }


def transport_arguments(settings: Settings) -> dict[str, Any]:
    """Return what the transport of both kinds of HTTP client is made with.

    A client with a transport of its own does not read the proxy variables of a desktop.
    """
    return {"proxy": settings.proxy, "verify": _certificates()}


def _certificates() -> ssl.SSLContext:
    """Return whom to trust; nobody, if ``SSL_CERT_FILE`` says nonsense: what needs it not goes on."""
    try:
        return httpx.create_ssl_context()
    except OSError:
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def timeout_of(settings: Settings, silence: float | None = None) -> httpx.Timeout:
    """Return how long a connection and a silent answer are waited for; at most `silence` seconds."""
    limit = float("inf") if silence is None else silence
    return httpx.Timeout(min(settings.read_timeout, limit), connect=min(settings.connect_timeout, limit))


def request_of(call: Call[Any], settings: Settings, base_url: str, timeout: httpx.Timeout) -> httpx.Request:
    """Return the HTTP request of a call to the API at `base_url`."""
    # What comes in another encoding could be a thousand times longer than it looks.
    headers = {"Accept": "application/json", "Accept-Encoding": "identity", **authorization(settings)}
    if call.body is not None:
        headers["Content-Type"] = call.content_type
    if call.idempotency_key is not None:
        headers[KEY] = call.idempotency_key
    return httpx.Request(
        call.method,
        base_url + call.path,
        params=dict(call.query) or None,
        headers=headers,
        content=call.body,
        extensions={"timeout": timeout.as_dict()},
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
    elsewhere = UnexpectedAnswerError(f"the answer to {call.method} {call.path} belongs to another request")
    # Of two filings of as many files, answers and refusals are alike.
    if response.headers.get(KEY, call.idempotency_key) != call.idempotency_key:
        raise elsewhere
    if not response.is_success:
        raise error_of(response)
    if _media_type(response) == "text/html":
        raise foreign(response)
    answer = parsed(call, response.content)
    if not call.fits(answer):
        raise elsewhere
    return answer


class Body:
    """The body of a response, as its pieces come.

    Parameters
    ----------
    response : httpx.Response
        The response; nothing of it was read.
    limit : Limit
        Ends it.

    Raises
    ------
    httpx.DecodingError
        It is encoded, which nobody asked for: it could be a thousand times longer than it looks.
    """

    def __init__(self, response: httpx.Response, limit: Limit) -> None:
        encoding = response.headers.get("content-encoding", "identity")
        if encoding.strip().lower() != "identity":
            raise httpx.DecodingError(f"an answer in the encoding {encoding!r}, which was not asked for")
        self._response, self._limit = response, limit
        self._content = bytearray()

    def add(self, piece: bytes) -> None:
        """Take the next piece.

        Raises
        ------
        httpx.ReadError
            The answer is too long, or its time is over.
        """
        self._content += piece
        self._limit.passed(len(piece))
        if len(self._content) > self._limit.most_bytes:
            raise httpx.ReadError(f"an answer of more than {self._limit.most_bytes} bytes")
        if self._limit.left() == 0:
            raise httpx.ReadError("no answer in time")

    def response(self) -> httpx.Response:
        """Return the response with its body, as it came: nothing is decoded."""
        headers = [
            (name, value)
            for name, value in self._response.headers.raw
            if name.lower() not in _OF_THE_CONNECTION
        ]
        return httpx.Response(
            self._response.status_code,
            headers=headers,
            content=bytes(self._content),
            request=self._response.request,
        )


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
    """Return the error that a response carries; its body must have been read.

    It is an `ApiError` only if it is a problem document of ours. Everything else comes from something that
    stands between, and the API is away.
    """
    problem = _problem(response)
    return foreign(response) if problem is None else _problem_error(response, problem)


def foreign(response: httpx.Response) -> ApiAwayError:
    """Return the error that something else than the API answered, with what it calls itself."""
    status = response.status_code
    what = f"{_origin_text(response)} was answered by something else than the API: {_description(response)}"
    if status in AWAY:
        return UnavailableError(what, status=status, retry_after=_retry_after(response))
    return UnexpectedAnswerError(what, status=status)


def _problem_error(response: httpx.Response, problem: dict[str, Any]) -> CcatError:
    status = response.status_code
    text = str(problem.get("detail") or problem.get("title") or f"HTTP {status}")
    retry = problem.get("retry") if isinstance(problem.get("retry"), dict) else {}
    may = retry.get("may") if isinstance(retry, dict) else None
    if status in AWAY and may in {None, "same-request"}:
        return UnavailableError(
            f"the API at {_origin_text(response)} is not available ({status}: {text})",
            status=status,
            retry_after=_retry_after(response),
        )
    errors = _field_errors(problem)
    request_id = problem.get("request_id")
    kind = _ERRORS.get(
        status, ServerFailureError if status == httpx.codes.INTERNAL_SERVER_ERROR else ApiError
    )
    unsaid = [error for error in errors[:_ERRORS_SHOWN] if error.reason not in text]
    if unsaid:
        text = f"{text}; {'; '.join(str(error) for error in unsaid)}"
    elif kind is ServerFailureError and request_id:
        text = f"{text} (request {request_id})"
    return kind(
        text,
        status=status,
        slug=str(problem["type"]).removeprefix(PROBLEM_TYPES),
        errors=errors,
        request_id=request_id if isinstance(request_id, str) else None,
        retry_after=_retry_after(response),
        remedy=_remedy(problem, kind),
    )


def _remedy(problem: dict[str, Any], kind: type[ApiError]) -> str | None:
    """Return what the API says that helps; how a token is given to this program it cannot know."""
    remedy = problem.get("remedy")
    return remedy if isinstance(remedy, str) and kind is not AuthenticationError else None


def connection_error(error: Exception) -> httpx.RequestError:
    """Return what went wrong while a request was sent as an error of the connection, whatever it was."""
    if isinstance(error, httpx.RequestError):
        return error
    return httpx.RequestError(f"{type(error).__name__}: {error}")


def unreachable(error: httpx.RequestError, request: httpx.Request) -> UnreachableError:
    """Return the error for a connection that could not be made or broke."""
    silent = isinstance(error, httpx.ReadTimeout | httpx.WriteTimeout)
    kind = "did not answer in time" if silent else "cannot be reached"
    is_trusted = "CERTIFICATE_VERIFY_FAILED" not in str(error)
    return UnreachableError(
        f"{origin(str(request.url))} {kind} ({error or type(error).__name__})",
        "check CCAT_API_URL and that the service runs"
        if is_trusted
        else "check the certificate of the service, and SSL_CERT_FILE, which says whom to trust",
    )


def origin(url: str) -> str:
    """Return scheme, host and port of `url`, to compare who is asked."""
    parts = urlsplit(url)
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return f"{parts.scheme}://{host}:{port}"


def redirect_request(request: httpx.Request, response: httpx.Response) -> httpx.Request:
    """Return the request that follows a redirect.

    ``Range`` and the other headers are kept. The token is for the API only: it is left out as soon as scheme,
    host or port differ.

    Raises
    ------
    UnexpectedAnswerError
        The redirect leads nowhere or not to HTTP.
    """
    url = _target(request, response)
    if url is None or url.scheme not in {"http", "https"}:
        raise UnexpectedAnswerError(
            f"{_origin_text(response)} redirects to {response.headers.get('location', '')!r}"
        )
    headers = {name: value for name, value in request.headers.items() if name.lower() != "host"}
    if origin(str(url)) != origin(str(request.url)):
        headers = {name: value for name, value in headers.items() if name.lower() != "authorization"}
    return httpx.Request(request.method, url, headers=headers, extensions=request.extensions)


def secure_address(address: str, request: httpx.Request, response: httpx.Response) -> str | None:
    """Return the new address of the API if a response only says that it is to be asked by https.

    It is a redirect from http to https of the same host with the same path; null for any other.
    """
    if response.status_code not in REDIRECTS or request.url.scheme != "http":
        return None
    target = _target(request, response)
    if target is None or target.scheme != "https":
        return None
    if target.host != request.url.host or target.raw_path != request.url.raw_path:
        return None
    return f"{origin(str(target))}{urlsplit(address).path}"


def _target(request: httpx.Request, response: httpx.Response) -> httpx.URL | None:
    """Return where a redirect leads; null where nobody can be asked."""
    location = response.headers.get("location")
    if not location:
        return None
    try:
        target = request.url.join(location)
        # The name of the host and the port are only looked at when they are asked for.
        return target if target.host and origin(str(target)) else None
    except (httpx.InvalidURL, ValueError):
        return None


def _problem(response: httpx.Response) -> dict[str, Any] | None:
    """Return the problem document of a response; null where it is none of ours."""
    if _media_type(response) != PROBLEM_MEDIA_TYPE:
        return None
    try:
        body = response.json()
    except (ValueError, RecursionError):
        return None
    ours = isinstance(body, dict) and str(body.get("type", "")).startswith(PROBLEM_TYPES)
    return body if ours else None


def _description(response: httpx.Response) -> str:
    """Return in one line what answered: status, kind, name of the server, and its title or first words."""
    parts = [f"{response.status_code} {response.reason_phrase}".strip()]
    if response.headers.get("location"):
        parts.append(f"to {response.headers['location']}")
    if media_type := _media_type(response):
        parts.append(media_type)
    if server := response.headers.get("server"):
        parts.append(f"server {server}")
    # Whatever it says that it is encoded in.
    text = response.content[:_LOOKED_AT].decode("utf-8", "replace")
    title = _TITLE.search(text)
    words = " ".join((title[1] if title else _TAGS.sub(" ", text)).split())[:_WORDS_SHOWN]
    return f"{', '.join(parts)}: {words!r}" if words else ", ".join(parts)


def _media_type(response: httpx.Response) -> str:
    return str(response.headers.get("content-type", "")).partition(";")[0].strip().lower()


def _field_errors(problem: dict[str, Any]) -> list[FieldError]:
    listed = problem.get("errors")
    if not isinstance(listed, list):
        return []
    return [
        FieldError(str(entry.get("field") or ""), str(entry.get("reason", "")), _line(entry.get("line")))
        for entry in listed
        if isinstance(entry, dict)
    ]


def _line(value: object) -> int | None:
    return value if isinstance(value, int) else None


def _retry_after(response: httpx.Response) -> float | None:
    text = response.headers.get("retry-after", "").strip()
    if text.isdecimal():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return max(0.0, (moment - datetime.now(UTC)).total_seconds())
    except (ValueError, OverflowError):
        return None


def _origin_text(response: httpx.Response) -> str:
    return origin(str(response.request.url))
