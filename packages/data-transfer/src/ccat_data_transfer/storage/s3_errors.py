"""What the answers of an S3 service mean for the work."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple
from xml.etree import ElementTree

from ccat_data_transfer.failures import Configuration, Failure, Permanent, Resource, Transient

CREDENTIAL_CATEGORIES = frozenset({"credential_expired", "credential_refused", "access_denied"})
"""Failures that a fresh secret may cure."""


class Refusal(NamedTuple):
    """An answer that is an error."""

    status: int
    code: str
    message: str


def refusal(status: int, body: bytes) -> Refusal:
    """Read an error answer. Proxies answer with anything, so nothing is expected of the body."""
    try:
        document = ElementTree.fromstring(body)
    except ElementTree.ParseError:
        return Refusal(status, "", body[:200].decode("utf-8", "replace").strip())
    found = {element.tag.rpartition("}")[2]: (element.text or "") for element in document.iter()}
    return Refusal(status, found.get("Code", ""), found.get("Message", ""))


def failure_of(answer: Refusal, *, bucket: str, credential: str, path: str | None) -> Failure:
    """Return what an error answer means, with its remedy."""
    said = f"the store answers {answer.status} {answer.code} {answer.message}".strip()
    rule = _BY_CODE.get(answer.code) or _by_status(answer.status)
    remedy = rule.remedy.format(bucket=bucket, credential=credential)
    return rule.failure(rule.category, f"{said}: {remedy}", path=path)


class _Rule(NamedTuple):
    failure: Callable[..., Failure]
    category: str
    remedy: str


_EXPIRED = _Rule(
    Configuration,
    "credential_expired",
    "renew the keys in the folder of the credential {credential!r}; work goes on by itself after a retry",
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
    "BadDigest": _DAMAGED,
    "InvalidDigest": _DAMAGED,
    "IncompleteBody": _DAMAGED,
    "XAmzContentSHA256Mismatch": _DAMAGED,
    "XAmzContentChecksumMismatch": _DAMAGED,
    "RequestTimeTooSkewed": _Rule(
        Configuration, "clock_wrong", "the clock of this machine or of the store is wrong; synchronize it"
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
