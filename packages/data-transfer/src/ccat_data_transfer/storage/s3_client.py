"""Requests to one bucket of an S3 service, by botocore.

What is ours stands around it: each body is signed with its sha256, so that every server, also one that knows
no checksum headers, refuses bytes that were damaged on the way; credentials are read anew when a store
refuses them; and every error is one of our own failures.
"""

from __future__ import annotations

import contextlib
import functools
import ipaddress
import ssl
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import botocore
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionClosedError,
    EndpointConnectionError,
    IncompleteReadError,
    ResponseStreamingError,
)
from botocore.parsers import ResponseParserError

from ccat_data_transfer.failures import Configuration, Failure
from ccat_data_transfer.places.credentials import Credentials, S3Access
from ccat_data_transfer.storage.interface import LocationDescription
from ccat_data_transfer.storage.s3_body import Body, Signer, never
from ccat_data_transfer.storage.s3_errors import (
    CREDENTIAL_CATEGORIES,
    Refusal,
    failure_of,
    failure_of_connection,
    refusal,
)
from ccat_data_transfer.storage.s3_keys import failures_of_credential, frozen, keys_of, session
from ccat_ops_db.clock import Clock, SystemClock

CONNECTIONS = 8
"""Requests at the same time, of one transfer."""

_MOST_CONNECTIONS = 4 * CONNECTIONS
_CONNECT_SECONDS = 5.0
_READ_SECONDS = 30.0
_COMPLETE_SECONDS = 600.0
_PIECE_BYTES = 128 * 1024
_PAUSES = (0.1, 0.4)
_CHECKSUM_REFUSALS = frozenset({"NotImplemented", "InvalidArgument"})
_PASSING = (ConnectionClosedError, EndpointConnectionError, IncompleteReadError, ResponseStreamingError)
_SKEWED_SECONDS = 900.0
"""So long the store's time is signed instead of our own; a clock that is wrong longer must be mended."""

Answer = dict[str, Any]
"""What botocore makes of an answer."""


class S3Client:
    """Calls of operations on one bucket, from any number of threads. Keys are whole keys, with the location's
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
        self._ahead = timedelta()
        self._skewed_since: float | None = None
        self._access = credentials.s3(location.credential)
        _check_endpoint(location, credentials)
        self._keys = keys_of(self._access, location.credential)
        self._signing_keys: Any = None
        self._sends_checksums = True
        self._botocore = _client(location, self._access)
        events = self._botocore.meta.events
        events.register_last("before-call.s3", _prepare)
        events.register_last("request-created.s3", self._sign)
        events.register_first("before-parse.s3.*", _without_blanks)

    @property
    def bucket(self) -> str:
        """Name of the bucket."""
        return self._location.bucket

    def check(self) -> None:
        """Raise what stands in the way of using the bucket."""
        self.call("list_objects_v2", MaxKeys=1)

    def head(self, key: str) -> Answer | None:
        """Return what the store says of an object, null if there is none.

        An answer to HEAD has no body, so neither "no such bucket" nor "expired" can be told from it: whenever
        it is not a plain success, the bucket itself is asked.
        """
        try:
            return self.call("head_object", Key=key, ChecksumMode="ENABLED")
        except Failure as failure:
            if failure.category not in CREDENTIAL_CATEGORIES | {"missing", "refused_by_store"}:
                raise
            self.check()
            if failure.category == "missing":
                return None
            raise

    @property
    def sends_checksums(self) -> bool:
        """Whether the store takes checksum headers, as far as is known by now."""
        return self._sends_checksums

    def store(self, operation: str, *, body: Body | None = None, **parameters: Any) -> Answer:
        """Call what makes an object, an upload or a part, with a checksum for the store to keep.

        Stores that know nothing of checksum headers and refuse them get none from then on: the signature
        still has the digest.
        """
        if body is not None:
            parameters["Body"] = body
        if self._sends_checksums:
            checksum = {"ChecksumAlgorithm": "SHA256"} if body is None else {"ChecksumSHA256": body.checksum}
            answer = self._asked(operation, {**parameters, **checksum})
            if not isinstance(answer, Refusal):
                return answer
            if answer.status != 501 and answer.code not in _CHECKSUM_REFUSALS:
                raise self._failure(answer, parameters["Key"])
        answered = self.call(operation, **parameters)
        self._sends_checksums = False
        return answered

    def call(self, operation: str, **parameters: Any) -> Answer:
        """Call an operation of botocore's client on the bucket; a body comes back as bytes.

        Raises
        ------
        Failure
            Every answer but success, or none. Broken connections and busy stores are tried again a few times.
        """
        answer = self._asked(operation, parameters)
        if isinstance(answer, Refusal):
            raise self._failure(answer, parameters.get("Key", ""))
        return answer

    def fetch(self, key: str, first: int, into: memoryview, etag: str | None) -> None:
        """Fill a buffer with the bytes of an object from `first` on.

        Parameters
        ----------
        etag : str or None
            Mark that the object must have.

        Raises
        ------
        Failure
            As `call`; ``network`` too when the number of bytes is another one.
        """
        parameters = {"Key": key, "Range": f"bytes={first}-{first + len(into) - 1}"}
        if etag:
            parameters["IfMatch"] = f'"{etag}"'
        answer = self._asked("get_object", parameters, into)
        if isinstance(answer, Refusal):
            raise self._failure(answer, key)

    def pages(self, operation: str, **parameters: Any) -> Iterator[Answer]:
        """Yield every page of a listing."""
        position: dict[str, Any] = {}
        while True:
            page = self.call(operation, **parameters, **position)
            yield page
            following = {name: page[f"Next{name}"] for name in _POSITIONS if page.get(f"Next{name}")}
            if not page.get("IsTruncated") or not following or following == position:
                return
            position = following

    def _asked(
        self, operation: str, parameters: dict[str, Any], into: memoryview | None = None
    ) -> Answer | Refusal:
        self._look_at_keys()
        body = parameters.get("Body")
        stopped = body.stopped if isinstance(body, Body) else never
        pauses = iter(_PAUSES)
        renewed = resigned = False
        while True:
            if isinstance(body, Body):
                body.seek(0)
            try:
                answer = self._once(operation, parameters, into)
            except _PASSING as error:
                pause = next(pauses, None)
                if pause is None or stopped():
                    raise failure_of_connection(error, path=self._shown(parameters.get("Key", ""))) from error
                time.sleep(pause)
                continue
            except (BotoCoreError, ResponseParserError) as error:
                raise failure_of_connection(error, path=self._shown(parameters.get("Key", ""))) from error
            if not isinstance(answer, Refusal):
                if not self._trusts_the_stores_time():
                    self._skewed_since = None
                return answer
            if answer.status >= 500 and answer.status not in {501, 507}:
                pause = next(pauses, None)
                if pause is not None and not stopped():
                    time.sleep(pause)
                    continue
            if not resigned and answer.code == "RequestTimeTooSkewed" and self._takes_time_of(answer):
                resigned = True
                continue
            if not renewed and answer.status in {400, 401, 403} and self._renew(answer):
                renewed = True
                continue
            return answer

    def _once(self, operation: str, parameters: dict[str, Any], into: memoryview | None) -> Answer | Refusal:
        call = getattr(self._botocore, operation)
        try:
            answer: Answer = call(Bucket=self._location.bucket, **parameters)
        except ClientError as error:
            return refusal(error)
        if operation == "get_object":
            with contextlib.closing(answer["Body"]) as body:
                if into is None:
                    answer["Body"] = body.read()
                else:
                    _fill(into, body)
        return answer

    def _sign(self, request: Any, **_: Any) -> None:
        """Sign a request that botocore has made and does not sign."""
        at = self._clock.utc_now() + (self._ahead if self._trusts_the_stores_time() else timedelta())
        Signer(self._signing_keys, self._location.region, at).add_auth(request)

    def _trusts_the_stores_time(self) -> bool:
        return (
            self._skewed_since is not None and self._clock.monotonic() - self._skewed_since <= _SKEWED_SECONDS
        )

    def _takes_time_of(self, answer: Refusal) -> bool:
        """Go on with the time of a store that refused ours; return whether it is worth another attempt."""
        if self._skewed_since is None:
            self._skewed_since = self._clock.monotonic()
        self._ahead = timedelta() if answer.at is None else answer.at - self._clock.utc_now()
        return self._trusts_the_stores_time()

    def _failure(self, answer: Refusal, key: str) -> Failure:
        return failure_of(
            answer,
            bucket=self._location.bucket,
            credential=self._location.credential,
            path=self._shown(key),
            clock_ahead=-self._ahead,
        )

    def _shown(self, key: str) -> str:
        return f"{self._location.endpoint.rstrip('/')}/{self._location.bucket}/{key}"

    def _renew(self, answer: Refusal) -> bool:
        """Read the credential again; return whether it has changed and may be tried."""
        if answer.code and self._failure(answer, "").category not in CREDENTIAL_CATEGORIES:
            return False
        refused = self._signing_keys
        self._read_keys()
        return bool(self._signing_keys != refused)

    def _read_keys(self) -> None:
        name = self._location.credential
        self._access = self._credentials.s3(name)
        self._keys = keys_of(self._access, name)
        self._signing_keys = frozen(self._keys, name)

    def _look_at_keys(self) -> None:
        """Have keys that are not known to be expired; those of a role are renewed by botocore."""
        if self._is_expired():
            self._read_keys()
        if self._is_expired():
            raise Configuration(
                "credential_expired",
                f"the credential {self._location.credential!r} expired at {self._access.expires_at}; "
                "renew the keys in its folder",
            )
        self._signing_keys = frozen(self._keys, self._location.credential)

    def _is_expired(self) -> bool:
        return self._access.expires_at is not None and self._access.expires_at <= self._clock.utc_now()


_POSITIONS = ("ContinuationToken", "PartNumberMarker", "KeyMarker", "UploadIdMarker")


def _prepare(model: Any, params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
    # One more turn for each part would be much on a long link; the store's refusal comes in any case.
    params["headers"].pop("Expect", None)
    # A wrong region is told, not found out anew with two requests for each.
    context.setdefault("s3_redirect", {})["redirected"] = True
    if model.name == "CompleteMultipartUpload":
        context["read_timeout"] = _COMPLETE_SECONDS


def _without_blanks(response_dict: dict[str, Any], **_: Any) -> None:
    """Let an answer begin where it begins: stores send blanks while they work."""
    if isinstance(response_dict["body"], bytes):
        response_dict["body"] = response_dict["body"].lstrip()


def _fill(buffer: memoryview, body: Any) -> None:
    filled = 0
    while filled < len(buffer):
        count = body.readinto(buffer[filled : filled + _PIECE_BYTES])
        if not count:
            raise IncompleteReadError(actual_bytes=filled, expected_bytes=len(buffer))
        filled += count


def _client(location: LocationDescription, access: S3Access) -> Any:
    """Return botocore's client for a place, which neither signs nor retries nor adds checksums itself."""
    config = Config(
        signature_version=botocore.UNSIGNED,
        connect_timeout=_CONNECT_SECONDS,
        read_timeout=_READ_SECONDS,
        max_pool_connections=_MOST_CONNECTIONS,
        retries={"total_max_attempts": 1},
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        s3={"addressing_style": "virtual" if access.virtual_host_style else "path"},
        ignore_configured_endpoint_urls=True,
    )
    with failures_of_credential(location.credential):
        return session(access.profile).create_client(
            "s3",
            region_name=location.region,
            endpoint_url=location.endpoint,
            verify=str(access.ca_file or _authorities() or "") or True,
            config=config,
        )


@functools.cache
def _authorities() -> Path | None:
    """Return the certificates that this machine trusts, in one file; null: those of botocore."""
    known = ssl.get_default_verify_paths()
    candidates = (known.cafile, "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt")
    return next((Path(name) for name in candidates if name and Path(name).is_file()), None)


def _check_endpoint(location: LocationDescription, credentials: Credentials) -> None:
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


def _is_own_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
