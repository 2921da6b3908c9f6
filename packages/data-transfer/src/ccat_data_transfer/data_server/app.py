"""The data server: one endpoint that gives the bytes of an object against a signed address."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from email.utils import format_datetime
from urllib.parse import quote

import structlog
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import Engine
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from ccat_data_transfer.data_server.problems import Problem, answer_http_error, answer_problem, problem_of
from ccat_data_transfer.data_server.ranges import UnsatisfiableRangeError, parse_range
from ccat_data_transfer.failures import Configuration, Failure, classify
from ccat_data_transfer.observe.probes import readiness
from ccat_data_transfer.observe.readiness import WorkPlaces, database_problem
from ccat_data_transfer.places.open import Places, open_places
from ccat_data_transfer.settings import DataTransferSettings
from ccat_data_transfer.storage.interface import MEBIBYTE, ObjectInfo, Reader
from ccat_ops_db.clock import Clock, SystemClock
from ccat_ops_db.settings import Environment, OpsDbSettings
from ccat_ops_db.signed_urls import (
    DEVELOPMENT_SECRET,
    Member,
    SignatureRefusedError,
    check_signature,
    is_weak_secret,
    member_of_query,
)

_CHUNK_BYTES = MEBIBYTE
_BUFFER_BYTES = 24 * MEBIBYTE
"""Bounds what one download holds in memory: many run at the same time."""

log = structlog.get_logger()


def create_app(
    settings: DataTransferSettings,
    engine: Engine,
    site: str,
    *,
    environment: Environment | None = None,
    clock: Clock | None = None,
) -> Starlette:
    """Return the application that serves the locations of one site, read-only.

    Parameters
    ----------
    settings : DataTransferSettings
        Secret and credentials.
    engine : Engine
        Database that describes the locations.
    site : str
        Site whose locations are served; others are unknown here.
    environment : Environment, optional
        Where the program runs; by default as ``CCAT_OPS_DB_ENVIRONMENT`` says.
    clock : Clock, optional
        Tells when addresses have expired.

    Raises
    ------
    Configuration
        The secret is missing, short or public, and this is not development.
    """
    secret = _secret(settings, environment or OpsDbSettings().environment)
    server = _DataServer(open_places(engine, settings), site, secret, clock or SystemClock())
    here = WorkPlaces(sites=[site], locations=[])

    def readyz(_: Request) -> Response:
        status, document = readiness({"database": lambda: database_problem(engine, here)})
        return JSONResponse(document, status)

    return Starlette(
        routes=[
            Route("/healthz", _healthz, methods=["GET"]),
            Route("/readyz", readyz, methods=["GET"]),
            Route("/metrics", _metrics, methods=["GET"]),
            Route("/packages/{location_id}/{path:path}", server.content, methods=["GET"]),
        ],
        exception_handlers={Problem: answer_problem, HTTPException: answer_http_error},
    )


class _DataServer:
    def __init__(self, places: Places, site: str, secret: str, clock: Clock) -> None:
        self._places = places
        self._site = site
        self._secret = secret
        self._clock = clock

    async def content(self, request: Request) -> Response:
        """Answer a request for an object or a range of it."""
        location_id, path = request.path_params["location_id"], request.path_params["path"]
        try:
            member = member_of_query(request.query_params)
            check_signature(
                request.method,
                location_id,
                path,
                expires=request.query_params.get("expires"),
                signature=request.query_params.get("signature"),
                secret=self._secret,
                now=self._clock.utc_now(),
                member=member,
            )
        except SignatureRefusedError as refusal:
            raise Problem(403, refusal.code, refusal.reason) from None
        try:
            return await run_in_threadpool(self._respond, request, location_id, path, member)
        except Problem:
            raise
        except Exception as error:
            failure = classify(error, path=path)
            if problem_of(failure).status >= 500:
                log.error(
                    "object not served",
                    location=location_id,
                    path=path,
                    reason=failure.message,
                    exc_info=error if failure.category == "unexpected" else None,
                )
            raise problem_of(failure) from error

    def _respond(self, request: Request, location_id: str, path: str, member: Member | None) -> Response:
        if location_id.partition(".")[0] != self._site:
            raise Configuration("unknown_location", f"{location_id} is not at this site ({self._site})")
        storage = self._places.storage(location_id)
        info = storage.stat(path)
        if info is None:
            raise Problem(404, "not-found", f"there is no {path} at {location_id} any more")
        start, size = (0, info.size) if member is None else (member.offset, member.length)
        if start + size > info.size:
            raise Problem(
                404, "not-found", f"{path} at {location_id} ends before the file that was asked for"
            )
        headers = _headers(info) if member is None else _headers_of_member(info, member)
        try:
            part = parse_range(_range_header(request, headers["etag"]), size)
        except UnsatisfiableRangeError:
            raise Problem(
                416,
                "range-not-satisfiable",
                f"the object has {size} bytes",
                {"content-range": f"bytes */{size}"},
            ) from None
        first, count = part or (0, size)
        headers["content-length"] = str(count)
        if part is not None:
            headers["content-range"] = f"bytes {first}-{first + count - 1}/{size}"
        status = 200 if part is None else 206
        if request.method == "HEAD" or count == 0:
            return Response(status_code=status, headers=headers)
        reader = storage.open_read(path, offset=start + first, length=count, buffer_bytes=_BUFFER_BYTES)
        return StreamingResponse(_chunks(reader, location_id, path), status_code=status, headers=headers)


async def _healthz(_: Request) -> Response:
    return JSONResponse({"status": "ok"})


async def _metrics(_: Request) -> Response:
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


def _secret(settings: DataTransferSettings, environment: Environment) -> str:
    secret = settings.data_server_secret.get_secret_value() if settings.data_server_secret else ""
    if environment is Environment.DEVELOPMENT:
        return secret or DEVELOPMENT_SECRET
    if is_weak_secret(secret):
        raise Configuration(
            "secret_weak",
            "CCAT_DATA_TRANSFER_DATA_SERVER_SECRET is missing, the public default or too short: set the same "
            "32 or more random characters there and in CCAT_OPS_DB_API_DATA_SERVER_SECRET",
        )
    return secret


def _headers(info: ObjectInfo) -> dict[str, str]:
    name = info.path.rpartition("/")[2]
    return {
        "accept-ranges": "bytes",
        "cache-control": "private",
        "content-disposition": _attachment(name),
        "content-security-policy": "sandbox",
        "content-type": "application/x-tar" if name.endswith(".tar") else "application/octet-stream",
        "etag": f'"{info.etag or f"{info.size:x}-{info.modified_ns:x}"}"',
        "last-modified": format_datetime(info.modified_at, usegmt=True),
        "x-content-type-options": "nosniff",
    }


def _headers_of_member(info: ObjectInfo, member: Member) -> dict[str, str]:
    """Return the headers of a file in a tar: its bytes never change, so its digest is its version."""
    digest = base64.b64encode(bytes.fromhex(member.sha256)).decode()
    return {
        **_headers(info),
        "content-disposition": _attachment(member.name),
        "content-type": "application/octet-stream",
        "etag": f'"{member.sha256}"',
        "repr-digest": f"sha-256=:{digest}:",
    }


def _attachment(name: str) -> str:
    return f"attachment; filename*=UTF-8''{quote(name, safe='')}"


def _range_header(request: Request, etag: str) -> str | None:
    """Return the range that counts: none, if the client has a part of another version (RFC 9110, 13.1.5)."""
    condition = request.headers.get("if-range")
    return None if condition is not None and condition != etag else request.headers.get("range")


def _chunks(reader: Reader, location_id: str, path: str) -> Iterator[bytes]:
    """Yield the bytes. When they cannot be had, the connection breaks, so that the client notices."""
    buffer = memoryview(bytearray(_CHUNK_BYTES))
    with reader:
        try:
            while count := reader.readinto(buffer):
                yield bytes(buffer[:count])
        except Failure as failure:
            log.error("download broke off", location=location_id, path=path, reason=failure.message)
            raise
