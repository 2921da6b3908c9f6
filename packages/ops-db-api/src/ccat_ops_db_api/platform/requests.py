"""What surrounds every request: its id, its line in the log, its metrics, and the limit on its body."""

import logging
import re
from collections.abc import Iterable
from http import HTTPStatus
from time import perf_counter

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ccat_ops_db.identity import new_id
from ccat_ops_db_api.platform.errors import method_not_allowed, problem_response
from ccat_ops_db_api.platform.metrics import IN_PROGRESS, REQUESTS, SECONDS
from ccat_ops_db_api.platform.routes import is_verb_alone

REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,100}")
IDEMPOTENCY_KEY = re.compile(rb"[!-~]{1,255}")
API = "/api/"
BULK_SUFFIX = ":bulk"
WATCHED = ("/healthz", "/readyz", "/metrics")
"""Paths that machines ask for every few seconds."""

Header = tuple[bytes, bytes]

log = structlog.get_logger()


class RequestRecord:
    """Gives every request an id, and writes one line and the metrics when it is answered.

    A client may choose the id (``X-Request-ID``), so that one id runs through the logs of several services.
    The ``Idempotency-Key`` of a request is in its answer: what stands between may give a client the answer to
    another request, and two filings of as many files have the same.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _request_id(scope)
        scope.setdefault("state", {})["request_id"] = request_id
        status, started_answer = 500, False
        started = perf_counter()

        async def send_with_id(message: Message) -> None:
            nonlocal status, started_answer
            started_answer = True
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [
                    *_with_ours(scope["path"], message["headers"], request_id),
                    *_keys(scope),
                ]
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id), IN_PROGRESS.track_inprogress():
            try:
                await self._app(scope, receive, send_with_id)
            except Exception:
                log.exception("unhandled", method=scope["method"], path=scope["path"])
                if started_answer:
                    raise
                await _our_mistake(scope)(scope, receive, send_with_id)
            finally:
                seconds = perf_counter() - started
                route = getattr(scope.get("route"), "path", "unmatched")
                REQUESTS.labels(scope["method"] if route != "unmatched" else "", route, str(status)).inc()
                SECONDS.labels(route).observe(seconds)
                log.log(
                    _level(scope["path"], status),
                    "request",
                    method=scope["method"],
                    path=scope["path"],
                    status=status,
                    milliseconds=round(seconds * 1000, 1),
                )


def _with_ours(path: str, headers: Iterable[Header], request_id: str) -> list[Header]:
    """Return the headers with those that every answer has.

    What the API answers is for who asked, by cookie too: nobody on the way may keep it, and a browser asks
    whether it is still so.
    """
    ours = [(b"x-request-id", request_id.encode())]
    given = {name.lower() for name, _ in headers}
    if path.startswith(API) and b"cache-control" not in given:
        ours.append((b"cache-control", b"private, no-cache"))
    if b"x-content-type-options" not in given:
        ours.append((b"x-content-type-options", b"nosniff"))
    return [*headers, *ours]


def _keys(scope: Scope) -> list[Header]:
    return [
        (name, value)
        for name, value in scope["headers"]
        if name == b"idempotency-key" and IDEMPOTENCY_KEY.fullmatch(value)
    ][:1]


def _level(path: str, status: int) -> int:
    """Choose the level: what is asked again and again would bury everything else."""
    if path in WATCHED:
        return logging.DEBUG
    return logging.ERROR if status >= HTTPStatus.INTERNAL_SERVER_ERROR else logging.INFO


class BodyLimit:
    """Refuses bodies that are too large, before they are read where their length is given.

    Parameters
    ----------
    app : ASGIApp
        What is protected.
    largest : int
        Largest body in bytes.
    largest_bulk : int
        Largest body of bulk filing, which is streamed and not held in memory.
    """

    def __init__(self, app: ASGIApp, largest: int, largest_bulk: int) -> None:
        self._app, self._largest, self._largest_bulk = app, largest, largest_bulk

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = self._largest_bulk if scope["path"].endswith(BULK_SUFFIX) else self._largest
        length = dict(scope["headers"]).get(b"content-length", b"0")
        if not length.isdigit() or int(length[:20]) > limit:
            await _too_large(scope, limit)(scope, receive, send)
            return
        received, started = 0, False

        async def limited_receive() -> Message:
            nonlocal received
            message = await receive()
            if message["type"] == "http.request":
                received += len(message.get("body", b""))
                if received > limit:
                    raise _BodyTooLargeError
            return message

        async def watched_send(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, limited_receive, watched_send)
        except _BodyTooLargeError:
            if started:
                raise
            await _too_large(scope, limit)(scope, receive, send)


class VerbPaths:
    """Refuses methods that a verb does not have, before its path is taken for that of a thing."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        verb = scope["type"] == "http" and scope["method"] != "POST" and ":" in scope["path"]
        if verb and is_verb_alone(scope["app"], scope["method"], scope["path"]):
            await method_not_allowed(scope)(scope, receive, send)
            return
        await self._app(scope, receive, send)


class _BodyTooLargeError(BaseException):
    """Passes every handler on its way out, also those that answer any exception."""


def _our_mistake(scope: Scope) -> ASGIApp:
    return problem_response(
        scope["path"],
        scope["state"]["request_id"],
        HTTPStatus.INTERNAL_SERVER_ERROR,
        "internal",
        "this is a mistake of ours",
    )


def _too_large(scope: Scope, limit: int) -> ASGIApp:
    return problem_response(
        scope["path"],
        scope["state"]["request_id"],
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        "content-too-large",
        f"the body may have {limit} bytes",
    )


def _request_id(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"x-request-id" and REQUEST_ID.fullmatch(value):
            return str(value.decode())
    return str(new_id())
