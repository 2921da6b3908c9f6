"""What the answers of an S3 service mean for the work, and what it means that there is none."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import NamedTuple

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    HTTPClientError,
    IncompleteReadError,
    ParamValidationError,
)
from botocore.exceptions import ConnectionError as NoConnectionError
from botocore.parsers import ResponseParserError

from ccat_data_transfer.failures import Configuration, Failure, Permanent, Resource, Transient, classify

CREDENTIAL_CATEGORIES = frozenset({"credential_expired", "credential_refused", "access_denied"})
"""Failures that a fresh secret may cure."""


class Refusal(NamedTuple):
    """An answer that is an error.

    Attributes
    ----------
    at : datetime or None
        The store's time.
    """

    status: int
    code: str
    message: str
    at: datetime | None = None


def refusal(error: ClientError) -> Refusal:
    """Read an error answer. Proxies answer with anything; botocore then gives the status as the code."""
    said, facts = error.response.get("Error", {}), error.response.get("ResponseMetadata", {})
    code = str(said.get("Code", ""))
    try:
        at = parsedate_to_datetime(facts.get("HTTPHeaders", {}).get("date", ""))
    except ValueError:
        at = None
    return Refusal(
        facts.get("HTTPStatusCode", 0), "" if code.isdigit() else code, str(said.get("Message", "")), at
    )


def failure_of(
    answer: Refusal,
    *,
    bucket: str,
    credential: str,
    path: str | None,
    clock_ahead: timedelta = timedelta(),
) -> Failure:
    """Return what an error answer means, with its remedy.

    Parameters
    ----------
    clock_ahead : timedelta
        By how much the clock of this machine is ahead of the store's, as far as is known.
    """
    said = " ".join(f"the store answers {answer.status} {answer.code} {answer.message}".split())
    rule = _BY_CODE.get(answer.code) or _by_status(answer.status)
    remedy = rule.remedy.format(bucket=bucket, credential=credential, ahead=_told(clock_ahead))
    failure = rule.failure(rule.category, f"{said}: {remedy}", path=path)
    failure.credential = credential
    return failure


def failure_of_connection(error: BotoCoreError | ResponseParserError, *, path: str) -> Failure:
    """Return what it means that there was no answer, or none that can be read."""
    causes = list(_causes(error))
    for cause in causes:
        if isinstance(cause, Failure):
            return cause
        if isinstance(cause, ssl.SSLCertVerificationError):
            return classify(cause, path=path)
    match error:
        case ResponseParserError():
            return Transient("store_unavailable", "the store's answer is no XML; tried again", path=path)
        case ParamValidationError():
            return Configuration("bucket_missing", "correct the bucket of the location", path=path)
        case HTTPClientError() | NoConnectionError() | IncompleteReadError():
            return Transient(
                "network", f"the connection failed ({_said(causes)}); it is tried again", path=path
            )
    return classify(error, path=path)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and what is inside, the bottom last: botocore and urllib3 wrap in each of these ways."""
    for _ in range(_DEEPEST):
        yield error
        kept = getattr(error, "kwargs", {})
        inside = (kept.get("error"), getattr(error, "reason", None), *error.args, error.__cause__)
        inner = next((one for one in inside if isinstance(one, BaseException)), None)
        if inner is None:
            return
        error = inner


_DEEPEST = 8


def _said(causes: Sequence[BaseException]) -> str:
    bottom = causes[-1]
    return (bottom.strerror if isinstance(bottom, OSError) else None) or type(bottom).__name__


def _told(ahead: timedelta) -> str:
    seconds = ahead.total_seconds()
    return f"{abs(seconds):,.0f} s {'ahead of' if seconds > 0 else 'behind'} it" if seconds else "off"


class _Rule(NamedTuple):
    failure: Callable[..., Failure]
    category: str
    remedy: str


_EXPIRED = _Rule(
    Configuration,
    "credential_expired",
    "renew the keys in the folder of the credential {credential!r}; the work goes on by itself",
)
_REFUSED = _Rule(
    Configuration, "credential_refused", "correct the keys in the folder of the credential {credential!r}"
)
_DENIED = _Rule(
    Configuration,
    "access_denied",
    "give the credential {credential!r} the right to read, write, list and delete in the bucket {bucket!r}",
)
_DAMAGED = _Rule(Transient, "damaged_on_the_way", "the bytes came in damaged; they are sent again")
_BUSY = _Rule(Transient, "store_unavailable", "it is tried again")
_FULL = _Rule(Resource, "no_space", "the store or its quota is full; make room, it goes on by itself")
_MISSING = _Rule(Permanent, "missing", "there is no such object")
_REGION = _Rule(Configuration, "wrong_region", "correct the endpoint and the region of the location")

_BY_CODE = {
    "ExpiredToken": _EXPIRED,
    "ExpiredTokenException": _EXPIRED,
    "TokenRefreshRequired": _EXPIRED,
    "InvalidToken": _EXPIRED,
    "InvalidAccessKeyId": _REFUSED,
    "SignatureDoesNotMatch": _REFUSED,
    "InvalidSecurity": _REFUSED,
    "AccessDenied": _DENIED,
    "AllAccessDisabled": _DENIED,
    "AccountProblem": _DENIED,
    "NoSuchBucket": _Rule(
        Configuration, "bucket_missing", "make the bucket {bucket!r}, or correct the bucket of the location"
    ),
    "InvalidBucketName": _Rule(Configuration, "bucket_missing", "correct the bucket of the location"),
    "NoSuchKey": _MISSING,
    "NoSuchUpload": _Rule(
        Transient, "upload_gone", "another worker finished or removed the upload; it begins again"
    ),
    "InvalidPart": _Rule(Transient, "upload_gone", "a part is not there any more; it begins again"),
    "InvalidPartOrder": _Rule(Transient, "upload_gone", "the parts are not in order; it begins again"),
    "PreconditionFailed": _Rule(
        Transient, "changed_while_read", "the object was replaced while it was read; it begins again"
    ),
    "ConditionalRequestConflict": _BUSY,
    "BadDigest": _DAMAGED,
    "InvalidDigest": _DAMAGED,
    "IncompleteBody": _DAMAGED,
    "XAmzContentSHA256Mismatch": _DAMAGED,
    "XAmzContentChecksumMismatch": _DAMAGED,
    "RequestTimeTooSkewed": _Rule(
        Configuration,
        "clock_wrong",
        "the clock of this machine is {ahead}; synchronize it, or that of the store",
    ),
    "PermanentRedirect": _REGION,
    "AuthorizationHeaderMalformed": _REGION,
    "RequestTimeout": _BUSY,
    "SlowDown": _BUSY,
    "SlowDownRead": _BUSY,
    "SlowDownWrite": _BUSY,
    "InternalError": _BUSY,
    "ServiceUnavailable": _BUSY,
    "OperationAborted": _BUSY,
    "InsufficientStorage": _FULL,
    "XMinioStorageFull": _FULL,
    "XMinioAdminBucketQuotaExceeded": _FULL,
    "QuotaExceeded": _FULL,
    "InvalidObjectState": _Rule(
        Transient,
        "cold_storage",
        "the object is in a cold class; restore it, then the work goes on",
    ),
    "EntityTooLarge": _Rule(Permanent, "too_large", "the store does not take objects this large"),
    "KeyTooLongError": _Rule(Permanent, "name_too_long", "the store does not take names this long"),
}


def _by_status(status: int) -> _Rule:
    if status == 401:
        return _REFUSED
    if status == 403:
        return _DENIED
    if status == 404:
        return _MISSING
    if status == 412:
        return _BY_CODE["PreconditionFailed"]
    if status == 507:
        return _FULL
    if status in {408, 429} or status >= 500:
        return _BUSY
    if 300 <= status < 400:
        return _REGION
    return _Rule(Permanent, "refused_by_store", "it does not take this request; see its documentation")
