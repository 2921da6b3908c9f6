"""Requests to one bucket of an S3 service.

A client of our own, because an archive needs what the ready ones hide: unfinished uploads that a later
process goes on with, and the checksums that the store keeps. Each body is signed with its sha256, so that
every server, also one that knows no checksum headers, refuses bytes that were damaged on the way.
"""

from __future__ import annotations

import base64
import hashlib
import ipaddress
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import cast
from urllib.parse import urlsplit
from xml.etree import ElementTree

import urllib3

from ccat_data_transfer.failures import Configuration, Failure, Transient, classified
from ccat_data_transfer.places.credentials import Credentials, S3Access
from ccat_data_transfer.storage.interface import Buffer, LocationDescription
from ccat_data_transfer.storage.s3_errors import CREDENTIAL_CATEGORIES, Refusal, failure_of, refusal
from ccat_data_transfer.storage.s3_signature import (
    EMPTY_SHA256,
    quoted_path,
    quoted_query,
    signed_headers,
)
from ccat_ops_db.clock import Clock, SystemClock

CONNECTIONS = 8
"""Requests at the same time, from one client."""

_CONNECT_SECONDS = 5.0
_READ_SECONDS = 30.0
_COMPLETE_SECONDS = 600.0
_PIECE_BYTES = 256 * 1024
_PAUSES = (0.1, 0.4)
_CHECKSUM_REFUSALS = frozenset({"NotImplemented", "InvalidArgument"})

Query = Sequence[tuple[str, str]]

Stopped = Callable[[], bool]
"""Asked while a body is sent; true ends the request."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A successful answer; names of headers in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def never() -> bool:
    """Tell a request to go on; the default."""
    return False


class Body:
    """Bytes to send, with their sha256.

    Attributes
    ----------
    sha256 : bytes
        Digest of the content.
    """

    def __init__(self, content: Buffer) -> None:
        self.content = memoryview(content)
        self.sha256 = hashlib.sha256(self.content).digest()

    @property
    def checksum(self) -> str:
        """The digest as S3 writes it."""
        return base64.b64encode(self.sha256).decode()

    def pieces(self, stopped: Stopped) -> Iterator[memoryview]:
        """Yield the content in pieces, and stop with an error when asked to."""
        for start in range(0, len(self.content), _PIECE_BYTES):
            if stopped():
                raise Transient("stopped", "the upload was stopped")
            yield self.content[start : start + _PIECE_BYTES]


class S3Client:
    """Signed requests to one bucket, from any number of threads. Keys are whole keys, with the location's
    prefix.

    Parameters
    ----------
    location : LocationDescription
        Endpoint, bucket, region and the name of the credential.
    credentials : Credentials
        Read now, and again when the store refuses the keys.
    clock : Clock
        For the time in signatures.

    Raises
    ------
    Configuration
        The endpoint or the credential cannot be.
    """

    def __init__(
        self, location: LocationDescription, credentials: Credentials, clock: Clock | None = None
    ) -> None:
        self._location = location
        self._credentials = credentials
        self._clock = clock or SystemClock()
        self._access = credentials.s3(location.credential)
        self._base, self._host, self._path = _address(location, self._access, credentials)
        self._sends_checksums = True
        ca_file = self._access.ca_file
        self._pool = urllib3.PoolManager(
            num_pools=1,
            maxsize=CONNECTIONS,
            block=False,
            retries=False,
            ca_certs=str(ca_file) if ca_file else None,
            blocksize=_PIECE_BYTES,
        )

    @property
    def bucket(self) -> str:
        """Name of the bucket."""
        return self._location.bucket

    def check(self) -> None:
        """Raise what stands in the way of using the bucket."""
        self.request("GET", "", query=[("list-type", "2"), ("max-keys", "1")])

    def head(self, key: str) -> Answer | None:
        """Return the headers of an object, null if there is none.

        An answer to HEAD has no body, so neither "no such bucket" nor "expired" can be told from it: whenever
        it is not a plain success, the bucket itself is asked.
        """
        headers = {"x-amz-checksum-mode": "ENABLED"}
        try:
            answer = self.request("HEAD", key, headers=headers)
        except Failure as failure:
            if failure.category not in CREDENTIAL_CATEGORIES | {"missing", "refused_by_store"}:
                raise
            self.check()
            if failure.category == "missing":
                return None
            raise
        return answer

    @property
    def sends_checksums(self) -> bool:
        """Whether the store takes checksum headers, as far as is known by now."""
        return self._sends_checksums

    def store(
        self,
        method: str,
        key: str,
        *,
        body: Body | None,
        headers: Mapping[str, str],
        query: Query = (),
        stopped: Stopped = never,
    ) -> Answer:
        """Send a request that makes an object, an upload or a part, with a checksum for the store to keep.

        Stores that know nothing of checksum headers and refuse them get none from then on: the signature
        still has the digest.
        """
        plain = _Request(method, key, query, headers, body, stopped=stopped)
        if self._sends_checksums:
            name, value = ("algorithm", "SHA256") if body is None else ("sha256", body.checksum)
            answer = self._persistently(replace(plain, headers={**headers, f"x-amz-checksum-{name}": value}))
            if isinstance(answer, Answer):
                return answer
            if answer.status != 501 and answer.code not in _CHECKSUM_REFUSALS:
                raise self._failure(answer, key)
        answer = self._successfully(plain)
        self._sends_checksums = False
        return answer

    def fetch(self, key: str, headers: Mapping[str, str], into: memoryview) -> None:
        """Fill a buffer with exactly as many bytes of an object as the range in the headers has.

        Raises
        ------
        Failure
            As `request`; ``network`` too when the number of bytes is another one.
        """
        self._successfully(_Request("GET", key, headers=headers, into=into))

    def complete(self, key: str, upload_id: str, document: bytes) -> None:
        """Make an object of the parts of an upload.

        The store may take minutes, and then answers 200 before it knows: the body tells whether it worked.
        """
        answer = self.request(
            "POST", key, body=Body(document), query=[("uploadId", upload_id)], seconds=_COMPLETE_SECONDS
        )
        told = refusal(answer.status, answer.body)
        if told.code:
            raise self._failure(told._replace(status=500), key)

    def request(
        self,
        method: str,
        key: str,
        *,
        query: Query = (),
        headers: Mapping[str, str] | None = None,
        body: Body | None = None,
        seconds: float = _READ_SECONDS,
    ) -> Answer:
        """Send a request and return the successful answer.

        Raises
        ------
        Failure
            Every other answer, or none. Broken connections and busy stores are tried again a few times.
        """
        return self._successfully(_Request(method, key, query, headers or {}, body, seconds=seconds))

    def _successfully(self, request: _Request) -> Answer:
        answer = self._persistently(request)
        if isinstance(answer, Refusal):
            raise self._failure(answer, request.key)
        return answer

    def _persistently(self, request: _Request) -> Answer | Refusal:
        self._refuse_expired()
        pauses = iter(_PAUSES)
        renewed = False
        while True:
            with classified(self._shown(request.key)):
                try:
                    answer = self._once(request)
                except (urllib3.exceptions.ProtocolError, urllib3.exceptions.NewConnectionError):
                    pause = next(pauses, None)
                    if pause is None or request.stopped():
                        raise
                    time.sleep(pause)
                    continue
            if isinstance(answer, Answer):
                return answer
            if answer.status >= 500 and answer.status not in {501, 507}:
                pause = next(pauses, None)
                if pause is not None and not request.stopped():
                    time.sleep(pause)
                    continue
            if not renewed and answer.status in {400, 401, 403} and self._renew(answer, request.key):
                renewed = True
                continue
            return answer

    def _once(self, request: _Request) -> Answer | Refusal:
        path = quoted_path(f"{self._path}/{request.key}")
        query = quoted_query(request.query)
        body = request.body
        signed = signed_headers(
            request.method,
            self._host,
            path,
            query,
            request.headers,
            payload_sha256=EMPTY_SHA256 if body is None else body.sha256.hex(),
            access=self._access,
            region=self._location.region,
            now=self._clock.utc_now(),
        )
        if body is not None:
            signed["content-length"] = str(len(body.content))
        response = self._pool.request(
            request.method,
            f"{self._base}{path}?{query}" if query else f"{self._base}{path}",
            # Its types forget memoryview, which every socket sends.
            body=None if body is None else cast("Iterable[bytes]", body.pieces(request.stopped)),
            headers=signed,
            timeout=urllib3.Timeout(connect=_CONNECT_SECONDS, read=request.seconds),
            redirect=False,
            preload_content=False,
        )
        try:
            if not 200 <= response.status < 300:
                return refusal(response.status, response.read())
            found = {name.lower(): value for name, value in response.headers.items()}
            if request.into is None:
                return Answer(response.status, found, response.read())
            _fill(request.into, response)
            return Answer(response.status, found, b"")
        finally:
            response.release_conn()

    def _failure(self, answer: Refusal, key: str) -> Failure:
        return failure_of(
            answer,
            bucket=self._location.bucket,
            credential=self._location.credential,
            path=self._shown(key),
        )

    def _shown(self, key: str) -> str:
        return f"{self._base}{self._path}/{key}"

    def _renew(self, answer: Refusal, key: str) -> bool:
        """Read the credential again; return whether it has changed and may be tried."""
        if answer.code and self._failure(answer, key).category not in CREDENTIAL_CATEGORIES:
            return False
        fresh = self._credentials.s3(self._location.credential)
        changed, self._access = fresh != self._access, fresh
        return changed

    def _refuse_expired(self) -> None:
        if self._is_expired():
            self._access = self._credentials.s3(self._location.credential)
        if self._is_expired():
            raise Configuration(
                "credential_expired",
                f"the credential {self._location.credential!r} expired at {self._access.expires_at}; "
                "renew the keys in its folder",
            )

    def _is_expired(self) -> bool:
        return self._access.expires_at is not None and self._access.expires_at <= self._clock.utc_now()


@dataclass(frozen=True, slots=True)
class _Request:
    """What is asked of the store; `into` takes the body of the answer, without a copy of the whole."""

    method: str
    key: str
    query: Query = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Body | None = None
    stopped: Stopped = never
    seconds: float = _READ_SECONDS
    into: memoryview | None = None


def _fill(buffer: memoryview, response: urllib3.BaseHTTPResponse) -> None:
    filled = 0
    for piece in response.stream(_PIECE_BYTES):
        if filled + len(piece) > len(buffer):
            raise urllib3.exceptions.ProtocolError("more bytes came than were asked for")
        buffer[filled : filled + len(piece)] = piece
        filled += len(piece)
    if filled < len(buffer):
        raise urllib3.exceptions.ProtocolError(f"{filled} bytes came instead of {len(buffer)}")


def elements(document: bytes, name: str) -> Iterator[dict[str, str]]:
    """Yield each element of that name of an answer in XML, as the texts of its direct children.

    Raises
    ------
    Transient
        The answer is no XML: something else than the store answered.
    """
    for element in _parsed(document).iter():
        if _local(element.tag) == name:
            yield _texts(element)


def result_of(document: bytes) -> dict[str, str]:
    """Return the texts of the direct children of an answer in XML; servers differ in how they call the whole.

    Raises
    ------
    Transient
        The answer is no XML: something else than the store answered.
    """
    return _texts(_parsed(document))


def _parsed(document: bytes) -> ElementTree.Element:
    try:
        return ElementTree.fromstring(document)
    except ElementTree.ParseError as error:
        raise Transient("store_unavailable", "the store's answer is no XML; it is tried again") from error


def _texts(element: ElementTree.Element) -> dict[str, str]:
    return {_local(child.tag): child.text or "" for child in element}


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _address(
    location: LocationDescription, access: S3Access, credentials: Credentials
) -> tuple[str, str, str]:
    """Return base address, host header and the path of the bucket."""
    parts = urlsplit(location.endpoint)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise Configuration(
            "endpoint_illegal",
            f"the endpoint of {location.id} must be http(s)://host, not {location.endpoint!r}",
        )
    if parts.scheme == "http" and not (credentials.allow_plain_http or _is_own_machine(parts.hostname)):
        raise Configuration(
            "plain_http_refused",
            f"the endpoint of {location.id} has no TLS; use https, or allow plain http in the settings",
        )
    host = parts.netloc.rpartition("@")[2]
    path = parts.path.rstrip("/")
    if access.virtual_host_style:
        host = f"{location.bucket}.{host}"
    else:
        path = f"{path}/{location.bucket}"
    return f"{parts.scheme}://{host}", host, path


def _is_own_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
